"""A remedy works when followed: applied to the wrong spec of each entry of the catalogue and to others of its kind, the
fault is gone and nothing new is wrong where it was; advice in words that names an edit is one of those."""

from pathlib import Path

import pytest

from alphadsl.pipeline import check_spec
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors import CATALOGUE
from alphadsl.report.errors.admissibility import DIAGNOSTICS as OF_FORMULAS
from alphadsl.report.errors.domains import LogDomain, OutsideDomain
from alphadsl.report.source import Source
from alphadsl.resolve.files import SpecText

WITH_REMEDY = ["log-domain", "outside-domain", "decreasing-phi", "decreasing-psi", "non-concave-regulariser"]
WITH_REMEDY += ["negative-importance", "zero-importance", "index-mismatch"]
TAU, W = "param tau = 0.5", "param w = 0.5 in [0, 2]"
VARIANTS = [
    f"phi(x) = log(x)\npsi(x) = {psi}" for psi in ("relu(x)", "x", "x - 5", "tanh(x)", "exp(x) - 1", "-x", "x^2")
]
VARIANTS += [
    f"alpha[i,j] ~ {alpha}"
    for alpha in (
        "1 / d[i,j]",
        "1 / s[i,j]",
        "d[i,j]^-2",
        "s[i,j]^0.5",
        "sqrt(s[i,j] - s[i])",
        "log(s[i,j])",
        "-exp(s[i,j])",
        "s[i,j]",
        "1 - d[i,j]",
        "-1",
        "0",
        "relu(-1)",
        "exp(-d[j]^2)",
        "exp(-d[j,i]^2)",
        "exp(s[i,i])",
        "exp(-d[i,j,k])",
        "mean_j(log(s[i,j])) + exp(s[i,j])",
        "s[i,j] / (s[i] - s[i,j])",
        "mean_j(s[i,j]^2) - mean_j(s[i,j])^2",
    )
]
VARIANTS += [
    f"{TAU}\n{lines}"
    for lines in (
        "phi(x) = x\npsi(x) = exp(x / tau)",
        "phi(x) = x\npsi(x) = tau * x",
        "R(a) = -tau * a^2\nalpha in simplex",
        "alpha[i,j] ~ tau * exp(s[i,j])",
        "alpha[i,j] ~ log(tau + exp(s[i,j]))",
        "loss[i] = log(tau) - s[i] + mean_j(s[i,j])",
    )
]
VARIANTS += [
    f"{W}\n{lines}"
    for lines in (
        "phi(x) = x\npsi(x) = x - w * tanh(x)",
        "R(a) = w * a - a^2 / w\nalpha in simplex",
        "alpha[i,j] ~ 1 - w * d[i,j]^2",
    )
]
VARIANTS += [
    "phi(x) = {}\npsi(x) = {}".format(*pair)
    for pair in (
        ("-x", "exp(x)"),
        ("log(x)", "-exp(-x)"),
        ("log(x)", "exp(-x)"),
        ("1", "x"),
        ("x", "1"),
        ("-log(x)", "exp(x)"),
        ("1 / x", "exp(x)"),
        ("x", "relu(-x)"),
        ("x", "where(x > 0, 1, 2)"),
        ("log(x)", "x - x"),
    )
]
VARIANTS += [f"R(a) = {body}\nalpha in simplex" for body in (
    "a^2", "-a", "a", "-log(a)", "a * log(a)", "log(1 - a)", "-(a * log(a) + (1 - a) * log(1 - a))", "exp(a)", "1 / a",
    "sqrt(0.5 - a)",
)]  # fmt: skip
VARIANTS += ["loss[i] = mean_j(exp(s[i,j])) - s[i] + 0 * mean_j(log(s[i,j]))", "loss[i] = log(mean_j(s[i,j])) - s[i]"]
CONCRETE = ("flip its sign:", "add a positive", "add a small", "keep it above", "keep the argument above", "take relu")
CONCRETE += (
    "take abs",
    "declare ",
    "if it cannot be negative",
    "use exp(...)",
    "write phi(",
    "write psi(",
    "write weight[",
)


def told(text: str, folder: Path | None = None) -> tuple[Diagnostic, ...]:
    return check_spec(SpecText(Source("x.alpha", text), folder)).errors


def assert_remedies_work(text: str, folder: Path | None = None) -> None:
    for error in told(text, folder):
        for remedy in error.offered:
            after = told(remedy.applied_to(error.span.source).text, folder)
            assert not any(each.code == error.code and each.span.text == error.span.text for each in after)
            if isinstance(error, (*OF_FORMULAS, LogDomain, OutsideDomain)) and not remedy.advice.startswith("declare"):
                assert after == ()
        if isinstance(error, (*OF_FORMULAS, LogDomain, OutsideDomain)):
            named = error.help.startswith(CONCRETE)
            assert named == bool(error.offered) or not named, error.help


@pytest.mark.parametrize("code", CATALOGUE)
def test_remedies_of_the_catalogue_work(code: str, tmp_path: Path) -> None:
    entry = CATALOGUE[code]
    for name, text in entry.beside.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert_remedies_work(entry.wrong, tmp_path)
    if code in WITH_REMEDY:
        assert any(error.offered for error in told(entry.wrong, tmp_path))


@pytest.mark.parametrize("lines", VARIANTS, ids=lambda lines: lines.replace("\n", "; "))
def test_remedies_of_other_specs_work(lines: str) -> None:
    assert_remedies_work(f"loss x {{\n{lines}\n}}\n")


def test_where_no_remedy_works_none_is_offered() -> None:
    (error,) = told("loss x {\n  phi(x) = log(x)\n  psi(x) = -exp(-x)\n}\n")
    assert error.offered
    (error,) = told("loss x {\n  param tau = 0.5\n  R(a) = tau * log(1 - a)\n  alpha in simplex\n}\n")
    assert not error.help.startswith(CONCRETE) or error.offered


def test_a_remedy_keeps_to_the_parent_it_cannot_edit() -> None:
    """What stands in a file of the library is not edited."""
    for error in told("loss x extends infonce {\n  set tau = 0.1\n  weight[i,j] = log(eps)\n}\n"):
        assert all(edit.span.source.name == "x.alpha" for remedy in error.offered for edit in remedy.edits)
