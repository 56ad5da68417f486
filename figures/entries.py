"""What the catalogue says of a claim without loading it, and how the claim is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from ..verification.claims import Claim


@dataclass(frozen=True)
class Entry:
    """One line of the catalogue.

    The claim's module is imported by :meth:`load` only, so that listing costs no symbolic algebra and no drawing.

    Parameters
    ----------
    name : str
        Name of the claim.
    home : str
        Where the claim is defined: a module of this package and a name in it, ``specialization.dense:DENSE_DEEP``.
    seconds : int
        Typical time of the check on two cores.
    source, statement : str
        As the claim has them.
    extra : str, optional
        The extra of the package that the check needs.

    See Also
    --------
    select : The claims themselves, by name or group.

    Examples
    --------
    >>> entry = Entry("dense-deep", "specialization.dense:DENSE_DEEP", 3, "a paper", "It holds.")
    >>> entry.group
    'specialization'
    >>> entry.load().name
    'dense-deep'
    """

    name: str
    home: str
    seconds: int
    source: str
    statement: str
    extra: str = ""

    @property
    def group(self) -> str:
        """The group that the claim belongs to: the folder of its module."""
        return self.home.split(".")[0]

    def load(self) -> Claim:
        """Import the claim.

        Returns
        -------
        Claim
        """
        module, _, attribute = self.home.partition(":")
        return cast("Claim", getattr(import_module(f".{module}", __package__), attribute))
