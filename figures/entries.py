"""Entries of the catalogue, which describe claims without loading them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from ..verification.claims import Claim


@dataclass(frozen=True)
class Entry:
    """One entry of the catalogue.

    Only :meth:`load` imports the module of the claim, so that a list needs neither symbolic algebra nor drawing.

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
    select : Load claims by name or group.
    linmod.verification.Claim : A loaded claim.

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

        See Also
        --------
        select : Import several claims by name or group.
        """
        module, _, attribute = self.home.partition(":")
        return cast("Claim", getattr(import_module(f".{module}", __package__), attribute))
