"""Where the command line starts: signals are taken before anything large is imported, so that Ctrl-C in the first
second ends in an exit code and not in a traceback. A package of its own, because importing `alphadsl` takes a while.
"""

import os
import signal


def main() -> None:
    """The command line, from its first moment on. A signal that was ignored when we were started stays so."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
            signal.signal(number, lambda number, _: os._exit(128 + number))
    from alphadsl.cli.main import main as run

    run()
