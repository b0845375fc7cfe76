"""Losses against a baseline: sections of runs come in; paired differences by seed, corrected as one family, come out.

Seeds that only one of the two has are left out of the pairs and named. Refused: a baseline that is not among the
losses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from alphadsl.report.exceptions import InputError
from alphadsl.report.suggest import suggest
from runner.comparison.sections import Section, accuracy_of
from runner.records.summary import Group
from runner.statistics.paired import PairedComparison, compare_paired, correct_family
from runner.statistics.words import describe_comparison

USUAL = "infonce"
PAIRED_BY = ("image_size", "encoder", "width", "projector_dim", "batch")
"""Settings that, with the seed and the data, determine initialisation, batches and views."""

NO_REASONS: Mapping[tuple[str, str, int], str] = MappingProxyType({})


@dataclass(frozen=True)
class Contrast:
    """One loss compared with the baseline of its section."""

    section: Section
    loss: Group
    baseline: Group
    seeds: tuple[int, ...]
    """The seeds that both have, in the order of the differences."""
    left_out: tuple[str, ...]
    """Seeds that only one of the two has, with the reason if it is known."""
    comparison: PairedComparison
    unlike: tuple[str, ...]
    """Settings that differ, so that a seed does not give the same initialisation, batches and views."""

    def sentences(self) -> list[str]:
        """The result of the contrast in words, and the caveats that belong to it."""
        sentences = [describe_comparison(self.loss.label, self.baseline.label, self.comparison)]
        if self.left_out:
            sentences.append(f"Left out: {'; '.join(self.left_out)}.")
        if self.unlike:
            sentences.append(f"They differ in {', '.join(self.unlike)}, so a seed does not pair all batches and views.")
        return sentences


@dataclass(frozen=True)
class Contrasts:
    """All contrasts of a report, as one family, and the reasons why some sections have none."""

    made: tuple[Contrast, ...]
    missing: tuple[str, ...]

    def of(self, section: Section, group: Group) -> Contrast | None:
        return next((made for made in self.made if made.section is section and made.loss is group), None)


def contrast_sections(
    sections: Sequence[Section], against: str | None, reasons: Mapping[tuple[str, str, int], str] = NO_REASONS
) -> Contrasts:
    """Compare every loss of every section with the baseline there; `reasons` says why a seed of a loss is missing.

    A loss without any seed left has no contrast, but stays in the family that p-values are corrected for.

    The baseline is the group or loss called `against`; by default infonce, or else the first. Raises `InputError` if no
    section has the requested baseline, or one has several.
    """
    baselines = [find_baseline(section, against) for section in sections]
    if against is not None and sections and not any(baselines):
        raise _unknown(against, sections)
    pairs, missing = [], []
    for section, baseline in zip(sections, baselines, strict=True):
        others = [group for group in section.groups if group is not baseline]
        if baseline is None:
            missing.append(f"{section.title}: there is no run of {against}, so there is no difference to it.")
            continue
        for group in others:
            if _seeds(group) & _seeds(baseline):
                pairs.append(_contrast(section, group, baseline, reasons))
            else:
                missing.append(f"{section.title}: {group.label} and {baseline.label} have no seed in common.")
    corrected = correct_family([pair.comparison for pair in pairs], len(_lost(reasons, pairs)))
    made = tuple(
        Contrast(pair.section, pair.loss, pair.baseline, pair.seeds, pair.left_out, comparison, pair.unlike)
        for pair, comparison in zip(pairs, corrected, strict=True)
    )
    return Contrasts(made, tuple(missing))


def find_baseline(section: Section, against: str | None) -> Group | None:
    """The group of this name, or the only group of this loss; by default infonce, or else the first."""
    wanted = USUAL if against is None else against
    exact = [group for group in section.groups if group.label == wanted]
    of_loss = [group for group in section.groups if group.runs[0].record.loss == wanted]
    if against is None:
        return next(iter([*exact, *of_loss, *section.groups]))
    if len(exact or of_loss) > 1:
        labels = ", ".join(f"'{group.label}'" for group in of_loss)
        raise InputError(f"--against {against} could be {labels}.", "Give the whole name of one, in quotes.")
    return next(iter(exact or of_loss), None)


def _contrast(section: Section, loss: Group, baseline: Group, reasons: Mapping[tuple[str, str, int], str]) -> Contrast:
    seeds = tuple(sorted(_seeds(loss) & _seeds(baseline)))
    accuracies = [[_accuracies(section, group)[seed] for seed in seeds] for group in (loss, baseline)]
    left_out = []
    for group, other in ((loss, baseline), (baseline, loss)):
        for seed in sorted(_seeds(other) - _seeds(group)):
            whose = (section.dataset, group.runs[0].record.loss, seed)
            reason = reasons.get(whose, "it was not run, or is not among these runs")
            left_out.append(f"seed {seed} of {group.label}: {reason}")
    mine, others = (group.runs[0].record.settings() for group in (loss, baseline))
    unlike = tuple(name for name in PAIRED_BY if mine.get(name) != others.get(name))
    compared = compare_paired(accuracies[0], accuracies[1])
    return Contrast(section, loss, baseline, seeds, tuple(left_out), compared, unlike)


def _lost(reasons: Mapping[tuple[str, str, int], str], pairs: Sequence[Contrast]) -> set[tuple[str, str]]:
    """The data sets and losses of which every seed is missing."""
    present = {
        (pair.section.dataset, group.runs[0].record.loss) for pair in pairs for group in (pair.loss, pair.baseline)
    }
    return {(dataset, loss) for dataset, loss, _ in reasons} - present


def _seeds(group: Group) -> set[int]:
    return {run.record.config.seed for run in group.runs}


def _accuracies(section: Section, group: Group) -> dict[int, float]:
    accuracies = {run.record.config.seed: accuracy_of(run, section.measured.part) for run in group.runs}
    return {seed: accuracy for seed, accuracy in accuracies.items() if accuracy is not None}


def _unknown(against: str, sections: Sequence[Section]) -> InputError:
    names = dict.fromkeys(name for section in sections for group in section.groups for name in _names(group))
    close = suggest(against, names)
    remedy = f"Did you mean {close}?" if close else f"There are: {', '.join(names)}."
    return InputError(f"--against {against}: none of the runs is of this loss.", remedy)


def _names(group: Group) -> tuple[str, str]:
    return group.runs[0].record.loss, group.label
