"""An encoder in a file of its own: a run comes in; its weights and a description of them come out, for any program.
Such a file can be turned into an encoder again.

`.pt` is a dictionary that `torch.load(weights_only=True)` reads: `state_dict` and `metadata`. `.safetensors` has the
same tensors, and the metadata as one JSON text. Refused: any other extension, a run without a trustworthy checkpoint,
and a file that is not one of ours.
"""

import io
import json
import pickle
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import safetensors
import safetensors.torch
import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import Tensor, nn

from alphadsl.report.exceptions import InputError
from alphadsl.storage import read_file, write_file
from runner.network.borrowed import bare
from runner.network.models import make_encoder
from runner.records.folder import RunFolder
from runner.records.record import read_record
from runner.settings.config import ExperimentConfig
from runner.settings.encoders import OWN, class_of
from runner.training.checkpoint import damaged
from runner.training.recovery import load_last
from runner.training.trained import judged_weights

CPU = torch.device("cpu")
ENCODER, BODY, WIDTH_OF = "encoder.", "body.", "projector.0.weight"
"""Key prefixes of the encoder in a network and of the module in an encoder from elsewhere, and the key of the weight
whose input width is that of the features."""

Tensors = dict[str, Tensor]


class Metadata(BaseModel):
    """What an exported encoder is, and the images it takes."""

    model_config = ConfigDict(frozen=True, extra="allow")

    encoder: str
    width: int
    image_size: int
    features: int
    images: str = "(N, 3, image_size, image_size), float32, RGB in [0, 1], not normalised; evaluation mode"
    loss: str
    values: Mapping[str, float]
    dataset: str
    seed: int
    epoch: int
    run: str
    alphadsl: str


def export_encoder(run: RunFolder, path: Path) -> Metadata:
    """Write the encoder of the last checkpoint to `path`. Returns its description. Raises `InputError` as above."""
    write = WRITERS.get(path.suffix)
    if write is None:
        raise InputError(f"{path} is not a file for an encoder.", f"Name one that ends in {' or '.join(WRITERS)}.")
    record, checkpoint = read_record(run), load_last(run, CPU)
    config, weights = record.config, judged_weights(checkpoint)
    if WIDTH_OF not in weights:
        raise damaged(run.checkpoint, "its weights are not those of an encoder and a projector")
    metadata = Metadata(
        **{name: getattr(config, name) for name in ("encoder", "width", "image_size", "dataset", "seed")},
        features=weights[WIDTH_OF].shape[1],
        loss=record.loss,
        values=record.values,
        epoch=checkpoint.epoch,
        run=record.run,
        alphadsl=version("alphadsl"),
    )
    write_file(path, write(_encoder_of(weights), metadata))
    return metadata


def read_encoder(path: Path) -> nn.Module:
    """The encoder in a file that `export_encoder` wrote, in evaluation mode. Raises `InputError`."""
    read = READERS.get(path.suffix)
    if read is None:
        raise InputError(f"{path} is not a file of an encoder.", f"Name one that ends in {' or '.join(READERS)}.")
    content = read_file(path)
    try:
        tensors, header = read(content)
        metadata = Metadata.model_validate(header)
    except (*_DAMAGE, ValidationError):
        raise InputError(f"{path} is damaged, or not what alphadsl export writes.", "Export the run again.") from None
    if metadata.encoder.startswith(OWN):
        raise InputError(
            f"{path} has the weights of {class_of(metadata.encoder)}, a module from the user's own code.",
            'Load them into it: module.load_state_dict(torch.load(FILE, weights_only=True)["state_dict"])',
        )
    config = ExperimentConfig.model_construct(encoder=metadata.encoder, width=metadata.width)
    encoder = bare(make_encoder(config, metadata.image_size))
    try:
        encoder.load_state_dict(tensors)
    except RuntimeError:
        raise InputError(f"The weights in {path} are not of {metadata.encoder}.", "Export the run again.") from None
    return encoder.eval()


def _encoder_of(network: Mapping[str, Tensor]) -> Tensors:
    tensors = {name.removeprefix(ENCODER): it for name, it in network.items() if name.startswith(ENCODER)}
    if all(name.startswith(BODY) for name in tensors):
        tensors = {name.removeprefix(BODY): tensor for name, tensor in tensors.items()}
    return {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}


def _to_pt(tensors: Tensors, metadata: Metadata) -> bytes:
    buffer = io.BytesIO()
    torch.save({"state_dict": tensors, "metadata": metadata.model_dump()}, buffer)
    return buffer.getvalue()


def _from_pt(content: bytes) -> tuple[Tensors, object]:
    stored = torch.load(io.BytesIO(content), map_location=CPU, weights_only=True)
    return stored["state_dict"], stored["metadata"]


def _to_safetensors(tensors: Tensors, metadata: Metadata) -> bytes:
    return safetensors.torch.save(tensors, {"alphadsl": metadata.model_dump_json()})


def _from_safetensors(content: bytes) -> tuple[Tensors, object]:
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return safetensors.torch.load(content), json.loads(header["__metadata__"]["alphadsl"])


_DAMAGE = (
    *(RuntimeError, ValueError, KeyError, TypeError, IndexError, EOFError, AttributeError, OSError),
    *(pickle.UnpicklingError, safetensors.SafetensorError),
)
WRITERS: Mapping[str, Callable[[Tensors, Metadata], bytes]] = MappingProxyType(
    {".pt": _to_pt, ".safetensors": _to_safetensors}
)
READERS: Mapping[str, Callable[[bytes], tuple[Tensors, Any]]] = MappingProxyType(
    {".pt": _from_pt, ".safetensors": _from_safetensors}
)
