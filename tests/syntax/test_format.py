"""The formatter: what it writes, and that it changes neither the tree nor a comment, whatever the text."""

from pathlib import Path

import pytest
from hypothesis import given, settings

from alphadsl.cli.template import TEMPLATES
from alphadsl.report.source import Source
from alphadsl.syntax.format import ascii_names, format_source, greek_names
from alphadsl.syntax.formula import Letters
from alphadsl.syntax.parse import parse_source
from alphadsl.syntax.rows import WIDTH
from alphadsl.syntax.spelling import GREEK, greek, spell
from alphadsl.syntax.tree import SpecFile
from tests.syntax.written import files

SPECS = sorted(Path(__file__).parents[2].joinpath("specs").glob("*.alpha"))


def parse(text: str) -> SpecFile:
    parsed = parse_source(Source("test.alpha", text))
    assert parsed.file is not None, [each.title for each in parsed.diagnostics]
    return parsed.file


def formatted(text: str, letters: Letters = ascii_names) -> str:
    found = format_source(Source("test.alpha", text), letters).text
    assert found is not None
    return found


def comments(text: str) -> list[str]:
    return sorted(comment.text.rstrip(" \t") for comment in parse(text).comments)


def check(text: str) -> None:
    """Nothing is changed but the text, and the second time not even that."""
    once = formatted(text)
    assert parse(once).losses == parse(text).losses
    assert comments(once) == comments(text)
    assert formatted(once) == once
    unicode = formatted(text, greek_names)
    assert parse(unicode).losses == parse(text).losses
    assert formatted(unicode) == once


@pytest.mark.slow
@given(files())
@settings(max_examples=100)
def test_any_file_keeps_its_tree_and_its_comments(text: str) -> None:
    check(text)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_library_keeps_its_trees_and_comments(path: Path) -> None:
    check(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES.keys())
def test_a_new_spec_starts_in_canonical_form(template: str) -> None:
    text = template.format(name="mine")
    assert formatted(text) == text


def item(line: str) -> str:
    """The line that becomes of a definition."""
    return formatted(f"loss mine {{\n{line}\n}}\n").removeprefix("loss mine {\n  ").removesuffix("\n}\n")


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("c=((a+b))-(c)", "c = a + b - c"),
        ("c = a-(b-c)+(d)", "c = a - (b - c) + d"),
        ("c = (a*b)/c*(d/e)", "c = a * b / c * (d / e)"),
        ("c = -(a*b)^2", "c = -(a * b)^2"),
        ("c = -(a^2)", "c = -a^2"),
        ("c = (-a)^2", "c = (-a)^2"),
        ("c = -(a/b)", "c = -(a / b)"),
        ("c = (-a)/b", "c = -a / b"),
        ("c = a^(b^c)", "c = a^b^c"),
        ("c = (a^b)^c", "c = (a^b)^c"),
        ("c = a^(-1)", "c = a^-1"),
        ("c = a^(-(b^c))", "c = a^-b^c"),
        ("c = a ^ (1-gamma)", "c = a^(1 - gamma)"),
        ("c = (a<b)*(b >=c)", "c = (a < b) * (b >= c)"),
        ("c = - - a", "c = --a"),
        ("c = 0.50 + 1e-3 + .5", "c = 0.50 + 1e-3 + .5"),
        ("h[ i , j ]=exp( -d[i, j]^p/tau )", "h[i,j] = exp(-d[i,j]^p / tau)"),
        ("alpha[i,j]~max(a,b)", "alpha[i,j] ~ max(a, b)"),
        ("h[i,j] = infonce( tau=0.2 ).alpha[ i,j ]", "h[i,j] = infonce(tau = 0.2).alpha[i,j]"),
        ("ψ( ξ )=ξ / τ", "psi(xi) = xi / tau"),
        ('param tau=.5 in(0,+inf]"t"', 'param tau = .5 in (0, inf]   "t"'),
        ("param b=-10 in [ - 2.50 , 1 )", "param b = -10 in [-2.50, 1)"),
        ("pairs   labels  against   other_classes", "pairs labels against other_classes"),
    ],
)
def test_one_spacing_and_minimal_brackets(written: str, canonical: str) -> None:
    assert item(written) == canonical


