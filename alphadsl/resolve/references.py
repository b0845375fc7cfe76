"""Other losses inside a loss: found by name, already admitted, and rewritten in the parameters of their user.

A parameter of another loss becomes a parameter LOSS_PARAMETER of this loss, unless it is set to a formula. Refused: a
loss that cannot be found or is itself refused, cycles, settings that do not fit, and other pairs or another space.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from alphadsl.ir.arithmetic import evaluate_number
from alphadsl.ir.facts import SPACES, Scope, infer_interval
from alphadsl.ir.index_sets import IndexSet
from alphadsl.ir.interval import Interval, ends_within, point, starts_within
from alphadsl.ir.kinds import Space
from alphadsl.ir.nodes import Expr, Importance, Loss, Param
from alphadsl.ir.parameter import Fixed, Parameter, Schedule
from alphadsl.ir.pretty import pretty_interval, pretty_number
from alphadsl.ir.traversal import walk
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.domains import OutOfInterval
from alphadsl.report.errors.levels import TooManyOperations
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
from alphadsl.resolve.files import WrittenLoss
from alphadsl.resolve.graph import Node, owner_of
from alphadsl.resolve.lookup import Absent, Itself, NoLoss, Unreadable
from alphadsl.syntax import tree

# A loss grows with every loss that it uses, in a chain as in a sum; no paper blends this many.
MOST_USES = 16
FOLLOWED = "they are followed to their ends"

Resolve = Callable[[tree.Expression], Expr]
Settings = tuple[tuple[str, Expr], ...]


class Outcome(Protocol):
    """The result of checking a loss that others may use: the loss if it was admitted, the interval of its importance,
    and how often it uses other losses, directly or through others."""

    @property
    def admitted(self) -> Loss | None: ...

    @property
    def diagnostics(self) -> Sequence[Diagnostic]: ...

    @property
    def importance(self) -> Interval: ...

    @property
    def uses(self) -> int: ...


Outcomes = Mapping[Span, Outcome]


@dataclass
class References:
    """The losses that a loss, the `user`, uses; `outcomes` has the result for each of them."""

    user: Node
    outcomes: Outcomes
    parameters: dict[str, Parameter]
    diagnostics: list[Diagnostic] = field(default_factory=list)
    losses: dict[tuple[tuple[str, int], Settings], Loss] = field(default_factory=dict)
    spans: dict[Loss, Span] = field(default_factory=dict)
    origins: dict[Loss, Outcome] = field(default_factory=dict)
    uses: int = 0
    """The number of uses of other losses: every occurrence counts, and so do the uses within those losses."""

    def use(self, owner: tree.Identifier | tree.Call, resolve: Resolve) -> Loss | None:
        """The loss, written in the parameters of the user; None if it is refused."""
        name = owner_of(owner)
        used = self._admitted(name)
        if used is None:
            return None
        definition, outcome, loss = used
        within, self.uses = self.uses <= MOST_USES, self.uses + 1 + outcome.uses
        if self.uses > MOST_USES:
            if within:
                self.diagnostics.append(TooManyOperations(owner.span, MOST_USES, FOLLOWED, "uses of other losses"))
            return None
        call = owner if isinstance(owner, tree.Call) else tree.Call(name, (), (), owner.span)
        settings = self._settings(call, loss, resolve)
        if settings is None:
            return None
        key = ((definition.span.source.text, definition.span.start), tuple(settings.items()))
        if key not in self.losses:
            localized = self.losses[key] = self._localized(loss, settings)
            self.spans[localized], self.origins[localized] = owner.span, outcome
        return self.losses[key]

    def importance_of(self, loss: Loss) -> Importance:
        """alpha[i,j] of a loss used here. Its interval was proved for all values of the parameters of that loss, so it
        holds for those that are set here."""
        return Importance(loss, self.origins[loss].importance)

    def value_of(self, loss: Loss) -> Expr:
        """What a loss used here minimises at an anchor."""
        return value_of(loss, self.importance_of, self._scope(loss.space))

    def setting(self, stated: tuple[IndexSet, Space]) -> tuple[IndexSet, Space]:
        """The index set and space of a blend: those of the first loss in it."""
        first = next(iter(self.losses.values()), None)
        return (first.pairs, first.space) if first else stated

    def _admitted(self, name: tree.Name) -> tuple[tree.LossDef, Outcome, Loss] | None:
        used = self.user.uses[name.text]
        if not isinstance(used, WrittenLoss):
            self.diagnostics.append(_refusal(name, used))
            return None
        if name.text in self.user.cycles:
            members = [member.name.text for member in self.user.cycles[name.text]]
            chain = " uses ".join([*members, name.text])
            self.diagnostics.append(CyclicLoss(name.span, name.text, chain, frozenset(members)))
            return None
        outcome = self.outcomes[used.key]
        if outcome.admitted is None:
            reason = outcome.diagnostics[0]
            broken = BrokenLoss(name.span, name.text, reason.title)
            self.diagnostics.append(reason if isinstance(reason, CyclicLoss) else broken)
            return None
        return used.definition, outcome, outcome.admitted

    def _settings(self, call: tree.Call, loss: Loss, resolve: Resolve) -> dict[str, Expr] | None:
        """The settings of parameters by name, written in the parameters of the user."""
        declared = {parameter.name: parameter for parameter in loss.parameters}
        before = len(self.diagnostics)
        if call.arguments:
            example = next(iter(declared), "tau")
            self.diagnostics.append(UnnamedSetting(call.arguments[0].span, call.name.text, example))
        settings: dict[str, Expr] = {}
        for keyword in call.keywords:
            name = keyword.name.text
            if name not in declared:
                known = tuple(declared)
                self.diagnostics.append(SetWithoutParam(keyword.name.span, name, suggest(name, known), known))
                continue
            value = resolve(keyword.value)
            settings[name] = value
            self._check_setting(keyword, value, declared[name])
        return settings if len(self.diagnostics) == before else None

    def _check_setting(self, keyword: tree.Keyword, value: Expr, parameter: Parameter) -> None:
        interval, span = parameter.interval, keyword.value.span
        number = None if any(isinstance(part, Param) for part in walk(value)) else evaluate_number(value)
        values = infer_interval(value, self._scope()) if number is None else point(number)
        if number is not None and not (math.isfinite(number) and number in interval):
            shown = pretty_number(number)
            self.diagnostics.append(
                OutOfInterval(span, parameter.name, shown, pretty_interval(interval), parameter.span)
            )
        elif not (starts_within(values, interval) and ends_within(values, interval)):
            shown = pretty_interval(values)
            self.diagnostics.append(
                SettingOutside(span, parameter.name, pretty_interval(interval), shown, parameter.span)
            )

    def _scope(self, space: Space = Space.SPHERE) -> Scope:
        return Scope({name: known.interval for name, known in self.parameters.items()}, distances=SPACES[space])

    def _localized(self, loss: Loss, settings: Mapping[str, Expr]) -> Loss:
        """The loss, rewritten in the parameters of the user, with none of its own."""
        label = self._label(loss)
        bindings: dict[str, Expr] = {}
        for parameter in loss.parameters:
            name = parameter.name
            match settings.get(name):
                case None:
                    bindings[name] = self._adopted(label, parameter, parameter.value)
                case value if not any(isinstance(part, Param) for part in walk(value)):
                    number = evaluate_number(value)
                    role = Fixed() if isinstance(parameter.role, Schedule) else parameter.role
                    bindings[name] = self._adopted(label, replace(parameter, role=role), number)
                case value:
                    bindings[name] = value
        return replace(with_parameters(loss, bindings), name=label, parameters=())

    def _adopted(self, label: str, parameter: Parameter, value: float) -> Param:
        name = f"{label}_{parameter.name}"
        self.parameters[name] = replace(parameter, name=name, value=value)
        return Param(name)

    def _label(self, loss: Loss) -> str:
        """A name for the loss such that it and the names of its parameters are free here."""
        taken = {used.name for used in self.losses.values()} | {self.user.loss.definition.name.text}
        count = 1
        while True:
            label = loss.name if count == 1 else f"{loss.name}_{count}"
            adopted = {f"{label}_{parameter.name}" for parameter in loss.parameters}
            if label not in taken and not adopted & self.parameters.keys():
                return label
            count += 1

    def check_mixed(self, pairs: IndexSet, space: Space) -> None:
        """Refuse losses with other pairs or another space than the user."""
        for loss in self.losses.values():
            if (loss.pairs, loss.space) != (pairs, space):
                other = loss.pairs != pairs
                theirs, ours = (
                    f"pairs {index_set.name}" if other else f"space {where.value}"
                    for index_set, where in ((loss.pairs, loss.space), (pairs, space))
                )
                self.diagnostics.append(MixedPairs(self.spans[loss], loss.name, theirs, ours))


def _refusal(name: tree.Name, why: NoLoss) -> Diagnostic:
    match why:
        case Absent(advice):
            return UnknownLoss(name.span, name.text, advice)
        case Unreadable(path, reason):
            return BrokenLoss(name.span, name.text, f"{path} {reason}")
        case Itself():
            return CyclicLoss(name.span, name.text, f"{name.text} uses {name.text}", frozenset({name.text}))
