"""The page of a diagnostic: what it is and why, a spec that has it, what is then told, and the spec put right."""

import inspect
import re
import textwrap

from alphadsl.check.library import SpecText
from alphadsl.pipeline import check_spec
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.render import render_full
from alphadsl.report.source import Source

WIDTH = 100
LONGEST_EXAMPLE = 400


def render_page(entry: type[Diagnostic]) -> str:
    """The page as text; the message is what checking the wrong spec really says."""
    told = next(each for each in check_spec(example(entry)).diagnostics if each.code == entry.code)
    paragraphs = re.split(r"\n\s*\n", inspect.cleandoc(entry.__doc__ or ""))
    sections = [
        f"{entry.severity.value}[{entry.code}]",
        "\n\n".join(textwrap.fill(" ".join(paragraph.split()), WIDTH) for paragraph in paragraphs),
        "Wrong:\n\n" + _shown(entry.wrong),
        "What is told:\n\n" + textwrap.indent(render_full(told), "  "),
        "Right:\n\n" + _shown(entry.right),
    ]
    return "\n\n".join(section.rstrip() for section in sections) + "\n"


def example(entry: type[Diagnostic]) -> SpecText:
    return SpecText(Source("example.alpha", entry.wrong), None)


def _shown(spec: str) -> str:
    cut = spec if len(spec) <= LONGEST_EXAMPLE else spec[:LONGEST_EXAMPLE] + " ..."
    return textwrap.indent(cut, "  ")
