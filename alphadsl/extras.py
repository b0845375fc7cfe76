"""What a command needs beyond the language: the name of an extra comes in; if it is not installed, `InputError` comes
out, with a command that installs it.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from types import MappingProxyType

from alphadsl.report.exceptions import InputError

EXTRAS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "train": ("lightning", "torchvision", "sklearn", "PIL", "tensorboard", "safetensors", "matplotlib", "optuna"),
        "hf": ("pyarrow",),
        "schedulefree": ("schedulefree",),
        "timm": ("timm",),
        "wandb": ("wandb",),
        "mlflow": ("mlflow",),
        "plot": ("matplotlib",),
        "editor": ("pygls", "lsprotocol"),
        "reference": ("scipy",),
        "cluster": ("ray",),
        "postgres": ("psycopg",),
    }
)
"""The modules that each extra of `pyproject.toml` installs and that commands import."""


def require(what: str, extra: str) -> None:
    """Raises `InputError` if a module of the extra is not installed, before any work is done."""
    missing = missing_modules(extra)
    if missing:
        raise InputError(_refusal(what, ", ".join(missing), extra))


def missing_modules(extra: str) -> list[str]:
    """The modules of an extra that are not installed."""
    return [module for module in EXTRAS[extra] if _is_missing(module)]


def refusal_of_module(fault: ModuleNotFoundError) -> InputError | None:
    """The refusal that says what to install for a module that a command did not find; None if no extra has it."""
    module = (fault.name or "").partition(".")[0]
    extra = next((extra for extra in reversed(tuple(EXTRAS)) if module in EXTRAS[extra]), None)
    return None if extra is None else InputError(_refusal("This command", module, extra))


def _refusal(what: str, modules: str, extra: str) -> str:
    return f"{what} needs packages that are not installed ({modules}): pip install 'alphadsl[{extra}]'"


def _is_missing(module: str) -> bool:
    """Whether a module is not installed. A folder that happens to have its name is a namespace package to Python, which
    has no origin, unlike the packages here."""
    try:
        spec = find_spec(module)
        return spec is None or spec.origin is None
    except (ImportError, ValueError):
        return True
