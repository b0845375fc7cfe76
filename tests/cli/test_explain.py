"""The page of a loss: kin found by themselves, facts that hold, text held by goldens, and the pages of what is no loss.

Goldens compare with a few fixed losses, so that a new spec in the library changes none of them.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

import alphadsl
from alphadsl.api import find_text, overrides_from
from alphadsl.builtin import summary_of
from alphadsl.explain.facts import facts_of
from alphadsl.explain.identities import Kinship, find_kinship
from alphadsl.explain.order import infer_order
from alphadsl.explain.page import Explained, render_latex, render_loss, render_outsiders
from alphadsl.ir.atoms import Direction
from alphadsl.journey import Journey
from alphadsl.pipeline import lower_spec
from alphadsl.report.outside import OUTSIDERS, find_outsider
from alphadsl.report.source import Source
from alphadsl.resolve.files import SpecText
from alphadsl.transform.scope import scope_of
from tests.processes import run_command

SAME_AS_DCL = ("dcl", "flatnce", "entropy", "infonce", "macl", "direct", "infoloob")
FIXED = ("infonce", "dcl", "entropy", "direct", "square", "quadratic", "triplet", "triplet_contrastive", "soft_triplet")


@cache
def lowered(name: str, **settings: float) -> Journey:
    return lower_spec(find_text(name), overrides_from(settings, "test"))


def kin(name: str, *others: str, **settings: float) -> Kinship:
    return find_kinship(lowered(name, **settings), [lowered(each) for each in others if each != name])


def page_of(name: str, summary: str, *others: str) -> str:
    library = [lowered(other) for other in others if other != name]
    return "".join(render_loss(Explained(name, summary, lowered(name), library)))


def text_of(spec: str) -> Journey:
    return lower_spec(SpecText(Source("mine.alpha", spec), None))


@pytest.mark.parametrize(
    ("name", "settings"),
    [("dcl", {}), ("entropy", {}), ("flatnce", {}), ("infonce", {"eps": 0}), ("direct", {"p": 2}), ("macl", {"a": 0})],
)
def test_dcl_and_its_kin_find_each_other(name: str, settings: dict[str, float]) -> None:
    found = kin(name, *SAME_AS_DCL, **settings)
    equal = {each.setting.name for each in found.equal}
    assert equal == set(SAME_AS_DCL) - {name, "infoloob"}
    assert {each.setting.name for each in found.elsewhere} == {"infoloob"}


def test_a_scale_is_told_as_the_parameter_it_follows() -> None:
    (found,) = kin("infonce", "dcl", eps=0, tau=0.2).equal
    assert (str(found.setting), round(found.scale, 9), found.meaning) == ("dcl(tau = 0.2)", 0.2, "tau")
    (found,) = kin("quadratic", "triplet_contrastive").equal
    assert found.meaning == "1/count"


def test_a_shared_parameter_is_matched_or_left_at_its_default() -> None:
    (found,) = kin("infonce", "soft_triplet", tau=0.3).equal
    assert str(found.setting) == "soft_triplet(tau = 0.3, eps = 0)"


def test_where_losses_meet_is_told() -> None:
    assert ("eps = 0", ["dcl"]) in [
        (at, [each.setting.name for each in equal]) for at, equal in kin("infonce", "dcl").moved
    ]


@pytest.mark.parametrize(
    ("name", "other"),
    [("infonce", "dcl"), ("square", "entropy"), ("triplet", "triplet_contrastive"), ("direct", "dcl")],
)
def test_what_differs_is_not_called_equal(name: str, other: str) -> None:
    assert not kin(name, other).equal


def test_a_loss_turned_around_is_not_equal() -> None:
    away = text_of(
        "loss away {\n  loss[i] = s[i] - logsumexp_j(s[i,j])\n}\n".replace("loss[i] =", "alpha in reals\n  loss[i] =")
    )
    found = find_kinship(away, [lowered("mine")])
    assert not found.equal


def test_another_space_is_not_compared() -> None:
    flat = text_of("loss flat {\n  space euclidean\n  loss[i] = d[i]^2 + logsumexp_j(-d[i,j]^2)\n}\n")
    found = find_kinship(flat, [lowered("mine"), lowered("dcl")])
    assert (found.compared, found.others, found.equal, found.nearest) == (0, 2, (), ())


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("infonce", Direction.FALLING),
        ("direct", Direction.FALLING),
        ("square", Direction.FALLING),
        ("triplet", Direction.FALLING),
        ("quadratic", Direction.CONSTANT),
        ("modified_triplet", Direction.UNKNOWN),
    ],
)
def test_order_of_negatives(name: str, direction: Direction) -> None:
    assert infer_order(lowered(name).alpha.repel, scope_of(lowered(name).loss)) == direction


@pytest.mark.parametrize(
    ("name", "topic", "answer"),
    [
        ("infonce", "alpha >= 0", "proved"),
        ("direct_backprop", "alpha >= 0", "no: alpha[i,j] = -"),
        ("modified_triplet", "near negatives", "do not always weigh more"),
        ("direct", "rows of alpha", "sum to one (by construction)"),
        ("dcl", "rows of alpha", "sum to 1 / tau (by construction)"),
        ("infonce", "rows of alpha", "do not sum to one"),
        ("infonce", "beta", "the row sum of alpha (Theorem 1"),
        ("direct_backprop", "beta", "not the row sum of alpha"),
        ("square", "streaming", "yes, by blocks of whole rows: lambda[i]"),
        ("infonce", "streaming", "yes, by tiles"),
        ("infonce", "passes", "2 over the pairs"),
        ("quadratic", "passes", "1 over the pairs"),
        ("spectral", "near negatives", "weigh more, near by inner product"),
    ],
)
def test_facts(name: str, topic: str, answer: str) -> None:
    facts = {fact.topic: fact.answer for fact in facts_of(lowered(name))}
    assert facts[topic].startswith(answer)


@pytest.mark.parametrize("name", alphadsl.library())
def test_every_loss_has_a_page(name: str) -> None:
    page = page_of(name, "", "infonce", "quadratic")
    assert {"minimises", "what holds", "LaTeX (alone with --latex)"} <= set(page.splitlines())
    assert "nan" not in page.split("LaTeX")[0].split()


@pytest.mark.parametrize("name", ["infonce", "square", "dcl"])
def test_golden_page(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"explain/{name}.txt", page_of(name, summary_of(find_text(name)), *FIXED))


def test_what_needs_no_comparison_is_there_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alphadsl.explain.page.find_kinship", lambda *_: pytest.fail("compared too early"))
    sections = render_loss(Explained("infonce", "", lowered("infonce"), []))
    assert any("what holds" in next(sections) for _ in range(5))


def test_golden_latex(golden: Callable[[str, str], None]) -> None:
    golden("explain/infonce.tex", render_latex(lowered("infonce"), summary_of(find_text("infonce"))))


def test_golden_outsiders(golden: Callable[[str, str], None]) -> None:
    golden("explain/out-of-family.txt", render_outsiders(find_outsider("out-of-family")))


@pytest.mark.parametrize("name", ["vicreg", "barlow", "swav", "dino", "byol", "simsiam", "Barlow-Twins"])
def test_methods_that_do_not_fit_have_a_page(name: str) -> None:
    (found,) = find_outsider(name)
    assert set(found.losses) <= set(alphadsl.library())
    assert "instead" in render_outsiders((found,))


def test_outsiders_are_no_losses() -> None:
    assert not {name for each in OUTSIDERS for name in each.names} & set(alphadsl.library())


@pytest.mark.slow
def test_explain_on_the_command_line(tmp_path: Path) -> None:
    done = run_command("explain", "infonce", "--set", "tau=0.2", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("infonce(tau = 0.2, eps = 1)\n")
    assert "soft_triplet(tau = 0.2, eps = 0)" in done.stdout
    assert "\x1b" not in done.stdout


def test_latex_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "mine.alpha").write_text("loss mine {\n  alpha[i,j] ~ exp(-d[i,j])\n}\n", encoding="utf-8")
    done = run_command("explain", "mine.alpha", "--latex", folder=tmp_path)
    assert done.stdout.splitlines()[:2] == ["% mine", "\\begin{align*}"]
    assert done.stdout.endswith("\\end{align*}\n")


def test_explain_refuses_in_a_line(tmp_path: Path) -> None:
    for arguments, told in ((["nothing.alpha"], "cannot be read"), (["error[nothing]"], "no diagnostic called")):
        done = run_command("explain", *arguments, folder=tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert told in done.stderr
    assert "out-of-interval" in run_command("explain", "infonce", "--set", "tau=0", folder=tmp_path).stderr


def test_the_index_does_not_hide_the_public_function() -> None:
    assert "infonce" in alphadsl.library()
