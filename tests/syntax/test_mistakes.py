"""Each known mistake: one spec that makes it, recognised by name, with the whole message beside it in `golden/`."""

from collections.abc import Callable

import pytest

from alphadsl.report.errors.syntax import UnexpectedToken
from alphadsl.report.render import render_full
from alphadsl.report.source import Source
from alphadsl.syntax.mistakes import MISTAKES
from alphadsl.syntax.parse import parse_source

Golden = Callable[[str, str], None]

# In a loss, on its second line.
LINES = {
    "semicolon": "pairs two_view; same_view",
    "unclosed-string": 'param tau = 1 "temperature',
    "unclosed-bracket": "phi(x) = tau * log(1 + x",
    "single-end": "param tau = 1 in (0)",
    "wrong-bracket": "phi(x) = exp(x]",
    "extra-bracket": "phi(x) = log(x))",
    "missing-in": "param tau = 1/2 (0, inf)",
    "interval-brackets": "param tau = 0.5 in 0, inf",
    "missing-bound": "param tau = 0.5 in (0,)",
    "computed-bound": "param tau = 0.5 in (0, 2*eps)",
    "interval-comma": "param tau = 0.5 in (0 inf)",
    "late-interval": 'param tau = 0.5 "temperature" in (0, inf)',
    "interval-without-param": "set tau = 0.5 in (0, inf)",
    "missing-set": "alpha in",
    "description": 'phi(x) = x "identity"',
    "missing-value": "param tau in (0, 2 * 3)",
    "empty-definition": "phi(x) =",
    "missing-through": "gradient alpha",
    "missing-name": "pairs",
    "extends-inside": "extends infonce",
    "missing-gradient": "through alpha",
    "keyword-as-name": "param set = 1",
    "keyword-misspelt": "parm tau = 0.5",
    "argument-brackets": "f x = x",
    "unknown-statement": "big phi(x) = x",
    "proportional-row": "phi(x) ~ x",
    "nothing-defined": "phi(x)",
    "missing-equal": "phi(x) tau * log(x)",
    "argument-count": "f(x, y) = x",
    "argument-name": "phi(2 * x) = x",
    "index-comma": "alpha[i,j] = d[i k]",
    "missing-index": "alpha[i,j] = d[i,]",
    "member-indices": "alpha[i,j] ~ infonce.alpha",
    "member-name": "alpha[i,j] ~ infonce.[i,j]",
    "stray-point": "phi(x) = (x).y",
    "whole-loss": "loss ~ mean_j(s[i,j]) - s[i]",
    "third-index": "alpha[i,j] = d[i,j,k]",
    "computed-index": "alpha[i,j] = d[i,1]",
    "indexed-formula": "alpha[i,j] = exp(2)[i,j]",
    "brace-in-formula": "alpha[i,j] = d{i,j}",
    "equal-in-brackets": "phi(x) = where(2 * x = 0, 1, x)",
    "second-equal": "phi(x) = y = x",
    "two-on-a-line": "phi(x) = x psi(x) = x",
    "missing-operator": "phi(x) = tau 2",
    "stray-comma": "phi(x) = tau, 5 * x",
    "unary-plus": "phi(x) = +x",
    "empty-call": "phi(x) = log()",
    "missing-argument": "phi(x) = max(x, )",
    "grouping-bracket": "phi(x) = tau * [x + 1]",
    "missing-right-operand": "phi(x) = tau *",
    "missing-left-operand": "phi(x) = * x",
    "not-a-definition": "2 * x",
    "line-too-long": "pairs two_view, same_view",
}
FILES = {
    "equal-before-brace": "loss mine = {\n  phi(x) = x\n}\n",
    "nameless-loss": "loss {\n  phi(x) = x\n}\n",
    "missing-parent": "loss mine extends {\n  set tau = 1\n}\n",
    "parent-path": "loss mine extends ../infonce {\n  set tau = 1\n}\n",
    "second-parent": "loss mine extends infonce, direct {\n  set tau = 1\n}\n",
    "missing-brace": "loss mine\n  phi(x) = x\n}\n",
    "text-after-loss": "loss mine { phi(x) = x } psi(x) = x\n",
    "extra-brace": "loss mine {\n  phi(x) = x\n}\n}\n",
    "loss-misspelt": "los mine {\n  phi(x) = x\n}\n",
    "outside-loss": "phi(x) = x\npsi(x) = x\n\nloss mine {\n  phi(x) = x\n}\n",
    "unclosed-loss": "loss mine {\n  phi(x) = x\n\nloss other {\n  phi(x) = x\n}\n",
}
CASES = {**{name: f"loss mine {{\n  {line}\n  psi(x) = x\n}}\n" for name, line in LINES.items()}, **FILES}


def test_every_mistake_of_the_table_has_a_case() -> None:
    assert sorted(CASES) == sorted(mistake.name for mistake in MISTAKES)


@pytest.mark.parametrize("name", CASES)
def test_mistake_is_named_once_and_told_as_agreed(name: str, golden: Golden) -> None:
    [diagnostic] = parse_source(Source(f"{name}.alpha", CASES[name])).diagnostics
    assert isinstance(diagnostic, UnexpectedToken)
    golden(f"{name}.txt", render_full(diagnostic))
    assert diagnostic.mistake == name


def test_what_is_no_known_mistake_is_told_by_what_could_stand_there(golden: Golden) -> None:
    [diagnostic] = parse_source(Source("other.alpha", "loss mine {\n  alpha[i,j] in simplex\n}\n")).diagnostics
    golden("other.txt", render_full(diagnostic))
    assert diagnostic.label == "expected = or ~"
