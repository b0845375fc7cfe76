"""Habits that span several lines or whole statements: comments, definitions and control flow of other languages."""

import re

from alphadsl.syntax.habits.habit import BRACE, NAME, PAREN, Groups, Habit

_LINE = r"[^\n]*+"


def _hashed(groups: Groups) -> str:
    """The lines of a comment, each with a leading #."""
    texts = [line.strip().lstrip("*").strip() for line in groups["text"].split("\n")]
    return "\n".join(f"# {text}" for text in texts if text) or "#"


def _commented(groups: Groups) -> str:
    return f"# {groups['text'].strip()}".rstrip()


def _function(groups: Groups) -> str:
    return f"{groups['n']}({groups['x']}) = {groups['e'].strip()}"


def _inlined(groups: Groups) -> str:
    """The formula, with the names that earlier lines define written out."""
    formula, meanings = groups["e"].strip(), re.findall(rf"(?m)^[ \t]*({NAME})[ \t]*=([^\n#]*)", groups["body"])
    for name, meaning in reversed(meanings):
        formula = re.sub(rf"\b{name}\b", f"({meaning.strip()})".replace("\\", r"\\"), formula)
    return _function({**groups, "e": formula})


_ARGUMENT = rf"\(\s*(?:self\s*,\s*)?(?P<x>{NAME})\s*(?::[^,()]*+)?\)"

_COMMENTS = ((r"/\*", r"\*/"), ('"""', '"""'), ("'''", "'''"), ("<!--", "-->"))

_NO_FLOW = "a spec is a list of definitions, without loops and branches"
_INSTEAD = (
    "a definition holds for every anchor i and every negative j, sum_j(...) is a sum over them, "
    "and where(condition, a, b) a choice"
)

# Matched at the head of a statement, and possibly past the end of its line.
BLOCKS = (
    *(
        Habit(
            "block-comment",
            rf"(?P<at>{opening})(?P<text>[\s\S]*?)(?:{closing}|\Z)",
            "a comment starts with # and ends with its line",
            "a comment of another language",
            _hashed,
        )
        for opening, closing in _COMMENTS
    ),
    Habit(
        "def",
        rf"(?P<at>def)\s+(?P<n>{NAME})\s*{_ARGUMENT}[^\n:]*+:\s*(?:#{_LINE}\s*)?return\b(?P<e>{_LINE})",
        "a function is defined by a formula: f(x) = ...",
        "a definition of Python",
        _function,
    ),
    Habit(
        "def",
        rf"(?P<at>def)\s+(?P<n>{NAME})\s*{_ARGUMENT}[^\n:]*+:"
        rf"(?P<body>(?:[ \t]*#{_LINE}|[ \t]*\n|[ \t]+{NAME}[ \t]*={_LINE})+?)\s*return\b(?P<e>{_LINE})",
        "a function is defined by a formula: f(x) = ...",
        "a definition of Python",
        _inlined,
    ),
    Habit(
        "control-flow",
        rf"(?P<at>for|while|if|switch|do|with|try)\b[^\n{{]*+{BRACE}(?:\s*else\s*{BRACE})?",
        _NO_FLOW,
        "control flow of another language",
        "",
        _INSTEAD,
    ),
    Habit(
        "control-flow",
        r"(?P<at>if)\b[^\n:]*+:[^\n]*\n(?:[ \t]+[^\n]*\n)*?[ \t]*else\b[^\n]*(?:\n[ \t]*(?:[^\n]*=[^\n]*))?",
        _NO_FLOW,
        "a branch of another language",
        None,
        "write where(condition, a, b) in the formula",
    ),
)

