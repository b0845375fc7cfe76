"""How far value and gradient are from the truth: every spec, backend, number type, temperature, size and state.

    PYTHONPATH=. python benchmarks/accuracy.py infonce direct --backends dense --samples 2 17 101 --out errors.csv

Needs lightly and pytorch-metric-learning for the peers' rows (--no-peers leaves them out). The truth is the float64
interpreter on the same rounded inputs up to --oracle-upto anchors (a min player, which it solves slowly, up to 6), and
beyond that a float64 dense evaluation, which is itself held against the interpreter at those sizes. A batch is taken as
a whole: the error is the norm of the difference over the norm of the true gradient, so a row with a tiny gradient
counts for what it moves.

`conditioning` is how much the float64 gradient moves for each float32 ulp that the entries of the normalised rows move
(by 8 of them, up or down by chance, the worse of two): no float32 method can be asked to do much better. Where it moves
by more than its size (one embedding for everything: the gradient is 0), errors are relative to that. float16 is run
with a power-of-two scale, as a gradient scaler has it. Where the truth is beyond the range of the number type, nothing
is asked.
"""

import argparse
import csv
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import torch
from accuracy_cases import (
    STATES,
    Answer,
    Loss,
    apart,
    ask,
    batch_of,
    relative,
    same,
    scale_for,
    settings_of,
    told,
    value_error,
)
from accuracy_tables import Found, print_tables

import alphadsl
from alphadsl.backend.module import ContrastiveLoss
from alphadsl.bench.conditions import conditions
from alphadsl.bench.task import Device
from alphadsl.ir.kinds import Space
from alphadsl.ir.nodes import MinPlayer
from tests.oracles.batch import Params
from tests.properties.agreement import ROUNDINGS, Given, nudged

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
ORACLE_UPTO_PLAYER = 6


class Subject:
    """A spec with its backends and its truth, their parameters moved together."""

    def __init__(self, name: str, options: argparse.Namespace) -> None:
        self.name, self.device = name, options.device
        self.backends: dict[str, ContrastiveLoss] = {
            each: alphadsl.load(name, backend=each, compile=options.compile) for each in options.backends
        }
        self.interpreter = alphadsl.load(name, backend="interpreter")
        self.dense = alphadsl.load(name, backend="dense", compile=False)
        player = isinstance(self.dense.spec.family, MinPlayer)
        self.oracle_upto = min(options.oracle_upto, ORACLE_UPTO_PLAYER) if player else options.oracle_upto

    def admits(self, name: str, value: float) -> bool:
        return any(each.name == name and value in each.interval for each in self.dense.spec.parameters)

    def set(self, params: Params) -> None:
        for loss in (*self.backends.values(), self.interpreter, self.dense):
            loss.set(**params)

    def answers(self, batch: Given) -> tuple[Answer, float, float]:
        """On numbers of float64: the truth; by how much it sways for each ulp that the entries of the rows move; how
        far the dense evaluation is from it, where both are asked."""
        dense = ask(self.dense, batch)
        sphere = self.dense.spec.space == Space.SPHERE
        moved = (ask(self.dense, nudged(batch, sphere, seed)) for seed in (1, 2))
        sways = max(apart(each, dense) for each in moved) / ROUNDINGS
        if 2 * len(batch.z0_ND) > self.oracle_upto:
            return dense, sways, 0.0
        oracle = ask(self.interpreter, batch)
        return oracle, sways, apart(dense, oracle)


@dataclass(frozen=True)
class Question:
    """A batch with its true answer, by how much that sways, and how far the dense float64 answer is from it."""

    params: Params
    state: str
    dtype: str
    batch: Given
    truth: Answer
    sways: float
    truth_apart: float


def question(subject: Subject, params: Params, state: str, samples: int, dtype: str) -> Question:
    batch = batch_of(state, samples, subject.dense.takes, DTYPES[dtype])
    wide = batch.to(torch.float64)
    return Question(params, state, dtype, batch, *subject.answers(wide))


