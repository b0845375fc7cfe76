"""The pipeline: `STAGES` holds the functions that take a loss from text to torch, in order.

`check`, `show` and `load` are journeys through these stages that end at different ones. Errors after `prove` are not
the user's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from alphadsl.ir.nodes import Loss
from alphadsl.ir.pretty_loss import pretty_derived, pretty_loss, pretty_schedule
from alphadsl.journey import Journey, emit, lower, parse, prove, resolve, schedule, simplify, stabilise
from alphadsl.report.diagnostic import Diagnostic, errors_of
from alphadsl.report.errors.references import TooManyLosses
from alphadsl.report.exceptions import SpecError
from alphadsl.report.source import Source, Span
from alphadsl.resolve.files import SpecText, WrittenLoss
from alphadsl.resolve.graph import in_order
from alphadsl.resolve.parameters import Override
from alphadsl.resolve.resolve import check_file, without_repeats


def _json(journey: Journey) -> str:
    from alphadsl.ir.loss_json import json_of

    return f"{json_of(journey.loss)}\n"


@dataclass(frozen=True)
class View:
    """The name that `show --emit` uses for a result of a stage, and how to write it as text."""

    name: str
    why: str
    text: Callable[[Journey], str]


@dataclass(frozen=True)
class Stage:
    """A function of the journey, why it comes at this place, and how to display its results."""

    run: Callable[[Journey], Any]
    why: str
    views: tuple[View, ...] = ()

    @property
    def name(self) -> str:
        return self.run.__name__


STAGES = (
    Stage(parse, "text to tree; errors of syntax are reported before anything is looked up"),
    Stage(
        resolve,
        "tree to IR: names, parents and the losses that are used, which have already passed these stages",
        (
            View(
                "spec",
                "the loss as one self-contained text: parents folded in, functions expanded",
                lambda journey: pretty_loss(journey.loss),
            ),
            View(
                "ir",
                "the checked loss as JSON: what every later stage, and the interpreter, starts from",
                _json,
            ),
        ),
    ),
    Stage(lower, "every family to the same few quantities, so that no later stage depends on the family"),
    Stage(
        simplify,
        "before the proofs, which are stronger on simple formulas",
        (
            View(
                "alpha",
                "value and pairwise importances, derived from the family and simplified, as on paper",
                lambda journey: pretty_derived(journey.alpha),
            ),
        ),
    ),
    Stage(prove, "first the loss as written, then its derived quantities: proved, or refused"),
    Stage(
        stabilise,
        "only admitted and simplified expressions are moved to the log domain",
        (
            View(
                "stable",
                "the same in the log domain, after simplification has removed what cancels",
                lambda journey: pretty_derived(journey.stable),
            ),
        ),
    ),
    Stage(
        schedule,
        "once the reductions are final",
        (
            View(
                "schedule",
                "the passes over all pairs, with equal reductions computed once",
                lambda journey: pretty_schedule(journey.core),
            ),
        ),
    ),
    Stage(
        emit,
        "passes to text",
        (View("torch", "a file that needs only torch", lambda journey: journey.at(emit)),),
    ),
)
VIEWS: Mapping[str, View] = {view.name: view for stage in STAGES for view in stage.views}


MOST_REFUSED = 20
# Largest work of one text (`weigh`), three times that of all losses of the library: half a minute in the worst case.
MOST_WORK = 10_000
NOTHING: Mapping[str, Override] = {}


@dataclass(frozen=True)
class Checked:
    """The admitted losses of a text in order, and the diagnostics of all."""

    journeys: tuple[Journey, ...]
    diagnostics: tuple[Diagnostic, ...]
    work: int = 0

    @property
    def losses(self) -> tuple[Loss, ...]:
        return tuple(journey.loss for journey in self.journeys)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return errors_of(self.diagnostics)


def check_spec(text: SpecText, overrides: Mapping[str, Override] = NOTHING) -> Checked:
    """Take the losses of a text through their proofs, until too many are refused, and try the remedies of those that
    are; overrides apply to the last loss."""
    checked = check_once(text, overrides)
    if not checked.diagnostics:
        return checked
    from alphadsl.prove.tried import with_tried_remedies

    def recheck(source: Source) -> tuple[Diagnostic, ...]:
        return check_once(replace(text, source=source), overrides).diagnostics

    tries = MOST_WORK // max(checked.work, 1)
    return replace(checked, diagnostics=with_tried_remedies(checked.diagnostics, text.source, recheck, tries))


def lower_spec(text: SpecText, overrides: Mapping[str, Override] = NOTHING) -> Journey:
    """The journey of the last loss of a text, after its proofs; raises `SpecError` if any loss of it is refused."""
    checked = check_spec(text, overrides)
    if checked.errors:
        raise SpecError(checked.errors)
    return checked.journeys[-1]


def check_once(text: SpecText, overrides: Mapping[str, Override]) -> Checked:
    """Check the losses of a text without trying remedies. A later phase runs only if the earlier ones found nothing, so
    that one slip gives one message."""
    parsed = Journey(text).at(parse)
    file = parsed.file
    if file is None:
        return Checked((), parsed.diagnostics)
    diagnostics = check_file(file, text.source)
    done: dict[Span, Journey] = {}
    admitted: list[Journey] = []
    for count, definition in enumerate(file.losses, 1):
        loss = WrittenLoss(definition, file, text)
        journey = _travel(loss, done, overrides if count == len(file.losses) else NOTHING)
        if journey is None:
            diagnostics.append(TooManyLosses(definition.name.span, MOST_WORK))
            break
        diagnostics += journey.diagnostics
        admitted += [journey] if journey.admitted else []
        if count - len(admitted) == MOST_REFUSED:
            break
    reported = without_repeats(diagnostics)
    if reported:
        from alphadsl.resolve.habits import teach_habits

        reported = teach_habits(file, reported)
    return Checked(tuple(admitted), reported, _work(done))


def _work(done: Mapping[Span, Journey]) -> int:
    return sum(journey.work for journey in done.values())


def _travel(loss: WrittenLoss, done: dict[Span, Journey], overrides: Mapping[str, Override]) -> Journey | None:
    """The journey of a loss, after those of the losses that it uses, directly or through others; None once the total
    work is too large. Journeys are stored in `done`, except one with values from outside."""
    if loss.key not in done or overrides:
        for node in in_order(loss, done):
            if _work(done) > MOST_WORK:
                return None
            given = overrides if node.key == loss.key else NOTHING
            journey = Journey(node.loss.text, given, node, done).proved()
            if given:
                return journey
            done[node.key] = journey
    return done[loss.key]
