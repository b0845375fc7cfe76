"""Colours cannot drift: lexer, grammar and vocabulary know exactly the words that the language knows."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Token, Whitespace

from alphadsl.editor.pygments_lexer import AlphaLexer
from alphadsl.editor.textmate import textmate_grammar
from alphadsl.editor.vocabulary import VOCABULARY, Kind, Word
from alphadsl.ir.atoms import AUTHOR_FUNCTIONS
from alphadsl.resolve.names import BATCH_REDUCTIONS, FAMILY_PARTS, QUANTITIES, REDUCTIONS, RESERVED
from alphadsl.resolve.parameters import SCHEDULES
from alphadsl.resolve.setting import AGAINST, SETS, SPACES
from alphadsl.syntax.language import KEYWORDS

ROOT = Path(__file__).parents[2]
VSCODE = ROOT / "editors" / "vscode"
SPECS = sorted(ROOT.joinpath("specs").glob("*.alpha"))


def test_the_vocabulary_is_that_of_the_language() -> None:
    known = {word.text for word in VOCABULARY}
    assert known >= {*KEYWORDS, *AUTHOR_FUNCTIONS, *REDUCTIONS, *BATCH_REDUCTIONS, *QUANTITIES, *FAMILY_PARTS}
    assert known >= {*SCHEDULES, *SETS, *AGAINST, *SPACES}
    assert known >= set(RESERVED) - {"i", "j"}
    assert len({(word.kind, word.text) for word in VOCABULARY}) == len(VOCABULARY)


@pytest.mark.parametrize("word", VOCABULARY, ids=lambda word: f"{word.kind}-{word.text}")
def test_every_word_is_used_as_it_is_said_to_be(word: Word) -> None:
    assert word.text in word.usage
    assert word.meaning


def test_the_grammar_for_editors_is_the_one_made_from_the_vocabulary() -> None:
    told = "python -m alphadsl.editor.textmate editors/vscode/alphadsl.tmLanguage.json"
    assert VSCODE.joinpath("alphadsl.tmLanguage.json").read_text(encoding="utf-8") == textmate_grammar(), told


def scope_of(text: str) -> str:
    """The scope of the grammar's first pattern, in reading order, that takes the start of a text."""
    for pattern in json.loads(textmate_grammar())["patterns"]:
        if re.match(pattern["match"], text):
            return str(pattern.get("name") or pattern["captures"]["1"]["name"]).removesuffix(".alphadsl")
    return ""


@pytest.mark.parametrize("word", [word for word in VOCABULARY if word.kind != Kind.CHOICE], ids=lambda word: word.text)
def test_the_grammar_colours_every_word(word: Word) -> None:
    assert scope_of(f"{word.text}(")


def test_scopes() -> None:
    assert scope_of("loss mine {") == "keyword.control"
    assert scope_of("loss[i] = 1") == "entity.name.function"
    assert scope_of("ψ(x)") == scope_of("psi(x)") == "entity.name.function"
    assert scope_of("tau") == scope_of("expo") == ""
    assert scope_of("0.5e-3") == "constant.numeric"


def test_the_extension_can_be_loaded() -> None:
    manifest = json.loads(VSCODE.joinpath("package.json").read_text(encoding="utf-8"))
    [language], [grammar] = manifest["contributes"]["languages"], manifest["contributes"]["grammars"]
    assert language["id"] == grammar["language"]
    assert language["extensions"] == [".alpha"]
    assert grammar["scopeName"] == json.loads(textmate_grammar())["scopeName"]
    for path in (language["configuration"], grammar["path"]):
        assert json.loads(VSCODE.joinpath(path).read_text(encoding="utf-8"))


def test_pygments_finds_the_lexer() -> None:
    assert isinstance(get_lexer_by_name("alpha"), AlphaLexer)
    assert isinstance(get_lexer_for_filename("mine.alpha"), AlphaLexer)


def colours(text: str) -> list[tuple[object, str]]:
    return [(kind, part) for kind, part in AlphaLexer().get_tokens(text) if kind is not Whitespace]


def test_pygments_colours() -> None:
    assert colours("loss a extends b { # c") == [
        (Keyword, "loss"),
        (Name.Class, "a"),
        (Keyword, "extends"),
        (Name.Class, "b"),
        (Punctuation, "{"),
        (Comment.Single, "# c"),
    ]
    assert colours("loss[i] = τ * exp(s[i])")[0] == (Name.Function.Magic, "loss")
    assert (Name.Function.Magic, "ψ") in colours("ψ(x) = 1")
    assert colours('param tau = 1 in (0, inf) "t"')[:4] == [
        (Keyword, "param"),
        (Name, "tau"),
        (Operator, "="),
        (Number, "1"),
    ]
    assert (String.Doc, '"t"') in colours('param tau = 1 "t"')
    assert (Keyword.Type, "same_view") in colours("pairs same_view")
    for word in VOCABULARY:
        if word.kind in (Kind.FUNCTION, Kind.REDUCTION):
            assert (Name.Builtin, word.text) in colours(f"{word.text}(x)")


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_pygments_takes_the_library_whole(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tokens = [*AlphaLexer(stripnl=False).get_tokens(text)]
    assert "".join(part for _, part in tokens) == text
    assert not [part for kind, part in tokens if kind is Token.Error]


@pytest.mark.slow
def test_editors_are_served_without_torch() -> None:
    script = """
import sys
import alphadsl.editor.server, alphadsl.editor.pygments_lexer
assert not {"torch", "scipy", "lightning"} & set(sys.modules), "slow to start"
"""
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
