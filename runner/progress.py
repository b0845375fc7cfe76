"""Progress of a run on stderr: steps come in, a bar with loss, images per second and time left comes out, or a line for
each epoch where nobody watches.
"""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text


def tell(message: str) -> None:
    """A line on what is being done."""
    Console(stderr=True).print(message, highlight=False, markup=False, style="dim", soft_wrap=True)


class _SpeedColumn(ProgressColumn):
    """Images per second, each seen in two views."""

    def __init__(self, batch: int) -> None:
        super().__init__()
        self._batch = batch

    def render(self, task: Task) -> Text:
        return Text(f"{(task.speed or 0) * self._batch:,.0f} images/s" if task.speed else "")


class Progress:
    """The bar of one run."""

    def __init__(self, name: str, step: int, total: int, batch: int) -> None:
        self._console = Console(stderr=True)
        self._name = name
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[seen]}"),
            _SpeedColumn(batch),
            TextColumn("ETA"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task(name, completed=step, total=total, seen="")
        self._knn = ""

    def advance(self, loss: float) -> None:
        self._bar.update(self._task, advance=1, seen=f"loss {loss:.4f}{self._knn}")

    def tell_epoch(self, epoch: int, knn: float | None, speed: float) -> None:
        self._knn = "" if knn is None else f"  kNN {knn:.1%}"
        if not self._console.is_terminal:
            self._console.print(f"{self._name}: epoch {epoch}{self._knn}  {speed:,.0f} images/s", highlight=False)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
