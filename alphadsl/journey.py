"""One loss on its way from text to torch, and the functions that take it there, in order.

The result of a stage is computed when it is first needed, together with those of the earlier stages it depends on, and
cached. Stages after the proofs are imported only when needed: a spec can be checked without them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from alphadsl.ir.derived import Derived
from alphadsl.ir.interval import Interval
from alphadsl.ir.nodes import Loss
from alphadsl.ir.pretty_loss import pretty_loss
from alphadsl.ir.traversal import count_parts, expressions_of
from alphadsl.prove.prove import bound_importance, prove_loss
from alphadsl.report.diagnostic import Diagnostic, errors_of
from alphadsl.report.source import Source, Span
from alphadsl.resolve.files import SpecText, parsed
from alphadsl.resolve.graph import Node
from alphadsl.resolve.parameters import Override
from alphadsl.resolve.resolve import Resolved, resolve_loss
from alphadsl.syntax.parse import Parsed
from alphadsl.transform.importance import Lowered, lower_importance, lower_loss
from alphadsl.transform.scope import scope_of
from alphadsl.transform.simplify import simplify as simplify_derived

if TYPE_CHECKING:
    from alphadsl.ir.core import Core

T = TypeVar("T")

# Reading this many characters takes about as long as proving one more node of a formula.
CHARACTERS = 100


@dataclass(frozen=True, eq=False)
class Journey:
    """One loss on its way. `node` says which one, once the text is parsed; `others` are the losses that it may use."""

    text: SpecText
    overrides: Mapping[str, Override] = field(default_factory=dict)
    node: Node | None = None
    others: Mapping[Span, "Journey"] = field(default_factory=dict)
    made: dict[Callable[["Journey"], Any], Any] = field(default_factory=dict, repr=False)

    @staticmethod
    def of(loss: Loss) -> "Journey":
        """The journey of a loss that has already been admitted."""
        text = SpecText(Source(loss.name, pretty_loss(loss)), None)
        return Journey(text, made={lower: Lowered(loss, lower_importance(loss))})

    def at(self, stage: "Callable[[Journey], T]") -> T:
        """The result of a stage, computed once."""
        if stage not in self.made:
            self.made[stage] = stage(self)
        return cast(T, self.made[stage])

    def proved(self) -> "Journey":
        """The same journey, after its proofs."""
        _ = self.diagnostics
        return self

    @property
    def loss(self) -> Loss:
        return self.at(lower).loss

    @property
    def derived(self) -> Derived:
        return self.at(lower).derived

    @property
    def alpha(self) -> Derived:
        return self.at(simplify)

    @property
    def stable(self) -> Derived:
        return self.at(stabilise)

    @property
    def core(self) -> "Core":
        return self.at(schedule)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All errors and warnings; those of a later stage only if the earlier ones refuse nothing."""
        resolved = self.at(resolve)
        proved = self.at(prove) if resolved.loss else ()
        return proved if errors_of(proved) else (*resolved.diagnostics, *proved)

    @property
    def admitted(self) -> Loss | None:
        return None if errors_of(self.diagnostics) else self.loss

    @property
    def importance(self) -> Interval:
        return bound_importance(self)

    @property
    def uses(self) -> int:
        return self.at(resolve).uses

    @property
    def work(self) -> int:
        return self.at(weigh)


def parse(journey: Journey) -> Parsed:
    return parsed(journey.text.source)


def resolve(journey: Journey) -> Resolved:
    assert journey.node is not None, "the text is parsed first"
    return resolve_loss(journey.node, journey.others, journey.overrides)


def lower(journey: Journey) -> Lowered:
    written = journey.at(resolve).loss
    assert written is not None, "it was refused"
    return lower_loss(written)


def simplify(journey: Journey) -> Derived:
    return simplify_derived(journey.derived, scope_of(journey.loss))


def prove(journey: Journey) -> tuple[Diagnostic, ...]:
    resolved = journey.at(resolve)
    assert resolved.loss is not None, "it was refused"
    return tuple(prove_loss(resolved.loss, journey, resolved.stated))


def weigh(journey: Journey) -> int:
    """The cost of checking the loss, counted in nodes of the written and derived expressions. A use of another loss
    counts as one node, and so do `CHARACTERS` characters of its text and that of its parents."""
    assert journey.node is not None, "the text is parsed first"
    characters = sum(len(definition.span.text) for definition in journey.node.lineage.chain)
    loss = journey.at(resolve).loss
    written = expressions_of(loss.family) if loss else ()
    derived = journey.derived.parts if lower in journey.made else ()
    return 1 + characters // CHARACTERS + journey.uses + count_parts(*written, *derived)


def stabilise(journey: Journey) -> Derived:
    from alphadsl.transform.stabilise import stabilise as stabilise_derived

    return stabilise_derived(journey.alpha, scope_of(journey.loss))


def schedule(journey: Journey) -> "Core":
    from alphadsl.transform.schedule import schedule as schedule_passes

    return schedule_passes(journey.loss, journey.stable)


def emit(journey: Journey) -> str:
    """The torch code of the loss. Only this stage imports torch and NumPy."""
    from alphadsl.backend.standalone import emit_standalone
    from alphadsl.reference.closeness import looks_closely_somewhere

    near = looks_closely_somewhere(journey.loss, journey.loss.parameters)
    values = {parameter.name: parameter.value for parameter in journey.loss.parameters}
    return emit_standalone(replace(journey.core, near=near), values)
