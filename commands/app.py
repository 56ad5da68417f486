"""The commands, in the order in which `linmod --help` lists them."""

from __future__ import annotations

import io
import os
import sys

import typer

from .book import book, symbols
from .check import check
from .console import errors
from .derive import derive
from .new import new
from .reproduce import list_claims, reproduce
from .spectrum import spectrum
from .sweep import run_sweep

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Closed-form and simulated learning dynamics of linear neural modules, verified against each other.",
)
app.command()(derive)
app.command()(book)
app.command()(symbols)
app.command()(reproduce)
app.command()(check)
app.command("list")(list_claims)
app.command()(spectrum)
app.command("sweep")(run_sweep)
app.add_typer(new, name="new")


def main() -> None:
    """Run the command line; characters that the output cannot show are replaced, not an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except OSError as error:
        if error.filename is not None:
            raise
        _discard_output()
        errors.print(f"error: the output cannot be written ({error.strerror})", markup=False, soft_wrap=True)
        raise SystemExit(2) from None


def _discard_output() -> None:
    """Send what is left to be printed nowhere, so that it is not tried again when Python ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
