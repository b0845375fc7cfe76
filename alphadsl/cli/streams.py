"""The terminal or file that output goes to: characters that it cannot show are spelled out, and a full disk or a closed
pipe is reported in one line. A terminal may close while a command works: work continues, or is saved, without it.
"""

import codecs
import os
import sys
import unicodedata

from alphadsl.storage import refusal_of
from alphadsl.terminal import onto_terminal

SPELLED = "alphadsl.spelled"
_SPELLINGS = {
    **{"±": "+-", "×": "x", "·": "*", "−": "-", "–": "-", "—": "-", "…": "...", "’": "'", "‘": "'", "“": '"', "”": '"'},
    **{
        "≤": "<=",
        "≥": ">=",
        "≠": "!=",
        "→": "->",
        "∞": "inf",
        "∑": "sum",
        "Σ": "Sigma",
        "∂": "d",
        "∈": "in",
        "²": "^2",
    },
    **dict(zip("▁▂▃▄▅▆▇█", "..::||##", strict=True)),
    **dict(zip("─━│┃┌┐└┘├┤┬┴┼╭╮╰╯═║╵╷", "--||+++++++++++++=|||", strict=True)),
}


def prepare_streams() -> None:
    """Make sure that no encoding refuses a character, and replace a closed stream by the null device."""
    codecs.register_error(SPELLED, _spell)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        elif hasattr(stream, "reconfigure"):
            if stream.isatty():
                setattr(sys, name, onto_terminal(stream.fileno(), stream.encoding))
            getattr(sys, name).reconfigure(errors=SPELLED)


def _spell(fault: UnicodeError) -> tuple[str, int]:
    if not isinstance(fault, UnicodeEncodeError):
        raise fault
    return "".join(map(_spelled, fault.object[fault.start : fault.end])), fault.end


def _spelled(character: str) -> str:
    """Greek letters by their names, letters without their accents, and other characters by number."""
    name = unicodedata.name(character, "")
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    match name.split():
        case _ if character in _SPELLINGS:
            return _SPELLINGS[character]
        case ["GREEK", "SMALL", "LETTER", letter]:
            return letter.lower()
        case ["GREEK", "CAPITAL", "LETTER", letter]:
            return letter.capitalize()
        case _ if plain:
            return plain
        case _:
            return f"<U+{ord(character):04X}>"


def flush() -> None:
    """Flush the results. Raises `InputError` if they cannot be written."""
    if sys.stdout.closed:
        return  # closed by the language server, at the end of its session
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as fault:
        raise refusal_of(fault, "Standard output", "written") from None


def give_up_output() -> None:
    """Discard remaining output, so that the interpreter does not try to write it when it ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
