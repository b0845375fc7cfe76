"""Specs that look odd and are right: the proofs that must succeed, each by a means of its own."""

import pytest

from alphadsl.pipeline import check_spec
from alphadsl.report.source import Source
from alphadsl.resolve.files import SpecText

ON_GAPS = [  # psi on [-2, 2]
    "x^3",
    "x * x * x",
    "x + tanh(x)",
    "2 * x - tanh(x)",
    "x - tanh(x) / 2",
    "(x + 2)^2",
    "x^2 + 4 * x",
    "x^3 + x",
    "softplus(x)",
    "-softplus(-x)",
    "tanh(x)",
    "max(x, 0)^2",
    "relu(x) * relu(x)",
    "max(x, 2 * x)",
    "min(x, 1)",
    "abs(x) + x",
    "x * sigmoid(x) + x / 2",
    "x * exp(x / 5)",
    "log(3 + x)",
    "sqrt(2 + x)",
    "1 / (3 - x)",
    "x / (3 + x)",
    "2^x",
    "0.5^-x",
    "stopgrad(exp(-x)) * x",
    "softplus(x) * sigmoid(x)^2",
    "exp(exp(exp(x)))",
]
ON_POSITIVE_SUMS = [  # phi where psi is exp
    "x^3",
    "log(x)",
    "log(relu(x))",
    "log(1 + x^2)",
    "sqrt(x)",
    "x / (1 + x)",
    "1 - exp(-x)",
    "x - log(1 + x)",
    "x * log(1 + x)",
    "relu(log(x))^2",
    "log(1 + log(1 + x))",
]
CONCAVE = [  # R on (0, 1]
    "sqrt(a)",
    "log(a)",
    "-a^1.5",
    "-1 / a",
    "a - a^2",
    "a * (1 - a)",
    "log(a) - a * log(a)",
    "-a * log(a) - (1.1 - a) * log(1.1 - a)",
    "-exp(a)",
    "tanh(a)",
    "sigmoid(a)",
    "log(1 + a)",
    "-softplus(a)",
    "a^0.5 + 0.01 * a^2",
]
WHOLE = [
    "param tau = 4 in [2, inf)\nphi(x) = x\npsi(x) = x * exp(x / tau)",
    "param p = 2 in (0, inf)\nphi(x) = x^(1 / p)\npsi(x) = exp(x)",
    "param a = 2 in [1, inf)\nphi(x) = x\npsi(x) = a^x",
    "param tau = 1 in [1, 1]\nphi(x) = x\npsi(x) = exp(tau * x)",
    "param tau = log(2) in (0, inf)\nphi(x) = x\npsi(x) = exp(tau * x)",
    "param q = 2 in (1, inf)\nR(a) = (a - a^q) / (q - 1)\nalpha in simplex",
    "param q = 0.5 in (0, 1)\nR(a) = (a^q - a) / (1 - q)\nalpha in simplex",
    "weight[i,j] = 1 + s[i,j]\nphi(x) = log(1 + x)\npsi(x) = exp(x)",
    "alpha[i,j] = s[i,j]^2 - s[i,j] + 1",
    "alpha[i,j] ~ s[i,j] * s[i,j]",
    "alpha[i,j] ~ (1 + s[i]) * (1 + s[i,j])",
    "alpha[i,j] ~ exp(min_j(d[i,j]) - d[i,j])",
    "alpha[i,j] ~ s[i,j] >= max_j(s[i,j])",
    "alpha[i,j] = exp(s[i,j] - logsumexp_j(s[i,j]))",
    "alpha[i,j] ~ where(s[i,j] > 0, exp(s[i,j]), 0)",
    "sq(x) = x^2\nphi(x) = x\npsi(x) = sq(x + 2)",
    "phi(x) = psi(x)\npsi(x) = exp(x)",
    "b = a\na = 2\nphi(x) = b * x\npsi(x) = x",
    "phi(x) = log(1\n  + x)\npsi(x) = exp(x)",
]


def refusals(lines: str) -> list[str]:
    text = f"loss odd {{\n{lines}\n}}\n"
    return [each.code for each in check_spec(SpecText(Source("odd.alpha", text), None)).diagnostics]


@pytest.mark.parametrize("psi", ON_GAPS)
def test_psi(psi: str) -> None:
    assert refusals(f"phi(x) = x\npsi(x) = {psi}") == []


@pytest.mark.parametrize("phi", ON_POSITIVE_SUMS)
def test_phi(phi: str) -> None:
    assert refusals(f"phi(x) = {phi}\npsi(x) = exp(x)") == []


@pytest.mark.parametrize("regulariser", CONCAVE)
def test_regularisers(regulariser: str) -> None:
    assert refusals(f"R(a) = {regulariser}\nalpha in simplex") == []


@pytest.mark.parametrize("lines", WHOLE, ids=lambda lines: lines.replace("\n", "; "))
def test_whole_losses(lines: str) -> None:
    assert refusals(lines) == []


@pytest.mark.parametrize(
    "text",
    [
        "loss odd {\r\n  phi(x) = x\r\n  psi(x) = x\r\n}\r\n",
        "\ufeffloss odd {\n\tφ(x) = x\n\tψ(x) = x\n}",
        "loss odd { phi(x) = x\npsi(x) = x }",
        "loss infonce extends infonce {\n  set tau = 0.2\n}\n",
        "loss b extends a {\n}\nloss a {\n  phi(x) = x\n  psi(x) = x\n}\n",
    ],
)
def test_texts(text: str) -> None:
    assert check_spec(SpecText(Source("odd.alpha", text), None)).diagnostics == ()
