"""Names and numbers as LaTeX: Greek names as letters, other words upright, digits and parts after an underscore as
subscripts."""

import re

GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)
SPELT = {"eps": r"\epsilon"}


def letter(name: str, *below: str) -> str:
    """A name with its own subscripts, followed by those in `below`."""
    head, *tail = name.split("_") if name.strip("_") else [name.replace("_", r"\_")]
    stem, digits = re.fullmatch(r"(.*?)([0-9]*)", head, re.DOTALL).groups()  # type: ignore[union-attr]
    parts = [part for part in (digits, *(_word(word) for word in tail if word), *below) if part]
    return _word(stem or head) + (f"_{{{','.join(parts)}}}" if parts else "")


def number(value: float) -> str:
    if value in (float("inf"), float("-inf")):
        return r"\infty" if value > 0 else r"-\infty"
    if abs(value) < 1e15 and value == int(value):
        return str(int(value))
    digits, _, exponent = repr(value).partition("e")
    if not exponent:
        return digits
    return f"10^{{{int(exponent)}}}" if digits == "1" else rf"{digits} \cdot 10^{{{int(exponent)}}}"


def upright(word: str) -> str:
    return rf"\mathrm{{{word.replace('_', chr(92) + '_')}}}"


def _word(word: str) -> str:
    if word in GREEK or word in SPELT:
        return SPELT.get(word, rf"\{word}")
    return word if len(word) == 1 or word.isdigit() else upright(word)
