"""Memory of a training step in chunks: `python -m benchmarks.cached_chunks` prints the table of RESULTS.md.

Each row is a process of its own, which takes two steps of the whole recipe (views, ResNet-8 of width 16, InfoNCE,
AdamW) on random images of 32 px, and reports its peak resident memory less what it had before the first step.
"""

import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

BATCH = 1024
CHUNKS = (1, 2, 4, 8, 16)


def main() -> None:
    print("| chunks | memory of a step, MB |\n|---|---|")
    for chunks in CHUNKS:
        command = [sys.executable, "-m", "benchmarks.cached_chunks", str(chunks)]
        print(subprocess.run(command, check=True, capture_output=True, text=True).stdout, end="")


def measure(chunks: int) -> None:
    import torch

    import alphadsl
    from runner.data.splits import ImageData, Split
    from runner.records.folder import RunFolder
    from runner.settings.resolving import make_config
    from runner.training.fabric import make_fabric
    from runner.training.job import Job
    from runner.training.pretrain import prepare
    from runner.training.step import choose_backpropagation, train_step

    config = make_config("cifar10", batch=BATCH, cached_chunks=chunks, precision="32", device="cpu")
    images = Split(torch.randint(256, (BATCH, 3, 32, 32), dtype=torch.uint8), torch.arange(BATCH) % 10)
    data = ImageData(tuple("0123456789"), images.x_NCHW, images, images)
    with TemporaryDirectory() as folder:
        job = Job(alphadsl.load("infonce"), data, config, RunFolder(Path(folder)), make_fabric(config))
        state = prepare(job)
        state.network.train()
        before, backpropagation = peak_megabytes(), choose_backpropagation(job)
        for _ in range(2):
            train_step(job, state, torch.arange(BATCH), backpropagation)
    print(f"| {chunks} | {peak_megabytes() - before:,.0f} |")


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    main() if len(sys.argv) == 1 else measure(int(sys.argv[1]))
