"""The report of a confirmation: runs, failures and search scores come in; a page and files come out.

The winner's curse: the best of many is partly the luckiest, so its advantage shrinks when it is measured again.
Advantages over the baseline are compared, and not scores, because those of a search are on other images and often under
a smaller budget.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from runner.comparison.contrasts import Contrast, Contrasts, contrast_sections
from runner.comparison.drawing import INK, PALE, colour, grid, tell_axes
from runner.comparison.page import Findings, Heading, Part, Picture, Sheet
from runner.comparison.report import Framed, Wanted, paths_of, write_comparison
from runner.comparison.sections import Section, make_sections
from runner.records.summary import Group, by_experiment, read_groups
from runner.statistics.words import shown_interval
from runner.studies.confirm import Confirmed
from runner.studies.looks import LOOKS, Look, describe_looks, earlier_looks, look_of, written_looks

STEM = "confirmation"
SOME = "of its seeds, which are left out, so the other seeds flatter it"
ALL = "all of its seeds, so nothing is said of it; it still counts in the correction of the others"
WANTED = Wanted(csv=True, latex=True, json=True)


@dataclass(frozen=True)
class Shrinkage:
    """The advantage of a loss over the baseline, in percentage points: in the search, and confirmed."""

    contrast: Contrast
    searched: float

    @property
    def confirmed(self) -> float:
        return self.contrast.comparison.mean


@dataclass(frozen=True)
class Verdict:
    """The result of a confirmation."""

    sections: tuple[Section, ...]
    contrasts: Contrasts
    failed: tuple[str, ...]
    """A sentence on each loss that failed, and on what that means for its comparison."""
    shrinkages: tuple[Shrinkage, ...]
    look: Look
    """What was compared."""
    computed: tuple[str, ...] = ()
    """A sentence on each part of the environment that was not the same for all runs."""
    earlier: tuple[Look, ...] = ()
    """What earlier reports in the same folder compared."""

    def sentences(self) -> list[str]:
        said = [sentence for contrast in self.contrasts.made for sentence in contrast.sentences()]
        return [*said, *self.contrasts.missing, *self.caveats(), *describe_curse(self.shrinkages)]

    def caveats(self) -> list[str]:
        """What a reader must know of the whole family of comparisons."""
        return [*self.failed, *self.computed, *describe_looks(self.earlier, self.look)]


def judge(confirmed: Confirmed, against: str, scores: Mapping[str, float], root: Path) -> Verdict:
    """The verdict, which knows of earlier reports in `root`. Raises `InputError` if no run of the baseline is left to
    compare with."""
    groups = read_groups(confirmed.folders, together=by_experiment).groups
    sections = make_sections(groups)
    contrasts = contrast_sections(sections, against, confirmed.reasons())
    shrinkages = tuple(_shrinkages(contrasts, scores))
    look = look_of(sections)
    earlier = earlier_looks(root / f"{STEM}.json", look)
    return Verdict(
        sections, contrasts, tuple(_failed(confirmed, groups)), shrinkages, look, tuple(_computed(groups)), earlier
    )


def write_verdict(verdict: Verdict, root: Path, seeds: Sequence[int]) -> list[Path]:
    """Write confirmation.png, .html, .csv, .tex and .json below `root`. Returns their paths."""
    fields = {
        "seeds": [*seeds],
        "failed": [*verdict.failed],
        "winners_curse": [_curse(shrinkage) for shrinkage in verdict.shrinkages],
        LOOKS: written_looks(verdict.earlier, verdict.look),
    }
    framed = Framed(_first(verdict, seeds), _last(verdict.shrinkages), fields)
    return write_comparison(verdict.sections, verdict.contrasts, root / STEM, WANTED, framed)


def verdict_paths(root: Path) -> list[Path]:
    return paths_of(root / STEM, WANTED)


def describe_curse(shrinkages: Sequence[Shrinkage]) -> list[str]:
    """What became of the advantages of a search, in a sentence."""
    if not shrinkages:
        return []
    searched, confirmed = (
        sum(values) / len(shrinkages)
        for values in (
            [shrinkage.searched for shrinkage in shrinkages],
            [shrinkage.confirmed for shrinkage in shrinkages],
        )
    )
    return [
        f"The winner's curse: the advantage over the baseline was {searched:+.2f} points on average of "
        f"{len(shrinkages)} in the search, and {confirmed:+.2f} when confirmed."
    ]


def _first(verdict: Verdict, seeds: Sequence[int]) -> list[Part]:
    fresh = f"Fresh seed {seeds[0]}" if len(seeds) == 1 else f"Fresh seeds {seeds[0]} to {seeds[-1]}"
    opening = (
        f"{fresh}, equal budgets. The comparison is of the accuracy of the linear probe "
        "after its last epoch on the test set, which was read once."
    )
    return [opening, Findings(caveats)] if (caveats := verdict.caveats()) else [opening]


def _last(shrinkages: Sequence[Shrinkage]) -> list[Part]:
    if not shrinkages:
        return []
    drawn = Picture(_draw(shrinkages), "Below the dashed line, the advantage has shrunk.")
    return [Heading("The winner's curse", 2), Findings(describe_curse(shrinkages)), _sheet(shrinkages), drawn]


def _sheet(shrinkages: Sequence[Shrinkage]) -> Sheet:
    head = ("loss", "data", "advantage in the search", "confirmed", "95 % interval", "shrunk by")
    return Sheet([head, *map(_row, shrinkages)])


def _row(shrinkage: Shrinkage) -> tuple[str, ...]:
    compared = shrinkage.contrast.comparison
    interval = "" if compared.interval is None else shown_interval(compared.interval)
    values = (f"{shrinkage.searched:+.2f}", f"{compared.mean:+.2f}", interval)
    name = shrinkage.contrast.loss.label
    return (name, shrinkage.contrast.section.dataset, *values, f"{shrinkage.searched - compared.mean:+.2f}")


def _draw(shrinkages: Sequence[Shrinkage]) -> Figure:
    figure, (axes,) = grid(1, 1, 6, 4.2)
    reach = max(abs(value) for shrinkage in shrinkages for value in (shrinkage.searched, shrinkage.confirmed)) or 1.0
    axes.plot([-reach, reach], [-reach, reach], "--", color=PALE)
    axes.axhline(0, color=INK, linewidth=0.8)
    for index, shrinkage in enumerate(shrinkages):
        axes.plot(shrinkage.searched, shrinkage.confirmed, "o", ms=8, color=colour(index))
        if shrinkage.contrast.comparison.interval is not None:
            span = [shrinkage.contrast.comparison.interval.low, shrinkage.contrast.comparison.interval.high]
            axes.plot([shrinkage.searched] * 2, span, color=colour(index), linewidth=2)
        label = f"{shrinkage.contrast.loss.label}, {shrinkage.contrast.section.dataset}"
        axes.annotate(label, (shrinkage.searched, shrinkage.confirmed), (6, 4), textcoords="offset points")
    tell_axes(axes, "Advantage over the baseline, points", "in the search, on validation images", "confirmed, test set")
    return figure


def _shrinkages(contrasts: Contrasts, scores: Mapping[str, float]) -> list[Shrinkage]:
    named = [(made, made.loss.runs[0].record.loss, made.baseline.runs[0].record.loss) for made in contrasts.made]
    return [
        Shrinkage(made, 100 * (scores[loss] - scores[baseline]))
        for made, loss, baseline in named
        if loss in scores and baseline in scores
    ]


def _failed(confirmed: Confirmed, groups: Sequence[Group]) -> list[str]:
    """A sentence on each loss that failed with some of its seeds, or with all."""
    counts = Counter((failed.run.config.dataset, failed.run.loss.name) for failed in confirmed.failures)
    first = {(failed.run.config.dataset, failed.run.loss.name): failed for failed in reversed(confirmed.failures)}
    left = {(run.record.config.dataset, run.record.loss) for group in groups for run in group.runs}
    return [
        f"{loss} on {dataset} failed with {f'{count} {SOME}' if (dataset, loss) in left else ALL}. The first "
        f"{first[dataset, loss].what}: {first[dataset, loss].reason.message}"
        for (dataset, loss), count in counts.items()
    ]


def _computed(groups: Sequence[Group]) -> Iterator[str]:
    computed = [run.record.computed_with() for group in groups for run in group.runs]
    for name in computed[0] if computed else ():
        counts = Counter(known[name] for known in computed)
        if len(counts) > 1:
            versions = ", ".join(f"{value} ({count})" for value, count in counts.most_common())
            yield f"Not all {len(computed)} runs were computed with the same {name}: {versions}."


def _curse(shrinkage: Shrinkage) -> dict[str, Any]:
    return {
        "loss": shrinkage.contrast.loss.label,
        "dataset": shrinkage.contrast.section.dataset,
        "search_advantage": shrinkage.searched,
        "confirmed_advantage": shrinkage.confirmed,
    }
