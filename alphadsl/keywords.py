"""Advice in the user's terms: a refusal that mentions command line options comes in; one with Python keywords comes
out.
"""

import re
from collections.abc import Callable, Mapping
from functools import wraps
from types import MappingProxyType
from typing import ParamSpec, TypeVar

from alphadsl.report.exceptions import InputError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

OF_COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "resume": 'if_exists="resume"',
        "resume-last-good": 'if_exists="resume-last-good"',
        "overwrite": 'if_exists="overwrite"',
        "download": "download=True",
        "set": "values",
    }
)
"""Options whose keyword has another name, or needs a value."""
_COMMAND = re.compile(r"alphadsl train (?=--)|(?<=[Gg]ive )train (?=--)")
_OPTION = re.compile(r"--(no-)?([a-z][a-z-]*[a-z])(?: (\d[\w.,]*\w|\d|[A-Z]{2,}\b))?")
_SEVERAL = re.compile(r"Only one value is allowed here; give alphadsl train .*")
"""A command trains a grid; a function trains one run."""
_WORD = re.compile(r"--([a-z][a-z-]*[a-z]) (?!or\b|and\b)([a-z]\w*)(?=[,.]|$| or )")


def in_python(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """The function, with refusals reworded to mention keywords."""

    @wraps(function)
    def advising(*arguments: Arguments.args, **keywords: Arguments.kwargs) -> Result:
        try:
            return function(*arguments, **keywords)
        except InputError as refusal:
            refusal.message, refusal.help = as_keywords(refusal.message), as_keywords(refusal.help)
            refusal.args = (f"{refusal.message} ({refusal.help})" if refusal.help else refusal.message,)
            raise

    return advising


def as_keywords(advice: str) -> str:
    """`Give --batch 64 or less.` as `Give batch=64 or less.`"""
    advice = advice.replace("See alphadsl train --help.", "See help(alphadsl.train).")
    advice = _SEVERAL.sub("Only one value is allowed here; call alphadsl.train once for each.", advice)
    advice = _WORD.sub(lambda match: f'{match[1].replace("-", "_")}="{match[2]}"', _COMMAND.sub("", advice))
    return _OPTION.sub(_keyword, advice)


def _keyword(option: re.Match[str]) -> str:
    negated, name, value = option.groups()
    word = OF_COMMANDS.get(name, name.replace("-", "_"))
    if negated:
        return f"{word}=False"
    return f"{word}={value}" if value else word
