"""Habits of formulas: conditions, powers, sums and products as other languages and papers write them."""

from alphadsl.syntax.habits.habit import (
    BRACE,
    END,
    INDEX,
    LOOSE,
    NAME,
    NUMBER,
    OPERAND,
    PAREN,
    START,
    Groups,
    Habit,
    bare,
    wrapped,
)

_A, _B, _C = (rf"(?P<{name}>{LOOSE}+?)" for name in "abc")
_SIDE = rf"(?:{PAREN}|{INDEX}|[^()\[\],=~<>])"


def _choice(groups: Groups) -> str:
    return f"where({bare(groups['c'])}, {bare(groups['a'])}, {bare(groups['b'])})"


def _both(groups: Groups) -> str:
    return f"{wrapped(groups['a'])} * {wrapped(groups['b'])}"


def _either(groups: Groups) -> str:
    return f"max({bare(groups['a'])}, {bare(groups['b'])})"


def _chain(groups: Groups) -> str:
    a, b, c, first, second = (groups[name].strip() for name in ("a", "b", "c", "o", "p"))
    return f"({a} {first} {b}) * ({b} {second} {c})"


def _appended(groups: Groups) -> str:
    return f"{groups['left']} = {groups['left']} {groups['o']} {wrapped(groups['rest'])}"


_BARS = (
    Habit(
        "absolute-value",
        r"(?P<at>(?:\A|(?<=[-+*/^(,=~<>])|(?<=[-+*/^(,=~<>] ))\|(?!\|)(?P<x>[^|\n]+)(?<!\|)\|(?!\|))",
        "an absolute value is written abs(x)",
        "bars, as papers write them",
        "abs({x})",
    ),
)

_SAME_ENDS = (
    (rf"(?P<a>{LOOSE}+?)\s+(?P<at>if\s+(?P=a)\s*SIGN=?\s*(?P<b>{LOOSE}+?)\s+else)\s+(?P=b)", "Python"),
    (rf"(?P<a>{LOOSE}+?)\s*SIGN=?\s*(?P<b>{LOOSE}+?)\s*(?P<at>\?)\s*(?P=a)\s*:\s*(?P=b)", "C"),
)

CONDITIONS = (
    Habit(
        "pipe",
        rf"(?P<x>{OPERAND})\s*(?P<at>\|>)\s*(?P<f>[^\W\d]\w*)",
        "a function is called around its argument, as in exp(x)",
        "a pipe of another language",
        "{f}({x})",
    ),
    *_BARS,
    *(
        Habit(
            "ternary",
            rf"{START}\s*{form.replace('SIGN', sign)}{END}",
            f"the {extreme} of two is written {name}(a, b)",
            f"a conditional of {language}",
            f"{name}({{a}}, {{b}})",
        )
        for form, language in _SAME_ENDS
        for sign, name, extreme in ((">", "max", "larger"), ("<", "min", "smaller"))
    ),
    Habit(
        "ternary",
        rf"{START}{_A}(?P<at>\bif\b{_C}\belse\b){_B}{END}",
        "a formula with cases is written where(condition, a, b)",
        "a conditional of Python",
        _choice,
    ),
    Habit(
        "ternary",
        rf"{START}{_C}(?P<at>\?){_A}:{_B}{END}",
        "a formula with cases is written where(condition, a, b)",
        "a conditional of C",
        _choice,
    ),
    Habit(
        "ternary",
        rf"(?<=[=~])\s*(?P<at>if)\b{_C}\bthen\b{_A}\belse\b{_B}{END}",
        "a formula with cases is written where(condition, a, b)",
        "a conditional of another language",
        _choice,
    ),
    Habit(
        "equal",
        r"(?<=[\w)\]]\s)(?P<at>is(?P<not>\s+not)?|equals|(?<!<)(?<!>)(?<!=)(?<!!)===|≡|eq)(?=\s)",
        "two values are compared with ==",
        "a comparison of another language",
        lambda groups: "!=" if groups["not"] else "==",
    ),
    Habit(
        "unequal",
        rf"(?<=where\(){_A}(?P<at>!=|≠|<>|\\neq?\b){_B},(?P<x>{LOOSE}+?),(?P<y>{LOOSE}+?)(?=\s*\))",
        "two values are compared with ==, which has no negated form",
        "a comparison of another language",
        "{a} == {b}, {y}, {x}",
    ),
    Habit(
        "unequal",
        rf"{START}{_A}(?P<at>!=|≠|<>|\\neq?\b){_B}{END}",
        "two values are compared with ==, which has no negated form",
        "a comparison of another language",
        "where({a} == {b}, 0, 1)",
    ),
    Habit(
        "or",
        rf"{START}{_A}(?P<at>\bor\b|\|\||∨|\\l?or\b|\\vee\b){_B}{END}",
        "either of two conditions is max(a, b): a comparison is 1 where it holds, 0 elsewhere",
        "a word of another language for either",
        _either,
    ),
    Habit(
        "or",
        rf"{START}{_A}(?P<at>(?<=[\w)\]])\|(?!\|)|(?<=[\w)\]] )\|(?!\|)){_B}{END}",
        "either of two conditions is max(a, b): a comparison is 1 where it holds, 0 elsewhere",
        "an operator of another language for either",
        _either,
    ),
    Habit(
        "and",
        rf"{START}{_A}(?P<at>\band\b|&&?|∧|\\land\b|\\wedge\b){_B}{END}",
        "both of two conditions are their product: a comparison is 1 where it holds, 0 elsewhere",
        "a word of another language for both",
        _both,
    ),
    Habit(
        "not",
        rf"{START}\s*(?P<at>\bnot\b|!(?!=)|¬|~(?=\s*\()|\\(?:neg|lnot)\b)\s*{_A}{END}",
        "the opposite of a condition is 1 - it: a comparison is 1 where it holds, 0 elsewhere",
        "a negation of another language",
        lambda groups: f"1 - {wrapped(groups['a'])}",
    ),
    Habit(
        "chained-comparison",
        rf"{START}(?P<at>(?P<a>{_SIDE}+?)(?P<o>[<>]=?)(?P<b>{_SIDE}+?)(?P<p>[<>]=?)(?P<c>{_SIDE}+?)){END}",
        "a comparison is between two values, and both of two conditions are their product",
        "a chain of comparisons",
        _chain,
    ),
    Habit(
        "indicator",
        r"(?<![\w.])(?P<at>1|𝟙|𝟏|I|\\mathbb\{1\}|\\mathbbm\{1\}|\\mathbf\{1\}|\\1)\s*(?:\[|\\?\{|\()"
        rf"(?P<c>{LOOSE}*?[<>=!]=?{LOOSE}*?)(?:\]|\\?\}}|\))",
        "a comparison is 1 where it holds, 0 elsewhere, and needs no indicator",
        "an indicator, as papers write it",
        "({c})",
    ),
)

