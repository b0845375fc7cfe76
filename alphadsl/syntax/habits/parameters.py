"""Habits of declarations: parameters as in other languages, several on a line, functions with several arguments or
none."""

from alphadsl.syntax.habits.habit import INDEX, NAME, NUMBER, PAREN, Groups, Habit

_VALUE = rf"-?\s*{NUMBER}"
_END = rf"-?\s*(?:{NUMBER}|inf)"


def _inside(low: str, high: str) -> str:
    """A value between two ends."""
    bottom, top = float(low.replace(" ", "")), float(high.replace(" ", ""))
    if bottom == -float("inf"):
        return "0" if top > 0 else f"{top - 1:g}"
    return f"{bottom + 1:g}" if top == float("inf") else f"{(bottom + top) / 2:g}"


def _started(groups: Groups) -> str:
    return f"{groups['head']} = {_inside(groups['a'], groups['b'])} in {groups['interval']}"


def _choice(groups: Groups) -> str:
    return f"{groups['head']} = {_inside(groups['a'], groups['b'])} in [{groups['a']}, {groups['b']}]"


def _function(groups: Groups) -> str:
    return f"{groups['n']}({groups['x']}) = {groups['e'].strip()}"


PARAMETERS = (
    Habit(
        "assignment",
        rf"^(?P<left>{NAME}\s*(?:{PAREN}|{INDEX})?)\s+(?P<at>is|equals|be)\s+(?P<rest>[\s\S]+)",
        "a definition is written with one =",
        "a word for a definition",
        "{left} = {rest}",
    ),
    Habit(
        "percent",
        r"(?P<at>(?<![\w.])(?P<x>\d+(?:\.\d+)?)\s?%)(?!\s*(?!in\b)[\w(])",
        "a share is written as a number",
        "a percentage",
        lambda groups: f"{float(groups['x']) / 100:g}",
    ),
    Habit(
        "declaration",
        r"^(?P<at>parameter|hyperparameter|hyper_?param|hyper|option|config|setting|arg|argument)\s+(?=\w+\s*=)",
        "a parameter is declared with param",
        "a declaration of another language",
        "param ",
    ),
    Habit(
        "declaration",
        r"^(?P<at>learnable|trainable|learned|weight|variable|Parameter)\s+(?=\w+\s*=)",
        "a trained parameter is declared with learn",
        "a declaration of another language",
        "learn ",
    ),
    Habit(
        "declaration",
        rf"^(?:param\s+|learn\s+)?(?P<n>{NAME})\s*=\s*(?P<at>(?:torch\.)?nn\.Parameter)\(\s*(?:\w+\.)*(?:tensor|Tensor|array|FloatTensor)?\(?\s*\[?\s*(?P<v>{_VALUE})\s*\]?\s*\)?(?:,[^()]*)?\)",
        "a trained parameter is declared with learn",
        "a parameter of PyTorch",
        "learn {n} = {v}",
    ),
    Habit(
        "tensor",
        rf"(?P<at>(?:torch|np|numpy|jnp|tf)\.(?:tensor|Tensor|array|asarray|constant|as_tensor|float32|float64)\(\s*\[?\s*(?P<v>{_VALUE})\s*\]?\s*(?:,[^()]*)?\))",
        "a number is written as it is",
        "a tensor of one number",
        "{v}",
    ),
    Habit(
        "declaration",
        rf"^(?P<n>{NAME}\s*=\s*{_VALUE})\s*(?P<at>in|∈)\s*(?=[\[(])",
        "a parameter is declared with param",
        "a parameter without its word",
        "param {n} in ",
    ),
    Habit(
        "declaration",
        rf"^(?P<head>(?:param|learn)\s+{NAME})\s*(?P<at>in|∈)\s*(?P<interval>[\[(]\s*(?P<a>{_END})\s*,\s*(?P<b>{_END})\s*[\])])",
        "a parameter has a value to start from",
        "an interval without a value",
        _started,
    ),
    Habit(
        "declaration",
        rf"^(?P<head>(?:param|learn)\s+{NAME})\s*=\s*(?P<at>\[\s*(?P<a>{_VALUE})\s*,\s*(?P<b>{_VALUE})\s*\])",
        "a parameter has one value; an interval follows the word in",
        "a range of values",
        _choice,
    ),
    Habit(
        "interval",
        rf"^(?P<head>(?:param|learn)\s+{NAME}\s*=\s*{_VALUE})\s*(?P<at>(?:in|between|from)\s+(?P<a>{_VALUE})\s*(?:\.\.\.?|and|to|-)\s*(?P<b>{_END}))\s*$",
        "an interval is written in brackets, with a comma",
        "another way to write an interval",
        "{head} in [{a}, {b}]",
    ),
    Habit(
        "interval",
        rf"^(?P<head>(?:param|learn)\s+{NAME}\s*=\s*{_VALUE})\s*(?P<at>(?P<rest>[\[(]\s*{_END}\s*,\s*{_END}\s*[\])]))",
        "the interval of a parameter follows the word in",
        "an interval without its word",
        "{head} in {rest}",
    ),
    Habit(
        "interval",
        rf"^(?P<head>(?:param|learn)\s+{NAME}\s*=\s*{_VALUE}\s*in\s*[\[(]\s*{_END}\s*),\s*(?P<at>None|null|nil)\s*[\])]",
        "the unbounded end of an interval is written inf",
        "no bound, in another language",
        "{head}, inf)",
    ),
    Habit(
        "annotation",
        r"^(?P<head>param|learn|set)\s+(?P<at>float|double|int|real|scalar|number)\s+(?=\w+\s*=)",
        "a parameter has no type: every value is a number",
        "a type of another language",
        "{head} ",
    ),
    Habit(
        "assignment",
        rf"^(?P<head>(?:param|learn|set)\s+{NAME})\s*(?:(?<=\s)|:)\s*(?P<at>(?P<value>{_VALUE}))(?=\s*(?:in\b|\Z))",
        "a definition is written with one =",
        "a value without its sign",
        "{head} = {value}",
    ),
    Habit(
        "declaration",
        rf"^(?P<name>(?P<head>(?:param|learn)\s+{NAME}))\s*$",
        "a parameter has a value to start from",
        "a declaration without a value",
        "{head} = 1",
    ),
    Habit(
        "several",
        rf"^(?P<k>param|learn|set)(?P<first>\s+{NAME}\s*=\s*{_VALUE}(?:\s*in\s*[\[(][^\n\[\]()]*[\])])?)\s*(?P<at>[,;&]|\band\b)\s*(?:param\s+|learn\s+)?(?=\w+\s*=)",
        "a line declares one parameter",
        "several declarations on a line",
        lambda groups: f"{groups['k']} {groups['first'].strip()}\n{groups['k']} ",
    ),
    Habit(
        "several",
        rf"^(?P<first>(?!param\b|learn\b|set\b){NAME}\s*(?:{PAREN}|\[[^][]*\])?\s*=(?:[^(),=\n\[\]]|{PAREN}|\[[^][]*\])+)(?P<at>,\s*(?:where|with|and)?)\s*(?=[^\W\d]\w*\s*=(?!=))",
        "a line has one definition",
        "several definitions on a line",
        "{first}\n",
    ),
    Habit(
        "several-arguments",
        rf"^(?P<n>phi|psi|R|φ|ψ)\(\s*(?P<x>(?!i\b){NAME})\s*(?P<at>(?:[,;]\s*{NAME}(?:\s*=\s*{_VALUE})?\s*)+)\)\s*=(?P<e>[\s\S]*)",
        "a function has one argument, and knows every parameter by its name",
        "a function of several arguments",
        _function,
    ),
    Habit(
        "lambda",
        rf"^(?P<n>{NAME})\s*(?:=|<-|:=|←)\s*(?P<at>function|fun|fn|@|\\|\|)\s*\(?\s*(?P<x>{NAME})\s*[)|]?\s*(?:->|=>|→)?(?P<e>[^{{}}]+)$",
        "a function is defined with its argument on the left: f(x) = ...",
        "a function without a name",
        _function,
    ),
    Habit(
        "lambda",
        rf"^(?P<n>{NAME})\s*(?:=|<-|:=|←)\s*(?P<at>function)\s*\(\s*(?P<x>{NAME})\s*\)\s*\{{\s*(?:return\b)?(?P<e>[^{{}}]+)\}}$",
        "a function is defined with its argument on the left: f(x) = ...",
        "a function without a name",
        _function,
    ),
    Habit(
        "bare-argument",
        r"^(?P<n>phi|psi|φ|ψ)\s*(?P<at>=)\s*(?:(?:torch|np|jnp|F|math|tf)\.)?(?P<f>exp|log|sqrt|relu|sigmoid|softplus|tanh|abs)\s*$",
        "a function is defined with its argument: psi(x) = ...",
        "a function without its argument",
        "{n}(x) = {f}(x)",
    ),
    Habit(
        "annotation",
        rf"^(?P<head>{NAME}\(\s*{NAME})\s*(?P<at>::?\s*[\w.]+)\s*\)(?:\s*(?:->|::?)\s*[\w.]+)?",
        "a definition needs no type: every value is a number",
        "a type annotation",
        "{head})",
    ),
    Habit(
        "bare-argument",
        r"^(?P<n>phi|psi|φ|ψ)\s*(?P<at>:(?!=)|=(?!=))(?P<e>(?![^\n]*(?:@|=>|->|→|↦|\blambda\b|\bfunction\b|\\))(?=[^\n]*(?<!\w)x(?!\w))[^\n:]*)$",
        "a function is defined with its argument: psi(x) = ...",
        "a function without its argument",
        lambda groups: f"{groups['n']}(x) = {groups['e'].strip()}",
    ),
    Habit(
        "bare-argument",
        rf"^(?P<n>phi|psi|R|φ|ψ)(?P<name>\s+(?P<x>{NAME}))\s*=(?P<e>[\s\S]*)",
        "the argument of a function is written in brackets",
        "an argument without brackets",
        _function,
    ),
)
