"""The queue and the momentum encoder that `auto` means, and queues of a length that cannot be."""

from typing import Any

import pytest

from alphadsl.report.exceptions import InputError
from runner.settings.keys import decide_keys
from runner.settings.resolving import make_config


def test_what_auto_means_for_keys() -> None:
    config = make_config("digits", batch=256)
    moco, small, plain = (
        decide_keys(config, "moco", queued, images)
        for queued, images in ((True, 50_000), (True, 1297), (False, 50_000))
    )
    assert (moco.queue, moco.momentum_encoder) == (4096, 0.99)
    assert (small.queue, small.momentum_encoder) == (512, 0.99)
    assert (plain.queue, plain.momentum_encoder) == (0, 0.0)
    assert decide_keys(moco, "moco", True, 50_000) == moco
    with_stop = make_config("digits", stop_gradient=True)
    assert decide_keys(with_stop, "moco", True, 50_000).momentum_encoder == 0


@pytest.mark.parametrize(
    ("settings", "images", "told"),
    [
        ({"queue": 0}, 1000, "a queue of 0 keys is shorter than a batch of 64"),
        ({"queue": 63}, 1000, "a queue of 63 keys is shorter than a batch of 64"),
        ({"queue": 1000}, 1000, "holds each of the 1000 images"),
        ({}, 64, "A queue of 64 keys holds each of the 64 images"),
    ],
)
def test_a_queue_of_a_length_that_cannot_be_is_refused(settings: dict[str, Any], images: int, told: str) -> None:
    with pytest.raises(InputError, match=told):
        decide_keys(make_config("digits", batch=64, **settings), "moco", True, images)
