"""The one exception for a user's mistake outside a spec: a tensor, a data file, a checkpoint, a flag."""


class InputError(ValueError):
    """A refused input, told in one line that names it, with an optional line on what to try.

    The command line prints `error: MESSAGE` and `help: HELP`, and exits with 1; no traceback.
    """

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(f"{message} ({help})" if help else message)
        self.message = message
        self.help = help
