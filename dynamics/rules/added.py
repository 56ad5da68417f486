"""Training of all weights by the gradient and terms of one's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from ...datasets import Data
from ...problem import Problem, Weights
from ...validation import FloatArray
from ..dense.data_coordinates import DataCoordinates

Added = Callable[[Weights, Data], Sequence[ArrayLike]]


class AddedTerms(DataCoordinates):
    """All weights of one chain of layers, trained on the items by the gradient and terms that a function adds."""

    def __init__(self, problem: Problem, added: Added) -> None:
        super().__init__(problem)
        self._added = added

    def velocity(self, state: FloatArray) -> FloatArray:
        """Return minus the gradient of the loss plus the added terms, in a buffer that the next call overwrites."""
        change = super().velocity(state)
        into = self.weights(change)
        terms = [np.asarray(term, dtype=np.float64) for term in self._added(self._seen(state), self._dataset)]
        shapes = [matrix.shape for matrix in into]
        if [term.shape for term in terms] != shapes:
            raise ValueError(f"added must return arrays of shapes {shapes}, got {[term.shape for term in terms]}")
        for layer, term in zip(into, terms, strict=True):
            layer += term
        return change

    def _seen(self, state: FloatArray) -> Weights:
        """The weights, protected from changes in place."""
        matrices = tuple(matrix.view() for matrix in self.weights(state))
        for matrix in matrices:
            matrix.flags.writeable = False
        return matrices
