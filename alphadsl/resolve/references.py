"""Other losses inside a loss: found by name, checked themselves, and written in the parameters of the one that uses
them.

A parameter of another loss becomes one of this loss, called LOSS_PARAMETER, unless a formula takes its place. Refused:
what cannot be found or is itself refused, cycles, settings that do not fit, other pairs or another space.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from alphadsl.ir.arithmetic import evaluate_number
from alphadsl.ir.facts import SPACES, Scope, infer_interval
from alphadsl.ir.interval import NON_NEGATIVE, Interval, ends_within, point, starts_within
from alphadsl.ir.kinds import Pairs, Space
from alphadsl.ir.nodes import (
    Expr,
    General,
    Loss,
    Param,
)
from alphadsl.ir.parameter import Fixed, Parameter, Schedule
from alphadsl.ir.pretty import pretty_interval, pretty_number
from alphadsl.ir.traversal import walk
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.domains import OutOfInterval
from alphadsl.report.errors.lineage import BrokenParent, UnknownParent
from alphadsl.report.errors.names import SetWithoutParam
from alphadsl.report.errors.references import (
    BrokenLoss,
    CyclicLoss,
    MixedPairs,
    SettingOutside,
    UnknownLoss,
    UnnamedSetting,
)
from alphadsl.report.source import Span
from alphadsl.report.suggest import suggest
from alphadsl.resolve.borrow import value_of, with_parameters
from alphadsl.resolve.inherit import find_loss
from alphadsl.resolve.site import Site
from alphadsl.syntax import tree
from alphadsl.transform.importance import lower_importance
from alphadsl.transform.scope import scope_of
from alphadsl.transform.simplify import simplify

Resolve = Callable[[tree.Expression], Expr]
Settings = tuple[tuple[str, Expr], ...]


@dataclass
class References:
    """The other losses that the loss `user` uses, by what they are called here."""

    user: tree.LossDef
    site: Site
    parameters: dict[str, Parameter]
    diagnostics: list[Diagnostic] = field(default_factory=list)
    losses: dict[tuple[tuple[str, int], Settings], Loss] = field(default_factory=dict)
    spans: dict[Loss, Span] = field(default_factory=dict)
    importances: dict[Loss, Interval] = field(default_factory=dict)

    def use(self, owner: tree.Identifier | tree.Call, resolve: Resolve) -> Loss | None:
        """The loss written in parameters of the user; None where it is refused."""
        name = owner.name if isinstance(owner, tree.Call) else tree.Name(owner.name, owner.span)
        found = self._checked(name)
        if found is None:
            return None
        definition, loss = found
        call = owner if isinstance(owner, tree.Call) else tree.Call(name, (), (), owner.span)
        settings = self._settings(call, loss, resolve)
        if settings is None:
            return None
        key = ((definition.span.source.text, definition.span.start), tuple(settings.items()))
        if key not in self.losses:
            self.losses[key] = self._localized(loss, settings)
            self.spans[self.losses[key]] = owner.span
        return self.losses[key]

    def importance_of(self, loss: Loss) -> Interval:
        """Where the importance of a loss used here lies; what the other families prove is taken from them."""
        if loss not in self.importances:
            known = replace(loss, parameters=tuple(self.parameters.values()))
            found = infer_interval(simplify(lower_importance(known), scope_of(known)).repel, scope_of(known))
            proved = not isinstance(loss.family, General) and not found.non_negative
            self.importances[loss] = NON_NEGATIVE if proved else found
        return self.importances[loss]

    def value_of(self, loss: Loss) -> Expr:
        """What a loss used here minimises at an anchor."""
        return value_of(loss, self.importance_of(loss), self._scope(loss.space))

    def setting(self, stated: tuple[Pairs, Space]) -> tuple[Pairs, Space]:
        """The index set and space of a blend: those of the first loss in it."""
        first = next(iter(self.losses.values()), None)
        return (first.pairs, first.space) if first else stated

    def _checked(self, name: tree.Name) -> tuple[tree.LossDef, Loss] | None:
        found = find_loss(name, self.user, self.site.file, self.site.text)
        if isinstance(found, Diagnostic):
            self._fault(_as_reference(found, name))
            return None
        definition, file, text = found
        users = (*self.site.users, self.user)
        again = next((at for at, each in enumerate(users) if each.span == definition.span), None)
        if again is not None:
            chain = " uses ".join([*(each.name.text for each in users[again:]), name.text])
            members = frozenset(each.name.text for each in users[again:])
            self._fault(CyclicLoss(name.span, name.text, chain, members))
            return None
        loss, diagnostics = self.site.check(definition, file, text, users)
        if loss is None:
            told = diagnostics[0]
            self._fault(told if isinstance(told, CyclicLoss) else BrokenLoss(name.span, name.text, told.title))
            return None
        return definition, loss

    def _settings(self, call: tree.Call, loss: Loss, resolve: Resolve) -> dict[str, Expr] | None:
        """What the parameters are set to, by name, in the parameters of the user."""
        declared = {each.name: each for each in loss.parameters}
        faults = len(self.diagnostics)
        if call.arguments:
            example = next(iter(declared), "tau")
            self._fault(UnnamedSetting(call.arguments[0].span, call.name.text, example))
        settings: dict[str, Expr] = {}
        for keyword in call.keywords:
            name = keyword.name.text
            if name not in declared:
                known = tuple(declared)
                self._fault(SetWithoutParam(keyword.name.span, name, suggest(name, known), known))
                continue
            value = resolve(keyword.value)
            settings[name] = value
            self._check_setting(keyword, value, declared[name])
        return settings if len(self.diagnostics) == faults else None

    def _check_setting(self, keyword: tree.Keyword, value: Expr, parameter: Parameter) -> None:
        interval, span = parameter.interval, keyword.value.span
        number = None if any(isinstance(part, Param) for part in walk(value)) else evaluate_number(value)
        found = infer_interval(value, self._scope()) if number is None else point(number)
        if number is not None and not (math.isfinite(number) and number in interval):
            shown = pretty_number(number)
            self._fault(OutOfInterval(span, parameter.name, shown, pretty_interval(interval), parameter.span))
        elif not (starts_within(found, interval) and ends_within(found, interval)):
            shown = pretty_interval(found)
            self._fault(SettingOutside(span, parameter.name, pretty_interval(interval), shown, parameter.span))

    def _scope(self, space: Space = Space.SPHERE) -> Scope:
        return Scope({each.name: each.interval for each in self.parameters.values()}, distances=SPACES[space])

    def _localized(self, loss: Loss, settings: Mapping[str, Expr]) -> Loss:
        """The loss with its parameters called as they are here, and no parameters of its own."""
        label = self._label(loss)
        bindings: dict[str, Expr] = {}
        for each in loss.parameters:
            match settings.get(each.name):
                case None:
                    bindings[each.name] = self._adopted(label, each, each.value)
                case value if not any(isinstance(part, Param) for part in walk(value)):
                    number = evaluate_number(value)
                    role = Fixed() if isinstance(each.role, Schedule) else each.role
                    bindings[each.name] = self._adopted(label, replace(each, role=role), number)
                case value:
                    bindings[each.name] = value
        return replace(with_parameters(loss, bindings), name=label, parameters=())

    def _adopted(self, label: str, parameter: Parameter, value: float) -> Param:
        name = f"{label}_{parameter.name}"
        self.parameters[name] = replace(parameter, name=name, value=value)
        return Param(name)

    def _label(self, loss: Loss) -> str:
        """A name for the loss that is free here, and so are those that its parameters get."""
        taken = {each.name for each in self.losses.values()} | {self.user.name.text}
        count = 1
        while True:
            label = loss.name if count == 1 else f"{loss.name}_{count}"
            if label not in taken and not any(f"{label}_{each.name}" in self.parameters for each in loss.parameters):
                return label
            count += 1

    def check_mixed(self, pairs: Pairs, space: Space) -> None:
        """Every loss used weighs the pairs of the user, in its space."""
        for loss in self.losses.values():
            if (loss.pairs, loss.space) != (pairs, space):
                words = (loss.pairs, pairs, "pairs") if loss.pairs != pairs else (loss.space, space, "space")
                theirs, ours = (f"{words[2]} {each.value}" for each in words[:2])
                self._fault(MixedPairs(self.spans[loss], loss.name, theirs, ours))

    def _fault(self, diagnostic: Diagnostic) -> None:
        self.diagnostics.append(diagnostic)


def _as_reference(found: Diagnostic, name: tree.Name) -> Diagnostic:
    """What `extends` would say, said of a use."""
    match found:
        case UnknownParent(_, _, advice):
            return UnknownLoss(name.span, name.text, advice)
        case BrokenParent(_, _, path, reason):
            return BrokenLoss(name.span, name.text, f"{path} {reason}")
        case _:
            return CyclicLoss(name.span, name.text, f"{name.text} uses {name.text}", frozenset({name.text}))
