"""Check claims: those of the catalogue, or those that a file makes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from .console import console, errors, wrong_usage

if TYPE_CHECKING:
    from ..verification import Claim, Settings
    from .reporting import Report

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
    """Check the catalogue's claims: predict, simulate, compare, draw.

    Exit status: 0 if all hold, 1 if one fails, 3 if none fails but one is undecided, 2 for wrong usage. A claim whose
    extra package is not installed is skipped, unless it is named.
    """
    from ..datasets import mnist as read_mnist
    from ..figures import select
    from ..verification.claims import Settings

    try:
        claims = select(names or [])
        images = None if mnist is None else read_mnist(mnist)
    except (OSError, ValueError) as error:
        wrong_usage(error)
    _run(claims, out, Settings(seed, quick, images=images), named=set(names or []))


def check_file(file: Path, out: Path, quick: bool, seed: int) -> NoReturn:
    """Check the claims that a file makes at its top level, and end with the exit status."""
    from ..verification.claims import Settings
    from .claim_files import as_script, claims_of

    with as_script(file):
        try:
            claims = claims_of(file)
        except ValueError as error:
            wrong_usage(error)
        _run(claims, out, Settings(seed, quick), named={claim.name for claim in claims})


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


def _run(claims: Iterable[Claim], out: Path, wanted: Settings, named: set[str]) -> NoReturn:
    from ..verification.claims import run_claims
    from .reporting import Report, writable_folder

    chosen = list(claims)
    try:
        report = Report(writable_folder(out), wanted)
    except ValueError as error:
        wrong_usage(error)
    try:
        with _progress() as progress:
            bars = {claim.name: progress.add_task(claim.name, total=1.0, start=False) for claim in chosen}

            def settings(claim: Claim) -> Settings:
                bar = bars[claim.name]
                progress.start_task(bar)
                return replace(wanted, progress=lambda done: progress.update(bar, completed=done))

            for outcome in run_claims(chosen, settings):
                progress.update(bars[outcome.claim.name], completed=1.0)
                report.add(replace(outcome, skipped=outcome.missing and outcome.claim.name not in named))
    except KeyboardInterrupt:
        errors.print(f"interrupted; {len(report.outcomes)} of {len(chosen)} claims are finished, in {report.folder}")
        raise typer.Exit(130) from None
    _print_outcomes(report)
    raise typer.Exit(_status(report))


def _status(report: Report) -> int:
    """Exit status: 1 if a claim fails, else 3 if one is undecided, else 2 if the report could not be written."""
    verdicts = {outcome.verdict for outcome in report.outcomes if not outcome.skipped}
    if "fails" in verdicts:
        return 1
    if "undecided" in verdicts:
        return 3
    return 2 if report.problem else 0


def _progress() -> Progress:
    columns = (
        TextColumn("{task.description:24}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=errors, transient=True)


def _print_outcomes(report: Report) -> None:
    from .reporting import HEADER, summary_row

    table = Table(*HEADER)
    for outcome in report.outcomes:
        style = {"fails": "bold red", "undecided": "yellow"}.get(outcome.verdict, "")
        table.add_row(*map(Text, summary_row(outcome)), style="" if outcome.skipped else style)
    console.print(table)
    for outcome in report.outcomes:
        if not outcome.passed:
            console.print(f"{outcome.claim.name}: {outcome.reason}", markup=False)
    console.print(f"{report.count}; report and figures in {report.folder}", markup=False)
    if report.problem:
        errors.print(f"error: {report.problem}", markup=False, soft_wrap=True)
