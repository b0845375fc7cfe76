"""The passes of a loss that streams by tiles as torch code, with two small functions per pass.

`NAME_known{k}` computes, once per pass, everything about rows and batch that the pass needs. `NAME_pass{k}` takes this,
a tile of pairs and the statistics of its rows so far; it returns the statistics with the tile included, and in the pass
that pushes also the weights of the tile. `NAME_pool_STATISTIC` and `NAME_anchors` work on rows alone.

The running state of a log-sum-exp is its largest term and a sum relative to it. A sum or log-sum-exp relative to a
maximum of the same pass is rescaled whenever the maximum grows, so that both need only one pass.
"""

from collections.abc import Iterable, Sequence

from alphadsl.backend.emit.writer import NAMES, SUFFIX, Writer
from alphadsl.backend.identifier import identifier
from alphadsl.ir.core import Core, NamedStatistic, Pass
from alphadsl.ir.kinds import Geometry, Level, Over, Quantity, Space
from alphadsl.ir.nodes import Anchors, Count, Distance, Expr, Num, Param, Statistic
from alphadsl.ir.traversal import level_of

ROW = {Space.SPHERE: ("s_A1",), Space.EUCLIDEAN: ("s_A1", "d2_A1")}
TILE = {Space.SPHERE: ("s_AC",), Space.EUCLIDEAN: ("s_AC", "d2_AC")}
POSITIVE = {
    Geometry.SPHERE: Distance(Quantity.INNER_POSITIVE),
    Geometry.NEAR_SPHERE: Distance(Quantity.INNER_POSITIVE),
    Geometry.EUCLIDEAN: Distance(Quantity.POSITIVE),
    Geometry.NEAR_EUCLIDEAN: Distance(Quantity.POSITIVE),
}
JOINED = {
    Over.SUM: "{state} + torch.where(negative_AC, {body}, 0.0).sum(-1, keepdim=True)",
    Over.LOGSUMEXP: "join_logsumexp({state}, torch.where(negative_AC, {body}, -torch.inf))",
    Over.MAX: "torch.maximum({state}, torch.where(negative_AC, {body}, -torch.inf).amax(-1, keepdim=True))",
    Over.MIN: "torch.minimum({state}, torch.where(negative_AC, {body}, torch.inf).amin(-1, keepdim=True))",
}
MOVED = {Over.SUM: "{state} * torch.exp({by})", Over.LOGSUMEXP: "*move_logsumexp({state}, {by})"}


def emit_passes(core: Core) -> str:
    settled: list[NamedStatistic] = []
    texts: list[str] = []
    for sweep in core.passes:
        if sweep.sweeps:
            texts += _pass(core, sweep, settled)
        settled += sweep.rows
        for statistic in sweep.pooled:
            texts.append(_pool(core, statistic, settled))
            settled.append(statistic)
    texts.append(_anchors(core, settled))
    return "\n\n".join(texts)


def _states(statistic: NamedStatistic) -> tuple[str, ...]:
    """The names of the running state of a statistic."""
    parts = ("_top", "_rest") if statistic.reduction.over == Over.LOGSUMEXP else ("",)
    return tuple(f"{statistic.name}{part}_A1" for part in parts)


def _pass(core: Core, sweep: Pass, settled: Sequence[NamedStatistic]) -> list[str]:
    pushes = (core.derived.repel, core.derived.radial[1]) if core.derived.radial else (core.derived.repel,)
    roots = [statistic.definition for statistic in sweep.rows] + list(pushes if sweep.pushes else ())
    writer = _TileWriter(core.geometry, roots)
    for statistic in sweep.rows:
        writer.join(statistic)
    results = list(writer.states)
    if sweep.pushes:
        results += [writer.push(name, expr) for name, expr in zip(("repel_AC", "radial_AC"), pushes, strict=False)]
    rows, batch = writer.rows, writer.batch
    states = [name for statistic in sweep.rows for name in _states(statistic)]
    tile = _function(
        f"{core.name}_pass{sweep.number}",
        [*rows.values(), *batch.values(), *TILE[core.space], "negative_AC", *states],
        writer.lines,
        _tuple(results),
    )
    return [_known(core, sweep.number, rows, batch, settled), tile]


def _known(
    core: Core, number: int, rows: dict[Expr, str], batch: dict[Expr, str], settled: Sequence[NamedStatistic]
) -> str:
    """Rows are (A, 1), the rest scalars or (1, 1): computed once, since all tiles of the pass share them."""
    writer = Writer(core.geometry, [*rows, *batch], _names(settled), "s_A1")
    written = [writer.shaped(expr, Level.ROW) for expr in rows], [writer.argument(expr) for expr in batch]
    results = ", ".join(_tuple(part) for part in written)
    return _function(f"{core.name}_known{number}", _row_arguments(core, settled), writer.lines, results)


