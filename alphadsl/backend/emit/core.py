"""The core as readable torch code: one function from cosines to the value and the two importances of a whole batch.

Comes in: a scheduled `Core`. Comes out: source in which hyper-parameters are arguments, so that changing a temperature
does not change the code.
"""

from alphadsl.backend.emit.writer import BINDING, SUFFIX, Writer
from alphadsl.backend.identifier import identifier
from alphadsl.ir.core import Core, NamedStatistic
from alphadsl.ir.kinds import Level, Method, Over, Space
from alphadsl.ir.nodes import Expr, Multiplier, Pool, Reduce, Statistic

ARGUMENTS = {
    Space.SPHERE: ("s_A1", "s_AC", "negative_AC", "weight_A1"),
    Space.EUCLIDEAN: ("s_A1", "s_AC", "d2_A1", "d2_AC", "negative_AC", "weight_A1"),
}
REDUCTIONS = {
    Over.SUM: ("0.0", "sum"),
    Over.LOGSUMEXP: ("-torch.inf", "logsumexp"),
    Over.MAX: ("-torch.inf", "amax"),
    Over.MIN: ("torch.inf", "amin"),
}
POOLS = {Over.SUM: "{0} * weight_A1", Over.LOGSUMEXP: "{0} + torch.log(weight_A1)"}


def emit_core(core: Core) -> str:
    """`def NAME_core(s_A1, s_AC, negative_AC, weight_A1, PARAMETERS) -> (value_A1, attract_A1, repel_AC, ...)`.

    In Euclidean space the distances are arguments too, and the two weights due to distances are further results; last
    are the gradients with respect to learned parameters, one value per anchor each.
    """
    roots = [statistic.definition for statistic in core.statistics] + list(core.derived.parts)
    writer = _CoreWriter(core.geometry, roots, {}, "s_AC")
    for statistic in core.statistics:
        writer.write_statistic(statistic)
    results = [
        writer.write_result("value", core.derived.value, Level.ROW),
        writer.write_result("attract", core.derived.attract, Level.ROW),
        writer.write_result("repel", core.derived.repel, Level.PAIR),
    ]
    if core.derived.radial:
        pull, push = core.derived.radial
        results.append(writer.write_result("radial", pull, Level.ROW))
        results.append(writer.write_result("radial", push, Level.PAIR))
    results += [writer.write_result(f"slope_{name}", slope, Level.ROW) for name, slope in core.derived.slopes]
    arguments = ", ".join([*ARGUMENTS[core.space], *(identifier(p.name) for p in core.parameters)])
    body = "\n".join(f"    {line}" for line in writer.lines)
    return f"def {core.name}_core({arguments}):\n{body}\n    return {', '.join(results)}\n"


class _CoreWriter(Writer):
    def write_statistic(self, statistic: NamedStatistic) -> None:
        name = f"{statistic.name}{SUFFIX[statistic.level]}"
        match statistic.definition:
            case Reduce(over, body):
                neutral, method = REDUCTIONS[over]
                masked = f"torch.where(negative_AC, {self.shaped(body, Level.PAIR)}, {neutral})"
                self.lines.append(f"{name} = {masked}.{method}(-1, keepdim=True)")
            case Pool(over, body):
                counted = POOLS[over].format(self.shaped(body, Level.ROW, BINDING["mul"]))
                self.lines.append(f"{name} = ({counted}).{REDUCTIONS[over][1]}((-3, -2), keepdim=True)")
            case Multiplier() as solved:
                self.lines.append(f"{name} = {multiplier_text(self, solved)}")
        self.names[Statistic(statistic.name, statistic.level)] = name

    def write_result(self, name: str, expr: Expr, level: Level) -> str:
        """Writes the line of a result; returns its name."""
        text = self.shaped(expr, level)
        if level == Level.PAIR:
            text = f"torch.where(negative_AC, {text}, 0.0)"
        self.lines.append(f"{name}{SUFFIX[level]} = {text}")
        return f"{name}{SUFFIX[level]}"


def multiplier_text(writer: Writer, solved: Multiplier) -> str:
    """The call that solves for the multiplier of each row."""
    match solved.method:
        case Method.PROJECTION:
            curvature = writer.argument(solved.curvature.body)
            arguments = f"{writer.text(solved.cost)}, negative_AC, {writer.argument(solved.low)}, {curvature}"
            return f"projected_multiplier({arguments})"
        case Method.ROOT:
            response = writer.function("response", solved.response)
            functions = f"{response}, {writer.function('curvature', solved.curvature)}"
            bounds = f"{writer.argument(solved.low)}, {writer.argument(solved.high)}"
            return f"root_multiplier({functions}, {writer.text(solved.cost)}, negative_AC, {bounds})"