ALGEBRA = (
    Habit(
        "exponential",
        rf"(?<![\w.])(?P<at>(?:e|ℯ|exp)\s*(?:\^|\*\*)\s*)(?:(?P<b>{BRACE})|(?P<e>-?\s*{OPERAND}))",
        "a power of e is written exp(x)",
        "a power of e, as papers write it",
        lambda groups: f"exp({groups['b'][1:-1] if groups['b'] else bare(groups['e'])})",
    ),
    Habit("power", r"(?P<at>\*\*|\^\^|↑)", "a power is written with ^", "a power of another language", "^"),
    Habit(
        "elementwise",
        r"(?<=[\w)\]\s])(?<!\d)(?P<at>\.(?P<o>[*/^+-]))",
        "every operator works on the values of all pairs at once, and needs no dot",
        "an operator of Julia or MATLAB",
        "{o}",
    ),
    Habit(
        "elementwise",
        r"(?<![\w.])(?P<f>exp|log|sqrt|relu|sigmoid|softplus|tanh|abs|max|min)(?P<at>\.)(?=\()",
        "a function works on the values of all pairs at once, and needs no dot",
        "a broadcast of Julia",
        "{f}",
    ),
    Habit(
        "braces",
        rf"(?P<at>\^(?P<b>{BRACE}))",
        "an exponent is grouped by ( )",
        "an exponent of LaTeX",
        lambda groups: f"^{wrapped(groups['b'][1:-1])}",
    ),
    Habit(
        "positive-part",
        rf"(?P<at>(?<![\w.])(?P<a>{NAME}(?:{PAREN}|{INDEX})?)(?:₊|\^\+(?=\s*(?:[)*/,-]|\Z))|_\+))",
        "the positive part is written relu(x)",
        "a positive part, as papers write it",
        "relu({a})",
    ),
    Habit(
        "positive-part",
        rf"(?P<at>(?:\[(?P<a>{LOOSE}+?)\]|(?P<p>{PAREN}))_?(?:\+|\{{\+\}}|₊)(?=\s*(?:[-+*/^),]|\Z)))",
        "the positive part is written relu(x)",
        "a positive part, as papers write it",
        lambda groups: f"relu({groups['a'] or bare(groups['p'])})",
    ),
    Habit(
        "square-of-name",
        rf"(?P<at>\b(?P<q>[ds])\s*(?:\^\s*(?P<p>{NUMBER})|(?P<two>²))\s*(?P<i>{INDEX}))",
        "the indices come before the exponent",
        "a power, as papers write it",
        lambda groups: f"{groups['q']}{groups['i']}^{groups['p'] or '2'}",
    ),
    Habit(
        "assignment",
        rf"^(?P<left>{NAME}\s*(?:{PAREN}|{INDEX}))\s*(?P<at>->|=>|→|↦|\\mapsto\b|:(?![=:]))(?!\s*\w+\s*=)(?P<rest>[\s\S]+)",
        "a definition is written with one =",
        "a sign of another language for a definition",
        "{left} = {rest}",
    ),
    Habit(
        "assignment",
        r"^(?P<left>[^=~\n:]+?)\s*(?P<at>:=|≔|←|<-|==|=:|≡|\\coloneqq|:\s*=)(?P<rest>[^=][\s\S]*)",
        "a definition is written with one =",
        "a sign of another language for a definition",
        "{left} = {rest}",
    ),
    Habit(
        "decimal-comma",
        r"(?<![\w.,\[(])(?P<at>(?P<a>\d+),(?P<b>\d+))(?![\w.,\])])",
        "a decimal point is written .",
        "a decimal comma",
        "{a}.{b}",
    ),
    Habit(
        "grouped-digits",
        r"(?<![\w.])(?P<at>\d{1,3}(?:_\d{3})+)(?![\w.])",
        "a number is written without separators between its digits",
        "digits in groups",
        lambda groups: groups["at"].replace("_", ""),
    ),
)
