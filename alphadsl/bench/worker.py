"""One measurement, in the process that `measure` started: a task on stdin, its answer as the last line of stdout.

Allocations beyond the machine's memory fail. A contender that fails is reported with its reason, and the others
continue.
"""

import sys

import torch

from alphadsl.bench.conditions import conditions
from alphadsl.bench.contenders import NotMeasured, build_step
from alphadsl.bench.memory import available_bytes, peak_bytes, within_memory
from alphadsl.bench.task import ANSWER, TASK, Answer, Task
from alphadsl.bench.timing import Step, medians, rounds_for, seconds_of

OUT_OF_MEMORY = ("can't allocate memory", "out of memory", "bad_alloc", "could not create a memory")


def answer(task: Task) -> Answer:
    """Do the task in this process."""
    if task.threads is not None:
        torch.set_num_threads(task.threads)
    machine = conditions(task.problem.device)
    with within_memory(task.problem.device):
        return _peak(task, machine) if task.memory else _times(task, machine)


def _times(task: Task, machine: str) -> Answer:
    """Run the first step of each contender, which shows whether it works and compiles it; then time those that do."""
    steps: dict[str, Step] = {}
    first: dict[str, float] = {}
    missing: dict[str, str] = {}
    for name in task.contenders:
        _say(f"first step of {name}")
        try:
            step = build_step(name, task.problem)
            first[name], steps[name] = seconds_of(step), step
        except Exception as failure:
            missing[name] = reason_of(failure)
    seconds = medians(steps, task.rounds or rounds_for(task.problem.anchors), say=_say) if steps else {}
    return Answer(machine, seconds, first, {}, missing)


def _say(where: str) -> None:
    """Print a line for the waiting process."""
    sys.stdout.write(f"{where}\n")
    sys.stdout.flush()


def _peak(task: Task, machine: str) -> Answer:
    (name,) = task.contenders
    try:
        peak = peak_bytes(build_step(name, task.problem), task.problem.device)
    except Exception as failure:
        return Answer(machine, missing={name: reason_of(failure)})
    return Answer(machine, peak={} if peak is None else {name: peak})


def reason_of(failure: Exception) -> str:
    """Why a contender has no figures, in one line."""
    message = str(failure).strip().partition("\n")[0]
    if isinstance(failure, NotMeasured):
        return message
    if isinstance(failure, MemoryError) or any(sign in str(failure) for sign in OUT_OF_MEMORY):
        free = available_bytes()
        return "it does not fit in memory" + (f", of which {free / 1e9:.1f} GB are free" if free else "")
    return f"{type(failure).__name__}: {message}"


if __name__ == "__main__":
    measured = answer(TASK.validate_json(sys.stdin.buffer.read()))
    sys.stdout.write("\n" + ANSWER.dump_json(measured).decode() + "\n")
