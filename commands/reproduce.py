"""Check claims: those of the catalogue, or those that a file makes."""

from __future__ import annotations

import runpy
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from .console import console, errors, wrong_usage

if TYPE_CHECKING:
    from ..verification import Claim, Settings
    from ..verification.claims import Outcome

OutOption = Annotated[Path, typer.Option("--out", help="Folder for the report and the figures.")]
QuickOption = Annotated[bool, typer.Option("--quick", help="Fewer seeds and settings.")]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="First seed of the random starts.")]


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
    from ..datasets import mnist as read_mnist
    from ..figures import select
    from ..verification.claims import Settings

    try:
        claims = select(names or [])
        images = None if mnist is None else read_mnist(mnist)
    except (OSError, ValueError) as error:
        wrong_usage(error)
    _run(claims, out, Settings(seed, quick, images=images))


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE.py", help="A Python file that makes linmod.Claim objects.")],
    out: OutOption = Path("results"),
    quick: QuickOption = False,
    seed: SeedOption = 0,
) -> None:
    """Check the claims that a file of yours makes at its top level."""
    from ..verification.claims import Claim, Settings

    if not file.is_file():
        wrong_usage(f"FILE must be a Python file, got {str(file)!r}, which does not exist")
    try:
        made = runpy.run_path(str(file))
    except Exception as error:
        wrong_usage(f"{file} cannot be run: {type(error).__name__}: {error}")
    claims = {value.name: value for value in made.values() if isinstance(value, Claim)}
    if not claims:
        wrong_usage(f"{file} must make at least one linmod.Claim at its top level, found none")
    _run(claims.values(), out, Settings(seed, quick))


def list_claims() -> None:
    """List the catalogue's claims, with typical seconds on two cores."""
    from ..figures import CATALOGUE

    for group, entries in groupby(CATALOGUE, key=lambda entry: entry.group):
        listed = list(entries)
        needs = "".join(f"; needs linmod[{extra}]" for extra in sorted({entry.extra for entry in listed} - {""}))
        title = f"{group}: {len(listed)} claims, about {sum(entry.seconds for entry in listed)} s{needs}"
        table = Table("claim", "s", "statement and source", title=escape(title), title_justify="left", show_lines=True)
        table.columns[0].no_wrap = True
        for entry in listed:
            table.add_row(
                entry.name, str(entry.seconds), f"{escape(entry.statement)}\n[dim]{escape(entry.source)}[/dim]"
            )
        console.print(table)


def _run(claims: Iterable[Claim], out: Path, wanted: Settings) -> NoReturn:
    from ..verification.claims import run_claims
    from .reporting import writable_folder, write_report

    chosen = list(claims)
    try:
        folder = writable_folder(out)
    except ValueError as error:
        wrong_usage(error)
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
