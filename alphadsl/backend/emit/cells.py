"""The core of a labelled loss that takes the positives of an anchor together, as readable torch code: one function of
anchors and all their candidates, each of which is a positive or a negative (or both, where all others repel).

Names carry their shape: `_A1` has one number per anchor, `_AC` one per pair of anchor and candidate.
"""

from alphadsl.backend.emit.core import POOLS, REDUCTIONS, multiplier_text
from alphadsl.backend.emit.writer import ATOMIC, BINDING, SUFFIX, Writer
from alphadsl.backend.identifier import identifier
from alphadsl.ir.core import Core, NamedStatistic
from alphadsl.ir.index_sets import Overlap
from alphadsl.ir.kinds import Among, Level, Space
from alphadsl.ir.nodes import Anchors, Count, Expr, Gather, Multiplier, Pool, Statistic

ARGUMENTS = {
    Space.SPHERE: ("s_AC", "positive_AC", "negative_AC", "weight_A1"),
    Space.EUCLIDEAN: ("s_AC", "d2_AC", "positive_AC", "negative_AC", "weight_A1"),
}
MASKS = {Among.NEGATIVES: "negative_AC", Among.POSITIVES: "positive_AC"}
# The number of negatives of an anchor; if a positive is itself among the negatives, one less for the pair.
COUNTS = {
    Overlap.WHOLE: "(negative_AC.sum(-1, keepdim=True, dtype=s_AC.dtype) - 1)",
    Overlap.NONE: "negative_AC.sum(-1, keepdim=True, dtype=s_AC.dtype)",
}
ANCHORS = "torch.ones_like(weight_A1).sum(-2, keepdim=True)"


def emit_cells(core: Core) -> str:
    """`def NAME_core(s_AC, positive_AC, negative_AC, weight_A1, PARAMETERS) -> (value_A1, attract_AC, repel_AC, ...)`.

    `weight_A1` is the weight of each positive of an anchor. In Euclidean space the distances are arguments too, and the
    two weights due to distances are further results; last are the gradients with respect to learned parameters, one
    value per anchor each.
    """
    roots = [statistic.definition for statistic in core.statistics] + list(core.derived.parts)
    writer = _CellWriter(core, roots)
    for statistic in core.statistics:
        writer.write_statistic(statistic)
    derived = core.derived
    results = [
        writer.write_mean("value", derived.value),
        writer.write_weight("attract", derived.attract, "positive_AC"),
        writer.write_weight("repel", derived.repel, "negative_AC"),
    ]
    if derived.radial:
        pull, push = derived.radial
        results.append(writer.write_weight("pull", pull, "positive_AC"))
        results.append(writer.write_weight("push", push, "negative_AC"))
    results += [writer.write_mean(f"slope_{name}", slope) for name, slope in derived.slopes]
    arguments = ", ".join([*ARGUMENTS[core.space], *(identifier(p.name) for p in core.parameters)])
    body = "\n".join(f"    {line}" for line in writer.lines)
    return f"def {core.name}_core({arguments}):\n{body}\n    return {', '.join(results)}\n"


class _CellWriter(Writer):
    def __init__(self, core: Core, roots: list[Expr]) -> None:
        super().__init__(core.geometry, roots, {}, "s_AC")
        self._count = COUNTS[core.pairs.overlap]

    def written(self, expr: Expr) -> tuple[str, int]:
        match expr:
            case Count():
                return self._count, ATOMIC
            case Anchors():
                return ANCHORS, ATOMIC
            case _:
                return super().written(expr)

    def write_statistic(self, statistic: NamedStatistic) -> None:
        name = f"{statistic.name}{SUFFIX[statistic.level]}"
        match statistic.definition:
            case Gather(over, body, among, but_one):
                neutral, method = REDUCTIONS[over]
                masked = f"torch.where({MASKS[among]}, {self.shaped(body, Level.PAIR)}, {neutral})"
                reduced = f"{method}_but_one({masked})" if but_one else f"{masked}.{method}(-1, keepdim=True)"
                self.lines.append(f"{name} = {reduced}")
            case Pool(over, body):
                neutral, method = REDUCTIONS[over]
                counted = POOLS[over].format(self.shaped(body, Level.PAIR, BINDING["mul"]))
                masked = f"torch.where(positive_AC, {counted}, {neutral})"
                self.lines.append(f"{name} = {masked}.{method}((-2, -1), keepdim=True)")
            case Multiplier() as solved:
                self.lines.append(f"{name} = {multiplier_text(self, solved)}")
        self.names[Statistic(statistic.name, statistic.level)] = name

    def write_mean(self, name: str, expr: Expr) -> str:
        """Writes the line that averages over the positives of an anchor; returns its name."""
        text = f"torch.where(positive_AC, {self.shaped(expr, Level.PAIR)}, 0.0)"
        self.lines.append(f"{name}_A1 = {text}.sum(-1, keepdim=True) * weight_A1")
        return f"{name}_A1"

    def write_weight(self, name: str, expr: Expr, mask: str) -> str:
        text = self.shaped(expr, Level.PAIR, BINDING["mul"])
        self.lines.append(f"{name}_AC = torch.where({mask}, {text} * weight_A1, 0.0)")
        return f"{name}_AC"
