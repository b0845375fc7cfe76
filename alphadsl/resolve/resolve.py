"""From a loss of the surface tree to a self-contained loss of the IR, or to diagnostics about its names and shapes.

The loss with its parents comes in, with the outcomes of the losses that it uses and values from outside.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alphadsl.ir.nodes import General, Loss
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.families import NoLoss
from alphadsl.report.errors.names import DuplicateName, UnusedDefinition, UnusedParam
from alphadsl.report.errors.references import CyclicLoss
from alphadsl.report.source import Source, Span
from alphadsl.report.stated import Stated
from alphadsl.report.suggest import suggest
from alphadsl.resolve.blend import resolve_blend
from alphadsl.resolve.borrow import rewrite_loss
from alphadsl.resolve.expressions import Resolver
from alphadsl.resolve.family import alpha_gradient, check_family, misshapen, resolve_family
from alphadsl.resolve.graph import Node
from alphadsl.resolve.names import FAMILY_PARTS, Names, resolve_names
from alphadsl.resolve.parameters import (
    Override,
    check_start,
    override_parameters,
    resolve_parameters,
    set_adopted,
)
from alphadsl.resolve.quantities import as_written
from alphadsl.resolve.references import Outcomes, References
from alphadsl.resolve.setting import check_setting, setting_of
from alphadsl.syntax.tree import FunctionItem, LossDef, SpecFile


@dataclass(frozen=True)
class Resolved:
    """The resolved loss, or None if it is refused. The diagnostics are errors if it is refused, otherwise warnings;
    `stated` is what its text says in addition; `uses` counts its uses of other losses, directly or through others."""

    loss: Loss | None
    diagnostics: tuple[Diagnostic, ...]
    stated: Stated
    uses: int = 0


def resolve_loss(node: Node, outcomes: Outcomes, overrides: Mapping[str, Override]) -> Resolved:
    definition, lineage = node.loss.definition, node.lineage
    if lineage.diagnostics:
        return Resolved(None, lineage.diagnostics, _stated(Names(definition)))
    names = resolve_names(lineage.chain)
    own, wrong = resolve_parameters(names)
    refusals = [*names.diagnostics, *wrong, *check_setting(names), *check_family(names)]
    pairs, space = setting_of(names)
    references = References(node, outcomes, {parameter.name: parameter for parameter in own})
    resolver = Resolver(names, space, references)
    _resolve_all(names, resolver)
    blended = resolve_blend(names.blend, resolver, references) if names.blend else None
    if names.blend:
        pairs, space = references.setting((pairs, space))
    references.check_mixed(pairs, space)
    refusals += set_adopted(references.parameters, names)
    adopted = [known for name, known in references.parameters.items() if name not in names.parameters]
    for parameter in adopted:
        refusals += check_start(parameter, parameter.span or definition.name.span)
    parameters, outside = override_parameters([*own, *adopted], overrides)
    refusals += [*resolver.diagnostics, *references.diagnostics, *outside]
    if refusals:
        return Resolved(None, tuple(refusals), _stated(names))
    family = General(blended) if blended else resolve_family(names, resolver)
    loss = Loss(definition.name.text, parameters, pairs, family, alpha_gradient(names), space)
    return Resolved(rewrite_loss(loss, as_written), tuple(_unused(names, resolver)), _stated(names), references.uses)


def check_file(file: SpecFile, source: Source) -> list[Diagnostic]:
    """What is wrong with a file as a whole: it has no loss, or two of the same name."""
    if not file.losses:
        return [NoLoss(Span(source, 0, 0))]
    first: dict[str, LossDef] = {}
    repeated: list[Diagnostic] = []
    for loss in file.losses:
        if loss.name.text in first:
            repeated.append(DuplicateName(loss.name.span, loss.name.text, first[loss.name.text].name.span))
        first.setdefault(loss.name.text, loss)
    return repeated


def without_repeats(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Diagnostics without repetitions: an error in a parent is found again in each of its children."""
    first_reports: dict[tuple[str, Span | frozenset[str]], Diagnostic] = {}
    for diagnostic in diagnostics:
        subject = diagnostic.members if isinstance(diagnostic, CyclicLoss) else diagnostic.span
        first_reports.setdefault((diagnostic.code, subject), diagnostic)
    return tuple(first_reports.values())


def _stated(names: Names) -> Stated:
    declared = {name: item.name.span for name, item in names.parameters.items()}
    items = {id(item) for item in names.loss.items}
    own = frozenset(name for name, item in names.parameters.items() if id(item) in items)
    return Stated(names.loss.name.span, declared, own, any(item.domain.text == "reals" for item in names.members))


def _resolve_all(names: Names, resolver: Resolver) -> None:
    """Check every definition, even one that the loss does not use, except those whose left-hand side is refused."""
    for name, item in names.definitions.items():
        if name in FAMILY_PARTS and misshapen(name, item):
            continue
        match item:
            case FunctionItem():
                resolver.resolve_function(item)
            case _:
                resolver.resolve_definition(item)


def _unused(names: Names, resolver: Resolver) -> list[Diagnostic]:
    """Warnings for what the loss itself defines without using it; those of a parent are reported for the parent."""
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
