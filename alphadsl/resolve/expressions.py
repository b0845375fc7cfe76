"""Surface expressions to IR: names resolved, functions expanded, levels checked.

A fault is reported once and leaves `UNKNOWN` in its place, which no later check takes offence at. Definitions are
resolved when first used, in any order; a cycle among them is a fault.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from alphadsl.ir.atoms import ATOMS, AUTHOR_FUNCTIONS
from alphadsl.ir.kinds import Level, Space
from alphadsl.ir.nodes import Apply, Expr, Function, Importance, Num, Param, Var
from alphadsl.ir.traversal import depth_of, level_of, mentions, size_of, substitute
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.levels import (
    ClosedFunction,
    IndexMismatch,
    TooManyOperations,
)
from alphadsl.report.errors.names import CyclicDefinition
from alphadsl.report.errors.references import NamedArgument
from alphadsl.report.errors.syntax import TooDeep
from alphadsl.report.source import Span
from alphadsl.resolve.context import Place, Uses, texts
from alphadsl.resolve.levels import INDEX_LEVELS, beyond
from alphadsl.resolve.misuse import (
    BARE,
    CALLED,
    INDEXED,
    misindexed,
    misused,
    unknown,
    with_indices,
)
from alphadsl.resolve.names import BATCH_REDUCTIONS, FAMILY_PARTS, QUANTITIES, REDUCTIONS, Definition, Names
from alphadsl.resolve.quantities import misread, operation, quantity, reduction, replace_span, wrong_arity
from alphadsl.resolve.references import References
from alphadsl.syntax import tree

UNKNOWN = Var("?")
LARGEST = 5_000
DEEPEST = 80
MOST_UNKNOWN = 50


@dataclass
class Resolver:
    names: Names
    space: Space
    references: References | None = None
    diagnostics: list[Diagnostic] = field(default_factory=list)
    uses: Uses = field(default_factory=Uses)
    _resolved: dict[str, Expr] = field(default_factory=dict)
    _functions: dict[str, Function] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)
    _told: set[str] = field(default_factory=set)
    _depth: int = 0

    def resolve_function(self, item: tree.FunctionItem) -> Function:
        """A function of the author's, its argument a variable of its own so that nothing can be captured."""
        name = item.name.text
        if name not in self._functions:
            body = self._within(item, lambda: self.resolve(item.body, Place(item)))
            self._functions[name] = Function(item.argument.text, body, span=item.body.span)
        return self._functions[name]

    def resolve_definition(self, item: tree.IndexedItem | tree.ConstantItem) -> Expr:
        """The value of an indexed or constant definition, checked against the level it is declared on."""
        name = item.name.text
        if name not in self._resolved:
            written = texts(item.indices) if isinstance(item, tree.IndexedItem) else ()
            body = self._within(item, lambda: self.resolve(item.body, Place(indices=written)))
            declared = Level.BATCH if isinstance(item, tree.ConstantItem) else self._declared(item)
            self._resolved[name] = self._at_most(body, declared, name, item.body.span)
        return self._resolved[name]

    @property
    def _user(self) -> str:
        return self._open[-1] if self._open else ""

    def resolve(self, expression: tree.Expression, place: Place) -> Expr:
        if self._depth == DEEPEST:
            return self._too_deep(expression.span)
        self._depth += 1
        found = self._resolve(expression, place)
        self._depth -= 1
        if mentions(found, UNKNOWN.name):
            return UNKNOWN
        if size_of(found) > LARGEST:
            return self._fault(TooManyOperations(expression.span, LARGEST))
        if depth_of(found) > DEEPEST:
            return self._too_deep(expression.span)
        return found

    def _resolve(self, expression: tree.Expression, place: Place) -> Expr:
        match expression:
            case tree.Number(value):
                return Num(value, span=expression.span)
            case tree.Identifier(name):
                return self._identifier(name, expression.span, place)
            case tree.Indexed(name, indices):
                return self._indexed(name, indices, expression.span, place)
            case tree.Call():
                return self._call(expression, place)
            case tree.Member():
                return self._member(expression, place)
            case tree.Unary(operand):
                return Apply("neg", (self.resolve(operand, place),), span=expression.span)
            case tree.Binary("-", left, right):
                negative = Apply("neg", (self.resolve(right, place),), span=right.span)
                return Apply("add", (self.resolve(left, place), negative), span=expression.span)
            case tree.Binary(operator, left, right):
                return operation(operator, self.resolve(left, place), self.resolve(right, place), expression.span)

    def _identifier(self, name: str, span: Span, place: Place) -> Expr:
        if name == place.argument:
            return Var(name, span=span)
        if name in self.names.parameters:
            self.uses.add(self._user, name)
            return Param(name, span=span)
        match self.names.definitions.get(name):
            case tree.ConstantItem() as item:
                self.uses.add(self._user, name)
                found = self.resolve_definition(item)
                return found if level_of(found) == Level.CONSTANT else self._open_to(place, found, span)
            case _:
                return self._misused(tree.Name(name, span), span, BARE, place)

    def _indexed(self, name: tree.Name, indices: tuple[tree.Name, ...], span: Span, place: Place) -> Expr:
        if name.text in QUANTITIES:
            return self._quantity(name, indices, span, place)
        match self.names.definitions.get(name.text):
            case tree.IndexedItem(_, declared) as item:
                self.uses.add(self._user, name.text)
                found = self.resolve_definition(item)
                if texts(indices) == texts(declared):
                    return self._open_to(place, found, span)
                expected, found_ = with_indices(name.text, declared), with_indices(name.text, indices)
                well = texts(declared) in INDEX_LEVELS
                return self._fault(IndexMismatch(span, name.text, expected, found_)) if well else UNKNOWN
            case _:
                return self._misused(name, span, INDEXED, place)

    def _quantity(self, name: tree.Name, indices: tuple[tree.Name, ...], span: Span, place: Place) -> Expr:
        written = texts(indices)
        found = quantity(name.text, written, self.space, span)
        if found is None:
            as_defined = written == place.indices  # then the definition is told, and this follows from it
            return UNKNOWN if as_defined else self._fault(misindexed(name.text, indices, span))
        return self._open_to(place, found, span)

    def _member(self, member: tree.Member, place: Place) -> Expr:
        """alpha[i,j] or loss[i] of another loss."""
        if self.references is None or place.function:
            return self._open_to(place, UNKNOWN, member.span)
        wrong = misread(member)
        loss = self.references.use(member.owner, lambda each: self.resolve(each, place))
        if wrong or loss is None:
            return self._fault(wrong) if wrong else UNKNOWN
        if member.name.text == "alpha":
            return Importance(loss, self.references.importance_of(loss), span=member.span)
        return replace_span(self.references.value_of(loss), member.span)

    def _call(self, call: tree.Call, place: Place) -> Expr:
        name = call.name
        if misused(self.names, place.argument, name.text, call.span, CALLED):
            return self._misused(name, call.span, CALLED, place)
        if call.keywords:
            return self._fault(NamedArgument(call.keywords[0].span, name.text))
        arguments = tuple(self.resolve(each, place) for each in call.arguments)
        if name.text in REDUCTIONS or name.text in BATCH_REDUCTIONS:
            return self._reduction(name, arguments, call)
        if name.text in AUTHOR_FUNCTIONS:
            wrong = wrong_arity(name.text, ATOMS[name.text].arity, len(arguments), call.span)
            return self._fault(wrong) if wrong else Apply(name.text, arguments, span=call.span)
        match self.names.definitions.get(name.text):
            case tree.FunctionItem() as item:
                self.uses.add(self._user, name.text)
                wrong = wrong_arity(name.text, 1, len(arguments), call.span)
                return self._fault(wrong) if wrong else self._expanded(item, arguments[0])
            case _:
                return self._misused(name, call.span, CALLED, place)

    def _expanded(self, item: tree.FunctionItem, argument: Expr) -> Expr:
        function = self.resolve_function(item)
        return substitute(function.body, {function.argument: argument})

    def _reduction(self, name: tree.Name, arguments: tuple[Expr, ...], call: tree.Call) -> Expr:
        wrong = wrong_arity(name.text, 1, len(arguments), call.span)
        if wrong or arguments[0] == UNKNOWN:
            return self._fault(wrong) if wrong else UNKNOWN
        found = reduction(name.text, arguments[0], call)
        return self._fault(found) if isinstance(found, Diagnostic) else found

    def _declared(self, item: tree.IndexedItem) -> Level:
        """The level of what is left of the equals sign; a part of a family has its shape checked as such."""
        written, name = texts(item.indices), item.name.text
        if written not in INDEX_LEVELS and name not in FAMILY_PARTS:
            span = item.indices[0].span.to(item.indices[-1].span)
            self._fault(misindexed(name, item.indices, span))
        return INDEX_LEVELS.get(written, Level.PAIR)

    def _at_most(self, body: Expr, declared: Level, name: str, span: Span) -> Expr:
        level = level_of(body)
        if level <= declared or body == UNKNOWN:
            return body
        return self._fault(beyond(name, declared, level, span))

    def _open_to(self, place: Place, found: Expr, span: Span) -> Expr:
        """Distances do not enter functions."""
        match place.function:
            case tree.FunctionItem(name, argument):
                return self._fault(ClosedFunction(span, name.text, argument.text, name.span))
            case _:
                return found

    def _within(self, item: Definition, body: Callable[[], Expr]) -> Expr:
        """Resolve a definition, unless it is being resolved already."""
        name = item.name.text
        if name in self._open:
            chain = " needs ".join([*self._open[self._open.index(name) :], name])
            return self._fault(CyclicDefinition(item.name.span, name, chain))
        self._open.append(name)
        found = body()
        self._open.pop()
        return found

    def _misused(self, name: tree.Name, span: Span, used: str, place: Place) -> Expr:
        """A name that does not stand for what it is used as; an unknown one is told once."""
        found = misused(self.names, place.argument, name.text, span, used)
        if found is None and name.text not in self._told and len(self._told) < MOST_UNKNOWN:
            self._told.add(name.text)
            found = unknown(self.names, place.argument, name.text, name.span, used)
        return self._fault(found) if found and name.text not in self.names.refused else UNKNOWN

    def _too_deep(self, span: Span) -> Expr:
        """Told once: definitions that build on each other would all say so."""
        told = any(isinstance(each, TooDeep) for each in self.diagnostics)
        return UNKNOWN if told else self._fault(TooDeep(span, DEEPEST, written_out=True))

    def _fault(self, diagnostic: Diagnostic) -> Expr:
        self.diagnostics.append(diagnostic)
        return UNKNOWN
