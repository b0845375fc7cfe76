"""Which settings go together: what was given comes in; nothing comes out, or a refusal that names the remedy."""

from collections.abc import Mapping

from alphadsl.report.exceptions import InputError
from runner.settings.config import ExperimentConfig
from runner.settings.defaults import DEFAULTS


def check_effective(dataset: str, given: Mapping[str, object]) -> None:
    """Refuse what has no effect on a data set, since whoever gives it expects one."""
    own_size = DEFAULTS.get(dataset, {}).get("image_size", ExperimentConfig.model_fields["image_size"].default)
    if dataset != "folder" and given.get("image_size", own_size) != own_size:
        raise InputError(
            f"The images of {dataset} have a size of their own, and image_size = {given['image_size']!r} is given.",
            "--image-size is for --dataset folder.",
        )
    if "data_dir" in given and dataset == "digits":
        raise InputError(
            "The digits come with scikit-learn, not from a folder.", "Leave out --data-dir, or give --dataset."
        )
