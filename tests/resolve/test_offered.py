"""Remedies of names, shapes, levels and halves of families: followed to the letter, each is admitted."""

import pytest

from alphadsl import checks
from alphadsl.report.diagnostic import Severity

FAULTS = {
    "missing-phi": (
        "loss x {\n  psi(x) = exp(x)\n}\n",
        "loss x {\n  param tau = 1 in (0, inf)\n  psi(x) = relu(x / tau)^2\n}\n",
        "loss x { psi(x) = x\n}\n",
        "loss x {\n  fi(x) = x\n  psi(x) = x\n}\n",
    ),
    "missing-psi": (
        "loss x {\n  phi(x) = log(1 + relu(x))\n}\n",
        "loss x {\n  phi(x) = x\n  pssi(x) = exp(x)\n}\n",
        "loss x {\n  phi(x) = softplus(x)\n  weight[i,j] = exp(s[i,j])\n}\n",
    ),
    "missing-simplex": (
        "loss x {\n  R(a) = -a^2\n}\n",
        "loss x {\n  param tau = 1 in (0, inf)\n  R(a) = -tau * a * log(a)\n}\n",
        "loss x {\n  # R\n  R(a) = sqrt(a)   # concave\n}\n",
    ),
    "missing-regulariser": (
        "loss x {\n  alpha in simplex\n}\n",
        "loss x {\n  pairs same_view\n  alpha in simplex\n}\n",
        "loss x {\n  r(a) = -a^2\n  alpha in simplex\n}\n",
    ),
    "wrong-use": (
        "loss x {\n  param tau = 0.5 in (0, inf)\n  phi(x) = tau(x)\n  psi(x) = x\n}\n",
        "loss x {\n  c = 2\n  alpha[i,j] ~ exp(c[i,j])\n}\n",
        "loss x {\n  h[i,j] = exp(s[i,j])\n  alpha[i,j] ~ h\n}\n",
        "loss x {\n  u[i] = s[i]\n  alpha[i,j] ~ exp(u + s[i,j])\n}\n",
    ),
    "wrong-shape": (
        "loss x {\n  alpha[i] = 1\n}\n",
        "loss x {\n  phi = x\n  psi(x) = x\n}\n",
        "loss x {\n  weight[i] = exp(s[i])\n  phi(x) = x\n  psi(x) = exp(x)\n}\n",
    ),
    "unknown-pairs": (
        "loss x {\n  pairs two_views\n  phi(x) = x\n  psi(x) = x\n}\n",
        "loss x {\n  pairs zzz\n  phi(x) = x\n  psi(x) = x\n}\n",
        "loss x {\n  pairs crossview\n  alpha[i,j] ~ exp(s[i,j])\n}\n",
    ),
    "unknown-space": (
        "loss x {\n  space euclidian\n  alpha[i,j] ~ exp(-d[i,j]^2)\n}\n",
        "loss x {\n  space hyperbolic\n  alpha[i,j] ~ exp(-d[i,j]^2)\n}\n",
        "loss x {\n  space shpere\n  phi(x) = x\n  psi(x) = exp(x)\n}\n",
    ),
    "set-without-param": (
        "loss x extends infonce {\n  set temperature = 0.2\n}\n",
        "loss x extends infonce {\n  set zz = 0.2\n}\n",
        "loss x extends direct {\n  set taus = 0.2\n}\n",
        "loss x = 0.5 * infonce(temp = 0.2)\n",
    ),
    "index-mismatch": (
        "loss x {\n  h[i,j] = exp(-d[i,j]^2)\n  alpha[i,j] ~ h[i]\n}\n",
        "loss x {\n  u[i] = s[i]\n  alpha[i,j] ~ exp(s[i,j] - u[i,j])\n}\n",
    ),
    "level-mismatch": (
        "loss x {\n  u[i] = exp(s[i,j])\n  alpha[i,j] ~ exp(s[i,j]) / u[i]\n}\n",
        "loss x {\n  loss[i] = max(0, s[i,j] - s[i])\n}\n",
        "loss x {\n  c = mean_j(s[i,j])\n  alpha[i,j] ~ exp(s[i,j] + c)\n}\n",
        "loss x {\n  loss[i] = mean_i(s[i,j]) - s[i]\n}\n",
    ),
}


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in FAULTS.items() for text in texts])
def test_every_remedy_is_offered_with_its_edits_and_is_admitted(code: str, text: str) -> None:
    told = [each for each in checks(text) if each.severity == Severity.ERROR]
    assert [each.code for each in told] == [code]
    assert told[0].offered
    for remedy in told[0].offered:
        followed = remedy.applied_to(told[0].span.source).text
        assert [each for each in checks(followed) if each.severity == Severity.ERROR] == [], followed
