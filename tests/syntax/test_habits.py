"""Habits from elsewhere: what is underlined, and that the line which is offered is admitted when it is put in place.

`habits.txt` has a line, what is underlined in it, and the line as a spec writes it; `habits_of_files.txt` the same of
whole files.
"""

import re
from pathlib import Path

import pytest

from alphadsl.pipeline import check_spec
from alphadsl.report.diagnostic import Diagnostic, Severity
from alphadsl.report.errors.foreign import ForeignNotation
from alphadsl.report.source import Source
from alphadsl.resolve.files import SpecText
from alphadsl.syntax.habits import HABITS

HERE = Path(__file__).parent
SEPARATOR = " ¦ "
_ENTRY = re.compile(r"(?m)^(\S.*)\n  (.*)\n  (\S.*)$")
_FILE = re.compile(r"(?ms)^==== (.*?)\n(.*?)^----\n(.*?)(?=^==== |\Z)")
LINES = [match.groups() for match in _ENTRY.finditer((HERE / "habits.txt").read_text(encoding="utf-8"))]
FILES = [match.groups() for match in _FILE.finditer((HERE / "habits_of_files.txt").read_text(encoding="utf-8"))]

PARAMS = (
    "param tau = 0.5 in (0, inf)",
    "param p = 2 in (0, inf)",
    "param eps = 0.5 in [0, 1)",
    "param b = 0 in (-inf, inf)",
)


LESSONS = (
    "psi(x) = map(lambda y: exp(y), x)",
    "if x > 0:",
    "psi(x) = x % 2",
    "loss[i] = median_j(s[i,j]) - s[i]",
    "loss[i] = KL(p || q)",
    "phi(x) = None",
    "alpha[i,j] ~ exp(z[i])",
    "alpha[i,j] ~ exp(labels[i] == labels[j])",
    r"phi(x) = \mystery(x)",
    "return exp(x)",
    "psi(x) = F.cross_entropy(x, 1)",
    r"psi(x) = \lvert x \rvert",
)
HEADS = (
    "loss x:\n  phi(x) = x\n  psi(x) = x\n",
    "loss x(z1, z2):\n  phi(x) = x\n  psi(x) = x\n",
    "class Mine(nn.Module):\n  phi(x) = x\n  psi(x) = x\n",
    "class Mine {\n  phi(x) = x\n  psi(x) = x\n}\n",
)


def errors(text: str) -> list[Diagnostic]:
    found = check_spec(SpecText(Source("x.alpha", text), None)).diagnostics
    return [each for each in found if each.severity == Severity.ERROR]


def spec(line: str) -> str:
    """The line in a loss that has what it needs: its parameters, and the rest of its family."""
    declared = re.search(r"(?:param|learn)\s+(\w+)", line) or re.match(
        r"(?:\w+[ .])?(tau|p|eps|b)(?=\s*(?:[=:<]|in|is))", line
    )
    params = [each for each in PARAMS if not declared or each.split()[1] != declared[1]]
    own = re.match(
        r"\W*(?:def|let|function|real|const|var)?\s*(?:float\s+)?(phi|psi|weight|loss|[Ll]_|ℓ|\\?alpha|α|c|w|h)?", line
    )
    part = own[1] if own else None
    rest = {"phi": ["psi(x) = exp(x)"], "psi": ["phi(x) = x"], "loss": [], "alpha": [], "\\alpha": [], "α": []}
    rest |= {"L_": [], "l_": [], "ℓ": []}
    lines = [*params, line]
    return (
        "loss x {\n"
        + "".join(f"  {each}\n" for each in lines)
        + "".join(f"  {each}\n" for each in rest.get(part or "", ["phi(x) = x", "psi(x) = exp(x)"]))
        + "}\n"
    )


def followed(text: str) -> str:
    """The text after every first remedy has been taken, one after the other."""
    for _ in range(9):
        told = errors(text)
        if not told or not told[0].remedies:
            break
        text = told[0].remedies[0].applied_to(Source("x.alpha", text)).text
    return text


@pytest.mark.parametrize(("line", "underlined", "offered"), LINES, ids=lambda text: text[:50])
def test_a_habit_is_told_once_with_the_line_to_write(line: str, underlined: str, offered: str) -> None:
    text = spec(line)
    told = errors(text)
    assert [each.span.text for each in told] == underlined.split(SEPARATOR)
    assert all(offered in each.help for each in told)
    fixed = followed(text)
    assert offered in [each.strip() for each in fixed.split("\n")]
    assert errors(fixed) == []


@pytest.mark.parametrize(("text", "underlined", "fixed"), [(text, told, fixed) for told, text, fixed in FILES])
def test_a_habit_of_several_lines_is_told_once(text: str, underlined: str, fixed: str) -> None:
    assert [each.span.text for each in errors(text)] == underlined.split(SEPARATOR)
    assert followed(text) == fixed
    assert errors(fixed) == []


@pytest.mark.slow
def test_every_row_of_the_table_has_a_case() -> None:
    told = {
        each.name
        for text in [
            *(spec(line) for line, _, _ in LINES),
            *(text for _, text, _ in FILES),
            *map(spec, LESSONS),
            *HEADS,
        ]
        for each in errors(text)
        if isinstance(each, ForeignNotation)
    }
    assert {habit.name for habit in HABITS} <= told


@pytest.mark.parametrize("line", LESSONS)
def test_what_has_no_line_of_its_own_has_a_lesson(line: str) -> None:
    [told] = errors(spec(line))
    assert isinstance(told, ForeignNotation)
    assert told.help


@pytest.mark.parametrize("text", HEADS)
def test_a_head_of_another_language_is_told_once(text: str) -> None:
    [told] = errors(text)
    assert told.help.startswith("write loss ")
    assert errors(followed(text)) == []


@pytest.mark.parametrize(
    "lines",
    [
        "mean(x) = 2 * x\n  phi(x) = mean(x)\n  psi(x) = x",
        "sigma(x) = 1 / (1 + exp(-x))\n  phi(x) = sigma(x)\n  psi(x) = exp(x)",
        "e = 2\n  phi(x) = x\n  psi(x) = exp(e * x)",
        "phi(x) = log(x + 1e-8)\n  psi(x) = exp(x)",
        "h[i,j] = exp(s[i,j])\n  alpha[i,j] ~ h[i,j]",
    ],
)
def test_what_the_author_defines_is_no_habit(lines: str) -> None:
    assert errors(f"loss x {{\n  {lines}\n}}\n") == []
    broken = errors(f"loss x {{\n  {lines} + )\n}}\n")
    assert [each.code for each in broken] == ["unexpected-token"]


def test_each_habit_of_a_line_is_told() -> None:
    text = spec("psi(x) = torch.exp(x ** 2) if x > 0 else e^x;")
    assert [each.span.text for each in errors(text)] == ["torch.exp", "**", "if x > 0 else", "e^", ";"]
    assert {each.help for each in errors(text)} == {"write psi(x) = where(x > 0, exp(x^2), exp(x))"}
