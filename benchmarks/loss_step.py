"""Time and memory of a step of every loss with an exponential and of typical others, beside their rivals.

    python benchmarks/loss_step.py -o bench.png --tuned-malloc

Takes the options of `alphadsl bench`, which does the same for losses of one's own.
"""

import sys

from alphadsl.builtin import library_entries
from alphadsl.cli.main import main
from alphadsl.ir.nodes import Apply, Coordinate, Loss

OTHERS = ("entropy", "direct", "triplet", "modified_triplet", "square", "inverse", "infonce_hard", "siglip")


def is_exponential(loss: Loss) -> bool:
    match loss.family:
        case Coordinate(_, psi, _):
            return isinstance(psi.body, Apply) and psi.body.op == "exp"
        case _:
            return False


if __name__ == "__main__":
    losses = [entry.loss for entry in library_entries()]
    exponential = [loss.name for loss in losses if is_exponential(loss) and loss.pairs.one_positive]
    sys.argv[1:1] = ["bench", *dict.fromkeys([*exponential, *OTHERS])]
    main()
