"""Running a sweep: its points run on any executor, and each is stored when it ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from ..validation import instance
from .batches import batches
from .definition import Sweep
from .points import Outcome, failure, run_points
from .processors import worker_count
from .store import Store

if TYPE_CHECKING:
    import xarray as xr

IN_FLIGHT = 256


NOT_STARTED = (
    "no worker process could start. Each of them first imports the script that was run: its call of linmod.sweep must"
    ' stand under `if __name__ == "__main__":`, and the script must be a file (not standard input). With executor=,'
    " such as concurrent.futures.ThreadPoolExecutor, neither is needed"
)


class WorkerLost(RuntimeError):  # noqa: N818
    """A worker process died; the finished points are kept, and running the sweep again continues from there."""


def sweep(
    definition: Sweep,
    folder: str | Path,
    *,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Solve all problems of a sweep, or those that an earlier run has not finished.

    Every point is stored in the folder when it ends. A run that is stopped at any moment, by any means, continues when
    it is started again, and ends with exactly the results of an uninterrupted run. The results do not depend on the
    number of workers. Neighbouring points that differ in their start or step size alone are trained together. A point
    that fails is recorded with its error; the other points are solved.

    Parameters
    ----------
    definition : Sweep
    folder : str or Path
        For the points, and for the results as NetCDF (``results.nc``). One run at a time.
    workers : int, optional
        Processes on this machine; unless given, as many as there are processors that this process may use. A script
        that calls this needs the usual ``if __name__ == "__main__":``, since the processes import it.
    executor : concurrent.futures.Executor, optional
        Run the points on this instead, such as a Dask client's ``get_executor()``.
    progress : callable, optional
        Called with the fraction done, at the start and as each point ends.

    Returns
    -------
    xarray.Dataset
        Dimensions: ``solution``, those of the sweep, then those of each quantity. Every parameter is a coordinate;
        the attributes hold the definition and the versions that the results come from.

    Raises
    ------
    TypeError, ValueError
        If an argument is wrong, nothing can be written to the folder, or it belongs to another sweep.
    WorkerLost
        If a process on this machine died, or none could start.
    NotStored
        If a point or the results could not be written, as on a full disk.

    See Also
    --------
    load_sweep : The results of an earlier run.
    linmod.sweeps.problem_at : The problem of one point of the results.

    Examples
    --------
    >>> import tempfile, linmod
    >>> definition = linmod.Sweep(
    ...     {"dataset": {"n_x": 3, "n_y": 1, "k_x": 3, "k_y": 1}, "network": {"kind": "deep"},
    ...      "initial": {"kind": "aligned"}, "training": {"kind": "descent", "step_size": 0.16, "steps": 300}},
    ...     grid={"dataset.n_x": [2, 3]}, record=["systematicity_ratio"], solutions=["prediction"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     linmod.sweep(definition, folder, workers=1).systematicity_ratio.values.round(4)
    array([[0.5714, 0.7273]])
    """
    instance("definition", definition, (Sweep,))
    pool = _pool(workers, executor)
    report = progress if progress is not None else lambda _: None
    store = Store(folder, definition.definition)
    numbers = range(len(definition))
    missing = [number for number in numbers if store.read(number) is None]
    report(1 - len(missing) / len(definition))
    lost: dict[int, Outcome] = {}
    if missing:
        with threadpool_limits(1), pool as workplace:
            for done, (number, outcome) in enumerate(_finished(workplace, definition, set(missing))):
                if isinstance(outcome, Exception):
                    lost[number] = failure(definition.solutions, outcome)
                else:
                    store.write(number, outcome)
                report(1 - (len(missing) - done - 1) / len(definition))
    return _results(definition, store, lost)


def _results(definition: Sweep, store: Store, lost: dict[int, Outcome]) -> xr.Dataset:
    from .table import as_netcdf, load_sweep, table

    def outcomes() -> Iterator[Outcome]:
        return (lost[n] if n in lost else store.read(n) or {} for n in range(len(definition)))

    store.keep(store.results, as_netcdf(table(definition, outcomes)))
    return load_sweep(store.results)


def _pool(workers: int | None, executor: Executor | None) -> AbstractContextManager[Executor]:
    if executor is None:
        return local_processes(worker_count(workers))
    instance("executor", executor, (Executor,))
    if workers is not None:
        raise ValueError("workers must not be given together with an executor, which has its own")
    return _given(executor)


@contextmanager
def _given(executor: Executor) -> Iterator[Executor]:
    try:
        yield executor
    except BrokenExecutor as error:
        raise WorkerLost(str(WorkerLost.__doc__)) from error


@contextmanager
def local_processes(
    workers: int, begin: Callable[..., None] | None = None, arguments: tuple[Any, ...] = ()
) -> Iterator[Executor]:
    """Provide processes on this machine that end when this process ends for any reason; each calls `begin` first."""
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    started = context.Event()
    pool = ProcessPoolExecutor(
        workers, mp_context=context, initializer=_begin_worker, initargs=(started, begin, arguments)
    )
    try:
        yield pool
    except BrokenExecutor as error:
        raise WorkerLost(str(WorkerLost.__doc__) if started.is_set() else NOT_STARTED) from error
    except BaseException:
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _begin_worker(started: Event, begin: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
    if begin is not None:
        begin(*arguments)
    started.set()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _finished(pool: Executor, definition: Sweep, wanted: set[int]) -> Iterator[tuple[int, Outcome | Exception]]:
    """Yield the outcome of each point as its batch ends, or the error of a worker that was lost with it.

    A batch of which some points are wanted is solved whole, so that no result depends on what was there before.
    """
    waiting: dict[Future[list[Outcome]], list[int]] = {}
    due = (batch for batch in batches(definition) if any(number in wanted for number, _ in batch))
    try:
        while True:
            for batch in islice(due, IN_FLIGHT - len(waiting)):
                numbers, descriptions = zip(*batch, strict=True)
                what = (definition.solutions, definition.record, definition.over_time)
                waiting[pool.submit(run_points, descriptions, *what)] = list(numbers)
            if not waiting:
                return
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                numbers_of_it = waiting.pop(future)
                found = _outcomes(future, len(numbers_of_it))
                yield from (pair for pair in zip(numbers_of_it, found, strict=True) if pair[0] in wanted)
    finally:
        for future in waiting:
            future.cancel()


def _outcomes(future: Future[list[Outcome]], count: int) -> Sequence[Outcome | Exception]:
    try:
        return future.result()
    except BrokenExecutor:
        raise
    except Exception as error:
        return [error] * count
