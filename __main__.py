"""The command line."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from .derivation_command import derive

if TYPE_CHECKING:
    import xarray as xr

    from .claims import Claim, Outcome, Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Closed-form and simulated learning dynamics of linear neural modules, held against each other.",
)
app.command()(derive)
console = Console(width=None if sys.stdout.isatty() else 150)
errors = Console(stderr=True)

OutOption = Annotated[Path, typer.Option("--out", help="Folder for the report and the figures.")]
QuickOption = Annotated[bool, typer.Option("--quick", help="Fewer seeds and settings.")]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="First seed of the random starts.")]


@app.command()
def reproduce(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Claims or groups of claims; all unless named.")
    ] = None,
    out: OutOption = Path("results"),
    quick: QuickOption = False,
    seed: SeedOption = 0,
    mnist: Annotated[
        Path | None, typer.Option("--mnist", help="Folder with MNIST's IDX files, for the claims on images.")
    ] = None,
) -> None:
    """Check the catalogue's claims: predict, simulate, compare, draw. Exit status 1 if one fails."""
    from .claims import Settings
    from .datasets import mnist as read_mnist
    from .figures import select

    try:
        claims = select(names or [])
        images = None if mnist is None else read_mnist(mnist)
    except (OSError, ValueError) as error:
        _usage(error)
    _run(claims, out, Settings(seed, quick, images=images))


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE.py", help="A Python file that makes linmod.Claim objects.")],
    out: OutOption = Path("results"),
    quick: QuickOption = False,
    seed: SeedOption = 0,
) -> None:
    """Check the claims that a file of yours makes at its top level."""
    from .claims import Claim, Settings

    if not file.is_file():
        _usage(f"FILE must be a Python file, got {str(file)!r}, which does not exist")
    try:
        made = runpy.run_path(str(file))
    except Exception as error:
        _usage(f"{file} cannot be run: {type(error).__name__}: {error}")
    claims = {value.name: value for value in made.values() if isinstance(value, Claim)}
    if not claims:
        _usage(f"{file} must make at least one linmod.Claim at its top level, found none")
    _run(claims.values(), out, Settings(seed, quick))


@app.command("list")
def list_claims() -> None:
    """List the catalogue's claims."""
    from .figures import CATALOGUE

    table = Table("claim", "source", "statement")
    for claim in CATALOGUE:
        table.add_row(claim.name, claim.source, claim.statement)
    console.print(table)


@app.command()
def spectrum(
    n_x: Annotated[int, typer.Option(help="Sign features among the inputs.")],
    n_y: Annotated[int, typer.Option(help="Sign features among the outputs.")] = 1,
    k_x: Annotated[int, typer.Option(help="Identity blocks among the inputs.")] = 1,
    k_y: Annotated[int, typer.Option(help="Identity blocks among the outputs.")] = 1,
    r: Annotated[float, typer.Option(help="Scale of the identity blocks.")] = 1.0,
    n_bits: Annotated[int | None, typer.Option(help="Index bits; 2**n_bits items.")] = None,
) -> None:
    """Print the modes of a systematicity dataset."""
    from .datasets import SystematicityDataset
    from .theory import spectrum as spectrum_of

    try:
        dataset = SystematicityDataset(n_x, n_y, k_x, k_y, r, n_bits=n_bits)
    except (TypeError, ValueError) as error:
        _usage(error)
    table = Table(
        "class of modes", "count", "lambda", "delta", "sigma", "pi*", title=repr(dataset), title_justify="left"
    )
    for mode_class in spectrum_of(dataset).classes:
        values = (mode_class.lam, mode_class.delta, mode_class.sigma, mode_class.pi_star)
        count = str(mode_class.count) if mode_class.count < 10**9 else f"about 2^{mode_class.count.bit_length() - 1}"
        numbers = [f"{value:.6g}" for value in values]
        table.add_row(mode_class.name, count, *(numbers if mode_class.learnable else [*numbers[:3], "not learned"]))
    console.print(table)


@app.command("sweep")
def run_sweep(
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="The sweep: a problem, and what varies.")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the points; results/FILE unless given.")] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Processes on this machine.")] = None,
    dask: Annotated[str | None, typer.Option("--dask", help="Address of a Dask scheduler to run on instead.")] = None,
) -> None:
    """Solve many problems, or go on with a sweep that was stopped. Exit status 1 if a point fails."""
    from .sweeps import WorkerLost, read_sweep, sweep
    from .sweeps.cluster import dask_executor

    folder = out or Path("results") / file.stem
    try:
        definition = read_sweep(file)
        with nullcontext() if dask is None else dask_executor(dask) as executor, _sweep_bar(len(definition)) as report:
            results = sweep(definition, folder, workers=workers, executor=executor, progress=report)
    except (TypeError, ValueError) as error:
        _usage(error)
    except WorkerLost as error:
        errors.print(f"error: {error}")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        errors.print(f"interrupted; what is finished is in {folder}, and the same command goes on from there")
        raise typer.Exit(130) from None
    _print_sweep(results, folder)


def main() -> None:
    """Run the command line."""
    app()


def _run(claims: Iterable[Claim], out: Path, wanted: Settings) -> NoReturn:
    from .claims import run_claims
    from .reporting import writable_folder, write_report

    chosen = list(claims)
    try:
        folder = writable_folder(out)
    except ValueError as error:
        _usage(error)
    outcomes: list[Outcome] = []
    try:
        with _progress() as progress:
            bars = {claim.name: progress.add_task(claim.name, total=1.0, start=False) for claim in chosen}

            def settings(claim: Claim) -> Settings:
                bar = bars[claim.name]
                progress.start_task(bar)
                return replace(wanted, progress=lambda done: progress.update(bar, completed=done))

            for outcome in run_claims(chosen, settings):
                progress.update(bars[outcome.claim.name], completed=1.0)
                outcomes.append(_drawn(outcome, folder))
                write_report(outcomes, wanted, folder)
    except KeyboardInterrupt:
        errors.print(f"interrupted; {len(outcomes)} of {len(chosen)} claims are finished, in {folder}")
        raise typer.Exit(130) from None
    _print_outcomes(outcomes, folder)
    raise typer.Exit(0 if all(outcome.passed for outcome in outcomes) else 1)


def _progress() -> Progress:
    columns = (TextColumn("{task.description:24}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    return Progress(*columns, console=errors, transient=True)


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


def _drawn(outcome: Outcome, folder: Path) -> Outcome:
    from .reporting import draw

    try:
        draw(outcome, folder)
    except Exception as error:
        return replace(outcome, error=f"its picture cannot be drawn: {type(error).__name__}: {error}")
    return outcome


def _print_outcomes(outcomes: list[Outcome], folder: Path) -> None:
    from .reporting import HEADER, summary_row

    table = Table(*HEADER)
    for outcome in outcomes:
        *cells, verdict = summary_row(outcome)
        table.add_row(*cells, verdict, style=None if outcome.passed else "bold red")
    console.print(table)
    for outcome in outcomes:
        if outcome.error is not None:
            console.print(f"{outcome.claim.name}: {outcome.error}", markup=False)
    passed = sum(outcome.passed for outcome in outcomes)
    console.print(f"{passed} of {len(outcomes)} claims hold; report and figures in {folder}", markup=False)


def _usage(error: Exception | str) -> NoReturn:
    errors.print(f"error: {error}", markup=False, soft_wrap=True)
    raise typer.Exit(2)


if __name__ == "__main__":
    main()
