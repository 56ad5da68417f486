"""Run a sweep from its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from .console import console, errors, wrong_usage

if TYPE_CHECKING:
    import xarray as xr


def run_sweep(
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="The sweep: a problem, and what varies.")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the points; results/FILE unless given.")] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Processes on this machine.")] = None,
    dask: Annotated[str | None, typer.Option("--dask", help="Address of a Dask scheduler to run on instead.")] = None,
) -> None:
    """Solve many problems, or continue a sweep that was stopped. Exit status 1 if a point fails."""
    from ..sweeps import NotStored, WorkerLost, read_sweep, sweep
    from ..sweeps.cluster import dask_executor

    folder = out or Path("results") / file.stem
    try:
        definition = read_sweep(file)
        with nullcontext() if dask is None else dask_executor(dask) as executor, _sweep_bar(len(definition)) as report:
            results = sweep(definition, folder, workers=workers, executor=executor, progress=report)
    except (TypeError, ValueError) as error:
        wrong_usage(error)
    except (NotStored, WorkerLost) as error:
        errors.print(f"error: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        errors.print(f"interrupted; the finished points are in {folder}, and the same command continues from there")
        raise typer.Exit(130) from None
    _print_sweep(results, folder)


@contextmanager
def _sweep_bar(points: int) -> Iterator[Callable[[float], None]]:
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("points, left"), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True) as progress:
        bar: list[TaskID] = []

        def report(done: float) -> None:
            completed = round(done * points)
            if bar:
                progress.update(bar[0], completed=completed)
            else:  # so that points from an earlier run do not enter the time left
                bar.append(progress.add_task("", total=points, completed=completed))

        yield report


def _print_sweep(results: xr.Dataset, folder: Path) -> NoReturn:
    failures = [text for text in results.error.values.ravel().tolist() if text]
    for text in sorted(set(failures)):
        console.print(f"{failures.count(text)} x {text}", markup=False)
    sizes = ", ".join(f"{name} {size}" for name, size in results.sizes.items())
    console.print(f"{results.error.size - len(failures)} of {results.error.size} solutions ({sizes})", markup=False)
    console.print(f"in {folder / 'results.nc'}", markup=False)
    raise typer.Exit(1 if failures else 0)
