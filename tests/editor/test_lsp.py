"""The language server as an editor sees it: one session over stdio for everything, from initialize to exit."""

from pathlib import Path

import pytest

from tests.editor.session import Session, labels, place, told

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
