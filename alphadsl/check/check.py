"""The check of a whole text: every loss in it resolved and proved, or all that is wrong with it, phase by phase.

A later phase runs only if the earlier ones found nothing, so that one slip is one message.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alphadsl.check.admit import check_admissible
from alphadsl.check.expressions import Resolver
from alphadsl.check.family import alpha_gradient, check_family, misshapen, resolve_family
from alphadsl.check.inherit import resolve_lineage
from alphadsl.check.library import SpecText, parsed
from alphadsl.check.names import FAMILY_PARTS, Names, resolve_names
from alphadsl.check.parameters import Override, resolve_parameters
from alphadsl.ir.nodes import Loss, Pairs
from alphadsl.report.catalogue.families import NoLoss
from alphadsl.report.catalogue.names import DuplicateName, UnknownPairs, UnusedDefinition, UnusedParam
from alphadsl.report.diagnostic import Diagnostic, Severity
from alphadsl.report.source import Span
from alphadsl.report.suggest import suggest
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
    """Check the losses of a text, until too many are refused; overrides go to the last one."""
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
    for definition in file.losses:
        given = overrides if definition is file.losses[-1] else NOTHING
        loss, found = _check_loss(definition, file, text, given)
        diagnostics += found
        losses += [loss] if loss else []
        refused += loss is None
        if refused == MOST_REFUSED:
            break
    return Checked(tuple(losses), _once(diagnostics))


def _once(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """What is wrong with a parent is found again in each of its children, and told for the first."""
    told: dict[tuple[str, Span], Diagnostic] = {}
    for each in diagnostics:
        told.setdefault((each.code, each.span), each)
    return tuple(told.values())


def _check_loss(
    definition: LossDef, file: SpecFile, text: SpecText, overrides: Mapping[str, Override]
) -> tuple[Loss | None, list[Diagnostic]]:
    lineage = resolve_lineage(definition, file, text)
    if lineage.diagnostics:
        return None, list(lineage.diagnostics)
    names = resolve_names(lineage.chain)
    parameters, faults = resolve_parameters(names, overrides)
    faults = [*names.diagnostics, *faults, *_unknown_pairs(names), *check_family(names)]
    resolver = Resolver(names)
    _resolve_all(names, resolver)
    if faults or resolver.diagnostics:
        return None, faults + resolver.diagnostics
    family = resolve_family(names, resolver)
    loss = Loss(definition.name.text, parameters, _pairs(names), family, alpha_gradient(names))
    refusals = check_admissible(loss)
    return (None, refusals) if refusals else (loss, _unused(names, resolver))


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


def _unknown_pairs(names: Names) -> list[Diagnostic]:
    known = [pairs.value for pairs in Pairs]
    if names.pairs is None or names.pairs.name.text in known:
        return []
    name = names.pairs.name
    return [UnknownPairs(name.span, name.text, ", ".join(known), suggest(name.text, known))]


def _pairs(names: Names) -> Pairs:
    return Pairs(names.pairs.name.text) if names.pairs else Pairs.TWO_VIEW


def _unused(names: Names, resolver: Resolver) -> list[Diagnostic]:
    """What the loss itself adds in vain; what a parent does is told where the parent is checked."""
    own = {id(item) for item in names.loss.items}
    used = resolver.uses.reached_from(FAMILY_PARTS & set(names.definitions))
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
