"""Protocols: everything that decides a probe is in the hash, and probes that differ say in what."""

from dataclasses import fields, replace

import pytest

from runner.evaluation.protocol import Protocol, protocol_differences, protocol_of
from runner.settings.about import Group, about_of
from runner.settings.config import ExperimentConfig
from runner.settings.resolving import make_config

PROTOCOL = protocol_of(make_config("cifar10"))
LOCAL = {"test_set"}
"""What says which parts are measured, and not how."""


@pytest.mark.parametrize("name", [field.name for field in fields(Protocol)])
def test_every_part_of_a_protocol_is_in_its_hash(name: str) -> None:
    value = getattr(PROTOCOL, name)
    other = replace(PROTOCOL, **{name: f"{value}?" if isinstance(value, str) else value + 1})
    assert other.hash != PROTOCOL.hash
    told = [{"protocol_details": each.to_json()} for each in (PROTOCOL, PROTOCOL, other)]
    assert protocol_differences(told[:2]) == {}
    assert protocol_differences(told) == {name: (str(value), str(getattr(other, name)))}


@pytest.mark.parametrize(
    "name", [name for name, field in ExperimentConfig.model_fields.items() if about_of(field).group is Group.PROBE]
)
def test_every_setting_of_a_probe_is_in_its_protocol(name: str) -> None:
    config = make_config("cifar10")
    value = getattr(config, name)
    other = {"validation": "test", "read": "sealed"}[value] if isinstance(value, str) else value + 1
    changed = protocol_of(config.model_copy(update={name: other}))
    assert (changed.hash == PROTOCOL.hash) == (name in LOCAL)


def test_the_hash_of_the_default_is_that_of_published_numbers() -> None:
    """Whoever changes what a probe does, and not what it says of itself, has to change `VERSION` as well."""
    assert PROTOCOL.hash == "03bc360f2c44"


def test_a_probe_that_says_nothing_of_its_protocol_differs_from_one_that_does() -> None:
    earlier = {"linear_last": 0.5}
    assert protocol_differences([earlier, earlier]) == {}
    assert protocol_differences([earlier, {"protocol_details": PROTOCOL.to_json()}])["version"] == ("1", "2")
