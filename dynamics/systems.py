"""What is integrated: a state vector, its velocity under gradient flow, and what can be seen of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Protocol

import numpy as np

from ..problem import Observation, Quantities, Weights, joined
from ..validation import FloatArray

CHUNK_SIZE = 2**13


@dataclass(frozen=True, eq=False)
class Seen(Quantities):
    """What is seen of a sequence of states: modes, block norms and loss, each with the times as first axis.

    `strengths` is None if they are much more expensive than the other quantities; they are then computed from the
    states on request.
    """

    strengths: FloatArray | None = None

    @classmethod
    def of_maps(cls, observation: Observation, lead: tuple[int, ...] = ()) -> Seen:
        """Return what was seen of full input-output maps, of several networks at each time if `lead` says so."""
        n_times = observation.loss.size // math.prod(lead)

        def times_first(values: FloatArray) -> FloatArray:
            return values.reshape(n_times, *lead, *values.shape[1:])

        return cls(**observation.changed(times_first).by_field(), strengths=times_first(observation.strengths))


@dataclass(frozen=True, eq=False)
class Balance:
    r"""What gradient flow conserves, :math:`W_{l+1}^\top W_{l+1} - W_l W_l^\top` of neighbouring layers.

    Attributes
    ----------
    differences : list of ndarray, shape (..., hidden, hidden)
        In any orthonormal basis of the hidden units, and up to a constant.
    energy : ndarray, shape (...)
        The largest :math:`|W_l|_F^2`.
    """

    differences: list[FloatArray]
    energy: FloatArray


class System(Protocol):
    """A system of ordinary differential equations that stands for a problem, or along leading axes for several."""

    start: FloatArray

    def velocity(self, state: FloatArray) -> FloatArray:
        """Return the time derivative in units of 1/tau, minus the gradient of the loss, in a reused buffer."""
        ...

    def observe(self, states: Iterable[FloatArray]) -> Seen:
        """Return the modes, block norms and loss of a sequence of states."""
        ...

    def strengths(self, state: FloatArray) -> FloatArray:
        """Return the effective singular value of every mode."""
        ...

    def weights(self, state: FloatArray) -> Weights:
        """Return all weights of the network in this state."""
        ...

    def balance(self, state: FloatArray) -> Balance:
        """Return what gradient flow conserves."""
        ...


def balance_of(*chains: Weights) -> Balance:
    """Return what gradient flow conserves, from all weights of one chain of layers or of several."""
    differences = [
        after.swapaxes(-1, -2) @ after - before @ before.swapaxes(-1, -2)
        for chain in chains
        for before, after in pairwise(chain)
    ]
    energies = [np.sum(matrix**2, axis=(-2, -1)) for chain in chains for matrix in chain]
    return Balance(differences, np.max(energies, axis=0))


def drift(start: Balance, end: Balance) -> FloatArray:
    """Return the largest change of what gradient flow conserves, relative to the largest energy."""
    scale = np.maximum(start.energy, end.energy)
    changes = [
        np.linalg.norm(late - early, axis=(-2, -1))
        for early, late in zip(start.differences, end.differences, strict=True)
    ]
    largest = np.max([np.zeros_like(scale), *changes], axis=0)
    return np.asarray(np.divide(largest, scale, out=np.zeros_like(largest), where=scale > 0))


def in_chunks(states: Iterable[FloatArray], look: Callable[[FloatArray], Seen]) -> Seen:
    """Observe states several at a time, stacked along a first axis, as many as a processor's cache holds."""
    remaining, chunks = iter(states), []
    for first in remaining:
        several = [first.copy(), *(one.copy() for one in islice(remaining, CHUNK_SIZE // max(first.size, 1)))]
        chunks.append(look(np.array(several)))
    return Seen(**joined(chunks, np.concatenate).by_field())
