"""A whole comparison: sections and their contrasts come in; a page, a PNG and files for other programs come out."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from alphadsl.report.exceptions import InputError
from alphadsl.storage import make_folder, read_file, write_file
from runner.comparison import export
from runner.comparison.classes import draw_classes, draw_confusions
from runner.comparison.contrasts import Contrast, Contrasts
from runner.comparison.drawing import styled
from runner.comparison.embedding import draw_embeddings
from runner.comparison.figures import draw_contrasts, draw_losses, draw_overview, draw_statistics
from runner.comparison.page import DRAWN_BY, Findings, Folded, Heading, Part, Picture, Sheet, make_page
from runner.comparison.rows import rows_of
from runner.comparison.sections import Section
from runner.records.code import SHOWN

BAND = "Mean over seeds; the band is one standard deviation on either side."


@dataclass(frozen=True)
class Wanted:
    """What is made besides the page and the PNG, and whether the page shows embeddings."""

    csv: bool = False
    latex: bool = False
    json: bool = False
    embeddings: bool = True


@dataclass(frozen=True)
class Framed:
    """What a report adds to a comparison: parts that open and close its page, and fields of its JSON."""

    first: Sequence[Part] = ()
    last: Sequence[Part] = ()
    fields: Mapping[str, object] = field(default_factory=dict)


def check_replaceable(stem: Path, wanted: Wanted = Wanted()) -> None:
    """Raises `InputError` if a file that alphadsl did not write is in the way of files that the user did not name."""
    check_all_replaceable(paths_of(stem, wanted))


def check_all_replaceable(paths: Sequence[Path]) -> None:
    for path in paths:
        if path.exists() and not (path.is_file() and _is_ours(read_file(path))):
            raise InputError(f"{path} was not drawn by alphadsl compare, and would be lost.", "Move it away.")


def _is_ours(content: bytes) -> bool:
    marks = (DRAWN_BY.encode(), b'"written_by": "alphadsl"')
    return content.startswith(",".join(export.HEAD).encode()) or any(mark in content for mark in marks)


def paths_of(stem: Path, wanted: Wanted) -> list[Path]:
    endings = ["png", "html", *["csv"] * wanted.csv, *["tex"] * wanted.latex, *["json"] * wanted.json]
    return [stem.with_name(f"{stem.name}.{ending}") for ending in endings]


def write_comparison(
    sections: Sequence[Section],
    contrasts: Contrasts,
    stem: Path,
    wanted: Wanted,
    framed: Framed = Framed(),
) -> list[Path]:
    """Write STEM.png, STEM.html and what else is wanted."""
    make_folder(stem.parent)
    title = "; ".join(dict.fromkeys(section.title for section in sections))
    with styled():
        contents = [
            make_png(sections, contrasts),
            make_page(title, [*framed.first, *parts_of(sections, contrasts, wanted), *framed.last]).encode(),
        ]
    if wanted.csv:
        contents.append(export.make_csv(sections).encode())
    if wanted.latex:
        contents.append(export.make_latex(sections, contrasts).encode())
    if wanted.json:
        contents.append(export.json_text(export.make_json(sections, contrasts) | dict(framed.fields)).encode())
    paths = paths_of(stem, wanted)
    for path, content in zip(paths, contents, strict=True):
        write_file(path, content)
    return paths


def parts_of(sections: Sequence[Section], contrasts: Contrasts, wanted: Wanted) -> Iterator[Part]:
    """Each section from its result to its details."""
    if len(sections) > 1:
        yield f"{len(sections)} tables, because accuracies that were measured differently are not compared."
    for section in sections:
        if len(sections) > 1:
            yield Heading(section.title, 2)
        yield from _result(section, contrasts)
        yield from _pictures(section, wanted)
        yield from _details(section)


def _result(section: Section, contrasts: Contrasts) -> Iterator[Part]:
    mine = [contrast for contrast in contrasts.made if contrast.section is section]
    yield section.description() + " Mean ± standard deviation over seeds; the linear probe is that of its last epoch."
    yield Sheet(rows_of(section, contrasts))
    said = [sentence for contrast in mine for sentence in contrast.sentences()]
    said += [missing for missing in contrasts.missing if missing.startswith(section.title)]
    if said:
        yield Findings(said)
    differences = draw_contrasts(mine, section.groups)
    if differences is not None:
        yield Picture(differences, "Paired differences: a grey dot is a seed, the line is the interval of the mean.")
        yield " ".join(how_to_read(mine))


def how_to_read(contrasts: Sequence[Contrast]) -> Iterator[str]:
    """How to read differences, and the p-values if there are any."""
    yield "Differences are paired by seed, in percentage points."
    if any(contrast.comparison.interval is not None for contrast in contrasts):
        yield "Intervals are over seeds, on these very images; for few seeds they are too short."
    if any(contrast.comparison.p is not None for contrast in contrasts):
        family = contrasts[0].comparison.family
        yield "p is from an exact sign-flip test" + (
            f", corrected by Holm's method over {family} comparisons." if family > 1 else "."
        )


def _pictures(section: Section, wanted: Wanted) -> Iterator[Part]:
    yield Heading("Learning")
    yield Picture(draw_overview(section), f"Error bars are one standard deviation over seeds. {BAND}")
    yield Picture(draw_losses(section), f"The pretraining losses, each on its own scale. {BAND}")
    for prefix, title in (("alpha/", "Pairwise importance"), ("features/", "Features"), ("loss/", "Moving parameters")):
        figure = draw_statistics(section, prefix)
        if figure is not None:
            yield Heading(title)
            yield Picture(figure, f"{title} after each epoch. {BAND}")
    counted = {
        "Classes": (draw_classes(section), "mean over seeds; the line is one standard deviation on either side"),
        "Confusions": (draw_confusions(section), "over all seeds"),
    }
    for title, (figure, caption) in counted.items():
        if figure is not None:
            yield Heading(title)
            yield Picture(figure, f"{title}, by the linear probe after its last epoch: {caption}.")
    if wanted.embeddings:
        yield Heading("Embeddings")
        figure, notes = draw_embeddings(section)
        if figure is not None:
            yield Picture(
                figure, "Images by the features before the projector, on their first two principal components."
            )
        yield from notes


def _details(section: Section) -> Iterator[Part]:
    yield Heading("Settings")
    traits = [group.runs[0].record.parameters() | group.runs[0].record.settings() for group in section.groups]
    names = dict.fromkeys(name for trait in traits for name in trait)
    head = ("setting", *(group.label for group in section.groups))
    table = [(name, *(trait.get(name, "–") for trait in traits)) for name in names]
    unlike = [row for row in table if len(set(row[1:])) > 1]
    if unlike:
        yield "Settings that differ between the losses:"
        yield Sheet([head, *unlike], words=True)
    alike = [(name, value) for name, value, *_ in (row for row in table if len(set(row[1:])) == 1)]
    yield Folded(f"{len(alike)} settings that all share", Sheet([("setting", "value"), *alike], words=True))
    yield Folded("Runs", Sheet([("run", "loss", "seed", "run id"), *_runs(section)], words=True))


def _runs(section: Section) -> Iterator[tuple[str, ...]]:
    for group in section.groups:
        for run in group.runs:
            yield str(run.folder.path), group.label, str(run.record.config.seed), run.record.run[:SHOWN]


def make_png(sections: Sequence[Section], contrasts: Contrasts) -> bytes:
    """The results of all sections, one below the other, on white."""
    pictures = [_png(figure) for section in sections for figure in _main_figures(section, contrasts)]
    width = max(picture.width for picture in pictures)
    whole = Image.new("RGB", (width, sum(picture.height for picture in pictures)), "white")
    top = 0
    for picture in pictures:
        whole.paste(picture, (0, top))
        top += picture.height
    content, metadata = io.BytesIO(), PngInfo()
    metadata.add_text("Software", DRAWN_BY)
    whole.save(content, "PNG", pnginfo=metadata)
    return content.getvalue()


def _main_figures(section: Section, contrasts: Contrasts) -> Iterator[Figure]:
    overview = draw_overview(section)
    overview.suptitle(section.title, fontsize=13, fontweight="bold")
    yield overview
    mine = [contrast for contrast in contrasts.made if contrast.section is section]
    differences = draw_contrasts(mine, section.groups)
    if differences is not None:
        yield differences
    yield draw_losses(section)


def _png(figure: Figure) -> Image.Image:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=130, facecolor="white")
    return Image.open(content).convert("RGB")
