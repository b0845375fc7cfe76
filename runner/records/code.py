"""The code that a run is computed with: the installed source comes in, a version with a fingerprint comes out, which
changes when a file computes something else, not when its words or its layout do.
"""

import ast
import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
WITHOUT_WEIGHT = (
    *("alphadsl/bench", "alphadsl/cli", "alphadsl/editor", "alphadsl/explain", "alphadsl/report"),
    *("runner/settings/file.py", "runner/settings/health.py", "runner/settings/options.py", "runner/data/gallery.py"),
    *("runner/settings/grid.py",),
    *(
        "runner/progress.py",
        "runner/locks.py",
        "runner/overview.py",
        "runner/records/summary.py",
        "runner/records/status.py",
    ),
    *("runner/exporting.py", "runner/finished.py", "alphadsl/training.py", "alphadsl/keywords.py"),
    "alphadsl/terminal.py",
    *("runner/statistics", "runner/comparison", "runner/studies", "runner/theory"),
    *("alphadsl/discover", "runner/discovery", "alphadsl/syntax/habits", "alphadsl/syntax/mistakes"),
)
"""Code that only shows, prints and proposes, and so cannot change what a run computes."""

SHOWN = 7
"""Number of characters of a fingerprint that are shown."""


@cache
def code_version() -> str:
    """The version of alphadsl, with a fingerprint of the code that can change what a run computes."""
    digest = hashlib.sha256()
    for folder in ("alphadsl", "grammar", "runner"):
        for path in sorted((ROOT / folder).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix in CODE_OF and not name.startswith(WITHOUT_WEIGHT):
                code = CODE_OF[path.suffix](path.read_text(encoding="utf-8"))
                digest.update(f"{name}\0{code}\0".encode())
    return f"{version('alphadsl')}+{digest.hexdigest()[:SHOWN]}"


def code_of_python(text: str) -> str:
    """What a Python file computes, as text: its syntax tree without docstrings, comments and formatting."""
    parts: list[str] = []
    _write(ast.parse(text), parts)
    return " ".join(parts)


def _write(part: object, parts: list[str]) -> None:
    """Write a part of a syntax tree, without what is empty: `ast.dump` writes a tree differently in each Python."""
    if isinstance(part, ast.AST):
        parts.append(f"{type(part).__name__}(")
        for name in part._fields:
            value = getattr(part, name, None)
            if value is not None and value != []:
                parts.append(name)
                _write(value, parts)
        parts.append(")")
    elif isinstance(part, list):
        for item in part:
            if not _documents(item):
                _write(item, parts)
    else:
        parts.append(repr(part))


def _documents(item: object) -> bool:
    """Whether an item is a docstring, or the string below a field or a constant."""
    return isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant)


def code_of_grammar(text: str) -> str:
    """The rules of a grammar, without comments and spacing. A comment is a line of its own."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


CODE_OF = {".py": code_of_python, ".lark": code_of_grammar}
