"""Where compiling a loss pays: the eager and the compiled dense step, forward and backward, by batch size.

    python benchmarks/compile_pays.py infonce direct square inverse

The threshold COMPILED_ON_CPU_FROM of alphadsl/backend/module.py is read off this table.
"""

import sys
import time
from collections.abc import Callable

import torch

import alphadsl
from alphadsl.bench.conditions import conditions
from alphadsl.bench.timing import medians

WIDTH = 128
ANCHORS = (256, 512, 1024, 2048, 4096)


def step_of(loss: torch.nn.Module, samples: int) -> Callable[[], object]:
    z0_ND, z1_ND = (torch.randn(samples, WIDTH, requires_grad=True) for _ in range(2))
    return lambda: torch.autograd.grad(loss(z0_ND, z1_ND), (z0_ND, z1_ND))


def main(names: list[str]) -> None:
    print(conditions())
    print(f"{'loss':20} {'A':>6} {'eager ms':>10} {'compiled ms':>12} {'ratio':>6} {'steps to pay':>13}")
    for name in names:
        eager, compiled = alphadsl.load(name, compile=False), alphadsl.load(name, compile=True)
        started = time.perf_counter()
        step_of(compiled, ANCHORS[0] // 2)()
        latency = time.perf_counter() - started
        for anchors in ANCHORS:
            contenders = {"eager": step_of(eager, anchors // 2), "compiled": step_of(compiled, anchors // 2)}
            found = medians(contenders, rounds=30 if anchors < 2048 else 7)
            saved = found["eager"] - found["compiled"]
            pays = f"{latency / saved:13,.0f}" if saved > 0 else f"{'never':>13}"
            print(
                f"{name:20} {anchors:6} {found['eager'] * 1e3:10.2f} {found['compiled'] * 1e3:12.2f} "
                f"{found['eager'] / found['compiled']:6.2f} {pays}",
                flush=True,
            )
        print(f"{name:20} first compiled step: {latency:.1f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or ["infonce"])
