"""The journey of a spec, stage by stage: the names here are what `show --emit` accepts, in this order.

After `check`, nothing can be the user's fault, and every stage is a function from IR to IR or text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from alphadsl.checking import NOTHING, Checked, check_text
from alphadsl.ir.core import Core, Derived
from alphadsl.ir.nodes import LOSS_JSON, Loss
from alphadsl.ir.pretty_loss import pretty_derived, pretty_loss, pretty_schedule
from alphadsl.reference.closeness import looks_closely_somewhere
from alphadsl.report.diagnostic import SpecError
from alphadsl.resolve.files import SpecText
from alphadsl.resolve.parameters import Override
from alphadsl.transform.carry import carry_batch
from alphadsl.transform.importance import lower_importance
from alphadsl.transform.schedule import schedule
from alphadsl.transform.scope import scope_of
from alphadsl.transform.simplify import simplify
from alphadsl.transform.stabilise import stabilise


@dataclass(frozen=True)
class Stage:
    """A point of the pipeline at which its result can be shown, and why the stage is where it is."""

    name: str
    why: str


STAGES = (
    Stage("spec", "the loss as one self-contained text: parents folded in, functions expanded"),
    Stage("ir", "the checked loss as JSON: what every later stage, and the interpreter, starts from"),
    Stage("alpha", "value and pairwise importances, derived from the family and simplified, as on paper"),
    Stage("stable", "the same in the log domain; after simplification, so that what cancels is not carried"),
    Stage("schedule", "the passes over all pairs that it takes; last, so that equal reductions are computed once"),
    Stage("torch", "a file that runs with torch alone"),
)


@dataclass(frozen=True)
class Lowered:
    """A checked loss and all that is derived from it, each stage computed when first asked for."""

    loss: Loss

    @cached_property
    def alpha(self) -> Derived:
        return simplify(lower_importance(self.loss), scope_of(self.loss))

    @cached_property
    def stable(self) -> Derived:
        return carry_batch(stabilise(self.alpha, scope_of(self.loss)))

    @cached_property
    def core(self) -> Core:
        return schedule(self.loss, self.stable)

    def emit(self, stage: str) -> str:
        """The text of a stage; torch is imported for the last one only."""
        match stage:
            case "spec":
                return pretty_loss(self.loss)
            case "ir":
                return LOSS_JSON.dump_json(self.loss, indent=2).decode() + "\n"
            case "alpha":
                return pretty_derived(self.alpha)
            case "stable":
                return pretty_derived(self.stable)
            case "schedule":
                return pretty_schedule(self.core)
            case "torch":
                from alphadsl.backend.standalone import emit_standalone

                near = looks_closely_somewhere(self.loss, self.loss.parameters)
                values = {each.name: each.value for each in self.loss.parameters}
                return emit_standalone(replace(self.core, near=near), values)
            case _:
                raise ValueError(f"no stage {stage}")


def check_spec(text: SpecText, overrides: Mapping[str, Override] = NOTHING) -> Checked:
    return check_text(text, overrides)


def lower_spec(text: SpecText, overrides: Mapping[str, Override] = NOTHING) -> Lowered:
    """Check a text and lower its last loss; raises `SpecError` if any part of it is refused."""
    checked = check_text(text, overrides)
    if checked.errors:
        raise SpecError(checked.errors)
    return Lowered(checked.losses[-1])
