"""The page of a study: an open study comes in; one HTML file that needs no network comes out. It shows what was tried,
what mattered and how the rungs went, with links to the runs.
"""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from alphadsl.report.exceptions import InputError
from alphadsl.storage import make_folder, read_file, write_file
from runner.studies.charts import against, bars, ladders, legend, parallel_coordinates, values_of
from runner.studies.importance import FEWEST, importances
from runner.studies.plan import Plan
from runner.studies.study import Entry, Standing, Study, StudyRoom
from runner.studies.table import axis_names, best_first, cell_of, counted_seeds, line_of, percent_of, spread_of

PAGE = "study.html"
DRAWN_BY = "alphadsl sweep"
STYLE = """
:root{color-scheme:light dark;--ink:#1f2328;--pale:#6e7781;--line:#d0d7de;--paper:#fff;--strong:#0072b2;
--c0:#0072b2;--c1:#d55e00;--c2:#009e73;--c3:#cc79a7;--c4:#b58900;--c5:#56b4e9;--c6:#7a4fbf;
--c7:#4d4d4d;--c8:#8c564b}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--pale:#8b949e;--line:#30363d;--paper:#0d1117;--strong:#58b0f0;
--c0:#58b0f0;--c1:#ff8a3d;--c2:#2fd0a0;--c3:#e39ac6;--c4:#e6b422;--c5:#8fd0f7;--c6:#b08cf0;
--c7:#b5b5b5;--c8:#c99a8f}}
body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:var(--ink);
background:var(--paper)}
h1{margin-bottom:.2rem}h2{margin:2rem 0 .5rem;font-size:1.15rem}.pale{color:var(--pale)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(20rem,1fr));gap:1rem}
svg{width:100%;height:auto;font:12px system-ui,sans-serif}svg text{fill:var(--pale);paint-order:stroke;
stroke:var(--paper);stroke-width:3px}svg text.name{fill:var(--ink)}
.legend svg{width:12px;height:12px}.legend span{margin-right:1rem}
.axis{stroke:var(--pale)}.grid{stroke:var(--line)}.trial{fill:none;stroke:var(--strong);stroke-width:1.6}
.trial.best{stroke:var(--c1);stroke-width:3}
.trial.early{stroke:var(--pale);opacity:.35!important}.trial:hover{opacity:1!important;stroke-width:4}.bar{fill:var(--strong)}
.rungs{fill:none;stroke-width:1.6}.muted{fill:var(--pale);stroke:var(--pale);opacity:.5}
.c0{fill:var(--c0);stroke:var(--c0)}.c1{fill:var(--c1);stroke:var(--c1)}.c2{fill:var(--c2);stroke:var(--c2)}
.c3{fill:var(--c3);stroke:var(--c3)}.c4{fill:var(--c4);stroke:var(--c4)}.c5{fill:var(--c5);stroke:var(--c5)}
.c6{fill:var(--c6);stroke:var(--c6)}.c7{fill:var(--c7);stroke:var(--c7)}.c8{fill:var(--c8);stroke:var(--c8)}
.bars{max-width:36rem}polyline.rungs{fill:none}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.92rem}td,th{padding:.25rem .7rem;text-align:right;
border-bottom:1px solid var(--line)}td.word,th.word{text-align:left}tr.best{font-weight:600}a{color:var(--strong)}
pre{overflow-x:auto;padding:.6rem;border:1px solid var(--line)}
"""


def write_page(study: Study) -> Path:
    """Write STUDY/study.html. Raises `InputError` if another file is in its place or it cannot be written."""
    check_page_replaceable(study.room)
    path = study.room.folder / PAGE
    make_folder(path.parent)
    write_file(path, make_page(study).encode())
    return path


def check_page_replaceable(room: StudyRoom) -> None:
    path = room.folder / PAGE
    if path.exists() and not (path.is_file() and DRAWN_BY.encode() in read_file(path)):
        raise InputError(f"{path} was not written by alphadsl, and would be lost.", "Move it away.")


