"""The pages of the manual hang together: every page is in the navigation, and every link between them, or from the
README to them, leads to a page and a heading."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
NAVIGATION = re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
GENERATED = "reference/"
# Drawn by docs/hooks.py; `mkdocs build --strict` refuses a link to one that is not.
PICTURES = ("reference/weights.svg", "reference/near.svg")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower()) for heading in headings}


def test_every_page_is_in_the_navigation() -> None:
    written = {path.relative_to(DOCS).as_posix() for path in PAGES}
    assert written == {name for name in NAVIGATION if not name.startswith(GENERATED)}


@pytest.mark.parametrize("path", [*PAGES, ROOT / "README.md"], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    for target, anchor in LINK.findall(path.read_text(encoding="utf-8")):
        page = (path.parent / target).resolve() if target else path
        if not page.is_relative_to(DOCS):
            continue
        if page.relative_to(DOCS).as_posix().startswith(GENERATED):
            assert page.relative_to(DOCS).as_posix() in (*NAVIGATION, *PICTURES), target
        else:
            assert page.exists(), target
            assert not anchor or anchor in anchors(page), f"{target}#{anchor}"
