"""From what the user asked for to a configuration: settings by name and the defaults of the data set come in; a checked
`ExperimentConfig` comes out. Refused in one line that names the setting: a value of the wrong kind or out of range.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from alphadsl.report.exceptions import InputError
from alphadsl.report.suggest import suggest
from runner.settings.about import Group, about_of
from runner.settings.config import AUTO, SCHEDULE_FREE, UNSAID, ExperimentConfig
from runner.settings.defaults import DEFAULTS
from runner.settings.effective import check_effective, check_together
from runner.settings.encoders import has_width
from runner.settings.options import choices_of, option_of
from runner.settings.recipe import check_recipe, read_recipe
from runner.settings.views import decide_views, usual_views

HF = "hf:"


@dataclass(frozen=True)
class Given:
    """Settings by name, where None means not given, and the file they are from, if any."""

    values: Mapping[str, object]
    file: Path | None = None


def make_config(dataset: str, **overrides: object) -> ExperimentConfig:
    """The defaults of the data set, overridden by `overrides`. Raises `InputError` like `resolve_config`."""
    return resolve_config(Given({"dataset": dataset, **overrides}))


def resolve_config(*layers: Given) -> ExperimentConfig:
    """The defaults of the data set, overridden by a recipe if one is given, then by each layer in order.

    Raises `InputError` for an unknown data set or recipe, and for a setting that is unknown, invalid or without effect.
    """
    layers = tuple(replace(layer, values=_with_folder(layer.values)) for layer in layers)
    given = {name: value for layer in layers for name, value in layer.values.items() if value is not None}
    files = {name: layer.file for layer in layers for name, value in layer.values.items() if value is not None}
    dataset = given.get("dataset", ExperimentConfig.model_fields["dataset"].default)
    defaults = DEFAULTS.get(dataset, {}) if isinstance(dataset, str) else {}
    recipe = read_recipe(given.get("recipe"))
    if {**recipe.settings, **given}.get("optimizer") in SCHEDULE_FREE:
        defaults = {**defaults, "schedule": "constant"}
    check_recipe(given.get("recipe"), recipe, _beside_recipe(layers))
    try:
        config = ExperimentConfig.model_validate({**defaults, **recipe.settings, **given})
    except ValidationError as refusal:
        raise _refusal(refusal.errors(), files) from None
    check_effective(config.dataset, _meant(given, files))
    config = _without_idle(recipe.scale(config, given))
    check_together(config)
    return config


def changed(config: ExperimentConfig, **settings: object) -> ExperimentConfig:
    """The configuration with other settings. Raises `InputError` like `resolve_config`."""
    try:
        other = ExperimentConfig.model_validate(config.model_dump() | settings)
    except ValidationError as refusal:
        raise _refusal(refusal.errors(), {}) from None
    check_effective(other.dataset, {"encoder": other.encoder, **settings})
    check_together(other)
    return _without_idle(other)


def followers(config: ExperimentConfig, given: Container[str], searched: Container[str]) -> tuple[str, ...]:
    """The settings that are neither given nor searched, and that differ between runs since they follow one that is."""
    recipe = read_recipe(config.recipe)
    follows = {
        "lr": "batch" in searched and recipe.lr_per_256 is not None,
        "schedule": "optimizer" in searched and "schedule" not in recipe.settings,
    }
    return tuple(name for name, it_does in follows.items() if it_does and name not in given and name not in searched)


def followed(config: ExperimentConfig, settings: Mapping[str, object], names: Container[str]) -> dict[str, object]:
    """The settings of one run, with the values that `names` take along with them: the learning rate of a recipe goes
    with the batch, and the schedule with the optimizer."""
    taken = dict(settings)
    per_256 = read_recipe(config.recipe).lr_per_256
    if "lr" in names and per_256 is not None:
        taken["lr"] = per_256 * int(str(settings["batch"])) / 256
    if "schedule" in names and settings.get("optimizer") in SCHEDULE_FREE:
        taken["schedule"] = "constant"
    return taken


def _meant(given: Mapping[str, object], files: Mapping[str, Path | None]) -> Mapping[str, object]:
    """The settings given on purpose. A record of a run has all of them, so a default value in a file does not count."""
    fields = ExperimentConfig.model_fields
    usual = {name for name, value in given.items() if name in fields and files[name] and fields[name].default == value}
    return {name: value for name, value in given.items() if name not in usual}


def _without_idle(config: ExperimentConfig) -> ExperimentConfig:
    """The configuration without settings of a data set or recipe that have no effect here, so that runs that are the
    same have the same record: the width of an encoder that has none, and the probability that a digit is grey."""
    idle = {"width": not has_width(config.encoder), "grey": config.dataset == "digits"}
    fields = ExperimentConfig.model_fields
    return config.model_copy(update={name: fields[name].default for name, it_is in idle.items() if it_is})


def _beside_recipe(layers: Sequence[Given]) -> Iterator[str]:
    """The settings given by layers other than the one whose recipe counts."""
    naming = next((layer for layer in reversed(layers) if layer.values.get("recipe") is not None), None)
    for layer in layers:
        if layer is not naming:
            yield from (name for name, value in layer.values.items() if value is not None)


def _with_folder(values: Mapping[str, object]) -> Mapping[str, object]:
    """Read `hf:DIR` as the data set `hf` in DIR."""
    dataset = values.get("dataset")
    if not isinstance(dataset, str) or not dataset.startswith(HF):
        return values
    if values.get("data_dir") is not None:
        raise InputError(f"The data set {dataset} and --data-dir both say where the data are.", "Give one of the two.")
    return {**values, "dataset": HF.rstrip(":"), "data_dir": dataset.removeprefix(HF)}


def own_settings(config: ExperimentConfig) -> dict[str, object]:
    """The settings that differ from the defaults of the data set, without those that the machine decides."""
    ordinary = make_config(config.dataset).model_copy(update=usual_views(config))
    decided = decide_views(config)
    return {
        name: value
        for name in ExperimentConfig.model_fields
        if (value := getattr(decided, name)) != getattr(ordinary, name) and getattr(ordinary, name) != AUTO
    }


def describe_config(*configs: ExperimentConfig) -> str:
    """The settings of the runs of a command in brief: those that differ from the defaults of the data set, or between
    runs, then the other settings of network and pretraining."""
    ordinary = make_config(configs[0].dataset)
    own: list[str] = []
    usual: list[str] = []
    for name, field in ExperimentConfig.model_fields.items():
        values = list(dict.fromkeys(getattr(config, name) for config in configs))
        listed = " or ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in values)
        if name != "dataset" and values != [getattr(ordinary, name)]:
            own.append(f"{name} {listed}")
        elif (
            about_of(field).group in (Group.NETWORK, Group.TRAINING)
            and values[0] not in (AUTO, "none", False)
            and values[0] is not True
        ):
            usual.append(f"{name} {listed}")
    changed = f"{ordinary.dataset} with {', '.join(own)}" if own else ordinary.dataset
    return f"{changed}; by default {', '.join(usual)}" if usual else changed


def _refusal(faults: list[ErrorDetails], files: Mapping[str, Path | None]) -> InputError:
    """The first setting that is refused, with every reason its type gives, since one of several kinds would do."""
    name = str(faults[0]["loc"][0])
    reasons = dict.fromkeys(_reason(fault) for fault in faults if fault["loc"][0] == name and fault["type"] != UNSAID)
    file = files.get(name)
    subject = f"{file}: the setting" if file else "The setting"
    value = faults[0]["input"]
    return InputError(
        f"{subject} {name} = {_shortened(repr(value))} is refused: {', or '.join(reasons)}.", _remedy(name, value)
    )


def _remedy(name: str, value: object) -> str:
    listed = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    if "," in listed and name in ExperimentConfig.model_fields and option_of(name).may_vary:
        return f"Only one value is allowed here; {option_of(name).several(listed)}"
    close = _close(name, value)
    return f"Did you mean {close}?" if close else "See alphadsl train --help."


def _close(name: str, value: object) -> str | None:
    """The name of a setting, or the value for one, that was probably meant."""
    if name not in ExperimentConfig.model_fields:
        return suggest(name, ExperimentConfig.model_fields)
    return suggest(value, choices_of(name)) if isinstance(value, str) else None


def _reason(fault: ErrorDetails) -> str:
    if fault["type"] == "extra_forbidden":
        return "there is no setting of this name"
    reason = fault["msg"].removeprefix("Value error, ")
    return reason[:1].lower() + reason[1:]


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}..."
