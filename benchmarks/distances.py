"""How many digits of small distances are kept: value and gradient of losses that look closely at them, far from the
origin, in far-apart clusters and nearly collapsed, against plain differences in extended precision.

    python benchmarks/distances.py [--compile]

Errors are the worst over the index sets, relative; `allowed` is what the rounding of the input accounts for, as
`tests/backend/test_distances.py` has it.
"""

import argparse

from tests.backend.test_distances import DTYPES, ROWS, STATES, State, errors

BACKENDS = ("dense", "streaming")
LOSSES = {"sphere": ("riesz", "root", "logarithm"), "euclidean": ("gaussian", "riesz")}


def described(state: State) -> str:
    told = [
        f"{name} {value:g}" for name, value in vars(state).items() if value != State.__dataclass_fields__[name].default
    ]
    return ", ".join(told) or "spread out"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--compile", action="store_true", help="through torch.compile")
    parser.add_argument("--pairs", nargs="+", default=list(ROWS))
    compiled = parser.parse_args()
    print("| space | loss | dtype | batch | backend | value | allowed | gradient | allowed | worst at |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for space, losses in LOSSES.items():
        for loss in losses:
            for dtype in DTYPES:
                for state in STATES[space][dtype]:
                    for backend in BACKENDS:
                        found = {
                            pairs: errors(loss, space, pairs, state, dtype, backend, compiled.compile)
                            for pairs in compiled.pairs
                        }
                        worst = max(found, key=lambda pairs: found[pairs][1])
                        value, gradient, of_value, of_gradient = (
                            max(each) for each in zip(*found.values(), strict=True)
                        )
                        print(
                            f"| {space} | {loss} | {dtype} | {described(state)} | {backend} "
                            f"| {value:.0e} | {of_value:.0e} | {gradient:.0e} | {of_gradient:.0e} | {worst} |",
                            flush=True,
                        )


if __name__ == "__main__":
    main()