def _pool(core: Core, statistic: NamedStatistic, settled: Sequence[NamedStatistic]) -> str:
    body = statistic.reduction.body
    writer = Writer(core.geometry, [body], _names(settled), "s_A1")
    text = writer.shaped(body, Level.ROW)
    return _function(f"{core.name}_pool_{statistic.name}", _row_arguments(core, settled), writer.lines, text)


def _anchors(core: Core, settled: Sequence[NamedStatistic]) -> str:
    """Value, pull, the pull of distances in Euclidean space, and gradients with respect to learned parameters, for each
    anchor."""
    derived = core.derived
    roots = [derived.value, derived.attract, *(derived.radial or ())[:1], *(slope for _, slope in derived.slopes)]
    writer = Writer(core.geometry, roots, _names(settled), "s_A1")
    results = ", ".join(writer.shaped(root, Level.ROW) for root in roots)
    return _function(f"{core.name}_anchors", _row_arguments(core, settled), writer.lines, results)


def _names(settled: Iterable[NamedStatistic]) -> dict[Expr, str]:
    names: dict[Expr, str] = {Count(): "count_A1", Anchors(): "anchors_1"}
    return names | {
        Statistic(reduction.name, reduction.level): f"{reduction.name}{SUFFIX[reduction.level]}"
        for reduction in settled
    }


def _row_arguments(core: Core, settled: Iterable[NamedStatistic]) -> list[str]:
    known = [f"{argument.name}{SUFFIX[argument.level]}" for argument in settled]
    return [
        *ROW[core.space],
        "count_A1",
        "anchors_1",
        *known,
        *(identifier(parameter.name) for parameter in core.parameters),
    ]


def _function(name: str, arguments: Iterable[str], lines: Iterable[str], result: str) -> str:
    body = "".join(f"    {line}\n" for line in (*lines, f"return {result}"))
    return f"def {name}({', '.join(arguments)}):\n{body}"


def _tuple(texts: Sequence[str]) -> str:
    return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"


class _TileWriter(Writer):
    """Writes what varies from pair to pair; everything else is an argument, in `rows` and `batch`."""

    def __init__(self, geometry: Geometry, roots: Iterable[Expr]) -> None:
        super().__init__(geometry, roots, {}, "s_AC")
        self._positive = POSITIVE[geometry]
        self.states: list[str] = []
        self.rows: dict[Expr, str] = {}
        self.batch: dict[Expr, str] = {}

    def text(self, expr: Expr, outer: int = 0) -> str:
        if isinstance(expr, Num) or level_of(expr) == Level.PAIR:
            return super().text(expr, outer)
        if expr not in self.names or (isinstance(expr, Distance) and expr not in self.rows):
            self.names[expr] = self._brought(expr)
        return self.names[expr]

    def written(self, expr: Expr) -> tuple[str, int]:
        if expr == Distance(Quantity.GAP):
            self.text(self._positive)
        return super().written(expr)

    def join(self, statistic: NamedStatistic) -> None:
        """Write the line that adds a tile to the running state of a statistic. Later lines may use the new maximum by
        name."""
        over, body = statistic.reduction.over, statistic.reduction.body
        state, newer = ", ".join(_states(statistic)), [f"newer_{name}" for name in _states(statistic)]
        if statistic.relative_to:
            moved = f"{statistic.relative_to}_A1 - newer_{statistic.relative_to}_A1"
            state = MOVED[over].format(state=state, by=moved)
        joined = JOINED[over].format(state=state, body=self.shaped(body, Level.PAIR))
        self.lines.append(f"{', '.join(newer)} = {joined}")
        self.states += newer
        if over == Over.MAX:
            self.names[Statistic(statistic.name)] = newer[0]

    def push(self, name: str, expr: Expr) -> str:
        self.lines.append(f"{name} = torch.where(negative_AC, {self.shaped(expr, Level.PAIR)}, 0.0)")
        return name

    def _brought(self, expr: Expr) -> str:
        match expr:
            case Param(name):
                brought = identifier(name)
            case Distance(of):
                brought = NAMES[of]
            case Statistic(name, level):
                brought = f"{name}{SUFFIX[level]}"
            case _ if level_of(expr) == Level.ROW:
                brought = f"row{len(self.rows) + 1}_A1"
            case _:
                brought = f"fixed{len(self.batch) + 1}"
        (self.rows if level_of(expr) == Level.ROW else self.batch)[expr] = brought
        return brought
