"""Wrong specs as users write them: the codes that are reported, and the text that each points to.

One slip is one message. A spec is the lines of a loss, unless it opens one itself.
"""

import pytest

from alphadsl.pipeline import check_spec
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.render import render_full
from alphadsl.report.source import Source
from alphadsl.resolve.files import SpecText

X = "phi(x) = x"
TAU = "param tau = 0.5 in (0, inf)"


def told(spec: str) -> tuple[Diagnostic, ...]:
    lines = "".join(f"  {line.strip()}\n" for line in spec.split("\n"))
    text = spec if spec.startswith(("loss ", "#", "{")) or not spec else f"loss x {{\n{lines}}}\n"
    return check_spec(SpecText(Source("x.alpha", text), None)).diagnostics


MATHEMATICS = {
    f"param tau = 0.5\n{X}\npsi(x) = exp(x / tau)": [("outside-domain", "tau")],
    "param eps = 1\nphi(x) = log(eps + x)\npsi(x) = exp(x)": [("log-domain", "eps + x")],
    f"{X}\npsi(x) = log(relu(x))": [("log-domain", "relu(x)")],
    f"{X}\npsi(x) = log(2 + x)": [("log-domain", "2 + x")],
    "param eps = 1 in [0, inf)\nphi(x) = log(eps)\npsi(x) = x": [("log-domain", "eps")],
    "alpha[i,j] = 1 / d[i,j]": [("outside-domain", "d[i,j]")],
    "alpha[i,j] = d[i,j]^-2": [("outside-domain", "d[i,j]")],
    "alpha[i,j] = d[i,j] / sum_j(d[i,j])": [("outside-domain", "sum_j(d[i,j])")],
    "alpha[i,j] ~ sqrt(s[i,j])": [("outside-domain", "s[i,j]")],
    "alpha[i,j] ~ s[i,j]^0.5": [("outside-domain", "s[i,j]")],
    "alpha[i,j] ~ -exp(-d[i,j]^2)": [("negative-importance", "-exp(-d[i,j]^2)")],
    "alpha[i,j] ~ 1 - d[i,j]": [("negative-importance", "1 - d[i,j]")],
    "alpha[i,j] = sum_j(s[i,j])": [("negative-importance", "sum_j(s[i,j])")],
    f"weight[i,j] = s[i,j]\n{X}\npsi(x) = exp(x)": [("negative-importance", "s[i,j]")],
    "alpha[i,j] ~ relu(-1)": [("zero-importance", "relu(-1)")],
    "phi(x) = 1\npsi(x) = x": [("zero-importance", "1")],
    f"{X}\npsi(x) = x - x": [("zero-importance", "x - x")],
    f"{X}\npsi(x) = relu(x - 5)": [("zero-importance", "relu(x - 5)")],
    f"{X}\npsi(x) = stopgrad(x)": [("zero-importance", "stopgrad(x)")],
    "phi(x) = 1 / x\npsi(x) = exp(x)": [("decreasing-phi", "1 / x")],
    "phi(x) = log(1 + x^2)\npsi(x) = x": [("decreasing-phi", "log(1 + x^2)")],
    "phi(x) = x * log(x)\npsi(x) = exp(x)": [("decreasing-phi", "x * log(x)")],
    f"{X}\npsi(x) = relu(-x)": [("decreasing-psi", "relu(-x)")],
    f"{X}\npsi(x) = where(x > 0, x, 1)": [("decreasing-psi", "where(x > 0, x, 1)")],
    f"param c = 1 in [-1, 1]\n{X}\npsi(x) = x + c * x^3": [("decreasing-psi", "x + c * x^3")],
    f"{TAU}\n{X}\npsi(x) = x * exp(x / tau)": [("decreasing-psi", "x * exp(x / tau)")],
    f"param a = 1\n{X}\npsi(x) = -x": [("decreasing-psi", "-x")],
    "R(a) = a^2\nalpha in simplex": [("non-concave-regulariser", "a^2")],
    "R(a) = -a\nalpha in simplex": [("non-concave-regulariser", "-a")],
    "param tau = 1 in [0, inf)\nR(a) = -tau * a^2\nalpha in simplex": [("non-concave-regulariser", "-tau * a^2")],
    "R(a) = log(1 - a)\nalpha in simplex": [("log-domain", "1 - a")],
    f"{X}\npsi(x) = x^9^9^9": [("number-too-large", "9^9^9")],
    f"{X}\npsi(x) = 1e308 * 1e308 * x": [("number-too-large", "1e308 * 1e308")],
}
NAMES = {
    "alpha[i,j] ~ exp(-d[j,i]^2)": [("foreign-notation", "d[j,i]")],
    "alpha[i,j] ~ exp(-d[i,i]^2)": [("foreign-notation", "d[i,i]")],
    "alpha[i,j] ~ exp(-d[j]^2)": [("foreign-notation", "d[j]")],
    "alpha[a,b] ~ exp(-d[a,b]^2)": [("wrong-shape", "alpha")],
    "h[a,b] = exp(s[a,b])\nalpha[i,j] ~ h[i,j]": [("index-mismatch", "a,b")],
    "alpha[i,j] ~ exp(-d(i,j))": [("foreign-notation", "d(i,j)")],
    "alpha[i,j] ~ exp(-d)": [("foreign-notation", "d")],
    "phi(x) = exp[x]\npsi(x) = x": [("foreign-notation", "[x]")],
    "phi(x) = x(1 + x)\npsi(x) = x": [("wrong-use", "x(1 + x)")],
    "h[i,j] = exp(s[i,j])\nalpha[i,j] ~ h": [("wrong-use", "h")],
    "alpha[i,j] ~ exp(s[i,j]) / sum_i(exp(s[i,j]))": [("level-mismatch", "exp(s[i,j])")],
    "alpha[i,j] ~ exp(s_ij)": [("foreign-notation", "s_ij")],
    f"{TAU}\nphi(x) = tua * x + tua\npsi(x) = exp(x / tau)": [("unknown-name", "tua")],
    f"param exp = 2\n{X}\npsi(x) = x * exp": [("reserved-name", "exp")],
    "phi(i) = i\npsi(x) = x": [("reserved-name", "i")],
    f"param x = 1\n{X}\npsi(x) = x": [("duplicate-name", "x")],
    f"{X}\npsi = exp(x)": [("wrong-shape", "psi")],
    f"{X}\npsy(x) = exp(x)": [("missing-psi", "phi")],
    "alhpa[i,j] = exp(-d[i,j]^2)": [("no-family", "x")],
    "alpha[i,j] ~ alpha[i,j]": [("cyclic-definition", "alpha")],
    f"a = b\nb = c\nc = a\n{X}\npsi(x) = a * x": [("cyclic-definition", "a")],
    f"{X}\npsi(x) = exp(d[i,j])": [("closed-function", "d[i,j]")],
    "c = mean_j(s[i,j])\nalpha[i,j] ~ exp(c)": [("level-mismatch", "mean_j(s[i,j])")],
    "alpha[i,j] ~ sum_j(d[i])": [("level-mismatch", "d[i]")],
    "R(a) = -a^2\nalpha in simplex\nalpha in simplex": [("duplicate-name", "alpha in simplex")],
    f"param tau = inf in (0, inf)\n{X}\npsi(x) = tau * x": [("not-a-number", "inf")],
    f"param tau = 0/0 in (0, inf)\n{X}\npsi(x) = tau * x": [("not-a-number", "0/0")],
    f"param a = 1 in (0, 9)\nparam b = 2*a in (0, 9)\n{X}\npsi(x) = a*b*x": [("not-a-number", "a")],
    f"param tau = 2 in (1, 1)\n{X}\npsi(x) = tau * x": [("empty-interval", "(1, 1)")],
    f"param tau = 2 in (0, 1)\n{X}\npsi(x) = tau * x": [("out-of-interval", "2")],
    "loss x extends x {\n}\n": [("cyclic-extends", "x")],
    "loss x extends infonce {\n  tau = 0.2\n}\n": [("duplicate-name", "tau")],
    "loss x extends infonce {\n  set tau = 1\n  set tau = 2\n}\n": [("duplicate-name", "tau")],
    "loss x extends infonce {\n  psi(x) = x\n}\n": [("duplicate-name", "psi")],
    "loss t extends a {\n}\nloss a extends b {\n}\nloss b extends a {\n}\n": [("cyclic-extends", "a")],
    "loss exp {\n  phi(x) = x\n  psi(x) = x\n}\n": [("reserved-name", "exp")],
    "loss a {\n  phi(x) = tua * x\n  psi(x) = x\n}\nloss b extends a {\n  param q = 1 in (0, 2)\n}\n": [
        ("unknown-name", "tua")
    ],
}
TEXTS = {
    "": [("no-loss", "")],
    "# nothing\n": [("no-loss", "")],
    '{\n  "loss": {"tau": 0.5},\n  "phi": {"x": 1}\n}\n': [("unexpected-token", "{")],
    "phi（x） = x\npsi(x) = x": [("unexpected-character", "（")],
    "phi(x) = \\log(x)\npsi(x) = x": [("foreign-notation", "\\log")],
    "loss x {\r  phi(x) = x\r  psi(x) = x\r}\r": [("unexpected-character", "\r")],
    'loss x extends "infonce" {\n}\n': [("unexpected-token", '"infonce"')],
    f"{X}\npsi(x) = {'n' * 65}": [("name-too-long", "n" * 65)],
}
LARGE = {
    "powers": f"{X}\npsi(x) = x * x * x + {'tanh(' * 55}x{')' * 55}",
    "curved powers": f"R(a) = -{'exp(' * 40}a{')' * 40}\nalpha in simplex",
    "losses": "".join(f"loss l{at} {{\n  {X}\n  psi(x) = x * x - tanh(x)\n}}\n" for at in range(300)),
    "doubling": "\n".join([f"{X}\npsi(x) = a40 * x\na0 = 1", *(f"a{at + 1} = a{at} + a{at}" for at in range(40))]),
    "definitions": "\n".join(
        [f"{X}\npsi(x) = a999 * x", *(f"a{at} = a{at - 1}" for at in range(999, 0, -1)), "a0 = 1"]
    ),
    "parameters": "\n".join(
        [*(f"param p{at} = 1" for at in range(50)), X, "psi(x) = " + " + ".join(f"p{at} * x^3" for at in range(50))]
    ),
    "unknown names": "\n".join([f"{X}\npsi(x) = x", *(f"a{at} = b{at}" for at in range(1000))]),
    "lineage": "".join(f"loss l{at} extends l{at + 1} {{\n}}\n" for at in range(900)),
    "one long line": "loss x { \x00" + "\x00" * 60_000,
}


