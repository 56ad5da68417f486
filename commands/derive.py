"""The command line for derivations: list them, show one, write all of them."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from ..theory.derivations import Derivation
    from ..theory.derivations.writing.page import Page

console = Console(width=None if sys.stdout.isatty() else 120)
errors = Console(stderr=True)
STYLES = {"title": "bold", "step": "bold cyan", "rejected": "bold red", "quiet": "dim", "text": "", "formula": ""}


class Format(StrEnum):
    """How a derivation is written."""

    terminal = "terminal"
    latex = "latex"
    markdown = "markdown"
    html = "html"
    json = "json"


def derive(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME | FILE.py]", help="A derivation; none lists them.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How it is written.")] = Format.terminal,
    specialise: Annotated[str, typer.Option(metavar="x=1,y=2", help="Values to put in for symbols.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Check all derivations.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="With --all: folder for an article and a book.")] = None,
) -> None:
    """Show a derivation, each step checked; list them; or write all as a LaTeX article and an HTML book."""
    try:
        _refuse_idle_options(name, form, specialise, everything, out)
        if everything:
            _write_all(out)
        elif name is None:
            _list()
        else:
            for derivation in _chosen(name):
                _show(derivation, form, _values(specialise))
    except ValueError as error:
        errors.print(f"error: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(1 if type(error).__name__ == "DoesNotFollow" else 2) from None


def _refuse_idle_options(name: str | None, form: Format, specialise: str, everything: bool, out: Path | None) -> None:
    """An error for options that would do nothing."""
    if out is not None and not everything:
        raise ValueError("--out writes all derivations: it needs --all")
    if everything and name is not None:
        raise ValueError(f"--all checks all derivations: leave out {name!r}")
    for option, given in (("--format", form is not Format.terminal), ("--specialise", bool(specialise))):
        if given and (everything or name is None):
            raise ValueError(f"{option} concerns one derivation: name it, without --all")


def _chosen(name: str) -> Sequence[Derivation]:
    from ..theory.derivations import Derivation, derive

    if not name.endswith(".py"):
        return [derive(name)]
    if not Path(name).is_file():
        raise ValueError(f"FILE must be a Python file, got {name!r}, which does not exist")
    made = _run(name).values()
    listed = (part for value in made if isinstance(value, list | tuple) for part in value)
    found = [value for value in (*made, *listed) if isinstance(value, Derivation)]
    distinct = list({id(derivation): derivation for derivation in found}.values())
    if not distinct:
        raise ValueError(f"{name} must make at least one Derivation at its top level, found none")
    names = [derivation.name for derivation in distinct]
    twice = sorted({one for one in names if names.count(one) > 1})
    if twice:
        raise ValueError(f"{name}: derivations must have different names, {', '.join(twice)} occurs more than once")
    return distinct


def _run(name: str) -> dict[str, object]:
    """What a file defines at its top level; it may import the modules next to it."""
    folder = str(Path(name).resolve().parent)
    sys.path.insert(0, folder)
    try:
        return runpy.run_path(name)
    except SystemExit as error:
        raise ValueError(f"{name} ends the program (exit status {error.code}) before it can be checked") from error
    except Exception as error:
        raise ValueError(f"{name} cannot be run: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(folder)


def _values(text: str) -> dict[str, str]:
    values = {}
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        if not equals:
            raise ValueError(f"--specialise must be of the form x=1,y=2, got {part!r}")
        values[name.strip()] = value.strip()
    return values


def _list() -> None:
    from ..theory.derivations.book.catalogue import ENTRIES

    table = Table("derivation", "steps", "title")
    for entry in ENTRIES:
        table.add_row(Text(entry.name), str(entry.steps), Text(entry.title))
    console.print(table)


def _show(derivation: Derivation, form: Format, values: dict[str, str]) -> None:
    from ..theory.derivations.writing import html, latex, text
    from ..theory.derivations.writing.page import page

    with errors.status(f"checking {derivation.name}"):
        shown = page(derivation, values)
    if form is not Format.terminal:
        written = {
            Format.latex: lambda: latex.fragment(shown),
            Format.markdown: lambda: text.markdown(shown),
            Format.html: lambda: html.document(derivation.title, html.section(shown)),
            Format.json: lambda: text.as_json([shown]),
        }
        typer.echo(written[form]())
        return
    paragraphs = [Text(body, STYLES[role]) for role, body in text.terminal(shown, console.width)]
    if sys.stdout.isatty():
        with console.pager(styles=False):
            _print(paragraphs)
    else:
        _print(paragraphs)


def _print(paragraphs: Sequence[Text]) -> None:
    for paragraph in paragraphs:
        console.print(paragraph, soft_wrap=True, highlight=False)


def _write_all(out: Path | None) -> NoReturn:
    from ..theory.derivations import catalogue
    from ..theory.derivations.writing import html, latex
    from ..theory.derivations.writing.page import page
    from .reporting import writable_folder

    folder = None if out is None else writable_folder(out)
    failed, pages = [], []
    for derivation in track(list(catalogue().values()), "checking", console=errors, transient=True):
        try:
            pages.append(page(derivation))
        except ValueError as error:
            failed.append(str(error))
    console.print(_summary(pages))
    for message in failed:
        errors.print(f"error: {message}", markup=False, soft_wrap=True)
    if folder is not None and not failed:
        (folder / "derivations.tex").write_text(latex.article(pages), encoding="utf-8")
        for name, content in html.book(pages).items():
            (folder / name).write_text(content, encoding="utf-8")
        console.print(f"an article, derivations.tex, and a book, index.html, are in {folder}", markup=False)
    raise typer.Exit(1 if failed else 0)


def _summary(pages: Sequence[Page]) -> Table:
    from ..theory.derivations.steps.second_engine import available

    columns = ["steps", "symbolically", "to 50 digits", "rejected forms"]
    counts = [[_count(shown, word) for word in ("", "symbolically", "to 50", "rejected")] for shown in pages]
    if available():
        columns.append("settled twice")
        for shown, row in zip(pages, counts, strict=True):
            row.append(sum(bool(outcome.again) for outcome in shown.proof.steps))
    table = Table("derivation", *columns, show_footer=True)
    for shown, row in zip(pages, counts, strict=True):
        table.add_row(shown.derivation.name, *map(str, row))
    for column, total in zip(table.columns[1:], map(sum, zip(*counts, strict=True)), strict=False):
        column.footer = str(total)
    table.columns[0].footer = f"{len(pages)} derivations"
    return table


def _count(shown: Page, settled: str) -> int:
    outcomes = [outcome.settled for outcome in shown.proof.steps if outcome.settled != "given"]
    if not settled:
        return len([outcome for outcome in outcomes if not outcome.startswith("rejected")])
    return len([outcome for outcome in outcomes if outcome.startswith(settled)])
