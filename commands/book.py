"""Print the book of formulas, and the symbols that formulas may use."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from .console import console, wrong_usage

FormatOption = Annotated[
    str | None, typer.Option("--format", help="Write the formula as latex, python, javascript, julia or json.")
]


def book(
    text: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME|WORDS]", help="The name of a formula, or words to look for.")
    ] = None,
    style: FormatOption = None,
) -> None:
    """List the formulas, or print one of them."""
    from ..theory.symbolic.book import book as formulas

    words = " ".join(text or [])
    found = [formulas[words]] if words in formulas else formulas.search(words)
    if not found:
        wrong_usage(f"no formula has {words!r} in its name, title or assumptions; linmod book lists them")
    if style is not None:
        try:
            for entry in found:
                console.print(entry.export(style), markup=False, highlight=False, soft_wrap=True)
        except ValueError as error:
            wrong_usage(error)
    elif len(found) == 1:
        console.print(str(found[0]), markup=False, highlight=False, soft_wrap=True)
    else:
        _list(found)


def symbols() -> None:
    """List the symbols that a formula may use, with their spellings."""
    from ..theory.symbolic.glossary import TERMS

    for group, terms in groupby(TERMS, key=lambda term: term.group):
        table = Table("symbol", "other spellings", "LaTeX", "meaning", title=f"symbols: {group}", title_justify="left")
        for term in terms:
            table.add_row(term.name, ", ".join(term.spellings), escape(term.latex), escape(term.meaning))
        console.print(table)


def _list(entries: Sequence[object]) -> None:
    table = Table("name", "of", "title")
    table.columns[0].no_wrap = True
    for entry in entries:
        table.add_row(*(escape(str(getattr(entry, column))) for column in ("name", "of", "title")))
    console.print(table)
