"""Completion by place, remedies, rename, definitions, signatures and semantic tokens, over the protocol."""

import pytest

from tests.editor.session import Json, Session, labels, place

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
