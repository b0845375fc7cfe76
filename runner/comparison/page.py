"""The page of a comparison: titled parts come in; one HTML file comes out that needs no network, in light and dark."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from matplotlib.figure import Figure

from runner.comparison.drawing import to_svg, variables

DRAWN_BY = "alphadsl compare"
"""The mark in our files, so that no other file is replaced without asking."""

STYLE = f"""
:root{{color-scheme:light dark;--paper:#fff;--soft:#f6f8fa;{variables(dark=False)}}}
@media(prefers-color-scheme:dark){{:root{{--paper:#0d1117;--soft:#161b22;{variables(dark=True)}}}}}
body{{font:16px/1.5 system-ui,sans-serif;max-width:80rem;margin:2rem auto;padding:0 1rem;color:var(--ink);
background:var(--paper)}}
h1{{margin-bottom:.2rem}}h2{{margin:2.5rem 0 .5rem;border-bottom:1px solid var(--line);padding-bottom:.2rem}}
h3{{margin:1.8rem 0 .4rem;font-size:1.05rem}}.pale{{color:var(--pale)}}
svg{{max-width:max(100%,45rem);height:auto}}figure{{margin:0;overflow-x:auto}}figcaption{{color:var(--pale);font-size:.9rem}}
.wide{{overflow-x:auto}}table{{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums}}
td,th{{padding:.3rem .5rem;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}}
td:first-child,th:first-child{{text-align:left}}.words td{{text-align:left;white-space:normal}}
.found{{background:var(--soft);border-left:4px solid var(--c0);padding:.6rem 1rem;margin:1rem 0}}
.found p{{margin:.3rem 0}}summary{{cursor:pointer}}code{{font-size:.9em}}
@media print{{body{{max-width:none}}svg{{max-width:100%}}}}
"""


@dataclass(frozen=True)
class Picture:
    """A figure, with a sentence about what it shows."""

    figure: Figure
    caption: str


@dataclass(frozen=True)
class Sheet:
    """Rows of text below a header row."""

    rows: Sequence[tuple[str, ...]]
    words: bool = False
    """Whether the cells are words that may wrap."""


@dataclass(frozen=True)
class Folded:
    """A table that is shown on demand."""

    title: str
    content: Sheet


@dataclass(frozen=True)
class Findings:
    """Sentences that a reader should not miss."""

    sentences: Sequence[str]


@dataclass(frozen=True)
class Heading:
    """A title above what follows."""

    text: str
    level: int = 3


Part = Picture | Sheet | Folded | Findings | Heading | str


def make_page(title: str, parts: Sequence[Part]) -> str:
    """The parts in their order, below the title."""
    body = "".join(_render_all(parts))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="generator" content="{DRAWN_BY}">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>{body}</body></html>\n"
    )


def _render_all(parts: Sequence[Part]) -> Iterator[str]:
    for number, part in enumerate(parts):
        yield _render(part, f"f{number}")


def _render(part: Part, name: str) -> str:
    match part:
        case Picture(figure, caption):
            svg = to_svg(figure, name, escape(caption, quote=True))
            return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"
        case Sheet():
            return _table(part)
        case Folded(title, content):
            return f"<details><summary>{escape(title)}</summary>{_table(content)}</details>"
        case Findings(sentences):
            return f'<div class="found">{"".join(f"<p>{escape(text)}</p>" for text in sentences)}</div>'
        case Heading(text, level):
            return f"<h{level}>{escape(text)}</h{level}>"
        case str(text):
            return f'<p class="pale">{escape(text)}</p>'


def _table(sheet: Sheet) -> str:
    head, *rows = sheet.rows
    titles = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    kind = ' class="words"' if sheet.words else ""
    return f'<div class="wide"><table{kind}><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>'
