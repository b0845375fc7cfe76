"""The lower bound: three products of A x A x D and nothing else, by the fastest full-precision product.

A step of a loss needs S = Z Z^T and, with its weights W, the products W Z and W^T Z (fewer if it uses that S is
symmetric). On the CPU two libraries can multiply float32 matrices. The setting that selects the second lets some
processors round to bf16 on the way, so it is used only where its measured error is that of float32, and is restored
afterwards. Legend: A anchors, C candidates, D width, T rows of a row block.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from alphadsl.bench.batch import embeddings
from alphadsl.bench.task import Problem
from alphadsl.bench.timing import Step, medians
from alphadsl.ir.arrangement import arrange
from alphadsl.ir.index_sets import IndexSet

BLOCK = 1024
FULL = 1e-6
DEFAULT, OTHER = "none", "bf16"


def products_step(problem: Problem, pairs: IndexSet) -> Step:
    """Three products in blocks of rows, with buffers allocated once."""
    groups = len(arrange(pairs).anchors)
    rows = problem.anchors // groups
    generator = torch.Generator().manual_seed(problem.seed)
    z_AD = embeddings(problem, rows, generator)
    block_TC = z_AD.new_empty(min(BLOCK, rows), rows)
    pushed_AD, pulled_CD = torch.zeros_like(z_AD), torch.zeros_like(z_AD)
    setting = fastest_setting(z_AD)

    def step() -> None:
        with product_setting(setting):
            for _ in range(groups):
                for start in range(0, rows, BLOCK):
                    z_TD = z_AD[start : start + BLOCK]
                    s_TC = torch.mm(z_TD, z_AD.T, out=block_TC[: len(z_TD)])
                    torch.mm(s_TC, z_AD, out=pushed_AD[start : start + BLOCK])
                    torch.addmm(pulled_CD, s_TC.T, z_TD, out=pulled_CD)
        if z_AD.is_cuda:
            torch.cuda.synchronize()

    return step


def fastest_setting(z_AD: Tensor) -> str:
    """The fastest setting of the float32 product among those with float32's precision."""
    if z_AD.is_cuda or z_AD.dtype != torch.float32 or not accurate(OTHER, z_AD[:BLOCK]):
        return DEFAULT
    z_TD = z_AD[:BLOCK]

    def multiply(setting: str) -> Step:
        def run() -> None:
            with product_setting(setting):
                torch.mm(z_TD, z_TD.T)

        return run

    times = medians({setting: multiply(setting) for setting in (DEFAULT, OTHER)}, rounds=7)
    return min(times, key=lambda setting: times[setting])


def accurate(setting: str, z_TD: Tensor) -> bool:
    with product_setting(setting):
        found_TT = torch.mm(z_TD, z_TD.T).double()
    exact_TT = z_TD.double() @ z_TD.double().T
    return bool((found_TT - exact_TT).norm() <= FULL * exact_TT.norm())


@contextmanager
def product_setting(setting: str) -> Iterator[None]:
    """Use this float32 product of oneDNN inside the block; torch's own if the setting does not exist."""
    matmul = getattr(torch.backends.mkldnn, "matmul", None)
    if setting == DEFAULT or matmul is None:
        yield
        return
    before = matmul.fp32_precision
    matmul.fp32_precision = setting
    try:
        yield
    finally:
        matmul.fp32_precision = before
