"""What all commands share: where they print, how they report wrong usage."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer
from rich.console import Console

console = Console(width=None if sys.stdout.isatty() else 150)
errors = Console(stderr=True)


def wrong_usage(error: Exception | str) -> NoReturn:
    """Print one line and end with exit status 2."""
    errors.print(f"error: {error}", markup=False, soft_wrap=True)
    raise typer.Exit(2)
