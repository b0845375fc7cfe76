"""The Python interface: load a loss by name, path or text, or check one without loading it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from alphadsl.backend.execution import Backend, Compile, Execution, Products, Together
from alphadsl.extras import require
from alphadsl.ir.kinds import Streaming
from alphadsl.ir.number import Number, finite_number
from alphadsl.pipeline import check_spec, lower_spec
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.exceptions import InputError
from alphadsl.report.field import advise
from alphadsl.report.source import Source, Span
from alphadsl.resolve.files import SUFFIX, SpecText, find_spec, library_names, read_source
from alphadsl.resolve.parameters import Override

if TYPE_CHECKING:
    from alphadsl.backend.module import ContrastiveLoss
    from alphadsl.reference.regulariser import Regulariser

KEYWORDS = "keyword argument"
NOTHING: Mapping[str, Number] = {}


def load(
    spec: str | Path,
    *,
    values: Mapping[str, Number] = NOTHING,
    backend: Backend = "auto",
    compile: Compile = "auto",
    ranks: Together = "average",
    products: Products = "exact",
    **parameters: Number,
) -> "ContrastiveLoss":
    """Load the loss with a built-in name (`"infonce"`), or the last loss of a file (`"specs/mine.alpha"`).

    Keywords override parameters by any finite number, including NumPy scalars and tensors without axes. The dictionary
    `values` does the same, for a parameter with the name of a keyword of this function. `backend` is `"dense"` (all
    pairs at once), `"streaming"` (memory linear in the batch), `"auto"` (the faster one for the batch at hand) or
    `"interpreter"` (slow, float64, the oracle). `compile` runs the step through `torch.compile`, with `"auto"` only
    where that pays off and torch can; with `True` the loss raises `InputError` if torch cannot. `products` in float32
    are `"exact"` (IEEE, whatever precision the process is set to) or `"fast"`: on a CPU those of oneDNN, which rounds
    to bfloat16 if the processor has instructions for it, and TensorFloat-32 on CUDA.

    With several processes of `torch.distributed`, each contributes a part of the batch, and each gets the loss of the
    whole batch. `ranks` says whether the trainer takes the `"average"` of their gradients, as DDP does, or the `"sum"`,
    or that each process is `"alone"` with its batch. Raises `SpecError` with its diagnostics for a wrong spec or
    parameter, `InputError` for a name or file that does not exist.
    """
    return build(find_text(spec), Execution(backend, compile, ranks, products), _together(values, parameters), KEYWORDS)


def loads(
    text: str,
    *,
    values: Mapping[str, Number] = NOTHING,
    backend: Backend = "auto",
    compile: Compile = "auto",
    ranks: Together = "average",
    products: Products = "exact",
    **parameters: Number,
) -> "ContrastiveLoss":
    """Load the last loss of a spec text; otherwise like `load`."""
    given = SpecText(Source("<text>", text), None)
    return build(given, Execution(backend, compile, ranks, products), _together(values, parameters), KEYWORDS)


def check(spec: str | Path) -> list[Diagnostic]:
    """All errors and warnings for the spec of a built-in name or a file. Does not raise for a wrong spec; raises
    `InputError` for a name or file that does not exist. A string with several lines or a brace is taken as a text."""
    if isinstance(spec, str) and ("\n" in spec or "{" in spec) and not spec.endswith(SUFFIX):
        return checks(spec)
    return list(check_spec(find_text(spec)).diagnostics)


def checks(text: str) -> list[Diagnostic]:
    """All errors and warnings for a spec text."""
    return list(check_spec(SpecText(Source("<text>", text), None)).diagnostics)


def library() -> tuple[str, ...]:
    """The names of the built-in losses."""
    return library_names()


def regulariser_of(loss: "ContrastiveLoss") -> "Regulariser | None":
    """R of a min player with the current values of its parameters, as a function of importances; None if the spec has
    none."""
    from alphadsl.reference.regulariser import regulariser_of

    return regulariser_of(loss.spec, loss.values)


def find_text(spec: str | Path) -> SpecText:
    """The text of a spec, by path or by name; raises `InputError` if there is none."""
    path = Path(spec)
    try:
        if path.suffix == SUFFIX or path.parent != Path() or path.is_file():
            return SpecText(read_source(path), path.parent)
        text = find_spec(str(spec), None) or find_spec(str(spec), Path())
    except UnicodeDecodeError as failure:
        raise InputError(f"{path} is not UTF-8 text (byte {failure.start})", "is it a spec?") from None
    except (OSError, ValueError) as failure:
        raise InputError(f"{path} cannot be read: {getattr(failure, 'strerror', None) or failure}") from None
    if text is None:
        remedy = advise(str(spec), library_names()) or "alphadsl list shows the library; a file ends in .alpha"
        raise InputError(f"there is no loss called {spec}", remedy)
    return text


def _together(values: Mapping[str, Number], parameters: Mapping[str, Number]) -> dict[str, Number]:
    """The values from the dictionary and the keywords; raises `InputError` if a name is in both."""
    if not isinstance(values, Mapping):
        remedy = f"to set a parameter of that name, values={{'values': {values!r}}}"
        raise InputError(f"values must be a dictionary of parameters, not {values!r}", remedy)
    for name in values.keys() & parameters.keys():
        raise InputError(f"{name} is given twice", "as a keyword or in values")
    return {**values, **parameters}


def overrides_from(parameters: Mapping[str, Number], origin: str) -> dict[str, Override]:
    """Parameter values given in Python or on the command line, each with a span for diagnostics. Raises `InputError` if
    one is not a finite number."""
    overrides = {}
    for name, given in parameters.items():
        value = finite_number(given)
        if value is None:
            raise InputError(f"{name} must be a finite number, not {given!r}")
        text = f"{name}={value:g}" if float(f"{value:g}") == value else f"{name}={value!r}"
        source = Source(origin, text)
        overrides[name] = Override(value, Span(source, 0, len(text)))
    return overrides


def build(text: SpecText, options: Execution, parameters: Mapping[str, Number], origin: str) -> "ContrastiveLoss":
    """The last loss of a text; `origin` is the name of the source in diagnostics about parameters."""
    journey = lower_spec(text, overrides_from(parameters, origin))
    options.check(frozenset(parameter.name for parameter in journey.loss.parameters))
    if options.backend == "streaming" and journey.core.streaming == Streaming.NONE:
        reason = "it needs whole rows and statistics of the batch at once"
        raise InputError(f"{journey.loss.name} cannot stream: {reason}", 'backend="dense" or "auto"')
    if options.backend == "interpreter":
        require("the interpreter", "reference")
    from alphadsl.backend.module import ContrastiveLoss

    return ContrastiveLoss(journey.loss, journey.core, options)
