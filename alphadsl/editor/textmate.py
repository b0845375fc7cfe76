"""The TextMate grammar of specs, generated from the vocabulary: `python -m alphadsl.editor.textmate FILE` writes it.

Editors that use TextMate grammars (VS Code and others) read the copy in editors/vscode; a test keeps it up to date.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from alphadsl.editor.vocabulary import Kind, texts_of
from alphadsl.syntax.spelling import greek

_NAME = r"[^\W\d]\w*"
_SCOPES = {
    Kind.CONSTANT: "constant.language",
    Kind.FUNCTION: "support.function",
    Kind.REDUCTION: "support.function.reduction",
    Kind.QUANTITY: "variable.language",
    Kind.SCHEDULE: "support.function.schedule",
    Kind.PART: "entity.name.function",
    Kind.KEYWORD: "keyword.control",
}


def textmate_grammar() -> str:
    patterns = [
        _pattern("comment.line.number-sign", "#.*$"),
        _pattern("string.quoted.double", '"[^"\\n]*"'),
        _pattern("entity.name.function", r"\bloss(?=[ \t]*\[)"),
        _captured(rf"\b(loss|extends)[ \t]+({_NAME})", "keyword.control", "entity.name.type"),
        _captured(
            rf"\b(pairs|against|space|in)[ \t]+({_any(texts_of(Kind.CHOICE))})", "keyword.control", "constant.other"
        ),
        _captured(rf"\b(param|learn|set)[ \t]+({_NAME})", "keyword.control", "variable.parameter"),
        *(_pattern(scope, _any(_plain(kind))) for kind, scope in _SCOPES.items()),
        _pattern("constant.numeric", r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"),
        _pattern("keyword.operator", r"<=|>=|==|[-+*/^=~<>]"),
    ]
    grammar = {
        "name": "alphadsl",
        "scopeName": "source.alphadsl",
        "fileTypes": ["alpha"],
        "patterns": patterns,
    }
    return json.dumps(grammar, indent=2, ensure_ascii=False) + "\n"


def _plain(kind: Kind) -> tuple[str, ...]:
    """The words of a kind; schedules only where they are called, since authors may use these names."""
    if kind == Kind.SCHEDULE:
        return tuple(rf"{text}(?=\()" for text in texts_of(kind))
    return tuple(text for text in texts_of(kind) if (kind, text) != (Kind.PART, "loss"))


def _any(texts: Iterable[str]) -> str:
    spellings = dict.fromkeys(spelling for text in texts for spelling in (text, greek(text)))
    return rf"(?<!\w)(?:{'|'.join(spellings)})(?!\w)"


def _pattern(scope: str, match: str) -> dict[str, object]:
    return {"name": f"{scope}.alphadsl", "match": match}


def _captured(match: str, *scopes: str) -> dict[str, object]:
    captures = {str(place): {"name": f"{scope}.alphadsl"} for place, scope in enumerate(scopes, 1)}
    return {"match": match, "captures": captures}


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(textmate_grammar(), encoding="utf-8")
