"""The three verdicts, and how they add up."""

from __future__ import annotations

from collections.abc import Iterable

HOLDS, FAILS, UNDECIDED = "holds", "fails", "undecided"


def combined(verdicts: Iterable[str]) -> str:
    """The verdict on a whole: it fails if one part fails, else is undecided if one part is or there is none.

    Parameters
    ----------
    verdicts : iterable of str

    Returns
    -------
    str

    Examples
    --------
    >>> combined(["holds", "undecided", "fails"]), combined(["holds", "undecided"]), combined([])
    ('fails', 'undecided', 'undecided')
    """
    found = set(verdicts)
    if found - {HOLDS, UNDECIDED}:
        return FAILS
    return HOLDS if found == {HOLDS} else UNDECIDED
