"""Processes for tests, forked from a server that has imported torch and started nothing: each begins at once."""

import multiprocessing

METHOD = "forkserver"
SERVER = multiprocessing.get_context(METHOD)
SERVER.set_forkserver_preload(
    ["torch", "torch._dynamo", "torch.distributed", "scipy.special", "alphadsl.backend.module", "tests.docs.execute"]
)
