"""From surface expressions to the IR: names are resolved, functions expanded, levels checked.

A mistake is reported once and replaced by `UNKNOWN`, which later checks accept silently. Definitions are resolved when
first used, in any order; a cycle among them is refused.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from alphadsl.ir.atoms import ATOMS, AUTHOR_FUNCTIONS
from alphadsl.ir.kinds import Level, Space
from alphadsl.ir.nodes import Apply, Expr, Function, Num, Param, Var
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
from alphadsl.resolve.context import Context, Uses, texts
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
    _reported: set[str] = field(default_factory=set)
    _depth: int = 0

    def resolve_function(self, item: tree.FunctionItem) -> Function:
        """A function that the author defined; its argument becomes a variable, so that no name can be captured."""
        name = item.name.text
        if name not in self._functions:
            body = self._within(item, lambda: self.resolve(item.body, Context(item)))
            self._functions[name] = Function(item.argument.text, body, span=item.body.span)
        return self._functions[name]

    def resolve_definition(self, item: tree.IndexedItem | tree.ConstantItem) -> Expr:
        """The value of an indexed or constant definition, checked against its declared level."""
        name = item.name.text
        if name not in self._resolved:
            written = texts(item.indices) if isinstance(item, tree.IndexedItem) else ()
            body = self._within(item, lambda: self.resolve(item.body, Context(indices=written)))
            declared = Level.BATCH if isinstance(item, tree.ConstantItem) else self._declared(item)
            self._resolved[name] = self._at_most(body, declared, name, item.body.span)
        return self._resolved[name]

    @property
    def _user(self) -> str:
        return self._open[-1] if self._open else ""

    def resolve(self, expression: tree.Expression, context: Context) -> Expr:
        if self._depth == DEEPEST:
            return self._too_deep(expression.span)
        self._depth += 1
        resolved = self._resolve(expression, context)
        self._depth -= 1
        if mentions(resolved, UNKNOWN.name):
            return UNKNOWN
        if size_of(resolved) > LARGEST:
            return self._refuse(TooManyOperations(expression.span, LARGEST))
        if depth_of(resolved) > DEEPEST:
            return self._too_deep(expression.span)
        return resolved

    def _resolve(self, expression: tree.Expression, context: Context) -> Expr:
        match expression:
            case tree.Number(value):
                return Num(value, span=expression.span)
            case tree.Identifier(name):
                return self._identifier(name, expression.span, context)
            case tree.Indexed(name, indices):
                return self._indexed(name, indices, expression.span, context)
            case tree.Call():
                return self._call(expression, context)
            case tree.Member():
                return self._member(expression, context)
            case tree.Unary(operand):
                return Apply("neg", (self.resolve(operand, context),), span=expression.span)
            case tree.Binary("-", left, right):
                negative = Apply("neg", (self.resolve(right, context),), span=right.span)
                return Apply("add", (self.resolve(left, context), negative), span=expression.span)
            case tree.Binary(operator, left, right):
                return operation(operator, self.resolve(left, context), self.resolve(right, context), expression.span)

    def _identifier(self, name: str, span: Span, context: Context) -> Expr:
        if name == context.argument:
            return Var(name, span=span)
        if name in self.names.parameters:
            self.uses.add(self._user, name)
            return Param(name, span=span)
        match self.names.definitions.get(name):
            case tree.ConstantItem() as item:
                self.uses.add(self._user, name)
                constant = self.resolve_definition(item)
                return constant if level_of(constant) == Level.CONSTANT else self._open_to(context, constant, span)
            case _:
                return self._misused(tree.Name(name, span), span, BARE, context)

    def _indexed(self, name: tree.Name, indices: tuple[tree.Name, ...], span: Span, context: Context) -> Expr:
        if name.text in QUANTITIES:
            return self._quantity(name, indices, span, context)
        match self.names.definitions.get(name.text):
            case tree.IndexedItem(_, declared) as item:
                self.uses.add(self._user, name.text)
                definition = self.resolve_definition(item)
                if texts(indices) == texts(declared):
                    return self._open_to(context, definition, span)
                if texts(declared) not in INDEX_LEVELS:
                    return UNKNOWN  # reported at its definition
                expected, written = with_indices(name.text, declared), with_indices(name.text, indices)
                return self._refuse(IndexMismatch(span, name.text, expected, written))
            case _:
                return self._misused(name, span, INDEXED, context)

    def _quantity(self, name: tree.Name, indices: tuple[tree.Name, ...], span: Span, context: Context) -> Expr:
        written = texts(indices)
        distance = quantity(name.text, written, self.space, span)
        if distance is None:
            as_defined = written == context.indices  # then the definition is reported, which causes this
            return UNKNOWN if as_defined else self._refuse(misindexed(name.text, indices, span))
        return self._open_to(context, distance, span)

    def _member(self, member: tree.Member, context: Context) -> Expr:
        """alpha[i,j] or loss[i] of another loss."""
        if self.references is None or context.function:
            return self._open_to(context, UNKNOWN, member.span)
        wrong = misread(member)
        loss = self.references.use(member.owner, lambda setting: self.resolve(setting, context))
        if wrong or loss is None:
            return self._refuse(wrong) if wrong else UNKNOWN
        if member.name.text == "alpha":
            return replace(self.references.importance_of(loss), span=member.span)
        return replace_span(self.references.value_of(loss), member.span)

    def _call(self, call: tree.Call, context: Context) -> Expr:
        name = call.name
        if misused(self.names, context.argument, name.text, call.span, CALLED):
            return self._misused(name, call.span, CALLED, context)
        if call.keywords:
            return self._refuse(NamedArgument(call.keywords[0].span, name.text))
        arguments = tuple(self.resolve(argument, context) for argument in call.arguments)
        if name.text in REDUCTIONS or name.text in BATCH_REDUCTIONS:
            return self._reduction(name, arguments, call)
        if name.text in AUTHOR_FUNCTIONS:
            wrong = wrong_arity(name.text, ATOMS[name.text].arity, len(arguments), call.span)
            return self._refuse(wrong) if wrong else Apply(name.text, arguments, span=call.span)
        match self.names.definitions.get(name.text):
            case tree.FunctionItem() as item:
                self.uses.add(self._user, name.text)
                wrong = wrong_arity(name.text, 1, len(arguments), call.span)
                return self._refuse(wrong) if wrong else self._expanded(item, arguments[0])
            case _:
                return self._misused(name, call.span, CALLED, context)

    def _expanded(self, item: tree.FunctionItem, argument: Expr) -> Expr:
        function = self.resolve_function(item)
        return substitute(function.body, {function.argument: argument})

    def _reduction(self, name: tree.Name, arguments: tuple[Expr, ...], call: tree.Call) -> Expr:
        wrong = wrong_arity(name.text, 1, len(arguments), call.span)
        if wrong or arguments[0] == UNKNOWN:
            return self._refuse(wrong) if wrong else UNKNOWN
        reduced = reduction(name.text, arguments[0], call)
        return self._refuse(reduced) if isinstance(reduced, Diagnostic) else reduced

    def _declared(self, item: tree.IndexedItem) -> Level:
        """The level of the left-hand side; the shape of a part of a family is checked elsewhere."""
        written, name = texts(item.indices), item.name.text
        if written not in INDEX_LEVELS and name not in FAMILY_PARTS:
            span = item.indices[0].span.to(item.indices[-1].span)
            self._refuse(misindexed(name, item.indices, span))
        return INDEX_LEVELS.get(written, Level.PAIR)

    def _at_most(self, body: Expr, declared: Level, name: str, span: Span) -> Expr:
        level = level_of(body)
        if level <= declared or body == UNKNOWN:
            return body
        return self._refuse(beyond(name, declared, level, span))

    def _open_to(self, context: Context, expr: Expr, span: Span) -> Expr:
        """The expression; refused inside a function, which may not use distances."""
        match context.function:
            case tree.FunctionItem(name, argument):
                return self._refuse(ClosedFunction(span, name.text, argument.text, name.span))
            case _:
                return expr

    def _within(self, item: Definition, body: Callable[[], Expr]) -> Expr:
        """Resolve a definition, unless it is being resolved already."""
        name = item.name.text
        if name in self._open:
            chain = " needs ".join([*self._open[self._open.index(name) :], name])
            return self._refuse(CyclicDefinition(item.name.span, name, chain))
        self._open.append(name)
        resolved = body()
        self._open.pop()
        return resolved

    def _misused(self, name: tree.Name, span: Span, used: str, context: Context) -> Expr:
        """Refuse a name that is not what it is used as; an unknown name is reported once."""
        wrong = misused(self.names, context.argument, name.text, span, used)
        if wrong is None and name.text not in self._reported and len(self._reported) < MOST_UNKNOWN:
            self._reported.add(name.text)
            wrong = unknown(self.names, context.argument, name.text, name.span, used)
        return self._refuse(wrong) if wrong and name.text not in self.names.refused else UNKNOWN

    def _too_deep(self, span: Span) -> Expr:
        """Reported once: otherwise all definitions that build on each other would repeat it."""
        reported = any(isinstance(diagnostic, TooDeep) for diagnostic in self.diagnostics)
        return UNKNOWN if reported else self._refuse(TooDeep(span, DEEPEST, written_out=True))

    def _refuse(self, diagnostic: Diagnostic) -> Expr:
        self.diagnostics.append(diagnostic)
        return UNKNOWN
