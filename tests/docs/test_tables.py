"""Tables of the manual that are made from the package, so that they cannot drift, and words that the manual must
explain. `pytest --update-golden` writes the tables anew.
"""

import re
from importlib import import_module
from pathlib import Path

import pytest
import typer

from alphadsl.cli.main import app
from alphadsl.ir.atom import CONSTANT, FALLING, RISING, Atom, Direction
from alphadsl.ir.atoms import ATOMS
from alphadsl.ir.functions import FUNCTIONS
from alphadsl.ir.interval import REAL
from alphadsl.ir.nodes import Var
from alphadsl.ir.pretty import pretty_expr, pretty_interval
from alphadsl.pipeline import VIEWS
from alphadsl.report.errors import CATALOGUE
from alphadsl.resolve.names import BATCH_REDUCTIONS, QUANTITIES, REDUCTIONS
from alphadsl.resolve.parameters import SCHEDULES
from alphadsl.resolve.setting import AGAINST, SETS, SPACES

LANGUAGE = Path(__file__).parents[2] / "docs" / "language"
ARGUMENTS = {1: ("x",), 2: ("a", "b"), 3: ("c", "a", "b")}
MOVES: dict[Direction, str] = {RISING: "rises", FALLING: "falls", CONSTANT: "held fixed"}


def function_row(name: str, atom: Atom) -> str:
    arguments = ARGUMENTS[atom.arity]
    domain = atom.domain(*(REAL for _ in arguments))
    within = [domain.allowed if domain and domain.argument == at else REAL for at in range(atom.arity)]
    directions = [MOVES.get(each, "depends") for each in atom.directions(*within)]
    moves = (
        directions[0]
        if len(set(directions)) == 1
        else ", ".join(map(" in ".join, zip(directions, arguments, strict=True)))
    )
    partials = ", ".join(f"`{pretty_expr(each)}`" for each in atom.partials(*map(Var, arguments)))
    cells = [
        f"`{name}({', '.join(arguments)})`",
        f"`{pretty_interval(domain.allowed)}`" if domain else "all",
        f"`{pretty_interval(atom.image(*within))}`",
        moves,
        partials,
    ]
    return f"| {' | '.join(cells)} |"


FUNCTION_TABLE = [
    "| function | domain | range | moves | derivative, by each argument |",
    "|---|---|---|---|---|",
    *(function_row(name, atom) for name, atom in sorted(FUNCTIONS.items())),
]
ENDS_TABLE = [
    "| function | at | derivative, by each argument |",
    "|---|---|---|",
    *(
        f"| `{name}` | {', '.join(f'{x:g}' for x in end.at)} | {', '.join(f'{slope:g}' for slope in end.slopes)} |"
        for name, atom in ATOMS.items()
        for end in atom.ends
        if name not in ("share", "pow0")
    ),
]
STAGE_TABLE = [
    "| stage | what it shows |",
    "|---|---|",
    *(f"| `{view.name}` | {view.why} |" for view in VIEWS.values()),
]


@pytest.mark.parametrize(
    ("name", "mark", "table"),
    [
        ("functions.md", "functions", FUNCTION_TABLE),
        ("numerics.md", "ends", ENDS_TABLE),
        ("commands.md", "stages", STAGE_TABLE),
    ],
)
def test_table_is_that_of_the_package(name: str, mark: str, table: list[str], request: pytest.FixtureRequest) -> None:
    page = LANGUAGE / name
    before, opening, rest = page.read_text(encoding="utf-8").partition(f"<!-- {mark} -->\n")
    found, closing, after = rest.partition("<!-- end -->\n")
    assert opening, f"{name} has no comment <!-- {mark} -->"
    assert closing, f"{name} has no comment <!-- end --> after it"
    wanted = "\n" + "".join(f"{line}\n" for line in table) + "\n"
    if request.config.getoption("--update-golden"):
        page.write_text(before + opening + wanted + closing + after, encoding="utf-8", newline="\n")
    else:
        assert found == wanted


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("quantities.md", {*REDUCTIONS, *BATCH_REDUCTIONS, *(f"{each}[i]" for each in QUANTITIES)}),
        ("pairs.md", {*SETS, *SPACES, *(f"labels against {each}" for each in AGAINST)}),
        ("parameters.md", {*(f"{each}(" for each in SCHEDULES), "learn", "set", "--set"}),
        ("commands.md", {*typer.main.get_command(app).commands}),  # type: ignore[attr-defined]
    ],
)
def test_page_explains_every_word(name: str, words: set[str]) -> None:
    page = (LANGUAGE / name).read_text(encoding="utf-8")
    assert not {word for word in words if f"`{word}" not in page and f"alphadsl {word}" not in page}


@pytest.mark.parametrize("topic", sorted({entry.__module__ for entry in CATALOGUE.values()}))
def test_a_topic_of_messages_is_introduced_in_one_line(topic: str) -> None:
    """The page of all messages shows the first line of the docstring below the heading of its topic."""
    assert re.fullmatch(r"[^\n]+\.", (import_module(topic).__doc__ or "").strip())
