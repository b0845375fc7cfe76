"""Encoders from elsewhere: the name of a timm architecture, or a module from Python code, comes in; an encoder comes
out whose output was checked, so that the width of its features is known.

Refused, each in one line: a name that timm does not have, images that an encoder cannot take, an output that is not a
(B, F) tensor of features, and a module that cannot be copied.
"""

import copy
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from alphadsl.extras import require
from alphadsl.report.exceptions import InputError
from alphadsl.report.suggest import suggest
from runner.settings.encoders import TIMM, own_word

# B batch, C colours (3), H height, W width, F features

EncoderLike = nn.Module | Callable[[], nn.Module]
"""A module, or a function or class that makes one, under a seed."""

PROBED = 2
"""Number of images in the batch that an output is checked with."""


class Borrowed(nn.Module):
    """The backbone f: images (B, 3, H, W) in [0, 1] in, features (B, F) out; F is `features`."""

    def __init__(self, body: nn.Module, features: int) -> None:
        super().__init__()
        self.body, self.features = body, features
        self.layout = torch.contiguous_format

    def forward(self, x_BCHW: Tensor) -> Tensor:
        features_BF: Tensor = self.body(x_BCHW.contiguous(memory_format=self.layout))
        return features_BF


def bare(encoder: nn.Module) -> nn.Module:
    """The module that was given or that timm made; an encoder of the runner is returned as it is."""
    return encoder.body if isinstance(encoder, Borrowed) else encoder


@dataclass(frozen=True, eq=False)
class OwnEncoder:
    """A module from Python code, as it is before training: a copy on the CPU."""

    body: nn.Module
    features: int
    word: str
    """How records name it."""

    def fresh(self) -> Borrowed:
        """An encoder with the initial weights, to be trained."""
        return Borrowed(copy.deepcopy(self.body), self.features)


def take_module(given: EncoderLike, image_size: int, seed: int) -> OwnEncoder:
    """A copy of a module, or of the module that a function or class makes under the seed.

    Raises `InputError` for one that does not map images (B, 3, H, W) to features (B, F).
    """
    if not callable(given):
        raise InputError(f"encoder is a {type(given).__name__}.", "Give a name, a torch.nn.Module or what makes one.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        body = given if isinstance(given, nn.Module) else given()
        if not isinstance(body, nn.Module):
            raise InputError(f"encoder gave a {type(body).__name__}, not a torch.nn.Module.", "Return a module.")
        name = type(body).__name__
        try:
            body = copy.deepcopy(body).cpu()
        except Exception as fault:
            raise InputError(f"The encoder {name} cannot be copied: {_first_line(fault)}.") from None
        features = count_features(body, name, image_size)
    weights = _fingerprint({key: _bytes_of(tensor) for key, tensor in body.state_dict().items()})
    return OwnEncoder(body, features, own_word(name, _fingerprint(_layers(body)), weights))


def check_timm(encoder: str) -> None:
    """Raises `InputError` if `timm:NAME` cannot be made, with what to install or a similar name."""
    require(f"The encoder {encoder}", "timm")
    import timm

    name = encoder.removeprefix(TIMM)
    if not timm.is_model(name):
        close = suggest(name, timm.list_models())
        remedy = f"Did you mean {TIMM}{close}?" if close else "python -c 'import timm; print(timm.list_models())'"
        raise InputError(f"timm has no architecture called {name}.", remedy)


def make_timm(encoder: str, image_size: int) -> Borrowed:
    """An architecture that timm has, with random weights and without its classifier. Raises `InputError`."""
    import timm

    name = encoder.removeprefix(TIMM)
    published = timm.get_pretrained_cfg(name, allow_unregistered=True)
    sized: dict[str, Any] = {"img_size": image_size} if _is_sized(published) else {}
    try:
        body = timm.create_model(name, pretrained=False, num_classes=0, **sized)
    except Exception as fault:
        raise InputError(f"timm cannot make {name} for images of {image_size} px: {_first_line(fault)}.") from None
    return Borrowed(body, count_features(body, encoder, image_size))


def count_features(body: nn.Module, name: str, image_size: int) -> int:
    """The width F of the features that a module computes from images. Raises `InputError` if they are not (B, F)."""
    shape = (PROBED, 3, image_size, image_size)
    modes = {module: module.training for module in body.modules()}
    body.eval()
    try:
        with torch.no_grad():
            features = body(torch.zeros(shape))
    except Exception as fault:
        raise InputError(
            f"The encoder {name} cannot take images {shape}: {type(fault).__name__}: {_first_line(fault)}.",
            "It must map images (N, 3, H, W) in float32 to features (N, F); --image-size sets H and W.",
        ) from None
    finally:
        for module, training in modes.items():
            module.training = training
    if (
        not isinstance(features, Tensor)
        or features.ndim != 2
        or len(features) != PROBED
        or not features.is_floating_point()
    ):
        answer = (
            f"{tuple(features.shape)} {features.dtype}"
            if isinstance(features, Tensor)
            else f"a {type(features).__name__}"
        )
        raise InputError(
            f"The encoder {name} maps images {shape} to {answer}, not to features ({PROBED}, F).",
            "Pool and flatten its output.",
        )
    return features.shape[1]


def _is_sized(published: object) -> bool:
    """Whether an architecture is made for images of one size, as with a position embedding for each patch."""
    return bool(getattr(published, "fixed_input_size", False))


def _layers(body: nn.Module) -> Mapping[str, bytes]:
    """The layers and shapes of a module, whatever its weights are."""
    layers = {
        name: f"{type(layer).__qualname__}({_without_addresses(layer.extra_repr())})".encode()
        for name, layer in body.named_modules()
    }
    shapes = {f"{key}:": str(tuple(tensor.shape)).encode() for key, tensor in body.state_dict().items()}
    return {**layers, **shapes}


def _without_addresses(text: str) -> str:
    return re.sub(r" at 0x[0-9a-f]+", "", text)


def _fingerprint(parts: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in parts.items():
        digest.update(name.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()


def _bytes_of(tensor: Tensor) -> bytes:
    return tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes()


def _first_line(fault: Exception) -> str:
    return str(fault).strip().split("\n")[0].rstrip(".")[:160]
