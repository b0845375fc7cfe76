"""A comparison for other programs: sections and contrasts come in; CSV, LaTeX and JSON text come out.

The CSV has one row per run, unrounded, so that every number of the report can be computed again elsewhere.
"""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from runner.comparison.contrasts import Contrast, Contrasts
from runner.comparison.rows import rows_of
from runner.comparison.sections import TEST, Section, share_in
from runner.records.summary import FinishedRun, Group
from runner.statistics.paired import LEVEL, POWER, seeds_needed, smallest_p

HEAD = (
    *("dataset", "data", "protocol", "part", "loss", "name", "seed", "linear_last", "linear_best", "knn_200"),
    *("validation_linear", "untrained", "epoch", "train_seconds", "parameters", "run"),
)


def make_csv(sections: Sequence[Section]) -> str:
    """One line per run; accuracies are fractions in [0, 1]."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(HEAD)
    for section in sections:
        for group in section.groups:
            lines.writerows(_line(section, group, run) for run in group.runs)
    return text.getvalue()


def _line(section: Section, group: Group, run: FinishedRun) -> list[object]:
    part = "test" if section.measured.part == TEST else "validation"
    probe, record = run.probe, run.record
    test = [_share(probe, "test", name) for name in ("linear_last", "linear_best", "knn_200")]
    validated = _share(probe, "validation", "linear")
    before = _share(probe, "untrained", part, "linear_last" if part == "test" else "linear")
    parameters = " ".join(f"{name}={value!r}" for name, value in record.values.items())
    measured = section.measured
    whose = (section.dataset, measured.data, measured.protocol, measured.part)
    name = (record.loss, group.label, record.config.seed)
    return [
        *whose,
        *name,
        *test,
        validated,
        before,
        probe["epoch"],
        probe["train_seconds"],
        parameters,
        run.folder.path,
    ]


def _share(probe: Any, *path: str) -> float | str:
    value = share_in(probe, *path)
    return "" if value is None else repr(value)


def make_json(sections: Sequence[Section], contrasts: Contrasts) -> dict[str, Any]:
    """All differences and statistics, in percentage points, and how they were computed."""
    return {
        "written_by": "alphadsl",
        "statistics": {
            "level": LEVEL,
            "power": POWER,
            "unit": "percentage points",
            "interval": "BCa bootstrap of the mean paired difference, 9,999 resamples, seed 0 (Efron 1987)",
            "student": "mean +- t(n - 1; 0.975) s / sqrt(n)",
            "p": "two-sided sign-flip permutation test, exact up to 14 seeds",
            "adjusted": "Holm (1979) over all comparisons of this report",
            "detectable": "(t(n-1; 1 - a/2) + t(n-1; 0.8)) s / sqrt(n), a = 0.05 / family (Bloom 1995); "
            "s z(0.8^(1/n)) where all n signs have to agree",
            "seeds_needed": seeds_needed(max(1, len(contrasts.made))),
        },
        "sections": [_section(section, contrasts) for section in sections],
        "without_comparison": list(contrasts.missing),
    }


def _section(section: Section, contrasts: Contrasts) -> dict[str, Any]:
    mine = [contrast for contrast in contrasts.made if contrast.section is section]
    return {
        "title": section.title,
        "dataset": section.dataset,
        **asdict(section.measured),
        "baseline": mine[0].baseline.label if mine else None,
        "comparisons": [_contrast(contrast) for contrast in mine],
    }


def _contrast(contrast: Contrast) -> dict[str, Any]:
    return {
        "loss": contrast.loss.label,
        "against": contrast.baseline.label,
        "seeds": list(contrast.seeds),
        **asdict(contrast.comparison),
        "smallest_p": smallest_p(contrast.comparison.seeds),
        "left_out": list(contrast.left_out),
        "sentences": contrast.sentences(),
    }


def make_latex(sections: Sequence[Section], contrasts: Contrasts) -> str:
    """A booktabs table for each section."""
    return "".join(_table(section, contrasts) for section in sections)


def json_text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def _table(section: Section, contrasts: Contrasts) -> str:
    head, *rows = rows_of(section, contrasts)
    lines = [f"    {' & '.join(map(_escaped, row))} \\\\" for row in rows]
    return "\n".join(
        [
            f"% {section.title}. {section.description()} Written by alphadsl compare; needs \\usepackage{{booktabs}}.",
            r"\begin{table}",
            r"  \centering",
            f"  \\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}",
            r"    \toprule",
            f"    {' & '.join(map(_escaped, head))} \\\\",
            r"    \midrule",
            *lines,
            r"    \bottomrule",
            r"  \end{tabular}",
            f"  \\caption{{{_escaped(section.title)}. {_escaped(section.description())} Mean $\\pm$ standard deviation "
            "over seeds; differences are paired by seed.}",
            r"\end{table}",
            "",
        ]
    )


_SPECIAL = {"\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_"} | {
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "–": "--"
}  # fmt: skip


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(char, char) for char in text)
