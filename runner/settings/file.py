"""Settings from a file: TOML, or JSON as in the `config.json` of a run, comes in; settings by name come out.

Refused in one line that names the file: one that cannot be read, is neither TOML nor JSON, or gives a name twice.
"""

import json
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from alphadsl.report.exceptions import InputError
from alphadsl.storage import read_file
from runner.settings.resolving import Given


@dataclass(frozen=True)
class SettingsFile:
    """The settings in a file, and the name of the loss if the file is the record of a run."""

    given: Given
    loss: str | None = None


def read_settings(path: Path) -> SettingsFile:
    """The settings in a `.toml` or `.json` file. Their names and values are not checked yet.

    The record of a run has them under `config`; its loss and the values of the loss's parameters are not settings.
    Raises `InputError` for a file that cannot be read or parsed.
    """
    parse = PARSERS.get(path.suffix.lower())
    if parse is None:
        raise InputError(f"{str(path)!r} is not a settings file.", f"Give one that ends in {' or '.join(PARSERS)}.")
    content = read_file(path)
    try:
        settings = parse(content.decode())
    except UnicodeDecodeError:
        raise InputError(f"{path} is not text in UTF-8.", "Save it as UTF-8.") from None
    except (ValueError, RecursionError) as fault:
        reason = "it is nested too deeply" if isinstance(fault, RecursionError) else " ".join(str(fault).split())
        raise InputError(f"{path} cannot be read as {path.suffix[1:].upper()}: {reason}.") from None
    match settings:
        case {"config": dict() as recorded, "loss": str() as loss}:
            return SettingsFile(Given(recorded, path), loss)
        case dict():
            return SettingsFile(Given(settings, path))
        case _:
            raise InputError(f"{path} does not give settings by name.", 'Write {"epochs": 5}')


def _parse_json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if twice:
        raise ValueError(f"it gives {twice[0]} twice")
    return dict(pairs)


PARSERS: Mapping[str, Callable[[str], Any]] = MappingProxyType({".toml": tomllib.loads, ".json": _parse_json})
