"""The language server as an editor sees it: one session over stdio for everything, from initialize to exit."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editor.session import Json, Session, session

URI = "untitled:mine"
WRONG = "loss mine {\n  param tau = 0.5 in (0, inf)\n  phi(x) = log(x)\n  psi(x) = exp(-x / tau)\n}\n"
RIGHT = """\
# 𝛼 is one character and two code units.
loss mine extends infonce {
  set   tau  = 0.2
  param beta = 1 in [0, inf)   "concentration"   # 𝛼𝛼
  h[i,j]      = exp(beta * s[i,j])
  weight[i,j] = h[i,j] / mean_j(h[i,j])
}
"""


@pytest.fixture(scope="module")
def editor() -> Iterator[Session]:
    with session() as talk:
        yield talk


def labels(items: Json) -> list[str]:
    return [item["label"] for item in items]


def told(answer: Json) -> str:
    return str(answer["contents"]["value"])


def place(text: str, marked: str) -> tuple[int, int]:
    """Line and character of the first place of a word, counted as the protocol does."""
    before = text[: text.index(marked)]
    line = before.count("\n")
    return line, len(before.rpartition("\n")[2].encode("utf-16-le")) // 2


def test_a_wrong_spec_is_told_and_a_right_one_is_not(editor: Session) -> None:
    [found] = editor.open(URI, WRONG)
    assert (found["code"], found["severity"], found["source"]) == ("decreasing-psi", 1, "alphadsl")
    assert found["range"] == {"start": {"line": 3, "character": 11}, "end": {"line": 3, "character": 24}}
    assert found["message"].startswith("psi must be non-decreasing")
    assert "note: " in found["message"]
    assert "help: " in found["message"]
    why = [each["location"] for each in found["relatedInformation"]]
    assert (URI, 1) in [(each["uri"], each["range"]["start"]["line"]) for each in why]
    assert editor.change(URI, RIGHT) == []


def test_places_are_utf16(editor: Session) -> None:
    [found] = editor.change(URI, "loss a {\n  # 𝛼𝛼\n  phi(x) = tau * 𝜏 * log(x)\n  psi(x) = x\n}\n")[:1]
    assert found["code"] == "unknown-name"
    assert found["range"]["start"] == {"line": 2, "character": 11}
    text = '# 𝛼\nloss a { param 𝜏 = 1 in (0, inf) "x"\nphi(x) = 𝜏 * 𝜏 * 𝜏 * log(c)\npsi(x) = x }\n'
    [found] = [each for each in editor.change(URI, text) if each["code"] == "unknown-name"]
    assert found["range"] == {"start": {"line": 2, "character": 28}, "end": {"line": 2, "character": 29}}


def test_hover(editor: Session) -> None:
    assert editor.change(URI, RIGHT) == []
    derived = told(editor.at("hover", URI, *place(RIGHT, "mine")))
    assert "beta[i] = " in derived
    assert "alpha[i,j] = " in derived
    assert "InfoNCE" in told(editor.at("hover", URI, *place(RIGHT, "infonce")))
    assert "param tau = 0.2 in (0, inf)" in told(editor.at("hover", URI, *place(RIGHT, "tau ")))
    assert '[0, inf)   "concentration"' in told(editor.at("hover", URI, *place(RIGHT, "beta * ")))
    assert "half the squared Euclidean distance" in told(editor.at("hover", URI, *place(RIGHT, "s[i,j]")))
    assert "mean over the negatives" in told(editor.at("hover", URI, *place(RIGHT, "mean_j")))
    assert "h[i,j]      = exp" in told(editor.at("hover", URI, *place(RIGHT, "h[i,j] /")))
    assert editor.at("hover", URI, 0, 5) is None
    assert editor.at("hover", URI, 3, 40) is None
    assert editor.at("hover", URI, 99, 99) is None


def test_completion(editor: Session) -> None:
    other = "untitled:other"
    editor.open(other, "")

    def offered(text: str) -> list[str]:
        editor.write(other, text.replace("|", ""))
        return labels(editor.at("completion", other, *place(text, "|")))

    assert {"infonce", "direct", "square"} <= {*offered("loss mine extends |")}
    assert offered("loss mine {\n  alpha[i,j] ~ infonce(tau = 0.2).|\n}") == ["alpha[i,j]", "loss[i]"]
    assert {"tau", "d[i,j]", "exp", "sum_j", "infonce"} <= {
        *offered("loss mine {\n  param tau = 1\n  alpha[i,j] ~ exp(-|")
    }
    assert {"tau = ", "eps = "} <= {*offered("loss mine {\n  alpha[i,j] ~ infonce(|")}
    assert {"tau", "eps"} == {*offered("loss mine extends infonce {\n  set |\n}\n")}
    assert {"param", "learn", "set", "pairs", "phi(x) = "} <= {*offered("loss mine {\n  |\n}\n")}
    assert "same_view" in offered("loss mine {\n  pairs s|\n}\n")
    assert offered("|") == ["loss"]
    assert offered("loss mine {\n  # tau |\n}\n") == []
    assert offered('loss mine {\n  param tau = 1 in (0, 2) "the |\n}\n') == []


def test_formatting(editor: Session) -> None:
    editor.change(URI, "loss  a{\nphi(x)=(x) # 𝛼\npsi(x) = x}")
    options = {"tabSize": 2, "insertSpaces": True}
    [edit] = editor.ask("textDocument/formatting", textDocument={"uri": URI}, options=options)
    assert edit["newText"] == "loss a {\n  phi(x) = x  # 𝛼\n  psi(x) = x\n}\n"
    assert edit["range"] == {"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 11}}
    editor.change(URI, "loss a {")
    assert editor.ask("textDocument/formatting", textDocument={"uri": URI}, options=options) is None


def test_outline(editor: Session) -> None:
    editor.change(URI, RIGHT)
    [loss] = editor.ask("textDocument/documentSymbol", textDocument={"uri": URI})
    assert (loss["name"], [each["name"] for each in loss["children"]]) == ("mine", ["tau", "beta", "h", "weight"])


def test_a_parent_beside_the_file(editor: Session, tmp_path: Path) -> None:
    (tmp_path / "parent.alpha").write_text("loss parent {\n  phi(x) = -x\n  psi(x) = x\n}\n", encoding="utf-8")
    uri = (tmp_path / "child.alpha").as_uri()
    child = "loss child extends parent {\n}\n"
    (tmp_path / "child.alpha").write_text(child, encoding="utf-8")
    assert editor.open(uri, child)
    (tmp_path / "parent.alpha").write_text("loss parent {\n  phi(x) = x\n  psi(x) = x\n}\n", encoding="utf-8")
    editor.tell("textDocument/didSave", textDocument={"uri": uri})
    assert editor.diagnostics(uri) == []


ODD = ["", "\x00", "}{", "loss", "((((" * 100, '"', "\r\r", "loss x {\n" * 50, "é\u2028𝛼", "a." * 9]


@pytest.mark.parametrize("text", ODD)
def test_no_text_ends_the_session(editor: Session, text: str) -> None:
    editor.change(URI, text)
    for line, character in ((0, 0), (0, 1), (3, 70)):
        editor.at("hover", URI, line, character)
        editor.at("completion", URI, line, character)
    editor.ask("textDocument/documentSymbol", textDocument={"uri": URI})
    assert editor.change(URI, RIGHT) == []


OTHER = "untitled:language"
FAMILY = """\
loss mine {
  param τ = 0.5 in (0, inf)
  shape(x) = exp(x / tau)
  h[i,j]   = exp(s[i,j] / tau)
  phi(x) = τ * x
  psi(x) = shape(x)
  weight[i,j] = h[i,j] / mean_j(h[i,j])
}
loss child extends mine {
  set tau = 0.2
}
loss blend = 0.5 * mine(tau = 0.1) + 0.5 * infonce(tau = 0.1)
"""


def offered(editor: Session, text: str) -> list[str]:
    editor.open(OTHER, text.replace("|", ""))
    return labels(editor.at("completion", OTHER, *place(text, "|")))


@pytest.mark.parametrize(
    ("text", "there", "absent"),
    [
        ("  psi(x) = exp(|", ["x", "tau", "exp"], ["d[i]", "s[i,j]", "sum_j", "infonce", "h[i,j]"]),
        ("  h[i,j] = s[i,j]\n  R(a) = (\n    |", ["a", "tau", "log"], ["x", "d[i,j]", "h[i,j]"]),
        ("  loss[i] = |", ["d[i]", "count[i]", "sum_j"], ["d[i,j]", "s[i,j]"]),
        ("  loss[i] = log(sum_j(exp(|", ["d[i]", "s[i,j]"], []),
        ("  loss[i] = sum_j(exp(s[i,j])) - |", ["s[i]"], ["s[i,j]"]),
        ("  alpha[i,j] ~ |", ["d[i]", "s[i,j]", "infonce"], []),
        ("  param m = 1 in |", ["(0, inf)", "[0, 1]"], ["simplex", "reals"]),
        ("  learn m = 1 in |", ["(-inf, inf)"], ["simplex"]),
        ("  alpha in |", ["simplex", "reals"], ["(0, inf)"]),
        ("  α in s|", ["simplex"], ["(0, inf)"]),
        ("  alpha[|", ["i,j]"], ["exp", "tau", "i]"]),
        ("  loss[|", ["i]"], ["exp", "i,j]"]),
        ("  alpha[i,j] ~ d[|", ["i]", "i,j]"], ["exp"]),
        ("  u[i] = 2\n  alpha[i,j] ~ u[|", ["i]"], ["i,j]"]),
    ],
)
def test_completion_offers_what_may_stand_there(
    editor: Session, text: str, there: list[str], absent: list[str]
) -> None:
    found = {*offered(editor, f"loss mine {{\n  param tau = 1 in (0, inf)\n{text}\n}}\n")}
    assert {*there} <= found
    assert not found & {*absent}


def edited(text: str, edits: Json) -> str:
    """The text after the edits of a protocol that counts UTF-16 code units."""
    lines = [line.encode("utf-16-le") for line in text.split("\n")]

    def offset(where: Json) -> int:
        return sum(len(line) + 2 for line in lines[: where["line"]]) + 2 * int(where["character"])

    data = text.encode("utf-16-le")
    for edit in sorted(edits, key=lambda each: offset(each["range"]["start"]), reverse=True):
        start, end = offset(edit["range"]["start"]), offset(edit["range"]["end"])
        data = data[:start] + edit["newText"].encode("utf-16-le") + data[end:]
    return data.decode("utf-16-le")


@pytest.mark.parametrize(
    "line", ["psi(x) = torch.exp(x)", "psi(x) = exp(x / tau)", "psi(x) = relu(x) ** 2  # 𝛼", "psi(x) = epx(x)"]
)
def test_a_remedy_is_an_action_that_leaves_nothing_to_say(editor: Session, line: str) -> None:
    text = f"# 𝛼\nloss mine {{\n  phi(x) = x\n  {line}\n}}\n"
    [told] = editor.open(OTHER, text)
    assert told["codeDescription"]["href"].endswith(f"/{told['code']}.txt")
    context = {"diagnostics": [told]}
    [first, *_] = editor.ask(
        "textDocument/codeAction", textDocument={"uri": OTHER}, range=told["range"], context=context
    )
    assert (first["kind"], first["isPreferred"]) == ("quickfix", True)
    assert editor.open(OTHER, edited(text, first["edit"]["changes"][OTHER])) == []
    assert (
        editor.ask("textDocument/codeAction", textDocument={"uri": OTHER}, range=told["range"], context=context) == []
    )


@pytest.mark.parametrize(
    ("name", "count"),
    [("τ = 0.5", 6), ("tau)\n  h", 6), ("h[i,j]   =", 3), ("shape(x)\n", 2), ("x / tau", 2), ("mine {", 3)],
)
def test_rename_reaches_every_place_and_no_other(editor: Session, name: str, count: int) -> None:
    before = editor.open(OTHER, FAMILY)
    line, character = place(FAMILY, name)
    where = {"textDocument": {"uri": OTHER}, "position": {"line": line, "character": character}}
    assert editor.ask("textDocument/prepareRename", **where)["start"] == {"line": line, "character": character}
    edits = editor.ask("textDocument/rename", **where, newName="kappa")["changes"][OTHER]
    renamed = edited(FAMILY, edits)
    assert len(edits) == count
    assert renamed.count("infonce(tau = 0.1)") == 1
    assert [each["code"] for each in editor.open(OTHER, renamed)] == [each["code"] for each in before]


@pytest.mark.parametrize("new", ["exp", "h", "2x", "d", "x", ""])
def test_a_name_that_is_taken_is_refused(editor: Session, new: str) -> None:
    editor.open(OTHER, FAMILY)
    line, character = place(FAMILY, "τ = 0.5")
    where = {"textDocument": {"uri": OTHER}, "position": {"line": line, "character": character}}
    assert editor.ask("textDocument/rename", **where, newName=new) is None
    assert editor.notes.pop()["method"] == "window/showMessage"


def test_definition(editor: Session) -> None:
    editor.open(OTHER, FAMILY)

    def target(marked: str) -> tuple[str, int]:
        found = editor.at("definition", OTHER, *place(FAMILY, marked))
        return found["uri"].rpartition("/")[2], found["range"]["start"]["line"]

    assert target("tau)\n  h") == (OTHER, 1)
    assert target("h[i,j] /") == (OTHER, 3)
    assert target("x / tau") == (OTHER, 2)
    assert target("mine {\n  set") == (OTHER, 0)
    assert target("tau = 0.2") == (OTHER, 1)
    assert target("infonce(")[0] == "infonce.alpha"
    assert target("tau = 0.1)\n")[0] == "infonce.alpha"
    assert editor.at("definition", OTHER, *place(FAMILY, "exp(x")) is None


@pytest.mark.parametrize(
    ("text", "label", "active"),
    [
        ("  psi(x) = where(x > 0, |", "where(x > y, a, b)", 1),
        ("  alpha[i,j] ~ sum_j(s[i,|", "sum_j(h[i,j])", 0),
        ("  phi(x) = max(min(x, 1), |", "max(x, y)", 1),
        ("  alpha[i,j] ~ infonce(eps = |", "infonce(tau = ..., eps = ...)", 1),
        ("  f(y) = y\n  psi(x) = f(|", "f(y)", 0),
        ("  param t = cosine(1, |", "cosine(0.1, 0.5)", 1),
    ],
)
def test_signature_help(editor: Session, text: str, label: str, active: int) -> None:
    whole = f"loss mine {{\n{text}"
    editor.open(OTHER, whole.replace("|", ""))
    found = editor.at("signatureHelp", OTHER, *place(whole, "|"))
    assert (found["signatures"][0]["label"], found["activeParameter"]) == (label, active)
    editor.open(OTHER, "loss mine {\n  phi(x) = x\n")
    assert editor.at("signatureHelp", OTHER, 1, 10) is None


def test_semantic_tokens(editor: Session) -> None:
    text = "# 𝛼\nloss mine {\n  param 𝜏 = 0.5\n  psi(x) = exp(x / τ)\n  pairs same_view\n}\n"
    editor.open(OTHER, text)
    data = editor.ask("textDocument/semanticTokens/full", textDocument={"uri": OTHER})["data"]
    types = ["class", "parameter", "function", "property", "variable", "enumMember"]
    line, character, found = 0, 0, []
    for delta, start, length, kind, modifiers in zip(*(iter(data),) * 5, strict=True):
        line, character = line + delta, start + (0 if delta else character)
        row = text.split("\n")[line].encode("utf-16-le")
        word = row[2 * character : 2 * (character + length)].decode("utf-16-le")
        found.append((word, types[kind], modifiers))
    assert found == [
        ("mine", "class", 1),
        ("𝜏", "parameter", 1),
        ("psi", "function", 2),
        ("x", "variable", 1),
        ("exp", "function", 2),
        ("x", "variable", 0),
        ("τ", "parameter", 0),
        ("same_view", "enumMember", 2),
    ]
