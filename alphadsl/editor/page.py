"""The page of a diagnostic: what it is and why, a spec that has it, the message, and the corrected spec."""

import inspect
import os
import re
import textwrap
from pathlib import Path
from tempfile import TemporaryDirectory

from alphadsl.pipeline import check_spec
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.render import render_full
from alphadsl.report.source import Source
from alphadsl.resolve.files import SpecText

WIDTH = 100
LONGEST_EXAMPLE = 400


def render_page(entry: type[Diagnostic]) -> str:
    """The page as text; its message is the one that the checker gives for the wrong spec."""
    message = message_of(entry)
    paragraphs = re.split(r"\n\s*\n", inspect.cleandoc(entry.__doc__ or ""))
    sections = [
        f"{entry.severity.value}[{entry.code}]",
        "\n\n".join(textwrap.fill(" ".join(paragraph.split()), WIDTH) for paragraph in paragraphs),
        "Wrong:\n\n" + _shown(entry.wrong),
        *(f"with {name} beside it:\n\n" + _shown(text) for name, text in entry.beside.items()),
        "The message:\n\n" + textwrap.indent(message, "  "),
        "Right:\n\n" + _shown(entry.right),
    ]
    return "\n\n".join(section.rstrip() for section in sections) + "\n"


def message_of(entry: type[Diagnostic]) -> str:
    """The message for the wrong spec of an entry, checked in a folder with the files it needs."""
    with TemporaryDirectory() as folder:
        for name, text in entry.beside.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        spec = SpecText(Source("example.alpha", entry.wrong), Path(folder))
        refusal = next(diagnostic for diagnostic in check_spec(spec).diagnostics if diagnostic.code == entry.code)
        return render_full(refusal).replace(f"{folder}{os.sep}", "")


def _shown(spec: str) -> str:
    cut = spec if len(spec) <= LONGEST_EXAMPLE else spec[:LONGEST_EXAMPLE] + " ..."
    return textwrap.indent(cut, "  ")
