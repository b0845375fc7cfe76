"""The pictures on a study's page, as SVG: entries come in; text comes out.

They are written here and not by a plotting library because they are only lines and circles. Their text can be selected,
their colours follow the page from light to dark, every mark has a tooltip, and the page of a study of a thousand trials
stays small.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from statistics import stdev

from runner.studies.plan import LOSS, Plan
from runner.studies.scale import Mark, Scale, apart, scale_of, score_scale
from runner.studies.space import Value
from runner.studies.study import Entry, Standing
from runner.studies.table import axis_names, best_first, line_of

# Okabe and Ito's colours, which nearly everyone can distinguish, as custom properties of the page.
COLOURS = 9
WIDTH, HEIGHT = 420, 260
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 12, 42
LETTER, LINE = 6.8, 14
"""The width of a letter of a mark, and the height of its line."""


def parallel_coordinates(plan: Plan, entries: Sequence[Entry]) -> str:
    """A line for each trial across all axes, the score last; the better the score, the stronger the line. Lines of
    trials that ended early are pale and stop before the score, since a rung measures something else."""
    done = best_first(entries)[::-1]
    early = [entry for entry in entries if entry.standing is Standing.PRUNED]
    drawn = [values_of(entry) for entry in (*early, *done)]
    names = [name for name in axis_names(plan) if any(name in values for values in drawn)]
    scales = {name: scale_of([values[name] for values in drawn if name in values]) for name in names}
    ranks = {entry.index: rank for rank, entry in enumerate(done)}
    score = score_scale([entry.score or 0.0 for entry in done])
    width, height, top, bottom = 900, 320, 34, 296
    columns = [*names, "score"]
    at = {name: 60 + (width - 140) * column / max(1, len(columns) - 1) for column, name in enumerate(columns)}
    parts = []
    for entry in (*early, *done):
        values = values_of(entry)
        corners = [(at[name], scales[name].position(values[name])) for name in names if name in values]
        if entry.score is not None:
            corners.append((at["score"], score.position(100 * entry.score)))
        points = " ".join(f"{x:.1f},{bottom - (bottom - top) * position:.1f}" for x, position in corners)
        rank = ranks.get(entry.index, -1)
        kind = " best" if rank == len(done) - 1 else " early" if rank < 0 else ""
        parts.append(
            f'<polyline class="trial{kind}" style="opacity:{0.12 + 0.75 * ((rank + 1) / len(done)) ** 2:.2f}" '
            f'points="{points}">{_title(line_of(entry))}</polyline>'
        )
    for name in columns:
        scale = score if name == "score" else scales[name]
        parts.append(f'<line class="axis" x1="{at[name]:.1f}" x2="{at[name]:.1f}" y1="{top}" y2="{bottom}"/>')
        parts.append(f'<text class="name" x="{at[name]:.1f}" y="18" text-anchor="middle">{escape(name)}</text>')
        for position, mark in apart(scale.marks(), lambda _: LINE / (bottom - top)):
            y = bottom - (bottom - top) * position
            parts.append(f'<text x="{at[name] + 6:.1f}" y="{y + 4:.1f}">{escape(mark)}</text>')
    return _svg(width, height, parts, "Parallel coordinates: a line for each trial, its score on the last axis")


def against(plan: Plan, entries: Sequence[Entry], name: str) -> str:
    """The score against one axis, with the standard deviation over seeds and a colour for each loss. Trials that ended
    early have no score."""
    done = [entry for entry in entries if entry.score is not None and name in values_of(entry)]
    scale = scale_of([values_of(entry)[name] for entry in done])
    ends = [score for entry in done for score in (entry.score or 0.0, *_error(entry))]
    score = score_scale(ends)
    colours = colours_of(plan)
    parts = [*_frame(scale, score, name, "score, %")]
    for entry in done:
        x, y = _x(0.03 + 0.94 * scale.position(values_of(entry)[name])), _y(score.position(100 * (entry.score or 0.0)))
        colour = colours[entry.point.loss]
        low, high = (_y(score.position(100 * end)) for end in _error(entry))
        parts.append(
            f'<g class="{colour}"><line x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>'
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"/>{_title(line_of(entry))}</g>'
        )
    return _svg(WIDTH, HEIGHT, parts, f"Score against {name}")


def ladders(plan: Plan, entries: Sequence[Entry]) -> str:
    """The score of each trial at its rungs; trials that ended early are pale."""
    climbed = [entry for entry in entries if entry.rungs]
    heights = [height for entry in climbed for height, _ in entry.rungs]
    scores = [score for entry in climbed for _, score in entry.rungs]
    scale, score = scale_of([*map(float, heights), float(min(heights, default=1))]), score_scale(scores)
    colours, parts = colours_of(plan), [*_frame(scale, score, "epochs", "nearest neighbours, %")]
    for entry in climbed:
        corners = [
            (_x(0.03 + 0.94 * scale.position(epoch)), _y(score.position(100 * value))) for epoch, value in entry.rungs
        ]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
        dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in corners)
        colour = colours[entry.point.loss] if entry.standing is not Standing.PRUNED else "muted"
        line = f'<polyline class="rungs" points="{points}"/>'
        parts.append(f'<g class="{colour}">{line}{dots}{_title(line_of(entry))}</g>')
    return _svg(WIDTH, HEIGHT, parts, "Rungs: the score of each trial during training")


def bars(shares: Mapping[str, float], what: str) -> str:
    """A bar for each name, with its share as length."""
    height = 26 * len(shares) + 8
    left = max(110.0, LETTER * max(map(len, shares), default=0))
    longest, parts = WIDTH - left - 50, list[str]()
    for row, (name, share) in enumerate(shares.items()):
        y = 4 + 26 * row
        parts.append(
            f'<text x="{left:.1f}" y="{y + 16}" text-anchor="end">{escape(name)}</text>'
            f'<rect class="bar" x="{left + 8:.1f}" y="{y + 4}" width="{longest * share:.1f}" height="16" rx="2"/>'
            f'<text x="{left + 14 + longest * share:.1f}" y="{y + 16}">{share:.0%}</text>'
        )
    return f'<div class="bars">{_svg(WIDTH, height, parts, what)}</div>'


def legend(plan: Plan) -> str:
    """The colour of each loss, if there are several."""
    if len(plan.losses) == 1:
        return ""
    marks = " ".join(
        f'<span class="{colour}"><svg width="12" height="12" aria-hidden="true"><circle cx="6" cy="6" r="4"/></svg>'
        f" {escape(loss)}</span>"
        for loss, colour in colours_of(plan).items()
    )
    return f'<p class="legend">{marks}</p>'


def colours_of(plan: Plan) -> dict[str, str]:
    return {loss: f"c{index % COLOURS}" for index, loss in enumerate(plan.losses)}


def values_of(entry: Entry) -> dict[str, Value]:
    return {LOSS: entry.point.loss, **entry.point.values, **entry.point.settings}


def _error(entry: Entry) -> tuple[float, float]:
    score = entry.score or 0.0
    spread = stdev(entry.scores) if len(entry.scores) > 1 else 0.0
    return score - spread, score + spread


def _frame(scale: Scale, score: Scale, name: str, what: str) -> Iterator[str]:
    for position, mark in apart(score.marks(), lambda _: LINE / (HEIGHT - BOTTOM - TOP)):
        y = _y(position)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{escape(mark)}</text>'
    for position, mark in _below(scale.marks()):
        yield f'<text x="{_x(position):.1f}" y="{HEIGHT - 24}" text-anchor="middle">{escape(mark)}</text>'
    yield f'<text class="name" x="{_x(0.5):.1f}" y="{HEIGHT - 6}" text-anchor="middle">{escape(name)}</text>'
    middle = (TOP + HEIGHT - BOTTOM) / 2
    yield f'<text x="12" y="{middle}" text-anchor="middle" transform="rotate(-90 12 {middle})">{escape(what)}</text>'
    yield f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM}"/>'


def _below(marks: Sequence[Mark]) -> Iterator[Mark]:
    """The marks of the axis below the picture, names shortened to their share of it."""
    width = WIDTH - LEFT - RIGHT
    room = int(width / max(len(marks), 1) / LETTER) - 1
    short = [
        (0.03 + 0.94 * position, label if label[:1].isdigit() or len(label) <= room else f"{label[: room - 1]}…")
        for position, label in marks
    ]
    return apart(short, lambda label: LETTER * (len(label) + 1) / width)


def _x(position: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * position


def _y(position: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * position


def _title(text: str) -> str:
    return f"<title>{escape(text)}</title>"


def _svg(width: int, height: int, parts: Sequence[str], what: str) -> str:
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(what)}">{"".join(parts)}</svg>'
