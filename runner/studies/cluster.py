"""Workers on the nodes of a Ray cluster: a study comes in; Ray places workers where cores and GPUs are free.

Ray only places them. They share the study through its storage, like workers on separate machines, so that losing a node
loses nothing. Every node needs this version of alphadsl, the data, and access to the storage: a database, or a folder
that all nodes see.
"""

from collections.abc import Callable
from typing import Any

from alphadsl.extras import require
from alphadsl.report.exceptions import InputError
from runner.progress import tell
from runner.studies.plan import Plan
from runner.studies.study import read_study
from runner.studies.work import Evaluate, work
from runner.studies.workers import POLL_SECONDS, Assignment, make_trainer

REPLACED = 3


def run_on_cluster(assignment: Assignment, address: str, count: int, watch: Callable[[], object]) -> None:
    """Work on a study with `count` workers of a cluster until it is done.

    Raises `InputError` if there is no cluster, and for an error of a worker.
    """
    ray = _connect(address)
    threads = assignment.here.threads if isinstance(assignment.here.threads, int) else 1
    gpus = _share_of_gpu(ray, assignment.here.device, count)
    remote = ray.remote(num_cpus=threads, num_gpus=gpus, max_retries=0)(_work)
    tell(f"Ray has {len(ray.nodes())} nodes; {count} workers of {threads} cores and {gpus:g} GPUs are placed.")
    waiting = {remote.remote(assignment, number): number for number in range(count)}
    lost = 0
    try:
        while waiting:
            done, _ = ray.wait([*waiting], num_returns=1, timeout=POLL_SECONDS)
            watch()
            for reference in done:
                number = waiting.pop(reference)
                if _ended(ray, reference):
                    continue
                lost += 1
                if lost > REPLACED * count:
                    raise InputError(
                        f"{lost} workers of {assignment.room.name} were lost.", "Look into Ray's own logs."
                    )
                tell(f"Worker {number} was lost with its node or process; another one takes over its trial.")
                waiting[remote.remote(assignment, number)] = number
        watch()
    finally:
        for reference in waiting:
            ray.cancel(reference, force=False)
        _wait_for_goodbyes(ray, [*waiting])
        ray.shutdown()


def _connect(address: str) -> Any:
    require("--ray, on every node,", "cluster")
    import ray

    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RuntimeError, ValueError) as fault:
        reason = " ".join(str(fault).split())[:200]
        raise InputError(f"There is no Ray cluster at {address}: {reason}", "Start one: ray start --head") from None
    return ray


def _share_of_gpu(ray: Any, device: str, count: int) -> float:
    """The fraction of a GPU that a worker takes; 0 if the cluster has none or they are not to be used."""
    gpus = ray.cluster_resources().get("GPU", 0)
    return 0.0 if device == "cpu" or not gpus else min(1.0, gpus / count)


def _work(assignment: Assignment, number: int) -> tuple[str, str] | None:
    """A worker on some node. Returns the message and help of its error, if it had one."""
    try:
        study = read_study(assignment.room)
        work(study, _evaluator(assignment, study.plan), number)
    except InputError as refusal:
        return refusal.message, refusal.help
    return None


def _evaluator(assignment: Assignment, plan: Plan) -> Evaluate:
    return (assignment.make or make_trainer)(assignment, plan)


def _ended(ray: Any, reference: Any) -> bool:
    """Whether a worker has ended normally; False if it was lost. Raises its error, if it had one."""
    try:
        refused = ray.get(reference)
    except ray.exceptions.RayTaskError as fault:
        last = str(fault).strip().splitlines()[-1]
        raise InputError(f"A worker failed: {last}", "Please report it, with Ray's log of the worker.") from None
    except ray.exceptions.RayError:
        return False
    if refused is not None:
        raise InputError(*refused)
    return True


def _wait_for_goodbyes(ray: Any, references: list[Any]) -> None:
    """Wait for cancelled workers to put their trials back. If one cannot, its missing heartbeat frees the trial."""
    if references:
        ray.wait(references, num_returns=len(references), timeout=10)
