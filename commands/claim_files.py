"""The claims that a Python file makes."""

from __future__ import annotations

import runpy
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..verification.claims import Claim
from ..verification.places import place


@contextmanager
def as_script(file: Path) -> Iterator[None]:
    """Run as ``python file`` would: modules next to the file can be imported, and there are no arguments."""
    path, arguments = list(sys.path), list(sys.argv)
    sys.path.insert(0, str(file.resolve().parent))
    sys.argv[:] = [str(file)]
    try:
        yield
    finally:
        sys.path[:], sys.argv[:] = path, arguments


def claims_of(file: Path) -> list[Claim]:
    """Run a file, and return the claims at its top level, also those in lists, tuples, sets and mappings.

    Raises
    ------
    ValueError
        If the file does not exist, cannot be run to its end, makes no claim, or gives one name to two claims.
    """
    if not file.is_file():
        raise ValueError(f"FILE must be a Python file, got {str(file)!r}, which does not exist")
    try:
        made = runpy.run_path(str(file))
    except SystemExit as error:
        raise ValueError(
            f"{file} ends the program (SystemExit: {error.code}) before its claims can be checked; put what calls"
            ' sys.exit or reads arguments under if __name__ == "__main__":'
        ) from error
    except Exception as error:
        where = "" if isinstance(error, SyntaxError) else f" ({place(error)})"
        raise ValueError(f"{file} cannot be run: {type(error).__name__}: {error}{where}") from error
    claims = list({id(claim): claim for claim in _inside(made, set())}.values())
    if not claims:
        raise ValueError(f"{file} must make at least one linmod.Claim at its top level, found none")
    twice = sorted(name for name, count in Counter(claim.name for claim in claims).items() if count > 1)
    if twice:
        raise ValueError(f"{file} must give each claim its own name, got several named {', '.join(twice)}")
    return claims


def _inside(value: Any, seen: set[int]) -> Iterator[Claim]:
    if isinstance(value, Claim):
        yield value
    elif isinstance(value, Mapping | list | tuple | set | frozenset) and id(value) not in seen:
        seen.add(id(value))
        for item in list(value.values() if isinstance(value, Mapping) else value):
            yield from _inside(item, seen)
