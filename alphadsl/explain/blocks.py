"""A curve in a terminal: heights come in; lines of block characters come out."""

from collections.abc import Sequence

EIGHTHS = " ▁▂▃▄▅▆▇█"
HEIGHT = 6


def draw_blocks(heights: Sequence[float], height: int = HEIGHT) -> tuple[str, ...]:
    """Columns scaled from the lowest height, or 0, to the highest; the top line comes first."""
    low, high = min(*heights, 0.0), max(*heights, 0.0)
    scale = 8 * height / (high - low) if high > low else 0.0
    eighths = [round((height - low) * scale) for height in heights]
    rows = reversed(range(height))
    return tuple("".join(EIGHTHS[max(0, min(8, eighth - 8 * row))] for eighth in eighths) for row in rows)
