"""Determines which family a loss belongs to: exactly one, with all its parts."""

from alphadsl.ir.kinds import AlphaGradient
from alphadsl.ir.nodes import Coordinate, Direct, Expr, Family, General, MinPlayer, Num, Proportional
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.families import (
    MisplacedGradient,
    MisplacedTilde,
    MisplacedWeight,
    MissingPhi,
    MissingPsi,
    MissingRegulariser,
    MissingSimplex,
    NoFamily,
    TwoFamilies,
    UnknownSet,
)
from alphadsl.report.errors.general import MisplacedReals
from alphadsl.report.errors.levels import WrongShape
from alphadsl.report.source import Span
from alphadsl.report.suggest import suggest
from alphadsl.resolve.expressions import Resolver
from alphadsl.resolve.names import Definition, Names
from alphadsl.syntax.tree import FunctionItem, IndexedItem

SHAPES = {
    "phi": "phi(x)",
    "psi": "psi(x)",
    "R": "R(a)",
    "weight": "weight[i,j]",
    "alpha": "alpha[i,j]",
    "loss": "loss[i]",
}
SETS = ("simplex", "reals")
COORDINATE = "a coordinate loss derives alpha from phi and psi"
DIRECT = "alpha is given directly"
MIN_PLAYER = "a min player solves for alpha"
GENERAL = "loss[i] states the whole loss, from which alpha is derived"
BLEND = "a blend takes alpha from other losses"
ROLES = {"phi": COORDINATE, "psi": COORDINATE, "alpha": DIRECT, "R": MIN_PLAYER, "loss": GENERAL}


def check_family(names: Names) -> list[Diagnostic]:
    """Diagnostics if the parts present do not make up exactly one complete family."""
    shapes = [fault for name in SHAPES if (fault := misshapen(name, names.definitions.get(name)))]
    faults = shapes + _tildes(names) + _unknown_sets(names)
    return faults or _counted(names) or _incomplete(names) or _misplaced(names)


def resolve_family(names: Names, resolver: Resolver) -> Family:
    """The family with its parts resolved; `check_family` must have found it complete."""
    match names.definitions:
        case {"phi": FunctionItem() as phi, "psi": FunctionItem() as psi}:
            return Coordinate(resolver.resolve_function(phi), resolver.resolve_function(psi), _weight(names, resolver))
        case {"R": FunctionItem() as regulariser}:
            return MinPlayer(resolver.resolve_function(regulariser))
        case {"loss": IndexedItem() as loss}:
            return General(resolver.resolve_definition(loss))
        case {"alpha": IndexedItem() as alpha}:
            stated = resolver.resolve_definition(alpha)
            return Proportional(stated) if alpha.relation.text == "~" else Direct(stated)
        case _:
            raise AssertionError("check_family lets no other case pass")


def alpha_gradient(names: Names) -> AlphaGradient:
    return AlphaGradient.THROUGH if names.throughs else AlphaGradient.STOPPED


def _weight(names: Names, resolver: Resolver) -> Expr:
    match names.definitions.get("weight"):
        case IndexedItem() as weight:
            return resolver.resolve_definition(weight)
        case _:
            return Num(1.0)


def misshapen(name: str, item: Definition | None) -> Diagnostic | None:
    """What is wrong with the left-hand side of a part of a family."""
    match name, item:
        case _, None:
            return None
        case (("phi" | "psi" | "R"), FunctionItem()):
            return None
        case (("weight" | "alpha"), IndexedItem(_, indices)) if [index.text for index in indices] == ["i", "j"]:
            return None
        case "loss", IndexedItem(_, indices) if [index.text for index in indices] == ["i"]:
            return None
        case _, other:
            left = other.span.text.partition("=")[0].partition("~")[0].strip()
            return WrongShape(other.name.span, name, SHAPES[name], left)


def _tildes(names: Names) -> list[Diagnostic]:
    return [
        MisplacedTilde(item.relation.span, name, suggest(name, ["alpha"]) is not None)
        for name, item in names.definitions.items()
        if isinstance(item, IndexedItem) and item.relation.text == "~" and name != "alpha"
    ]


def _unknown_sets(names: Names) -> list[Diagnostic]:
    return [
        UnknownSet(item.span, item.name.text, item.domain.text)
        for item in names.members
        if item.name.text != "alpha" or item.domain.text not in SETS
    ]


def _claims(names: Names) -> list[tuple[Span, str]]:
    """The first sign of each family, in the order of the spec."""
    claims: dict[str, Span] = {}
    for part, role in ROLES.items():
        if part in names.definitions:
            claims.setdefault(role, names.definitions[part].name.span)
    for member in names.members:
        if member.domain.text == "simplex":
            claims.setdefault(MIN_PLAYER, member.span)
    if names.blend:
        claims[BLEND] = names.blend.span
    return [(span, role) for role, span in claims.items()]


def _counted(names: Names) -> list[Diagnostic]:
    match _claims(names):
        case []:
            others = {name: suggest(name, SHAPES) for name in names.definitions if name not in SHAPES}
            name, part = next(((name, part) for name, part in others.items() if part), ("", ""))
            similar = names.definitions[name].name.span if name else None
            return [NoFamily(names.loss.name.span, names.loss.name.text, part, similar)]
        case [_]:
            return []
        case [(first, first_role), (second, second_role), *_]:
            return [TwoFamilies(second, first, first_role, second_role)]
        case _:
            raise AssertionError("unreachable")


def _incomplete(names: Names) -> list[Diagnostic]:
    has, members = names.definitions, [member for member in names.members if member.domain.text == "simplex"]
    if "psi" in has and "phi" not in has:
        return [MissingPhi(has["psi"].name.span, _similar("phi", names))]
    if "phi" in has and "psi" not in has:
        return [MissingPsi(has["phi"].name.span, _similar("psi", names))]
    if "R" in has and not members:
        return [MissingSimplex(has["R"].name.span)]
    if members and "R" not in has:
        return [MissingRegulariser(members[0].span, _similar("R", names))]
    return []


def _similar(part: str, names: Names) -> Span | None:
    """A definition whose name may be a misspelling of a missing part."""
    others = [name for name in names.definitions if name not in SHAPES]
    meant = next((name for name in others if suggest(name, [part])), None)
    return names.definitions[meant].name.span if meant else None


def _misplaced(names: Names) -> list[Diagnostic]:
    has = names.definitions
    weights = [MisplacedWeight(has["weight"].name.span)] if "weight" in has and "phi" not in has else []
    gradients = [
        MisplacedGradient(item.span, item.name.text)
        for item in names.throughs
        if "alpha" not in has or item.name.text != "alpha"
    ]
    signed = [
        MisplacedReals(item.span)
        for item in names.members
        if item.domain.text == "reals" and "loss" not in has and names.blend is None
    ]
    return [*weights, *gradients, *signed]
