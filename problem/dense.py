"""What learns: a chain of linear layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..datasets import Data, ModeBasis
from ..validation import FloatArray, integer

Weights = tuple[FloatArray, ...]


@dataclass(frozen=True)
class Shallow:
    """A linear network without hidden layer, y = W x.

    Examples
    --------
    >>> Shallow().layers
    1
    """

    @property
    def layers(self) -> int:
        """Number of weight matrices."""
        return 1

    def shapes(self, dataset: Data) -> tuple[tuple[int, int], ...]:
        """Shapes of the weight matrices, from the input on."""
        return ((dataset.n_outputs, dataset.n_inputs),)


@dataclass(frozen=True)
class Deep:
    """A linear network with hidden layers, y = W_L ... W_1 x.

    Parameters
    ----------
    hidden : int, default 50
        Units in each hidden layer.
    layers : int, default 2
        Number of weight matrices L, at least 2.

    Examples
    --------
    >>> Deep()
    Deep(hidden=50, layers=2)
    """

    hidden: int = 50
    layers: int = 2

    def __post_init__(self) -> None:
        integer("hidden", self.hidden, 1)
        integer("layers", self.layers, 2)

    def shapes(self, dataset: Data) -> tuple[tuple[int, int], ...]:
        """Shapes of the weight matrices, from the input on."""
        sizes = [dataset.n_inputs, *[self.hidden] * (self.layers - 1), dataset.n_outputs]
        return tuple((after, before) for before, after in pairwise(sizes))


Chain = Shallow | Deep


def product(weights: Sequence[FloatArray]) -> FloatArray:
    """Input-output map W_L ... W_1 of the weights of a chain, given from the input on."""
    total = weights[0]
    for matrix in weights[1:]:
        total = matrix @ total
    return total


def balanced_weights(network: Chain, basis: ModeBasis, strengths: FloatArray) -> Weights:
    """Weights with given strengths of the modes, balanced across layers, each mode with its own hidden unit."""
    if not isinstance(network, Deep):
        return ((basis.U * strengths) @ basis.V.T,)
    started = np.flatnonzero(strengths)
    U, V, strengths = basis.U[:, started], basis.V[:, started], strengths[started]
    gains = np.abs(strengths) ** (1 / network.layers)
    units = np.eye(network.hidden, len(started))
    first = (units * gains) @ V.T
    middle = (units * gains) @ units.T
    last = (U * (gains * np.sign(strengths))) @ units.T
    return (first, *[middle] * (network.layers - 2), last)