@pytest.mark.parametrize("spec", [*MATHEMATICS, *NAMES, *TEXTS], ids=lambda spec: spec.replace("\n", "; ")[:60])
def test_what_is_told_and_where(spec: str) -> None:
    expected = (MATHEMATICS | NAMES | TEXTS)[spec]
    diagnostics = told(spec)
    assert [(each.code, each.span.text) for each in diagnostics] == expected
    assert all(each.title and each.label for each in diagnostics)


@pytest.mark.parametrize("name", LARGE)
def test_what_is_large_has_an_answer_that_can_be_shown(name: str) -> None:
    """Without limits on effort, each of these would take minutes, or all of the stack."""
    for diagnostic in told(LARGE[name])[:5]:
        assert render_full(diagnostic)


@pytest.mark.parametrize(
    ("spec", "advice"),
    [
        (f"param tau = 0.5\n{X}\npsi(x) = exp(x / tau)", "declare tau in (0, inf)"),
        (f"param c = 1 in [-1, 1]\n{X}\npsi(x) = x + c * x^3", "declare c in (0, 1]"),
        ("param tau = 1 in [0, inf)\nR(a) = -tau * a^2\nalpha in simplex", "declare tau in (0, inf)"),
        (f"{X}\npsi(x) = exp(-x)", "flip its sign"),
        ("alpha[i,j] ~ mean_j(s[i,j]^2) - mean_j(s[i,j])^2", "relu(...) around it changes nothing"),
        ("alpha[i,j] ~ exp(s_ij)", "write alpha[i,j] ~ exp(s[i,j])"),
        ("phi(x) = ln(x)\npsi(x) = exp(x)", "write phi(x) = log(x)"),
    ],
)
def test_the_advice_fits_the_fault(spec: str, advice: str) -> None:
    [diagnostic] = told(spec)
    assert advice in diagnostic.help


def test_advice_to_declare_an_interval_is_enough() -> None:
    spec = "param tau = 0.5\nparam eps = 1\nphi(x) = tau * log(eps + x)\npsi(x) = exp(x / tau)"
    [first] = told(spec)
    assert first.help.startswith("declare tau in (0, inf)")
    [second] = told(spec.replace("tau = 0.5", "tau = 0.5 in (0, inf)"))
    assert second.help.startswith("declare eps in (0, inf)")
    assert told(spec.replace("tau = 0.5", "tau = 0.5 in (0, inf)").replace("eps = 1", "eps = 1 in (0, inf)")) == ()
