"""The tree of every construct, precedence, and what the text may look like around it."""

from math import inf

import pytest

from alphadsl.report.source import Source, Span
from alphadsl.syntax.parse import parse_source
from alphadsl.syntax.tree import (
    Binary,
    Bounds,
    Call,
    ConstantItem,
    Expression,
    FunctionItem,
    Identifier,
    Indexed,
    IndexedItem,
    Item,
    MemberItem,
    Name,
    Number,
    PairsItem,
    ParamItem,
    SetItem,
    SpecFile,
    ThroughItem,
    Unary,
)

NOWHERE = Span(Source("", ""), 0, 0)


def parse(text: str) -> SpecFile:
    parsed = parse_source(Source("test.alpha", text))
    assert parsed.diagnostics == ()
    assert parsed.file is not None
    return parsed.file


def parse_item(line: str) -> Item:
    [loss] = parse(f"loss mine {{\n{line}\n}}\n").losses
    [item] = loss.items
    return item


def parse_formula(text: str) -> Expression:
    item = parse_item(f"c = {text}")
    assert isinstance(item, ConstantItem)
    return item.body


def name(text: str) -> Name:
    return Name(text, NOWHERE)


def number(value: float) -> Number:
    return Number(value, NOWHERE)


def identifier(text: str) -> Identifier:
    return Identifier(text, NOWHERE)


def written_out(node: Expression) -> str:
    """The tree with every bracket written."""
    match node:
        case Number(value):
            return f"{value:g}"
        case Identifier(text):
            return text
        case Unary(operand):
            return f"(-{written_out(operand)})"
        case Binary(operator, left, right):
            return f"({written_out(left)} {operator} {written_out(right)})"
        case Call(function, arguments):
            return f"{function.text}({', '.join(map(written_out, arguments))})"
        case Indexed(quantity, indices):
            return f"{quantity.text}[{','.join(index.text for index in indices)}]"


OPEN_ABOVE_ZERO = Bounds(0.0, inf, True, True, NOWHERE)


@pytest.mark.parametrize(
    ("line", "item"),
    [
        ("param tau = 0.5", ParamItem(name("tau"), number(0.5), None, "", NOWHERE)),
        (
            'param tau = 0.5 in (0, inf)  "temperature"',
            ParamItem(name("tau"), number(0.5), OPEN_ABOVE_ZERO, "temperature", NOWHERE),
        ),
        ('param eps = 1 "weight"', ParamItem(name("eps"), number(1), None, "weight", NOWHERE)),
        (
            "param b = -1 in [-2.5, +1e-3)",
            ParamItem(name("b"), Unary(number(1), NOWHERE), Bounds(-2.5, 1e-3, False, True, NOWHERE), "", NOWHERE),
        ),
        (
            "param b = inf in (-inf, inf]",
            ParamItem(name("b"), identifier("inf"), Bounds(-inf, inf, True, False, NOWHERE), "", NOWHERE),
        ),
        ("set tau = 0.2", SetItem(name("tau"), number(0.2), NOWHERE)),
        ("pairs same_view", PairsItem(name("same_view"), None, NOWHERE)),
        ("gradient through alpha", ThroughItem(name("alpha"), NOWHERE)),
        ("alpha in simplex", MemberItem(name("alpha"), name("simplex"), NOWHERE)),
        ("psi(x) = x", FunctionItem(name("psi"), name("x"), identifier("x"), NOWHERE)),
        (
            "h[i] = 1",
            IndexedItem(name("h"), (name("i"),), name("="), number(1), NOWHERE),
        ),
        (
            "h[i,j] = 1",
            IndexedItem(name("h"), (name("i"), name("j")), name("="), number(1), NOWHERE),
        ),
        (
            "alpha[i, j] ~ 1",
            IndexedItem(name("alpha"), (name("i"), name("j")), name("~"), number(1), NOWHERE),
        ),
        ("c = 2", ConstantItem(name("c"), number(2), NOWHERE)),
    ],
)
def test_item(line: str, item: Item) -> None:
    assert parse_item(line) == item


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a + b * c", "(a + (b * c))"),
        ("(a + b) * c", "((a + b) * c)"),
        ("a - b - c", "((a - b) - c)"),
        ("a / b * c", "((a / b) * c)"),
        ("-x^2", "(-(x ^ 2))"),
        ("2^-x", "(2 ^ (-x))"),
        ("2^-x^2", "(2 ^ (-(x ^ 2)))"),
        ("x^y^z", "(x ^ (y ^ z))"),
        ("-a * b", "((-a) * b)"),
        ("a * -b", "(a * (-b))"),
        ("--a", "(-(-a))"),
        ("a + 1 <= b * 2", "((a + 1) <= (b * 2))"),
        ("where(a == b, 1, 0)", "where((a == b), 1, 0)"),
        ("exp(-d[i,j]^p / tau)", "exp(((-(d[i,j] ^ p)) / tau))"),
        ("mean_j(s[i] > h[i,j])", "mean_j((s[i] > h[i,j]))"),
        (".5 + 1. + 1e-3 + 2E+2", "(((0.5 + 1) + 0.001) + 200)"),
        ("((x))", "x"),
    ],
)
def test_precedence(text: str, tree: str) -> None:
    assert written_out(parse_formula(text)) == tree


