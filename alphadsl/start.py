"""Where the command line starts: signal handlers are set before anything large is imported, so that Ctrl-C in the first
second ends in an exit code, and an import that fails (a broken library, full memory) ends in one line.

Only the standard library is imported at the top: `import alphadsl` itself imports nothing else.
"""

import os
import signal
import sys

from alphadsl.report.imports import refusal_of_import


def main() -> None:
    """Run the command line. Signals that were ignored when the process started stay ignored."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
            signal.signal(number, lambda number, _: os._exit(128 + number))
    try:
        from alphadsl.cli.main import main as run
    except Exception as fault:
        refusal = refusal_of_import(fault)
        if refusal is None:
            raise
        os.write(2, f"error: {refusal.message}\nhelp: {refusal.help}\n".encode(errors="replace"))
        sys.exit(1)
    run()