STATEMENTS = (
    Habit(
        "comment-sign",
        r"(?P<at>/\*)(?P<text>[^\n]*?)(?:\*/)?\s*\Z",
        "a comment starts with #",
        "a comment of another language",
        _commented,
    ),
    Habit(
        "comment-sign",
        r"(?P<at>\A;+(?=\s*\w)|//(?!\s*\d)|(?<![\w)\]])--(?!\s*\()|--(?=\s+[a-z]+\s+[a-z])|%(?!\s*[\d*/+]))(?P<text>[\s\S]*)",
        "a comment starts with #",
        "the sign of a comment in another language",
        _commented,
    ),
    Habit(
        "remainder",
        r"(?P<at>%)",
        "the operators of a formula are + - * / ^ and comparisons",
        "a remainder of another language",
        None,
        "write the formula without it",
    ),
    Habit(
        "quotient",
        r"(?P<at>//)(?=\s*\d)",
        "a quotient is written with one /",
        "a quotient of Python",
        "/",
    ),
    Habit(
        "import",
        rf"^(?P<at>import|from|using|require|\#include|library)\b(?!\s*[=~\[(]){_LINE}",
        "a spec imports nothing: its functions are built in, and other losses are used by name",
        "an import of another language",
        "",
    ),
    Habit(
        "def",
        rf"^(?P<at>def|function|func|fun|fn)\s+(?P<n>{NAME})\s*{_ARGUMENT}[^\n:={{]*+[:={{]\s*(?:return\b)?(?P<e>[^{{}}\n]*[^{{}}\s])\s*\}}?$",
        "a function is defined by a formula: f(x) = ...",
        "a definition of another language",
        _function,
    ),
    Habit(
        "def",
        rf"^(?P<at>def|function|func|fun|fn)\s+{NAME}\s*{PAREN}{_LINE}",
        "a function is defined by a formula: f(x) = ...",
        "a definition of another language",
        None,
        "write f(x) = FORMULA on one line, with one argument and no other names than its own",
    ),
    Habit(
        "lambda",
        rf"(?P<n>{NAME})\s*=\s*(?P<at>lambda)\s+(?P<x>{NAME})\s*:(?P<e>[\s\S]*)",
        "a function is defined with its argument on the left: f(x) = ...",
        "a function of Python",
        _function,
    ),
    Habit(
        "arrow",
        rf"^(?P<n>{NAME})\s*[=:]\s*\(?\s*(?P<x>{NAME})\s*\)?\s*(?P<at>->|=>|→|↦|\\mapsto\b|\\to\b)(?P<e>[\s\S]*)",
        "a function is defined with its argument on the left: f(x) = ...",
        "a function written with an arrow",
        _function,
    ),
    Habit(
        "lambda",
        rf"(?P<at>lambda)\s+{NAME}\s*:",
        "a function is defined on a line of its own, with its argument on the left",
        "a function of Python",
        None,
        "write f(x) = FORMULA on a line before, then f(...) here",
    ),
    Habit(
        "return",
        r"(?<=[=~])\s*(?P<at>return)\b(?P<e>[\s\S]*)",
        "a definition is its formula, which needs no return",
        "a word of another language",
        "{e}",
    ),
    Habit(
        "return",
        r"^(?P<at>return)\b[\s\S]*",
        "a definition is its formula, which needs no return",
        "a word of another language",
        None,
        "write NAME(x) = FORMULA for a function, loss[i] = FORMULA for the loss of an anchor",
    ),
    Habit(
        "control-flow",
        rf"^(?P<at>for|while|elif|else|switch|do|with|try|except|assert|print|pass|repeat|begin|end|endfor|endif|done)\b(?!\s*[=~\[]){_LINE}",
        _NO_FLOW,
        "control flow of another language",
        "",
        _INSTEAD,
    ),
    Habit(
        "control-flow",
        rf"^(?P<at>if)\b(?!\s*[=~\[]){_LINE}",
        _NO_FLOW,
        "a branch of another language",
        None,
        "write where(condition, a, b) in the formula",
    ),
    Habit(
        "declaration",
        r"^(?P<at>(?:(?:let|rec|var|val|const|static|export|pub|public|auto|local|global|float|double|int|real|scalar|tensor|define|def)\s+)+)"
        rf"(?P<rest>{NAME}\s*(?:{PAREN}|\[[^][]*\])?\s*(?::?=|~|==)[\s\S]*)",
        "a definition starts with the name that it defines",
        "a declaration of another language",
        "{rest}",
    ),
    Habit(
        "input",
        rf"^(?P<at>input|data|buffer|extern|argument|arg|placeholder)\s+(?P<name>{NAME})\s*(?P<indices>\[\s*i\s*(?:,\s*j\s*)?\])\s*$",
        "a loss is given the embeddings, and nothing else by name",
        "an input, as in a modelling language",
        "{name}{indices} = exp(-d{indices}^2)",
        "define it from the distances and cosines of the batch",
    ),
    Habit(
        "input",
        rf"^(?P<at>input|data|buffer|extern|argument|arg|placeholder)\s+(?P<name>{NAME})\s*(?::\s*\w+)?$",
        "a loss is given the embeddings, and nothing else by name",
        "an input, as in a modelling language",
        "param {name} = 1 in (0, inf)",
        "declare it as a parameter, which the caller sets",
    ),
    Habit(
        "annotation",
        rf"^(?P<head>(?:(?:param|learn|set)\s+)?{NAME})\s*(?P<at>:\s*(?:float|int|double|real|number|Tensor|[\w.]*Tensor))\s*(?P<rest>=[\s\S]*)",
        "a definition needs no type: every value is a float64 until it meets the embeddings",
        "a type annotation",
        "{head} {rest}",
    ),
)
