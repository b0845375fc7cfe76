"""Names of loggers: `tensorboard,wandb` comes in; a tuple of names comes out, or what is wrong with it."""

LOGGERS = ("tensorboard", "wandb", "mlflow")
NONE = "none"


def parse_loggers(text: str) -> tuple[str, ...]:
    """The loggers that a comma-separated text names. Raises `ValueError` for an unknown name or one given twice."""
    names = tuple(name.strip() for name in text.split(","))
    if names == (NONE,):
        return ()
    for index, name in enumerate(names):
        if name not in LOGGERS:
            raise ValueError(f"it is {NONE}, or some of {', '.join(LOGGERS)} with commas")
        if name in names[:index]:
            raise ValueError(f"it has {name} twice")
    return names
