"""Names come in; their ASCII spelling comes out: `φ` and `phi` are the same name, `𝜏₁` is `tau1`.

Refused, with its position: a letter without a spelling (another script, a superscript, a capital that only looks
Latin).
"""

import re
import unicodedata

# Applied after NFKC, which has already replaced variants (ϕ, ϵ, µ, 𝛼) by the plain letter. There is no omicron and no
# capital that looks Latin: papers do not use them, and a reader could not tell them from Latin letters.
GREEK = dict(
    zip(
        "αβγδεζηθικλμνξπρσςτυφχψωΓΔΘΛΞΠΣΦΨΩ",
        (
            "alpha beta gamma delta eps zeta eta theta iota kappa lambda mu nu xi pi rho sigma sigma tau upsilon phi "
            "chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
        ).split(),
        strict=True,
    )
)

_LETTERS = {spelled: letter for letter, spelled in GREEK.items() if letter != "ς"}


def spell(name: str) -> str:
    """The ASCII spelling of a name; empty if some character has none."""
    letters = [_spell_letter(char) for char in name]
    spelled = "".join(letters)
    return spelled if all(letters) and spelled.isidentifier() else ""


def greek(name: str) -> str:
    """The name with each word that names a Greek letter replaced by it: `tau` is `τ`, `tau_min` is `τ_min`."""
    return re.sub(r"[A-Za-z]+", lambda word: _LETTERS.get(word[0], word[0]), name)


def foreign_character(name: str) -> int:
    """The index of the first character without an ASCII spelling."""
    return next((index for index, char in enumerate(name) if not _spell_letter(char)), 0)


def _spell_letter(char: str) -> str:
    if char.isascii():
        return char
    if unicodedata.decomposition(char).startswith("<super>"):
        return ""
    spelled = "".join(GREEK.get(plain, plain) for plain in unicodedata.normalize("NFKC", char))
    return spelled if spelled.isascii() and spelled.isalnum() else ""
