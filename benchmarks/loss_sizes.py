"""The loss step at many sizes in one process, where compiling once for all of them is what a short lease of a GPU has
time for: ours by backend, lightly's NTXentLoss, the plain form with and without torch.compile, and the bare products.

    PYTHONPATH=. python benchmarks/loss_sizes.py infonce square --device cuda --anchors 1024 65536 --dtype bfloat16

Contenders take turns at each size, in another order each round, and wait for the device after each step; medians, and
on a GPU the memory at the peak of a step. How long the first step of each takes, most of it to compile, is said as it
comes. `alphadsl bench` does the same with a process for each size.
"""

import argparse
import gc
import sys
import time
from collections.abc import Mapping

import torch

from alphadsl.bench.conditions import conditions
from alphadsl.bench.contenders import NotMeasured, build_step
from alphadsl.bench.memory import peak_bytes
from alphadsl.bench.task import Device, NumberType, Problem
from alphadsl.bench.timing import Step, medians, seconds_of

CONTENDERS = ("dense eager", "dense compiled", "streaming compiled", "compiled", "plain", "lightly", "products")
MOST_ROUNDS, ABOUT_SECONDS = 20, 1.0
"""Rounds of a size: as many as take about so long, at least three."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("specs", nargs="*", default=["infonce"])
    parser.add_argument("--anchors", nargs="+", type=int, default=[512, 1024, 4096, 16384])
    parser.add_argument("--contenders", nargs="+", default=list(CONTENDERS))
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--dtype", type=NumberType, default=NumberType.float32, choices=list(NumberType))
    parser.add_argument("--device", type=Device, default=Device.cpu, choices=[Device.cpu, Device.cuda])
    parser.add_argument("--dense-upto", type=int, default=32768, help="anchors beyond which only streaming is asked")
    return parser.parse_args()


def steps_of(problem: Problem, contenders: list[str]) -> tuple[Mapping[str, Step], Mapping[str, str]]:
    """The contenders that can run a problem, each after its first step; and why the others cannot."""
    steps, missing = {}, {}
    for name in contenders:
        try:
            start = time.perf_counter()
            step = build_step(name, problem)
            step()
            steps[name] = step
            told = f"{problem.spec}, {problem.anchors:,} anchors, {name}: {time.perf_counter() - start:.1f} s"
            print(told, file=sys.stderr, flush=True)
        except NotMeasured as refusal:
            missing[name] = str(refusal)
        except (RuntimeError, MemoryError) as failure:
            missing[name] = str(failure).partition("\n")[0][:60]
    return steps, missing


def measure(problem: Problem, contenders: list[str]) -> Mapping[str, str]:
    steps, missing = steps_of(problem, contenders)
    round_seconds = sum(seconds_of(step) for step in steps.values())
    rounds = int(min(MOST_ROUNDS, max(3, ABOUT_SECONDS / round_seconds)))
    seconds = medians(steps, rounds)
    told = {name: f"{seconds[name] * 1e3:.3g}{peak(steps[name], problem.device)}" for name in steps}
    return told | missing


def peak(step: Step, device: Device) -> str:
    if device == Device.cpu:
        return ""
    return f" ({(peak_bytes(step, device) or 0) / 1e6:,.0f})"


def main() -> None:
    given = arguments()
    print(conditions(given.device), f"D = {given.width}, {given.dtype}; milliseconds (MB)", sep="\n", flush=True)
    print(f"| loss | A | {' | '.join(given.contenders)} |", "|---" * (len(given.contenders) + 2) + "|", sep="\n")
    for spec in given.specs:
        for anchors in given.anchors:
            few = [name for name in given.contenders if name.startswith("streaming") or anchors <= given.dense_upto]
            problem = Problem(spec, anchors, width=given.width, dtype=given.dtype, device=given.device)
            told = measure(problem, few)
            print(f"| {spec} | {anchors:,} | {' | '.join(told.get(n, '') for n in given.contenders)} |", flush=True)
            gc.collect()
            if given.device == Device.cuda:
                torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
