"""What is integrated: a state vector, its velocity under gradient flow, and what can be seen of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from ..datasets import Data
from ..problem import Quantities, Weights, joined, observe_stack
from ..validation import FloatArray


@dataclass(frozen=True, eq=False)
class Seen(Quantities):
    """What is seen of a sequence of states: modes, block norms and loss, each with the times as first axis.

    `strengths` is None if they are much more expensive than the other quantities; they are then computed from the
    states on request.
    """

    strengths: FloatArray | None = None

    @classmethod
    def of_maps(cls, dataset: Data, maps: FloatArray) -> Seen:
        """Return what is seen of full input-output maps, shape (times, ..., output features, input features)."""
        seen = observe_stack(dataset, maps)
        return cls(**seen.by_field(), strengths=seen.strengths)

    @classmethod
    def joined(cls, parts: Iterable[Seen]) -> Seen:
        """Return what was seen at all times, from stacks of times that follow each other."""
        first, *others = parts
        if not others:
            return first
        stacks = (first, *others)
        strengths = [stack.strengths for stack in stacks if stack.strengths is not None]
        whole = joined(stacks, np.concatenate).by_field()
        return cls(**whole, strengths=np.concatenate(strengths) if strengths else None)


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


class Steps(Protocol):
    """Steps of descent of a system."""

    def views(self, states: FloatArray) -> Sequence[Any]:
        """Return each of several states as the steps take it."""
        ...

    def between(self) -> Sequence[Any]:
        """Return states to pass through in turn, where none is recorded."""
        ...

    def walk(self, path: Iterable[Any]) -> None:
        """Overwrite every state of a path but the first, each one step after the one before."""
        ...


class System(Protocol):
    """A system of ordinary differential equations that stands for a problem, or along leading axes for several."""

    start: FloatArray

    def velocity(self, state: FloatArray) -> FloatArray:
        """Return the time derivative in units of 1/tau, minus the gradient of the loss, in a reused buffer."""
        ...

    def descent(self, step_size: FloatArray | float) -> Steps:
        """Return steps of descent of a size, or of one size for each network, shape (networks, 1)."""
        ...

    def maps(self, states: FloatArray) -> FloatArray:
        """Return what observation needs of states along a first axis: their input-output maps, in any coordinates."""
        ...

    def observe(self, maps: FloatArray) -> Seen:
        """Return the modes, block norms and loss of maps along a first axis, which may be overwritten."""
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
