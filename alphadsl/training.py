"""The trainer as Python functions: what `alphadsl train` takes, or modules and images in memory, come in; a run comes
out.

Every setting is a keyword, as defined by the fields of the configuration. Torch and the runner are imported when a
function is called.
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alphadsl.api import KEYWORDS, NOTHING, build, find_text
from alphadsl.backend.execution import Execution
from alphadsl.extras import require
from alphadsl.ir.number import Number
from alphadsl.keywords import in_python
from alphadsl.report.exceptions import InputError
from alphadsl.report.source import Source
from alphadsl.resolve.files import SUFFIX, SpecText
from alphadsl.terminal import outlasting_terminal
from runner.settings.config import OWN_IMAGES, ExperimentConfig
from runner.settings.resolving import Given, resolve_config

if TYPE_CHECKING:
    from alphadsl.backend.module import ContrastiveLoss
    from runner.data.splits import ImageData
    from runner.finished import Run
    from runner.network.borrowed import EncoderLike, OwnEncoder
    from runner.records.opening import IfExists
    from runner.training.callbacks import Callback


class _Keywords(BaseModel):
    """What those keywords of `train` may be that are no settings."""

    model_config = ConfigDict(strict=True)

    values: Mapping[str, Any]
    runs_dir: str | Path
    name: str | None
    stop_after: Annotated[int, Field(ge=1)] | None
    probe: bool
    download: bool
    config: str | Path | None


@in_python
def train(
    loss: "str | Path | ContrastiveLoss",
    dataset: object = None,
    *,
    test: object = None,
    values: Mapping[str, Number] = NOTHING,
    encoder: "str | EncoderLike | None" = None,
    callbacks: "Sequence[Callback]" = (),
    runs_dir: str | Path = "runs",
    name: str | None = None,
    if_exists: str = "refuse",
    stop_after: int | None = None,
    probe: bool = True,
    download: bool = False,
    config: str | Path | None = None,
    **settings: Any,
) -> "Run":
    """Pretrain an encoder with a loss, probe it, and write a run folder, as the command `alphadsl train` does.

    `loss` is a built-in name, a path, a text or a loss from `alphadsl.load`, of which a copy is trained; `values` are
    its parameters. `dataset` is a name, or images: a tensor (N, 3, H, W) of uint8 or of real numbers in [0, 1], a pair
    of that and labels (N,), or a torch `Dataset` of (image, label); `test` has images to test on, in the same forms.
    `encoder` is a name, or a module that maps images (N, 3, H, W) to features (N, F), of which a copy is trained; or a
    function without arguments that makes one, called under the seed. `callbacks` are called after each step and epoch.
    `if_exists` says what to do with a run of this name: `"refuse"`, `"resume"`, `"resume-last-good"` or `"overwrite"`.
    `stop_after` ends the run for now after that epoch. All other keywords are settings: `epochs=20`, `lr=0.01`.

    Raises `InputError` for errors that are the caller's to fix, and when the loss is no longer finite; `SpecError` for
    an invalid spec.
    """
    require("alphadsl.train", "train")
    from runner.experiment import Options, train_runs
    from runner.finished import Run
    from runner.plan import plan_runs
    from runner.supplies import Stock
    from runner.training.callbacks import check_callbacks
    from runner.training.together import joined

    folder = {"runs_dir": runs_dir, "name": name, "config": config}
    _check_keywords(**folder, values=values, stop_after=stop_after, probe=probe, download=download)
    check_callbacks(callbacks)
    layers = [*_from_file(config), Given({**settings, "dataset": dataset if isinstance(dataset, str) else None})]
    images = _images_in_memory(dataset, test, _last(layers, "image_size"))
    if images is not None:
        layers.append(Given(_settings_of(images, layers)))
    own = None if encoder is None or isinstance(encoder, str) else _take(encoder, resolve_config(*layers))
    layers.append(Given({"encoder": encoder if own is None else own.word}))
    resolved, trained = _with_loss(loss, values, layers)
    tag = "".join(f"-{parameter}{float(value):g}" for parameter, value in values.items())
    (planned,) = plan_runs([trained], [resolved], Path(runs_dir), name, {trained.name: tag})
    stock = Stock.with_download(download) if images is None else Stock(lambda config: images)
    options = Options(
        if_exists=_choice_of(if_exists),
        probe=probe,
        restore_threads=_last(layers, "threads") is None,
        stop_after=stop_after,
        callbacks=tuple(callbacks),
        stock=stock,
    )
    with outlasting_terminal(), joined(resolved.device):
        outcome = train_runs([replace(planned, encoder=own)], options)
    for failure in outcome.failures:
        raise failure.reason
    return Run(planned.path, own)


train.__signature__ = inspect.signature(train).replace(  # type: ignore[attr-defined]
    parameters=[
        *(it for it in inspect.signature(train).parameters.values() if it.kind is not inspect.Parameter.VAR_KEYWORD),
        *(
            inspect.Parameter(setting, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=field.annotation)
            for setting, field in ExperimentConfig.model_fields.items()
            if setting not in inspect.signature(train).parameters
        ),
    ]
)


@in_python
def open_run(folder: str | Path, encoder: "EncoderLike | None" = None) -> "Run":
    """A run that was trained before. If its encoder is a module of yours, give that module again, with any weights.

    Raises `InputError` if there is no run, or the module's layers differ from those of the run.
    """
    require("alphadsl.open_run", "train")
    from runner.finished import Run

    run = Run(Path(folder))
    config = run.config
    if encoder is None:
        return run
    if isinstance(encoder, str):
        raise InputError(f"encoder = {encoder!r} is a name.", "Give the module that the run was trained with.")
    from runner.network.models import check_makeable

    own = _take(encoder, config)
    check_makeable(config, own)
    return Run(Path(folder), own)


@in_python
def load_encoder(path: str | Path) -> Any:
    """The encoder that `alphadsl export` or `run.export` wrote, as a `torch.nn.Module` in evaluation mode: images
    (N, 3, H, W) in [0, 1] to features (N, F). Raises `InputError` for a damaged file or one that is not an encoder."""
    require("alphadsl.load_encoder", "train")
    from runner.exporting import read_encoder

    return read_encoder(Path(path))


def _check_keywords(**given: object) -> None:
    """Raises `InputError` for a value of another kind: one that is taken for true, or for another number, says nothing
    of that."""
    try:
        _Keywords.model_validate(given)
    except ValidationError as refusal:
        fault = refusal.errors()[0]
        name, reason = fault["loc"][0], fault["msg"]
        raise InputError(
            f"{name} = {given[str(name)]!r} is refused: {reason[:1].lower()}{reason[1:]}.", "See help(alphadsl.train)."
        ) from None


def _from_file(path: str | Path | None) -> list[Given]:
    if path is None:
        return []
    from runner.settings.file import read_settings

    return [read_settings(Path(path)).given]


def _last(layers: Sequence[Given], name: str) -> Any:
    """The value of a setting in the last layer that gives it."""
    return next((layer.values[name] for layer in reversed(layers) if layer.values.get(name) is not None), None)


def _images_in_memory(dataset: object, test: object, size: Any) -> "ImageData | None":
    """The images, if the caller gives some. Raises `InputError` like `take_images`."""
    if dataset is None or isinstance(dataset, str):
        if test is not None:
            raise InputError("test is for images of your own, and a data set has its own.", "Leave out test.")
        return None
    from runner.data.own_images import take_images

    if size is not None:
        resolve_config(Given({"image_size": size}))
    return take_images(dataset, test, size)


def _settings_of(images: "ImageData", layers: Sequence[Given]) -> Mapping[str, object]:
    """The settings that images in memory imply. Raises `InputError` for a setting that contradicts them."""
    for name, reason in (("data_dir", "they are in no folder"), ("test_set", "there is no test set")):
        given = _last(layers, name)
        if given not in (None, "sealed") and not (name == "test_set" and len(images.test.y_N)):
            raise InputError(f"{name} = {given!r} is given with images in memory, and {reason}.", f"Leave out {name}.")
    sealed = {} if len(images.test.y_N) else {"test_set": "sealed"}
    return {"dataset": OWN_IMAGES, "image_size": images.image_size, **sealed}


def _take(encoder: "EncoderLike", config: ExperimentConfig) -> "OwnEncoder":
    from runner.network.borrowed import take_module

    return take_module(encoder, config.image_size, config.seed)


def _with_loss(
    given: "str | Path | ContrastiveLoss", values: Mapping[str, Number], layers: Sequence[Given]
) -> "tuple[ExperimentConfig, ContrastiveLoss]":
    """The settings, and the loss built to compute as they say. Raises `InputError` and `SpecError`."""
    from alphadsl.backend.module import ContrastiveLoss

    match given:
        case ContrastiveLoss() if values:
            raise InputError(f"values are given, but {given.name} is already loaded.", f"Load it with them: {values}")
        case ContrastiveLoss():
            return resolve_config(Given({"loss_products": given.products}), *layers), given
        case str() | Path():
            config = resolve_config(*layers)
            return config, build(_text_of(given), Execution(products=config.loss_products), values, KEYWORDS)
        case _:
            raise InputError(f"loss is a {type(given).__name__}.", "Give a name, a path, a text or alphadsl.load(...).")


def _text_of(loss: str | Path) -> SpecText:
    """The text of a loss. A string of several lines, or with a brace, is a text; any other is a name or a path."""
    if isinstance(loss, str) and ("\n" in loss or "{" in loss) and not loss.endswith(SUFFIX):
        return SpecText(Source("<text>", loss), None)
    return find_text(loss)


def _choice_of(if_exists: str) -> "IfExists":
    from runner.records.opening import IfExists

    if if_exists not in [*IfExists]:
        choices = ", ".join(map(repr, map(str, IfExists)))
        raise InputError(f"if_exists = {if_exists!r} is refused.", f"Give one of {choices}.")
    return IfExists(if_exists)