def make_page(study: Study) -> str:
    name, entries = escape(study.room.name), study.entries()
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="generator" content="{DRAWN_BY}">'
        f'<meta name="viewport" content="width=device-width"><title>{name}</title><style>{STYLE}</style>'
        f"<h1>{name}</h1>{''.join(_sections(study, entries))}</html>\n"
    )


def _sections(study: Study, entries: Sequence[Entry]) -> Iterator[str]:
    plan = study.plan
    yield f'<p class="pale">{escape(_summary(plan, entries))}</p>'
    best = next(iter(best_first(entries)), None)
    if best is not None:
        yield f"<p>Best so far: {escape(line_of(best))}.</p>"
    scored = [entry for entry in entries if entry.score is not None]
    if scored:
        yield f"<h2>Every trial with a score</h2>{parallel_coordinates(plan, entries)}"
        yield f'<h2>Score against each axis</h2>{legend(plan)}<div class="charts">'
        names = [name for name in axis_names(plan) if any(name in values_of(entry) for entry in scored)]
        yield "".join(f"<div>{against(plan, entries, name)}</div>" for name in names)
        yield '</div><p class="pale">A line is one standard deviation over seeds on either side.'
        early = any(entry.standing is Standing.PRUNED for entry in entries)
        yield f"{' Trials that ended early have no score, and are grey above.' if early else ''}</p>"
        yield f'<div class="charts"><div><h2>What matters</h2>{_importance(study)}</div>'
        rungs = any(entry.rungs for entry in entries)
        yield f"<div><h2>Rungs</h2>{ladders(plan, entries)}</div></div>" if rungs else "</div>"
    yield f'<h2>Trials</h2><div class="wide">{_table(plan, entries)}</div>'
    yield "<h2>Losses</h2>"
    yield "".join(f"<pre>{escape(text)}</pre>" for text in plan.losses.values())


def _summary(plan: Plan, entries: Sequence[Entry]) -> str:
    counts = {state: sum(entry.standing is state for entry in entries) for state in Standing}
    states = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    axes = " ".join(f"{axis.name}={axis}" for axis in plan.axes)
    search = f"{plan.search} over {axes}" if axes else "the losses as they are"
    seeds = counted_seeds(plan.seeds)
    return (
        f"{plan.config.dataset}, {' '.join(plan.losses)}; {search}; {seeds} from {plan.config.seed}; "
        f"{states}. alphadsl {plan.version}."
    )


def _importance(study: Study) -> str:
    shares = importances(study)
    if not shares:
        return f'<p class="pale">Shown from {FEWEST} trials on, if their scores differ.</p>'
    by = "Share of each axis in what distinguishes the better trials (PED-ANOVA)."
    return f'{bars(shares, by)}<p class="pale">{by}</p>'


def _table(plan: Plan, entries: Sequence[Entry]) -> str:
    names = axis_names(plan)
    head = "".join(f"<th>{escape(name)}</th>" for name in ("trial", *names, "score, %", "by seed"))
    order = {entry.index: rank for rank, entry in enumerate(best_first(entries))}
    rows = sorted(entries, key=lambda entry: (order.get(entry.index, len(entries)), entry.index))
    body = "".join(_row(names, entry, best=order.get(entry.index) == 0) for entry in rows)
    columns = f'{head}<th class="word">runs</th><th class="word"></th>'
    return f"<table><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>"


def _row(names: Sequence[str], entry: Entry, best: bool) -> str:
    cells = (str(entry.index), *(cell_of(entry, name) for name in names), percent_of(entry), spread_of(entry))
    links = " ".join(f'<a href="runs/{escape(run, quote=True)}/">{escape(_seed(run))}</a>' for run in entry.runs)
    state = "" if entry.standing is Standing.DONE else f"{entry.standing}{': ' if entry.reason else ''}{entry.reason}"
    return (
        f"<tr{' class=best' if best else ''}>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}"
        f'<td class="word">{links}</td><td class="word">{escape(state)}</td></tr>'
    )


def _seed(run: str) -> str:
    return run.rpartition("-")[2]
