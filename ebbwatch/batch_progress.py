"""How far the jobs of a run are, as bars on standard error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from batch_jobs.job import Progress as Told


@contextmanager
def bars() -> Iterator[Callable[[str], Told]]:
    """Gives whom to tell a job's progress, by its name; a bar appears with the first word of it."""
    columns = (
        TextColumn("{task.fields[job]}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
        TextColumn("{task.description}", style="dim"),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as shown:

        def of(job: str) -> Told:
            task = shown.add_task("", total=1.0, job=job, start=False, visible=False)

            def told(what: str, share: float) -> None:
                if not shown.tasks[task].started:
                    shown.start_task(task)
                shown.update(task, description=what, completed=share, visible=True)

            return told

        yield of
