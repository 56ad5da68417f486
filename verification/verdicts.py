"""The three verdicts, and how they add up."""

from __future__ import annotations

from collections.abc import Iterable

HOLDS, FAILS, UNDECIDED = "holds", "fails", "undecided"


class Judged:
    """Something with a verdict and a reason for it."""

    @property
    def verdict(self) -> str:
        """One of "holds", "fails" and "undecided"."""
        return self._decision[0]

    @property
    def reason(self) -> str:
        """Why the verdict is what it is, in one sentence; if undecided, with what would decide it."""
        return self._decision[1]

    @property
    def passed(self) -> bool:
        """Whether the verdict is "holds"."""
        return self.verdict == HOLDS

    @property
    def _decision(self) -> tuple[str, str]:
        """The verdict and the reason."""
        raise NotImplementedError


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