LONG = "softplus(exp(t) * s[i,j] + bias)"
SHAPES = {
    "columns": (
        """\
loss mine extends infonce {


  set tau=0.2
  # between
  param beta=1 in [0, inf) "concentration" # b
  learn t = linear(1, 2) in (-inf, inf) "t" # t
  learn u = 1

  h[i,j]=s[i,j]
  weight[i,j]=h[i,j] # w
  alpha in reals

}
loss a = 0.5*infonce
loss blend = a
# last""",
        """\
loss mine extends infonce {
  set   tau  = 0.2
  # between
  param beta = 1            in [0, inf)      "concentration"  # b
  learn t    = linear(1, 2) in (-inf, inf)   "t"              # t
  learn u    = 1

  h[i,j]      = s[i,j]
  weight[i,j] = h[i,j]  # w
  alpha in reals
}

loss a     = 0.5 * infonce
loss blend = a
# last
""",
    ),
    "a long sum": (
        f"loss a {{\n  loss[i] = -s[i] / t + sum_j({LONG}) + max_j({LONG}) / mean_j(({LONG}))\n}}",
        f"""\
loss a {{
  loss[i] = (
    -s[i] / t
    + sum_j({LONG})
    + max_j({LONG}) / mean_j({LONG})
  )
}}
""",
    ),
    "a long call": (
        f"loss a {{ u[i] = log(sum_j({LONG}) + max_j({LONG}) + d[i]) }}",
        f"""\
loss a {{
  u[i] = log(
    sum_j({LONG}) + max_j({LONG}) + d[i]
  )
}}
""",
    ),
    "comments in a formula": (
        """\
loss a { # head
  u[i] = (
      # pull
      -s[i]  # its cosine
      # push
      + sum_j(h[i,j])) # all of it
  v[i] = exp( # first
    d[i]) }
# after
""",
        """\
loss a {  # head
  u[i] = (
    # pull
    -s[i]  # its cosine
    # push
    + sum_j(h[i,j])
  )  # all of it
  v[i] = exp(  # first
    d[i]
  )
}

# after
""",
    ),
    "comments without a place go above": (
        "loss a {\n  h[i, # j\n j] = infonce(tau = 1 # one\n ).alpha[i,j] # all\n}\n",
        "loss a {\n  # j\n  # one\n  h[i,j] = infonce(tau = 1).alpha[i,j]  # all\n}\n",
    ),
    "nothing": ("\n\n", ""),
    "no more than comments": ("\n\n# a\n\n\n\n  # b  \n", "# a\n\n# b\n"),
    "an empty loss": ("\ufeffloss a extends b {\r\n}\r\n", "loss a extends b {}\n"),
}


@pytest.mark.parametrize(("written", "canonical"), SHAPES.values(), ids=SHAPES.keys())
def test_shape_of_a_file(written: str, canonical: str) -> None:
    assert formatted(written) == canonical
    assert formatted(canonical) == canonical


@pytest.mark.parametrize("operator", ["+", "*", "^", "<"])
@pytest.mark.parametrize("wrap", ["{0}", "-({0})", "log({0})", "2 * ({0})^2", "max({0}, 1)"])
def test_long_formulas_are_wrapped(operator: str, wrap: str) -> None:
    long = wrap.format(f" {operator} ".join(["(sum_j(exp(s[i,j] / tau)) + 1)"] * (2 if operator == "<" else 5)))
    text = f"loss a {{\n  u[i] = where({long}, {long}, {long})\n}}\n"
    check(text)
    assert max(map(len, formatted(text).splitlines())) <= WIDTH


def test_greek() -> None:
    for letter, name in GREEK.items():
        assert spell(greek(name)) == name
        assert letter in (greek(name), "ς")
    found = {name: greek(name) for name in ("tau_min", "beta1", "theta", "exp", "epsilon")}
    assert [*found.values()] == ["τ_min", "β1", "θ", "exp", "epsilon"]
    assert formatted("loss a { psi(x) = exp(x / tau) }", greek_names) == "loss a {\n  ψ(x) = exp(x / τ)\n}\n"


def test_what_cannot_be_parsed_is_told() -> None:
    found = format_source(Source("test.alpha", "loss a {\n  c = = 2\n}\n"))
    assert found.text is None
    assert found.diagnostics
