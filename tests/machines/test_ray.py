"""One study on a Ray cluster of two nodes of this machine: no trial is done twice, and a lost worker is replaced."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ray.cluster_utils import Cluster

from runner.studies.cluster import run_on_cluster
from runner.studies.study import Standing
from runner.studies.workers import Assignment
from tests.runner.studies.fakes import CONFIG, TAU, asked, make_killed_once, make_scorer, opened, plan_of

MANY = plan_of(TAU.model_copy(update={"values": tuple(0.1 + 0.01 * step for step in range(12))}))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    cluster.add_node(num_cpus=1)
    yield cluster.address
    cluster.shutdown()


@pytest.mark.parametrize("make", [make_scorer, make_killed_once])
def test_two_nodes_do_every_trial_once(tmp_path: Path, address: str, make: object) -> None:
    study = opened(tmp_path, MANY)
    run_on_cluster(Assignment(study.room, CONFIG, make=make), address, 2, lambda: None)  # type: ignore[arg-type]
    assert all(entry.standing is Standing.DONE for entry in study.entries())
    assert asked(study.room.folder) == dict.fromkeys(range(12), 1)
