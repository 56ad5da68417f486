"""Networks that are a chain of linear layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from ..datasets import Data, ModeBasis
from ..validation import FloatArray, integer

__all__ = ["Chain", "Deep", "Part", "Shallow", "Weights", "balanced_weights", "product"]

Weights = tuple[FloatArray, ...]


@dataclass(frozen=True)
class Part:
    """A chain of layers within a network, with its inputs and target outputs.

    Attributes
    ----------
    data : Data
        Its inputs and target outputs, as a dataset.
    network : Shallow or Deep
    outputs : tuple of str
        Names of the output blocks that it writes, in the order of the whole dataset.
    """

    data: Data
    network: Chain
    outputs: tuple[str, ...]


class _OnePart:
    """Methods of a chain of layers, which is a network of one part."""

    @property
    def is_chain(self) -> Literal[True]:
        """Whether the network is a single chain of layers that reads and writes everything."""
        return True

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Parts by number, those together that share outputs."""
        return ((0,),)

    def split(self, weights: Sequence[FloatArray]) -> tuple[Weights, ...]:
        """Divide the weights of the network among its parts."""
        return (tuple(weights),)

    def assemble(self, dataset: Data, maps: Mapping[int, FloatArray]) -> FloatArray:
        """Sum the maps of parts, given by number, into the input-output map of the network."""
        return self.place(dataset, maps)

    def place(self, dataset: Data, maps: Mapping[int, FloatArray]) -> FloatArray:
        """Sum the maps of parts as they are held, each in its place among all inputs and outputs."""
        return maps[0] if maps else np.zeros((dataset.n_outputs, dataset.n_inputs))


@dataclass(frozen=True)
class Shallow(_OnePart):
    """A linear network without hidden layer, y = W x.

    See Also
    --------
    Deep : A network with hidden layers.

    Examples
    --------
    >>> Shallow().layers
    1
    """

    def parts(self, dataset: Data) -> tuple[Part, ...]:
        """Describe the network as its only part."""
        return (Part(dataset, self, tuple(dataset.output_blocks)),)

    @property
    def layers(self) -> int:
        """Number of weight matrices."""
        return 1

    def shapes(self, dataset: Data) -> tuple[tuple[int, int], ...]:
        """Return the shapes of the weight matrices, from the input on."""
        return ((dataset.n_outputs, dataset.n_inputs),)


@dataclass(frozen=True)
class Deep(_OnePart):
    """A linear network with hidden layers, y = W_L ... W_1 x.

    Parameters
    ----------
    hidden : int, default 50
        Units in each hidden layer.
    layers : int, default 2
        Number of weight matrices L, at least 2.

    See Also
    --------
    Shallow : A network without hidden layer.
    Modular : A network of several chains.

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

    def parts(self, dataset: Data) -> tuple[Part, ...]:
        """Describe the network as its only part."""
        return (Part(dataset, self, tuple(dataset.output_blocks)),)

    def shapes(self, dataset: Data) -> tuple[tuple[int, int], ...]:
        """Return the shapes of the weight matrices, from the input on."""
        sizes = [dataset.n_inputs, *[self.hidden] * (self.layers - 1), dataset.n_outputs]
        return tuple((after, before) for before, after in pairwise(sizes))


Chain = Shallow | Deep


def product(weights: Sequence[FloatArray]) -> FloatArray:
    """Return the input-output map W_L ... W_1 of the weights of a chain, given from the input on."""
    total = weights[0]
    for matrix in weights[1:]:
        total = matrix @ total
    return total


def balanced_weights(network: Chain, basis: ModeBasis, strengths: FloatArray) -> Weights:
    """Return weights with given strengths of the modes, balanced across layers, with one hidden unit for each mode."""
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
