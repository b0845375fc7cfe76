"""Which settings go together: the given settings come in; nothing comes out, or an error that names the remedy."""

from collections.abc import Mapping

from alphadsl.report.exceptions import InputError
from runner.settings.config import AUTO, OWN_IMAGES, SCHEDULE_FREE, ExperimentConfig
from runner.settings.defaults import DEFAULTS
from runner.settings.encoders import ENCODERS, has_width


def check_effective(dataset: str, given: Mapping[str, object]) -> None:
    """Refuse a setting that has no effect on the data set or the encoder, since whoever gives it expects one."""
    if "data_dir" in given and dataset == "digits":
        raise InputError(
            "The digits come with scikit-learn, not from a folder.", "Leave out --data-dir, or give --dataset."
        )
    if str(given.get("grey", AUTO)) not in (AUTO, "0", "0.0") and dataset == "digits":
        raise InputError(
            f"grey = {given['grey']!r} has no effect on the digits, which are grey.",
            "Leave out --grey, or give --dataset.",
        )
    encoder = str(given.get("encoder", ENCODERS[0]))
    if "width" in given and not has_width(encoder):
        raise InputError(
            f"width = {given['width']!r} has no effect on {encoder}, which has a fixed width.",
            "Leave out --width, or give --encoder resnet8, resnet18 or resnet50.",
        )


def check_together(config: ExperimentConfig) -> None:
    """Refuse settings that are valid one by one but not together."""
    if config.batch % config.cached_chunks:
        raise InputError(
            f"A batch of {config.batch} does not divide into {config.cached_chunks} equal chunks.",
            f"Give --batch {_multiple(config.batch, config.cached_chunks)}, or another --cached-chunks.",
        )
    if config.select == "test" and config.test_set == "sealed":
        raise InputError(
            "The best epoch of the probe cannot be chosen on a test set that is sealed.",
            "Give --select validation, or --test-set read.",
        )
    if config.stop_gradient and config.momentum_encoder not in (AUTO, 0):
        raise InputError(
            "The keys of a momentum encoder receive no gradient, so stop_gradient has nothing to stop.",
            "Leave out --stop-gradient, or give --momentum-encoder 0.",
        )
    if not config.shuffle and config.dataset in ("folder", "hf", OWN_IMAGES):
        raise InputError(
            f"The images of {config.dataset} may come class by class, and a batch of one class teaches little.",
            "Give --shuffle.",
        )
    _check_warmup(config)
    _check_schedule_free(config)
    usual = ExperimentConfig.model_fields["momentum"].default
    if config.optimizer.endswith("adamw") and config.momentum != usual:
        raise InputError(
            f"momentum = {config.momentum:g} has no effect on {config.optimizer}.",
            "Give --optimizer sgd or lars, or leave it out.",
        )


def _check_warmup(config: ExperimentConfig) -> None:
    """The usual warm-up of a data set is accepted with fewer epochs, since a first try often has few."""
    usual = ExperimentConfig.model_fields["warmup_epochs"].default
    if config.warmup_epochs == DEFAULTS.get(config.dataset, {}).get("warmup_epochs", usual):
        return
    if 0 < config.epochs <= config.warmup_epochs:
        raise InputError(
            f"The warm-up of {config.warmup_epochs:g} epochs does not end within {config.epochs}.",
            f"Give --warmup-epochs {config.epochs / 10:g}, a tenth of them.",
        )


def _check_schedule_free(config: ExperimentConfig) -> None:
    if config.optimizer not in SCHEDULE_FREE:
        return
    if config.schedule != "constant":
        raise InputError(
            f"{config.optimizer} averages its steps instead of following a schedule, and {config.schedule} is given.",
            "Leave out --schedule, or give --schedule constant.",
        )
    if config.ema:
        raise InputError(
            f"{config.optimizer} averages the weights itself, so ema = {config.ema:g} has no effect.",
            "Leave out --ema, or give another --optimizer.",
        )
    if config.optimizer == "schedule-free-sgd" and config.momentum == 0:
        raise InputError("schedule-free-sgd takes a momentum above 0.", "Give --momentum 0.9, or leave it out.")


def check_divisible(config: ExperimentConfig, processes: int) -> None:
    """Refuse a batch, or a chunk of it, that cannot be shared equally among the processes."""
    parts = processes * config.cached_chunks
    if config.batch % parts:
        chunks = f" in {config.cached_chunks} chunks each" if config.cached_chunks > 1 else ""
        raise InputError(
            f"A batch of {config.batch} does not divide equally among {processes} processes{chunks}.",
            f"Give --batch {_multiple(config.batch, parts)}, or start another number of processes.",
        )


def _multiple(batch: int, part: int) -> int:
    """The multiple of `part` nearest to a batch; at least `part` itself."""
    return part * max(1, round(batch / part))
