"""What mkdocs adds to the manual: the pages of the reference, made from the package, and MathJax for its formulas.

The library comes from `alphadsl list --json`, messages from the catalogue, options from the command line itself, what
was measured from `benchmarks`.
"""

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module, resources
from io import BytesIO
from itertools import groupby, takewhile
from pathlib import Path
from typing import Any

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from alphadsl.api import find_text
from alphadsl.cli.main import app
from alphadsl.editor.page import LONGEST_EXAMPLE, message_of
from alphadsl.explain.figure import Line, draw_weights
from alphadsl.explain.page import render_latex
from alphadsl.pipeline import lower_spec
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors import CATALOGUE
from alphadsl.report.source import Source
from alphadsl.resolve.files import SpecText, find_spec

TYPICAL = ("infonce", "direct", "square", "triplet")
TUTORIAL = Path(__file__).parent / "tutorial.md"
RESULTS = Path(__file__).parents[1] / "benchmarks" / "RESULTS.md"
FAMILIES = {
    "coordinate": "Coordinate: phi and psi",
    "direct": "Direct: alpha stated",
    "proportional": "Direct: alpha stated up to proportion",
    "min_player": "Min player: alpha solved",
    "general": "General: loss stated",
}
# One file that needs no other, from a package whose Python part is empty.
MATHJAX = resources.files("mathjax") / "static" / "mathjax" / "es5" / "tex-svg.js"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    pages = {"library": library_page(), "messages": messages_page(), "options": options_page()}
    pages["results"] = RESULTS.read_text(encoding="utf-8")
    for name, text in pages.items():
        files.append(File.generated(config, f"reference/{name}.md", content=text))
    for name, picture in pictures():
        files.append(File.generated(config, f"reference/{name}.svg", content=picture))
    files.append(File.generated(config, "assets/mathjax.js", content=MATHJAX.read_bytes()))
    return files


def pictures() -> Iterator[tuple[str, bytes]]:
    """Weights of typical losses, and those of the tutorial's loss beside `direct`, as `alphadsl plot` draws them."""
    yield "weights", _weights(*(find_text(name) for name in TYPICAL))
    *_, mine = re.findall(r'```alpha title="near.alpha"\n(.*?)```', TUTORIAL.read_text(encoding="utf-8"), re.DOTALL)
    yield "near", _weights(SpecText(Source("near.alpha", mine), None), find_text("direct"))


def _weights(*texts: SpecText) -> bytes:
    lowered = [lower_spec(text) for text in texts]
    lines = [Line(each, tuple((it.name, it.value) for it in each.loss.parameters), ()) for each in lowered]
    drawn = BytesIO()
    draw_weights(lines).savefig(drawn, format="svg")
    return drawn.getvalue()


def fenced(language: str, text: str) -> str:
    return f"```{language}\n{text.rstrip()}\n```\n"


def table(*rows: tuple[str, ...]) -> str:
    head, *body = (" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows)
    rule = " | ".join("---" for _ in rows[0])
    return "".join(f"| {line} |\n" for line in (head, rule, *body))


def plain(text: str) -> str:
    """Prose of the package as Markdown: nothing in it is markup except `code`."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([*_<\[\]|])", r"\\\1", part) for part in parts)


def library_page() -> str:
    listed = subprocess.run(
        [sys.executable, "-m", "alphadsl.cli.main", "list", "--json"], check=True, stdout=subprocess.PIPE, text=True
    )
    entries = json.loads(listed.stdout)
    parts = [
        "# Library\n",
        f"{len(entries)} losses ship with alphadsl. `alphadsl.load`, `extends` and the commands take their names.\n",
    ]
    order = list(FAMILIES)
    entries.sort(key=lambda entry: (order.index(entry["family"]), entry["name"]))
    for family, members in groupby(entries, key=lambda entry: entry["family"]):
        parts += [f"## {FAMILIES[family]}\n", *(_loss(entry) for entry in members)]
    return "\n".join(parts)


def _loss(entry: Mapping[str, Any]) -> str:
    text = find_spec(entry["name"], None)
    assert text is not None
    _, *lines = text.source.text.splitlines()
    remarks = [*takewhile(lambda line: line.startswith("#"), lines)]
    _, _, equations = render_latex(lower_spec(text), "").partition("\n")
    formulas = f"$$\n{equations}$$"
    return "\n".join(
        [
            f"### {entry['name']}\n",
            f"{plain(entry['source'])}\n",
            f"{plain(' '.join(line.removeprefix('#').strip() for line in remarks))}\n",
            fenced("alpha", "\n".join(lines[len(remarks) :])),
            f'??? note "Formulas: the loss, and the importances derived from it"\n\n{_indented(formulas)}',
        ]
    )


def messages_page() -> str:
    parts = [
        "# All messages\n",
        f"All {len(CATALOGUE)} messages, each with a wrong spec, what is printed for it, and the spec corrected. "
        "`alphadsl explain CODE` shows the same. [Reading a message](../language/errors.md) explains its parts.\n",
    ]
    for topic, entries in groupby(CATALOGUE.values(), key=lambda entry: entry.__module__):
        summary = (import_module(topic).__doc__ or "").strip().partition("\n")[0]
        parts += [f"## {topic.rpartition('.')[2].capitalize()}\n", f"{plain(summary)}\n"]
        parts += [_message(entry) for entry in entries]
    return "\n".join(parts)


def _message(entry: type[Diagnostic]) -> str:
    prose = "\n\n".join(
        plain(" ".join(paragraph.split())) for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(entry.__doc__ or ""))
    )
    beside = "".join(f"with {name} beside it\n\n{fenced('alpha', text)}\n" for name, text in entry.beside.items())
    example = (
        f"{fenced('alpha', _shortened(entry.wrong))}\n{beside}gives\n\n{fenced('text', message_of(entry))}\n"
        f"and this is correct:\n\n{fenced('alpha', _shortened(entry.right))}"
    )
    return f"### {entry.code}\n\n*{entry.severity.value}.* {prose}\n\n??? example\n\n{_indented(example)}"


def _shortened(spec: str) -> str:
    return spec if len(spec) <= LONGEST_EXAMPLE else spec[:LONGEST_EXAMPLE] + " ..."


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" if line else "\n" for line in text.splitlines())


def options_page() -> str:
    parts = ["# Options of the commands\n", "All options, as `alphadsl COMMAND --help` shows them.\n"]
    for name, each in _commands(typer.main.get_command(app)):
        summary, _, rest = inspect.cleandoc(each.help or "").partition("Example: ")
        parts += [f"## {name}\n", f"{plain(' '.join(summary.split()))}\n"]
        if rest:
            parts.append(fenced("console", f"$ {' '.join(rest.split())}"))
        parts.append(table(("argument or option", "meaning", "default"), *_parameters(each)))
    return "\n".join(parts)


def _commands(group: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Every command by the words that call it, those of a group of commands after one another."""
    for name, each in group.commands.items():
        if hasattr(each, "commands"):
            yield from _commands(each, f"{above}{name} ")
        else:
            yield f"{above}{name}", each


def _parameters(command: Any) -> Iterator[tuple[str, ...]]:
    for each in command.params:
        names = "`, `".join([*each.opts, *each.secondary_opts])
        shown = each.metavar or names if each.param_type_name == "argument" else names
        default = "" if each.default in (None, False) or callable(each.default) else f"`{each.default}`"
        yield f"`{shown}`", plain(each.help or ""), default
