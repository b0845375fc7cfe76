"""Surface expressions to IR: names resolved, functions expanded, levels checked.

A fault is reported once and leaves `UNKNOWN` in its place, which no later check takes offence at. Definitions are
resolved when first used, in any order; a circle among them is a fault.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from alphadsl.check.names import DISTANCES, REDUCTIONS, Definition, Names
from alphadsl.ir.atoms import ATOMS, AUTHOR_FUNCTIONS
from alphadsl.ir.kinds import Level, Over, Quantity
from alphadsl.ir.nodes import Apply, Distance, Expr, Function, Num, Param, Reduce, Var
from alphadsl.ir.traversal import depth_of, level_of, mentions, size_of, substitute
from alphadsl.report.catalogue.levels import (
    ClosedFunction,
    IndexMismatch,
    LevelMismatch,
    TooManyOperations,
    WrongArity,
    WrongUse,
)
from alphadsl.report.catalogue.names import CyclicDefinition, UnknownName
from alphadsl.report.catalogue.syntax import TooDeep
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.source import Span
from alphadsl.report.suggest import suggest
from alphadsl.syntax import tree

UNKNOWN = Var("?")
LARGEST = 5_000
DEEPEST = 80
OPERATORS = {"+": "add", "*": "mul", "/": "div", "^": "pow", "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq"}
LEVEL_WORDS = {Level.CONSTANT: "a constant", Level.BATCH: "one value per batch", Level.ROW: "one value per anchor [i]"}
LEVEL_WORDS[Level.PAIR] = "one value per pair [i,j]"
INDEX_LEVELS = {("i",): Level.ROW, ("i", "j"): Level.PAIR}


@dataclass(frozen=True)
class Place:
    """Where an expression stands: inside which function, if any."""

    function: tree.FunctionItem | None = None


@dataclass
class Resolver:
    names: Names
    diagnostics: list[Diagnostic] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    _resolved: dict[str, Expr] = field(default_factory=dict)
    _functions: dict[str, Function] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)

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
            body = self._within(item, lambda: self.resolve(item.body, Place()))
            declared = Level.CONSTANT if isinstance(item, tree.ConstantItem) else self._declared(item)
            self._resolved[name] = self._at_most(body, declared, name, item.body.span)
        return self._resolved[name]

    def resolve(self, expression: tree.Expression, place: Place) -> Expr:
        found = self._resolve(expression, place)
        if size_of(found) > LARGEST:
            return self._fault(TooManyOperations(expression.span, LARGEST))
        if depth_of(found) > DEEPEST:
            return self._fault(TooDeep(expression.span, DEEPEST))
        return found

    def _resolve(self, expression: tree.Expression, place: Place) -> Expr:
        match expression:
            case tree.Number(value):
                return Num(value, span=expression.span)
            case tree.Identifier(name):
                return self._identifier(name, expression.span, place)
            case tree.Indexed(name, indices):
                return self._indexed(name, indices, expression.span, place)
            case tree.Call(name, arguments):
                return self._call(name, tuple(self.resolve(each, place) for each in arguments), expression, place)
            case tree.Unary(operand):
                return Apply("neg", (self.resolve(operand, place),), span=expression.span)
            case tree.Binary("-", left, right):
                negative = Apply("neg", (self.resolve(right, place),), span=right.span)
                return Apply("add", (self.resolve(left, place), negative), span=expression.span)
            case tree.Binary(operator, left, right):
                return self._operation(
                    OPERATORS[operator], self.resolve(left, place), self.resolve(right, place), expression
                )

    def _operation(self, op: str, left: Expr, right: Expr, whole: tree.Binary) -> Expr:
        """d^2 is the squared distance itself, not the square of a root."""
        match op, left, right:
            case "pow", Apply("sqrt", (Distance(of),)), Num(2.0):
                return Distance(of, span=whole.span)
            case _:
                return Apply(op, (left, right), span=whole.span)

    def _identifier(self, name: str, span: Span, place: Place) -> Expr:
        if place.function and name == place.function.argument.text:
            return Var(name, span=span)
        if name in self.names.parameters:
            self.used.add(name)
            return Param(name, span=span)
        match self.names.definitions.get(name):
            case tree.ConstantItem() as item:
                self.used.add(name)
                return self.resolve_definition(item)
            case tree.IndexedItem(_, indices):
                return self._fault(
                    WrongUse(span, name, "a definition with indices", "a bare name", _call(name, indices))
                )
            case tree.FunctionItem(_, argument):
                return self._fault(WrongUse(span, name, "a function", "a bare name", f"{name}({argument.text})"))
        if name in DISTANCES:
            return self._fault(WrongUse(span, name, "a distance", "a bare name", f"{name}[i] or {name}[i,j]"))
        if name in AUTHOR_FUNCTIONS or name in REDUCTIONS:
            return self._fault(WrongUse(span, name, "a built-in function", "a bare name", f"{name}(...)"))
        return self._unknown(name, span, place)

    def _indexed(self, name: tree.Name, indices: tuple[tree.Name, ...], span: Span, place: Place) -> Expr:
        written = tuple(index.text for index in indices)
        if name.text in DISTANCES:
            return self._distance(name, written, span, place)
        match self.names.definitions.get(name.text):
            case tree.IndexedItem(_, declared) as item:
                self.used.add(name.text)
                if written != tuple(index.text for index in declared):
                    return self._fault(
                        IndexMismatch(span, name.text, _call(name.text, declared), _call(name.text, indices))
                    )
                return self._open_to(place, self.resolve_definition(item), span)
            case tree.FunctionItem(_, argument):
                used, remedy = "a definition with indices", f"{name.text}({argument.text})"
                return self._fault(WrongUse(span, name.text, "a function", used, remedy))
            case tree.ConstantItem():
                return self._fault(WrongUse(span, name.text, "a constant", "a definition with indices", name.text))
        if name.text in self.names.parameters:
            return self._fault(WrongUse(span, name.text, "a parameter", "a definition with indices", name.text))
        return self._unknown(name.text, name.span, place)

    def _distance(self, name: tree.Name, written: tuple[str, ...], span: Span, place: Place) -> Expr:
        if written not in INDEX_LEVELS:
            found = f"{name.text}[{','.join(written)}]"
            return self._fault(IndexMismatch(span, name.text, f"{name.text}[i] or {name.text}[i,j]", found))
        of = Quantity.NEGATIVE if len(written) == 2 else Quantity.POSITIVE
        squared = Distance(of, span=span)
        if name.text == "d":
            return self._open_to(place, Apply("sqrt", (squared,), span=span), span)
        cosine = Apply("add", (Num(1.0), Apply("neg", (squared,))), span=span)
        return self._open_to(place, cosine, span)

    def _call(self, name: tree.Name, arguments: tuple[Expr, ...], call: tree.Call, place: Place) -> Expr:
        if name.text in REDUCTIONS:
            return self._reduction(name, arguments, call)
        if name.text in AUTHOR_FUNCTIONS:
            arity = ATOMS[name.text].arity
            wrong = self._wrong_arity(name, arity, len(arguments), call.span)
            return wrong or Apply(name.text, arguments, span=call.span)
        match self.names.definitions.get(name.text):
            case tree.FunctionItem() as item:
                self.used.add(name.text)
                wrong = self._wrong_arity(name, 1, len(arguments), call.span)
                return wrong or self._expanded(item, arguments[0])
            case tree.IndexedItem(_, indices):
                remedy = _call(name.text, indices)
                return self._fault(WrongUse(call.span, name.text, "a definition with indices", "a function", remedy))
            case tree.ConstantItem():
                return self._fault(WrongUse(call.span, name.text, "a constant", "a function", name.text))
        if name.text in self.names.parameters:
            remedy = f"{name.text} * (...)"
            return self._fault(WrongUse(call.span, name.text, "a parameter", "a function", remedy))
        known = (*AUTHOR_FUNCTIONS, *REDUCTIONS, *self.names.definitions)
        guess = suggest(name.text, known)
        return self._fault(UnknownName(name.span, name.text, guess, tuple(sorted(AUTHOR_FUNCTIONS | set(REDUCTIONS)))))

    def _expanded(self, item: tree.FunctionItem, argument: Expr) -> Expr:
        function = self.resolve_function(item)
        return substitute(function.body, {function.argument: argument})

    def _reduction(self, name: tree.Name, arguments: tuple[Expr, ...], call: tree.Call) -> Expr:
        wrong = self._wrong_arity(name, 1, len(arguments), call.span)
        if wrong:
            return wrong
        body, level = arguments[0], level_of(arguments[0])
        if level < Level.PAIR and not mentions(body, UNKNOWN.name):
            what, remedy = f"what {name.text} runs over", "a reduction over j needs something that depends on j"
            span = call.arguments[0].span
            return self._fault(LevelMismatch(span, what, LEVEL_WORDS[Level.PAIR], LEVEL_WORDS[level], remedy))
        return Reduce(Over(REDUCTIONS[name.text]), body, span=call.span)

    def _wrong_arity(self, name: tree.Name, arity: int, given: int, span: Span) -> Expr | None:
        if given == arity:
            return None
        return self._fault(WrongArity(span, name.text, _arguments(arity), _arguments(given)))

    def _declared(self, item: tree.IndexedItem) -> Level:
        written = tuple(index.text for index in item.indices)
        if written in INDEX_LEVELS:
            return INDEX_LEVELS[written]
        expected, span = f"{item.name.text}[i] or {item.name.text}[i,j]", item.indices[0].span.to(item.indices[-1].span)
        self._fault(IndexMismatch(span, item.name.text, expected, _call(item.name.text, item.indices)))
        return Level.PAIR

    def _at_most(self, body: Expr, declared: Level, name: str, span: Span) -> Expr:
        level = level_of(body)
        if level <= declared or mentions(body, UNKNOWN.name):
            return body
        remedy = f"reduce it over j, as in mean_j(...), or define {name}[{'i,j' if level == Level.PAIR else 'i'}]"
        return self._fault(LevelMismatch(span, name, LEVEL_WORDS[declared], LEVEL_WORDS[level], remedy))

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

    def _unknown(self, name: str, span: Span, place: Place) -> Expr:
        argument = (place.function.argument.text,) if place.function else ()
        scope = (*argument, *self.names.in_scope(), *(() if place.function else ("d", "s")))
        return self._fault(UnknownName(span, name, suggest(name, (*scope, *AUTHOR_FUNCTIONS)), scope or ("numbers",)))

    def _fault(self, diagnostic: Diagnostic) -> Expr:
        self.diagnostics.append(diagnostic)
        return UNKNOWN


def _call(name: str, indices: tuple[tree.Name, ...]) -> str:
    return f"{name}[{','.join(index.text for index in indices)}]"


def _arguments(count: int) -> str:
    return "1 argument" if count == 1 else f"{count} arguments"