def test_a_file_holds_losses_and_comments() -> None:
    file = parse("# first\nloss a {}\n\nloss b extends a { pairs same_view }  # last\n")
    assert [(loss.name.text, loss.parent and loss.parent.text) for loss in file.losses] == [("a", None), ("b", "a")]
    assert [comment.text for comment in file.comments] == ["# first", "# last"]
    assert file.losses[1].items == (PairsItem(name("same_view"), None, NOWHERE),)


def test_an_empty_file_has_no_loss() -> None:
    assert parse("") == SpecFile((), ())
    assert parse("\n # nothing\n").losses == ()


@pytest.mark.parametrize(
    "text",
    [
        "loss a {\r\n  c = 1\r\n}\r\n",
        "\ufeffloss a {\n  c = 1\n}",
        "loss a { c = 1 }",
        "loss a {\n\n\tc = 1 # one\n\n}\n\n",
        "loss a { c = (\n1\n\n# one\n) }",
        "loss a {\n  c\t=\t1 }",
    ],
)
def test_layout_does_not_matter(text: str) -> None:
    [loss] = parse(text).losses
    assert loss.items == (ConstantItem(name("c"), number(1), NOWHERE),)


def test_a_formula_wraps_inside_brackets() -> None:
    assert parse_formula("f(a,  # the first\n  b) + h[i,\n j] * (a\n + b)") == parse_formula(
        "f(a, b) + h[i,j] * (a + b)"
    )


def test_spans_take_no_part_in_equality() -> None:
    assert parse("loss a { c = x }").losses == parse("\n\nloss a {\n  c   = (x)\n}\n").losses


@pytest.mark.parametrize(
    ("text", "extents"),
    [
        ("(a + b) * c", ["(a + b) * c", "a + b", "a", "b", "c"]),
        ("-f(a, (b))", ["-f(a, (b))", "f(a, (b))", "a", "b"]),
        ("h[i,j] / 2.50", ["h[i,j] / 2.50", "h[i,j]", "2.50"]),
        ("2^(a)", ["2^(a)", "2", "a"]),
    ],
)
def test_each_formula_spans_what_was_written(text: str, extents: list[str]) -> None:
    def spans(node: Expression) -> list[str]:
        match node:
            case Unary(operand):
                return [node.span.text, *spans(operand)]
            case Binary(_, left, right):
                return [node.span.text, *spans(left), *spans(right)]
            case Call(_, arguments):
                return [node.span.text, *(span for argument in arguments for span in spans(argument))]
            case _:
                return [node.span.text]

    assert spans(parse_formula(text)) == extents


@pytest.mark.parametrize(
    "line",
    [
        'param τ = 0.5 in (0, inf)  "temperature"',
        "param τ = 0.5 in (0, inf)",
        "set tau = (0.2)",
        "pairs same_view",
        "gradient through alpha",
        "alpha in simplex",
        "psi(x) = (x)",
        "alpha[i,j] ~ exp(-1)",
    ],
)
def test_each_item_spans_its_line(line: str) -> None:
    assert parse_item(f"  {line}  # comment").span.text == line


def test_places_count_characters_after_a_byte_order_mark_and_carriage_returns() -> None:
    [loss] = parse("\ufeff# c\r\nloss mine {\r\n  φ(x) = τ }").losses
    assert loss.span.position == (2, 1)
    [item] = loss.items
    assert isinstance(item, FunctionItem)
    assert (item.name.span.text, item.name.span.position) == ("φ", (3, 3))
    assert item.span.source.position(loss.span.end) == (3, 13)


def test_bounds_span_their_brackets() -> None:
    item = parse_item("param tau = 0.5 in [ 0, inf )")
    assert isinstance(item, ParamItem)
    assert item.bounds is not None
    assert item.bounds.span.text == "[ 0, inf )"
