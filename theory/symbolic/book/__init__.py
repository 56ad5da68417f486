"""The book of formulas: every closed form with a permanent name. Listing it loads no sympy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from . import courses, scaling, space
from .entry import FORMATS, Entry

__all__ = ["FORMATS", "Book", "Entry", "book"]


class Book(Mapping[str, Entry]):
    """All entries by name.

    See Also
    --------
    linmod.check : Compare a formula with training, and with these.

    Examples
    --------
    >>> print(book["two-layer-flow"].expression)
    lam/(delta*((-1 + lam/(delta*pi0))*exp(-2*lam*t) + 1))
    >>> [entry.name for entry in book.search("half time")][:2]
    ['half-time-shallow', 'half-time-two-layer']
    """

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        self._entries = {entry.name: entry for entry in entries}

    def __getitem__(self, name: str) -> Entry:
        if name not in self._entries:
            near = get_close_matches(str(name)[:60], self._entries, n=3, cutoff=0.4)
            hint = f"did you mean {' or '.join(near)}?" if near else "linmod book lists them"
            raise KeyError(f"no formula is called {str(name)[:60]!r}; {hint}")
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"Book({len(self)} formulas)"

    def search(self, text: str) -> list[Entry]:
        """Entries in whose name, title, kind or assumptions all the words occur, those with them in the title first.

        Parameters
        ----------
        text : str

        Returns
        -------
        list of Entry

        See Also
        --------
        Entry : What is found.
        """
        words = text.lower().replace("-", " ").split()

        def found(entry: Entry, *texts: str) -> bool:
            inside = " ".join(texts).lower().replace("-", " ")
            return all(word in inside for word in words)

        titled = [entry for entry in self.values() if found(entry, entry.name, entry.title)]
        others = [
            entry
            for entry in self.values()
            if entry not in titled
            and found(entry, entry.name, entry.title, entry.of, entry.assumptions, entry.source, entry.derivation)
        ]
        return [*titled, *others]


book = Book((*courses.ENTRIES, *space.ENTRIES, *scaling.ENTRIES))
