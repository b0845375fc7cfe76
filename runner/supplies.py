"""What runs share besides their code: a configuration comes in; its images, a record of them and a prober come out.

A search or a sweep trains many times on the same images. A caller that keeps a `Stock` reads them once, and probes the
untrained encoder of a seed once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from runner.data.datasets import load_data
from runner.data.splits import ImageData
from runner.probing import Prober
from runner.progress import tell
from runner.records.identity import DataRecord, describe_data
from runner.settings.config import ExperimentConfig
from runner.training.fabric import make_fabric
from runner.training.together import check_alike, in_turns


@dataclass(frozen=True, eq=False)
class Supplies:
    """Images, their record, and the prober that evaluates encoders on them."""

    data: ImageData
    record: DataRecord
    prober: Prober


Read = Callable[[ExperimentConfig], ImageData]
"""A configuration comes in; its images come out."""


def read_images(config: ExperimentConfig) -> ImageData:
    return load_data(config, make_fabric(config).device)


def read_or_download(config: ExperimentConfig) -> ImageData:
    return load_data(config, make_fabric(config).device, download=True)


@dataclass(eq=False)
class Stock:
    """The supplies that were requested last, and the lines already printed about how runs are computed."""

    read: Read = read_images
    """Where images come from; images from Python code are already in memory."""
    _kept: dict[tuple[object, ...], Supplies] = field(default_factory=dict)
    _printed: set[str] = field(default_factory=set)

    @classmethod
    def with_download(cls, allowed: bool) -> "Stock":
        """A stock that downloads missing images if that is allowed."""
        return cls(read_or_download if allowed else read_images)

    def of(self, config: ExperimentConfig) -> Supplies:
        """Read the images of a configuration, unless they are those of the last one. Raises `InputError` if they are
        missing, damaged, or different in another process."""
        which = (config.dataset, config.data_dir, config.image_size, config.device)
        if which not in self._kept:
            self._kept.clear()
            self._kept[which] = _read(config, self.read)
        return self._kept[which]

    def tell_once(self, line: str) -> None:
        """Print a line that holds for many runs, once, before the first of them."""
        if line not in self._printed:
            self._printed.add(line)
            tell(line)


def _read(config: ExperimentConfig, read: Read) -> Supplies:
    data = in_turns(lambda: read(config)).to(make_fabric(config).device)
    for line in data.describe():
        tell(line)
    record = describe_data(data)
    check_alike("data", str(record))
    return Supplies(data, record, Prober(data))
