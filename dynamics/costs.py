"""What a step costs: its multiplications, and the calls of NumPy in terms of multiplications."""

from __future__ import annotations

from dataclasses import dataclass

CALL, SMALL_MATRIX = 7_000, 6_000
"""Multiplications in the time of a call of NumPy (0.5 microseconds), and in what a product of matrices takes more."""


@dataclass(frozen=True)
class Cost:
    """What a step costs.

    Attributes
    ----------
    products : int
        Multiplications in products of matrices.
    matrices : int
        Number of products of matrices.
    calls : int
        Number of other calls of NumPy.
    """

    products: int
    matrices: int
    calls: int

    def of_networks(self, count: int) -> int:
        """Return the cost for each of several networks that are moved together, in multiplications."""
        return self.products + self.matrices * SMALL_MATRIX + (self.matrices + self.calls) * CALL // count
