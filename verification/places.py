"""Where an error arose: the line that a user can change."""

from __future__ import annotations

import traceback
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
STANDARD = Path(traceback.__file__).parent
ELSEWHERE = ("site-packages", "dist-packages", "<frozen")


def place(error: BaseException) -> str:
    """Return file and line of the last call outside this package and the installed ones; of the last call if none is.

    Examples
    --------
    >>> try:
    ...     1 / 0
    ... except ZeroDivisionError as error:
    ...     print(place(error))
    <doctest linmod.verification.places.place[0]>:2
    """
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return ""
    own = [frame for frame in frames if not _is_elsewhere(frame.filename)]
    last = (own or frames)[-1]
    return f"{last.filename}:{last.lineno}"


def told(error: BaseException) -> str:
    """Return the traceback of an error as text."""
    return "".join(traceback.format_exception(error))


def _is_elsewhere(file: str) -> bool:
    path = Path(file)
    path = path.resolve() if path.exists() else path
    if PACKAGE in path.parents:
        first = PACKAGE / path.relative_to(PACKAGE).parts[0]
        return first == path or (first / "__init__.py").exists()
    return any(part in file for part in ELSEWHERE) or STANDARD in path.parents
