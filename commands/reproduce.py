"""Check claims: those of the catalogue, or those that a file makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from traceback import format_exception
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from .console import console, errors, wrong_usage

if TYPE_CHECKING:
    from ..verification import Claim, Settings
    from .drawn import Drawn
    from .reporting import Report

OutOption = Annotated[Path, typer.Option("--out", help="Folder for the report and the figures.")]
QuickOption = Annotated[bool, typer.Option("--quick", help="Fewer seeds and settings.")]
TracebackOption = Annotated[bool, typer.Option("--traceback", help="Show all that led to an error in a check.")]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, help="Processes; as many as there are processors unless given.")
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="First seed of the random starts.")]


def reproduce(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Claims or groups of claims; all unless named.")
    ] = None,
    out: OutOption = Path("results"),
    quick: QuickOption = False,
    seed: SeedOption = 0,
    traceback: TracebackOption = False,
    mnist: Annotated[
        Path | None, typer.Option("--mnist", help="Folder with MNIST's IDX files, for the claims on images.")
    ] = None,
    workers: WorkersOption = None,
) -> None:
    """Check the catalogue's claims: predict, simulate, compare, draw.

    Exit status: 0 if all hold, 1 if one fails, 3 if none fails but one is undecided, 2 for wrong usage. A claim whose
    extra package is not installed is skipped, unless it is named. The numbers do not depend on the number of processes.
    """
    from ..datasets import mnist as read_mnist
    from ..figures import select
    from ..sweeps.processors import worker_count
    from ..verification.claims import Settings

    try:
        claims = select(names or [])
        images = None if mnist is None else read_mnist(mnist)
        several = worker_count(workers)
    except (OSError, ValueError) as error:
        wrong_usage(error)
    wanted = Settings(seed, quick, images=images)
    if min(several, len(claims)) == 1:
        check_all = _one_by_one(claims, wanted, out)
    else:
        check_all = _in_processes(claims, wanted, out, mnist, several)
    _run("reproduce", claims, out, wanted, check_all, set(names or []), traceback)


def check_file(file: Path, out: Path | None, quick: bool, seed: int, traceback: bool) -> NoReturn:
    """Check the claims that a file makes at its top level, and end with the exit status."""
    from ..verification.claims import Settings
    from .claim_files import as_script, claims_of

    with as_script(file):
        try:
            claims = claims_of(file)
        except ValueError as error:
            if traceback and error.__cause__ is not None:
                errors.print("".join(format_exception(error.__cause__)), markup=False, highlight=False, soft_wrap=True)
            wrong_usage(error)
        folder, wanted = out or Path("results") / file.stem, Settings(seed, quick)
        named = {claim.name for claim in claims}
        _run("check", claims, folder, wanted, _one_by_one(claims, wanted, folder), named, traceback)


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


Told = Callable[[str, float], None]
CheckAll = Callable[[Told], "Iterable[Drawn]"]


def _one_by_one(claims: Sequence[Claim], wanted: Settings, out: Path) -> CheckAll:
    """Check and draw claims one after the other in this process, on one thread of linear algebra."""

    def check_all(told: Told) -> Iterator[Drawn]:
        from threadpoolctl import threadpool_limits

        from ..verification.claims import run_claims
        from .drawn import drawn

        def settings(claim: Claim) -> Settings:
            told(claim.name, 0.0)
            return replace(wanted, progress=lambda done: told(claim.name, done))

        with threadpool_limits(1):
            for outcome in run_claims(claims, settings):
                yield drawn(outcome, out)

    return check_all


def _in_processes(claims: Sequence[Claim], wanted: Settings, out: Path, mnist: Path | None, workers: int) -> CheckAll:
    """Check and draw claims in several processes."""

    def check_all(told: Told) -> Iterator[Drawn]:
        from .claims_in_processes import Task, in_processes

        return in_processes(claims, Task("", wanted.seed, wanted.quick, mnist, out), workers, told)

    return check_all


def _run(
    of: str,
    claims: Sequence[Claim],
    out: Path,
    wanted: Settings,
    check_all: CheckAll,
    named: set[str],
    traceback: bool,
) -> NoReturn:
    from ..sweeps.running import WorkerLost
    from .reporting import Report, refuse_report_of_another, writable_folder

    try:
        refuse_report_of_another(out, of)
        report = Report(writable_folder(out), wanted, [claim.name for claim in claims], of)
    except ValueError as error:
        wrong_usage(error)
    try:
        with _progress() as progress:
            bars = {claim.name: progress.add_task(claim.name, total=1.0, start=False) for claim in claims}

            def told(name: str, done: float) -> None:
                progress.start_task(bars[name])
                progress.update(bars[name], completed=done)

            for found in check_all(told):
                outcome = found.outcome
                told(outcome.claim.name, 1.0)
                skipped = outcome.missing and outcome.claim.name not in named
                shown = outcome if traceback else replace(outcome, traceback="")
                report.add(replace(found, outcome=replace(shown, skipped=skipped)))
    except KeyboardInterrupt:
        errors.print(f"interrupted; {len(report.outcomes)} of {len(claims)} claims are finished, in {report.folder}")
        raise typer.Exit(130) from None
    except WorkerLost as error:
        wrong_usage(error)
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

    table = Table(*HEADER, box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    for outcome in report.outcomes:
        style = {"fails": "bold red", "undecided": "yellow"}.get(outcome.verdict, "")
        table.add_row(*map(Text, summary_row(outcome)), style="" if outcome.skipped else style)
    console.print(table)
    for outcome in report.outcomes:
        console.print(Text(f"{outcome.claim.name}: {outcome.claim.source}", style="dim"))
    for outcome in report.outcomes:
        if not outcome.passed:
            console.print(f"{outcome.claim.name}: {outcome.reason}", markup=False)
            if outcome.traceback and not outcome.skipped:
                console.print(outcome.traceback, markup=False, highlight=False, soft_wrap=True)
    console.print(f"{report.count}; report and figures in {report.folder}", markup=False)
    for remark in report.remarks:
        errors.print(remark, markup=False, soft_wrap=True)
    if report.problem:
        errors.print(f"error: {report.problem}", markup=False, soft_wrap=True)
