"""The results of a search: its log comes in; candidates as spec files, a page and lines for the terminal come out."""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from alphadsl.storage import make_folder, write_file
from runner.discovery.front import pareto
from runner.discovery.log import Candidate, RungEvent, SearchLog, shown_rung
from runner.discovery.picture import draw_search
from runner.discovery.plan import SearchPlan, SearchRoom
from runner.discovery.search import NULL
from runner.studies.page import STYLE
from runner.studies.table import counted_seeds

SHOWN = 10


def write_candidates(room: SearchRoom, plan: SearchPlan, candidates: Sequence[Candidate]) -> list[Path]:
    """Write a spec file for each candidate, with its parents and scores in a comment. Returns their paths."""
    make_folder(room.candidates)
    paths = []
    for candidate in candidates:
        path = room.candidates / f"{candidate.name}.alpha"
        write_file(path, spec_file(plan, candidate).encode())
        paths.append(path)
    return paths


def spec_file(plan: SearchPlan, candidate: Candidate) -> str:
    """The spec of a candidate, in its simplified form if there is one."""
    bred, trimmed = candidate.bred, candidate.trimmed
    known = {name: score for name in candidate.scored if (score := candidate.score(name)) is not None}
    scores = "; ".join(f"{shown_rung(name)} {100 * score:.1f} %" for name, score in known.items())
    lines = [
        f"{candidate.name} (found by alphadsl {plan.version} discover)",
        f"From {' and '.join(bred.parents)} by {bred.how}. Nearest known: {bred.near} at {bred.angle:.1f} degrees.",
        f"Validation accuracy, {plan.config.dataset}: {scores}. Not confirmed.",
    ]
    if trimmed is not None and trimmed.size < bred.size:
        lines.append(f"Simplified: size {bred.size} to {trimmed.size}, toy {100 * trimmed.score:.1f} %.")
    text = trimmed.text if trimmed else bred.text
    return "".join(f"# {line}\n" for line in lines) + text


def summary(log: SearchLog, rung: str, names: Sequence[str]) -> Iterator[str]:
    """A few lines: how many candidates each gate stopped, and the best beside the controls."""
    gates = log.gates()
    refusals = ", ".join(f"{count} {gate}" for gate, count in sorted(gates.items(), key=lambda pair: -pair[1]))
    none = "No candidate was bred: the budget was spent on the losses that the search starts from."
    yield f"{sum(gates.values())} candidates: {refusals}." if gates else none
    ranked = ranking(log, rung)
    for rank, candidate in enumerate(ranked[:SHOWN], start=1):
        mark, score = " (control)" if candidate.bred.control else "", 100 * (candidate.score(rung) or 0.0)
        yield f"{rank:>3}  {score:5.1f} %  {candidate.name}{mark}, size {candidate.bred.size}"
    null = log.candidates.get(NULL)
    if null is not None and null.score(rung) is not None:
        bred = [candidate for candidate in ranked if not candidate.bred.control]
        better = sum((candidate.score(rung) or 0.0) > (null.score(rung) or 0.0) for candidate in bred)
        yield f"{better} of {len(bred)} found losses beat the null control, a clone of {names[0]}."


def top_rung(log: SearchLog, rungs: Sequence[str]) -> str:
    """The highest rung at which a found loss was trained; the first rung if none was."""
    bred = [candidate for candidate in log.candidates.values() if not candidate.bred.control]
    return next((rung for rung in reversed(rungs) if any(rung in candidate.scored for candidate in bred)), rungs[0])


def ranking(log: SearchLog, rung: str) -> list[Candidate]:
    """All candidates trained at a rung, best first."""
    scored = [candidate for candidate in log.candidates.values() if candidate.score(rung) is not None]
    return sorted(scored, key=lambda candidate: (-(candidate.score(rung) or 0.0), candidate.bred.size))


def write_report(room: SearchRoom, plan: SearchPlan, log: SearchLog, rung: str) -> Path:
    """Write the page of a search, which needs no network."""
    write_file(room.page, make_page(room.folder.name, plan, log, rung).encode())
    return room.page


def make_page(name: str, plan: SearchPlan, log: SearchLog, rung: str) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="generator" content="alphadsl discover">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(name)}</title><style>{STYLE}</style>'
        f"<h1>{escape(name)}</h1>{''.join(_sections(plan, log, rung))}</html>\n"
    )


def _sections(plan: SearchPlan, log: SearchLog, rung: str) -> Iterator[str]:
    seeds = counted_seeds(plan.seeds)
    heading = f"From {', '.join(plan.parents)} on {plan.config.dataset}; {seeds}; alphadsl {plan.version}."
    yield f'<p class="pale">{escape(heading)} Scores are on validation images, and select: confirm on others.</p>'
    yield f"<pre>{escape(chr(10).join(summary(log, rung, list(plan.parents))))}</pre>"
    for event in log.events:
        if isinstance(event, RungEvent):
            kept = "kept" if event.kept else "left out"
            yield f"<p>{escape(event.sentence)}; {kept}.</p>"
    candidates = list(log.candidates.values())
    if any(candidate.score(rung) is not None for candidate in candidates):
        yield f"<h2>Genealogy, and the front of score and size</h2>{draw_search(candidates, rung)}"
    yield "<h2>The front</h2>"
    for candidate in reversed(pareto(candidates, rung)):
        yield f"<pre>{escape(_listed(plan, candidate, rung))}</pre>"


def _listed(plan: SearchPlan, candidate: Candidate, rung: str) -> str:
    if candidate.bred.control:
        score = 100 * (candidate.score(rung) or 0.0)
        return f"# {candidate.name}: a loss that the search started from, size {candidate.bred.size}, {score:.1f} %"
    return spec_file(plan, candidate)
