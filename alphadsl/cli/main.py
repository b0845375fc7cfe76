"""The application, and the one place where an error becomes text and an exit code.

Exit codes: 0 done, 1 the input was refused, 2 usage. Results go to stdout, diagnostics and progress to stderr.
"""

import sys
from typing import Annotated

import typer

import alphadsl
from alphadsl.cli.commands import Commands, trains_alone
from alphadsl.cli.console import complain, complain_about_spec
from alphadsl.cli.processes import check_alone
from alphadsl.cli.stopping import leave_at_once, listen
from alphadsl.cli.streams import flush, give_up_output, prepare_streams
from alphadsl.extras import refusal_of_module
from alphadsl.report.exceptions import InputError, SpecError
from alphadsl.report.imports import OUT_OF_MEMORY, is_full_memory, refusal_of_import
from alphadsl.storage import refusal_of

REFUSED = 1

app = typer.Typer(
    name="alphadsl",
    cls=Commands,
    help="Design contrastive losses in a few lines; check, compile, train and compare them.",
    epilog="Example: alphadsl new mine, alphadsl check mine.alpha, alphadsl train infonce mine.alpha --dataset digits",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _tell_version(asked: bool) -> None:
    """Print the version and exit, before a command is looked up."""
    if asked:
        typer.echo(f"alphadsl {alphadsl.__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_tell_version)
    ] = False,
) -> None:
    """The options that come before a command."""
    if context.invoked_subcommand is not None and trains_alone(context.invoked_subcommand):
        check_alone(context.invoked_subcommand)


def main() -> None:
    """Run the command line; a user's own mistake is reported without a traceback."""
    prepare_streams()
    listen(leave_at_once)
    try:
        try:
            app()
        finally:
            flush()
    except SpecError as refusal:
        complain_about_spec(refusal.diagnostics)
        sys.exit(REFUSED)
    except BrokenPipeError:
        give_up_output()
        sys.exit(REFUSED)
    except (InputError, OSError, ImportError, MemoryError, RuntimeError, SystemError) as fault:
        complain(_refusal_of(fault))
        give_up_output()
        sys.exit(REFUSED)


def _refusal_of(fault: Exception) -> InputError:
    """An error of the machine as an `InputError`. Any other error is a bug of ours, and keeps its traceback."""
    match fault:
        case InputError():
            return fault
        case _ if is_full_memory(fault):
            return OUT_OF_MEMORY
        case OSError() if not fault.filename and (refusal := refusal_of_import(fault)):
            return refusal
        case OSError():
            # Files are written through `storage`, so an error without a file name is about the output.
            return refusal_of(fault, fault.filename or "Standard output", "written" if not fault.filename else "used")
        case ModuleNotFoundError() if (refusal := refusal_of_module(fault)) is not None:
            return refusal
        case _ if isinstance(fault, ImportError) and (refusal := refusal_of_import(fault)):
            return refusal
        case _:
            raise fault


if __name__ == "__main__":
    main()