def per_tau(asked: Question) -> Question:
    """The same of the loss divided by tau, as others define it."""
    tau = asked.params["tau"]
    truth = Answer(asked.truth.value / tau, asked.truth.gradient_AD / tau)
    return replace(asked, truth=truth, sways=asked.sways / tau, truth_apart=asked.truth_apart / tau)


def measure(subject: Subject, asked: Question) -> Iterator[Found]:
    """Every backend of a spec on one batch."""
    for backend, loss in subject.backends.items():
        yield judged(subject.name, backend, loss.to(subject.device), asked, subject.device)


def measure_peers(asked: Question, device: str) -> Iterator[Found]:
    from accuracy_peers import PEERS, fits, peer

    for name in PEERS:
        if fits(name, 2 * len(asked.batch.z0_ND)):
            yield judged(name, "peer", peer(name, asked.params["tau"], DTYPES[asked.dtype]), per_tau(asked), device)


def judged(name: str, backend: str, loss: Loss, asked: Question, device: str) -> Found:
    """Asked twice: the second answer must be the first, bit for bit."""
    dtype, truth = DTYPES[asked.dtype], asked.truth
    scale = scale_for(dtype, truth)
    found, again = (ask(loss, asked.batch, scale, device) for _ in range(2))
    size = max(truth.gradient_AD.norm().item(), asked.sways)
    return Found(
        name,
        backend,
        asked.dtype,
        asked.state,
        tuple(asked.params.items()),
        2 * len(asked.batch.z0_ND),
        value_error(found, truth, asked.batch),
        relative(apart(found, truth), size),
        relative(asked.sways, size),
        told=told(truth, dtype, scale),
        finite=found.finite,
        repeats=same(found, again),
        truth_apart=relative(asked.truth_apart, size),
    )


def sweep(options: argparse.Namespace) -> Iterator[Found]:
    for name in options.specs or alphadsl.library():
        subject = Subject(name, options)
        for params in settings_of(name, subject.dense.values, subject.admits):
            if options.taus and params.get("tau", options.taus[0]) not in options.taus:
                continue
            subject.set(params)
            peers = name == "infonce" and options.peers and params.keys() == {"tau"}
            for state, samples, dtype in product(options.states, options.samples, options.dtypes):
                asked = question(subject, params, state, samples, dtype)
                yield from measure(subject, asked)
                if peers and samples > 1:
                    yield from measure_peers(asked, options.device)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("specs", nargs="*", help="names of the library; all of them")
    parser.add_argument("--backends", nargs="+", default=["dense"])
    parser.add_argument("--compile", action="store_true", help="as most users have it: through torch.compile")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"], help="where the backends answer")
    parser.add_argument("--samples", nargs="+", type=int, default=[1, 2, 3, 17, 101, 509], help="N; A = 2 N")
    parser.add_argument("--states", nargs="+", default=list(STATES))
    parser.add_argument("--dtypes", nargs="+", default=list(DTYPES), choices=list(DTYPES))
    parser.add_argument("--taus", nargs="+", type=float, help="only these temperatures")
    parser.add_argument("--oracle-upto", type=int, default=34, help="anchors up to which the interpreter is the truth")
    parser.add_argument("--no-peers", dest="peers", action="store_false")
    parser.add_argument("--out", type=Path, help="every measurement as CSV")
    parser.add_argument("--full", action="store_true", help="print a row for each spec, number type and state")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    warnings.filterwarnings("ignore", message=".*has no negatives.*")
    print(conditions(Device(options.device)), "\n", flush=True)
    found = []
    writer = None
    if options.out:
        stream = options.out.open("w", encoding="utf-8", newline="", buffering=1)
        writer = csv.writer(stream)
        writer.writerow(Found.__annotations__)
    for each in sweep(options):
        found.append(each)
        if writer:
            writer.writerow(each.row())
    print_tables(found, options.full)


if __name__ == "__main__":
    main()
