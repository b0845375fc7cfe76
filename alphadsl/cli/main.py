"""The application: commands registered, and the one place where a refusal becomes text and an exit code.

Exit codes: 0 done, 1 the input was refused, 2 usage. Results go to stdout, diagnostics and progress to stderr.
"""

import os
import sys
from typing import Annotated

import typer

import alphadsl
from alphadsl.cli import bench, experiment, explain, fmt, language, listing, lsp, plot
from alphadsl.cli.console import complain, complain_about_spec
from alphadsl.report.diagnostic import SpecError
from alphadsl.report.faults import InputError

REFUSED = 1
WRITE, LOOK, TRAIN, MEASURE = "Write a loss", "Look into losses", "Train and compare", "Measure"

app = typer.Typer(
    name="alphadsl",
    help="Design contrastive losses in a few lines; check, compile, train and compare them.",
    epilog="Example: alphadsl new mine, alphadsl check mine.alpha, alphadsl train infonce mine.alpha --dataset digits",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("new", rich_help_panel=WRITE)(language.new)
app.command("check", rich_help_panel=WRITE)(language.check)
app.command("fmt", rich_help_panel=WRITE)(fmt.fmt)
app.command("lsp", rich_help_panel=WRITE)(lsp.lsp)
app.command("list", rich_help_panel=LOOK)(listing.list_losses)
app.command("show", rich_help_panel=LOOK)(language.show)
app.command("explain", rich_help_panel=LOOK)(explain.explain)
app.command("plot", rich_help_panel=LOOK)(plot.plot)
app.command("train", rich_help_panel=TRAIN)(experiment.train)
app.command("probe", rich_help_panel=TRAIN)(experiment.probe)
app.command("compare", rich_help_panel=TRAIN)(experiment.compare)
app.command("bench", rich_help_panel=MEASURE)(bench.bench)


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", help="Show the version and stop.", is_eager=True)] = False,
) -> None:
    if version:
        typer.echo(f"alphadsl {alphadsl.__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; a user's own mistake is told without a traceback."""
    try:
        app()
    except SpecError as refusal:
        complain_about_spec(refusal.diagnostics)
        sys.exit(REFUSED)
    except InputError as refusal:
        complain(refusal)
        sys.exit(REFUSED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(REFUSED)


if __name__ == "__main__":
    main()
