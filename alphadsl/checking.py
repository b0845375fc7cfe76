"""The check of a whole text: every loss in it resolved and proved, or all that is wrong with it, phase by phase.

A later phase runs only if the earlier ones found nothing, so that one slip is one message.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from alphadsl.ir.nodes import General, Loss
from alphadsl.prove.admit import check_admissible
from alphadsl.prove.extent import check_curvature, check_extent
from alphadsl.prove.idle import check_idle
from alphadsl.prove.signs import check_signs
from alphadsl.prove.subject import protect_loss
from alphadsl.prove.tried import with_tried_remedies
from alphadsl.report.diagnostic import Diagnostic, Severity
from alphadsl.report.errors.families import NoLoss
from alphadsl.report.errors.names import DuplicateName, UnusedDefinition, UnusedParam
from alphadsl.report.errors.references import CyclicLoss
from alphadsl.report.source import Source, Span
from alphadsl.report.suggest import suggest
from alphadsl.resolve.blend import resolve_blend
from alphadsl.resolve.borrow import rewrite_loss
from alphadsl.resolve.expressions import Resolver
from alphadsl.resolve.family import alpha_gradient, check_family, misshapen, resolve_family
from alphadsl.resolve.files import SpecText, parsed
from alphadsl.resolve.habits import teach_habits
from alphadsl.resolve.inherit import resolve_lineage
from alphadsl.resolve.names import FAMILY_PARTS, Names, resolve_names
from alphadsl.resolve.parameters import Override, check_start, override_parameters, resolve_parameters, set_adopted
from alphadsl.resolve.quantities import as_written
from alphadsl.resolve.references import References
from alphadsl.resolve.setting import check_setting, setting_of
from alphadsl.resolve.site import Outcome, Site, Users
from alphadsl.syntax.tree import FunctionItem, LossDef, SpecFile


@dataclass(frozen=True)
class Checked:
    """The losses of a text in order, and what is to be said about them; a refused loss is missing."""

    losses: tuple[Loss, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(each for each in self.diagnostics if each.severity == Severity.ERROR)


MOST_REFUSED = 20
NOTHING: Mapping[str, Override] = {}


def check_text(text: SpecText, overrides: Mapping[str, Override] = NOTHING) -> Checked:
    """Check the losses of a text, until too many are refused, and try the remedies of what is refused; overrides go to
    the last one."""
    checked = _check_once(text, overrides)
    if not checked.diagnostics:
        return checked

    def recheck(source: Source) -> tuple[Diagnostic, ...]:
        return _check_once(replace(text, source=source), overrides).diagnostics

    return replace(checked, diagnostics=with_tried_remedies(checked.diagnostics, text.source, recheck))


def _check_once(text: SpecText, overrides: Mapping[str, Override]) -> Checked:
    outcome = parsed(text.source)
    if outcome.file is None:
        return Checked((), outcome.diagnostics)
    file = outcome.file
    if not file.losses:
        start = Span(text.source, 0, 0)
        return Checked((), (NoLoss(start),))
    losses: list[Loss] = []
    diagnostics: list[Diagnostic] = _repeated(file)
    refused = 0
    known = _Known()
    for definition in file.losses:
        site = Site(file, text, known.check)
        if overrides and definition is file.losses[-1]:
            loss, found = _check_loss(definition, site, overrides)
        else:
            loss, found = known.check(definition, file, text, ())
        diagnostics += found
        losses += [loss] if loss else []
        refused += loss is None
        if refused == MOST_REFUSED:
            break
    return Checked(tuple(losses), teach_habits(file, _once(diagnostics)))


class _Known:
    """Losses checked so far, so that one that many others use is looked at once."""

    def __init__(self) -> None:
        self._outcomes: dict[Span, Outcome] = {}

    def check(self, definition: LossDef, file: SpecFile, text: SpecText, users: Users) -> Outcome:
        if definition.span not in self._outcomes:
            self._outcomes[definition.span] = _check_loss(definition, Site(file, text, self.check, users), NOTHING)
        return self._outcomes[definition.span]


def _once(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """What is wrong with a parent is found again in each of its children, and told for the first."""
    told: dict[tuple[str, Span | frozenset[str]], Diagnostic] = {}
    for each in diagnostics:
        place = each.members if isinstance(each, CyclicLoss) else each.span
        told.setdefault((each.code, place), each)
    return tuple(told.values())


def _check_loss(definition: LossDef, site: Site, overrides: Mapping[str, Override]) -> Outcome:
    lineage = resolve_lineage(definition, site.file, site.text)
    if lineage.diagnostics:
        return None, list(lineage.diagnostics)
    names = resolve_names(lineage.chain)
    parameters, faults = resolve_parameters(names)
    faults = [*names.diagnostics, *faults, *check_setting(names), *check_family(names)]
    pairs, space = setting_of(names)
    references = References(definition, site, {each.name: each for each in parameters})
    resolver = Resolver(names, space, references)
    _resolve_all(names, resolver)
    blended = resolve_blend(names.blend, resolver, references) if names.blend else None
    if names.blend:
        pairs, space = references.setting((pairs, space))
    references.check_mixed(pairs, space)
    settings = set_adopted(references.parameters, names)
    adopted = [each for each in references.parameters.values() if each.name not in names.parameters]
    parameters, outside = override_parameters([*parameters, *adopted], overrides)
    settings += [fault for each in adopted for fault in check_start(each, each.span or definition.name.span)]
    faults = [*faults, *settings, *resolver.diagnostics, *references.diagnostics, *outside]
    if faults:
        return None, faults
    family = General(blended) if blended else resolve_family(names, resolver)
    loss = Loss(definition.name.text, parameters, pairs, family, alpha_gradient(names), space)
    loss = rewrite_loss(loss, as_written)
    named = definition.name.span
    refusals = check_curvature(loss, named) or check_admissible(loss) or check_extent(loss, named)
    if refusals:
        return None, refusals
    loss = protect_loss(loss)
    own = {name for name, item in names.parameters.items() if any(item is each for each in definition.items)}
    declared = {name: item.name.span for name, item in names.parameters.items()}
    told = check_idle(loss, definition.name.span, declared, own)
    if any(each.severity == Severity.ERROR for each in told):
        return None, told
    signed = any(item.domain.text == "reals" for item in names.members)
    return loss, [*_unused(names, resolver), *told, *([] if signed else check_signs(loss, definition.name.span))]


def _resolve_all(names: Names, resolver: Resolver) -> None:
    """Every definition is checked, also one that the loss does not use, but not one whose left side is refused."""
    for name, item in names.definitions.items():
        if name in FAMILY_PARTS and misshapen(name, item):
            continue
        match item:
            case FunctionItem():
                resolver.resolve_function(item)
            case _:
                resolver.resolve_definition(item)


def _repeated(file: SpecFile) -> list[Diagnostic]:
    first: dict[str, LossDef] = {}
    faults: list[Diagnostic] = []
    for loss in file.losses:
        if loss.name.text in first:
            faults.append(DuplicateName(loss.name.span, loss.name.text, first[loss.name.text].name.span))
        first.setdefault(loss.name.text, loss)
    return faults


def _unused(names: Names, resolver: Resolver) -> list[Diagnostic]:
    """What the loss itself adds in vain; what a parent does is told where the parent is checked."""
    own = {id(item) for item in names.loss.items}
    used = resolver.uses.reached_from({"", *FAMILY_PARTS} & {"", *names.definitions})
    params = [
        UnusedParam(item.name.span, name)
        for name, item in names.parameters.items()
        if name not in used and id(item) in own
    ]
    definitions = [
        UnusedDefinition(item.name.span, name, suggest(name, FAMILY_PARTS - set(names.definitions)))
        for name, item in names.definitions.items()
        if name not in used and name not in FAMILY_PARTS and id(item) in own
    ]
    return [*params, *definitions]
