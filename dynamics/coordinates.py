"""The choice of coordinates in which problems are trained: by name, or by a count of operations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial

import numpy as np

from ..datasets import SystematicityDataset
from ..problem import Modular, Problem, RandomModes, Weights
from ..validation import choice
from .dense.commuting import (
    DIAGONAL_TOLERANCE,
    CommutingFrame,
    CommutingShallow,
    CommutingTwoLayer,
    commuting_frame,
)
from .dense.compressed import CompressedFrame, compress, narrow, narrow_static
from .dense.data_coordinates import DataCoordinates, flat_start
from .dense.layout import IDENTITY, PLAIN, full_layout, layout, width
from .dense.observer import Observer
from .dense.random_modes import NoFrame, draw
from .dense.shallow import ShallowCompressed, ShallowSpectral
from .dense.spectral import SpectralFrame, StaticFrame
from .dense.two_layer import TwoLayerCoordinates, TwoLayerParts
from .modular.systems import ModuleCoordinates
from .rules.systems import RuleWeights
from .systems import System

COORDINATES = ("data", "spectral", "compressed")
CALL_OVERHEAD = 200_000


class Coordinates:
    """The coordinates that one problem, or several that differ in their start alone, can be trained in.

    Parameters
    ----------
    problems : sequence of Problem
        Of one dataset and one network.
    alone : bool
        Whether the state of a single problem has no leading axis for the problems.
    """

    def __init__(self, problems: Sequence[Problem], *, alone: bool) -> None:
        self._problems, self._alone = tuple(problems), alone
        self._dataset, self._network = problems[0].dataset, problems[0].network
        self._rule = problems[0].training.rule
        self._drawn = isinstance(problems[0].initial, RandomModes)

    def choose(self, name: str) -> str:
        """The coordinates of that name; with ``"auto"`` those of the fewest operations.

        ``"auto"`` takes the first of data, spectral and compressed coordinates whose multiplications for each step
        exceed the fewest by no more than the calls of a step cost anyway (`CALL_OVERHEAD` for all problems together).

        Raises
        ------
        TypeError, ValueError
            If the problem cannot be trained in these coordinates; the message says why.
        """
        choice("coordinates", name, ("auto", *COORDINATES))
        refusals = {one: self.refusal(one) for one in (COORDINATES if name == "auto" else (name,))}
        possible = [one for one, reason in refusals.items() if reason is None]
        if not possible:
            raise ValueError(f"coordinates={name!r} do not fit this problem: {refusals[list(refusals)[-1]]}")
        operations = {one: self.operations(one) for one in possible}
        fewest = min(operations.values())
        spare = CALL_OVERHEAD // len(self._problems)
        return next(one for one, count in operations.items() if count <= fewest + spare)

    def refusal(self, name: str) -> str | None:
        """Why the problem cannot be trained in these coordinates, or None if it can."""
        in_space = isinstance(self._dataset, SystematicityDataset)
        if self._drawn and not (name == "compressed" and self._network.layers == 2 and in_space):
            return "RandomModes draws compressed coordinates of a two-layer network on a SystematicityDataset"
        if name == "data":
            return None
        if isinstance(self._network, Modular):
            return "modules are trained on the weights as they are; use 'data'"
        if not self._rule.is_gradient:
            return f"rule={self._rule} is trained on the weights as they are; use 'data'"
        if self._network.layers > 2:
            return f"with layers={self._network.layers} every hidden layer mixes the modes; use 'data'"
        if in_space:
            return None
        if name == "compressed":
            return "the modes of a Dataset need not come in large classes; use 'spectral'"
        if not self._dataset.is_decoupled_by_gradient:
            return "Sigma_x and Sigma_yx' Sigma_yx of this dataset do not commute; use 'data'"
        if self._frame.residual > DIAGONAL_TOLERANCE:
            residual = f"only to {self._frame.residual:.1e}, not to {DIAGONAL_TOLERANCE:.0e}"
            return f"the modes make the correlations of this dataset diagonal {residual}; use 'data'"
        return None

    def operations(self, name: str) -> int:
        """Multiplications in one step."""
        if name == "data":
            sizes = [rows * columns for rows, columns in self._network.shapes(self._dataset)]
            return self._dataset.n_items * (3 * sum(sizes) - sizes[0])
        hidden, columns, rows = self._sizes(name)
        if self._network.layers == 1:
            return columns if name == "compressed" else columns * rows
        return min(2 * hidden**2 * (columns + rows), 3 * hidden * columns * rows)

    def build(self, name: str) -> System:
        """The system in these coordinates."""
        if name == "data":
            return self._data()
        if not isinstance(self._dataset, SystematicityDataset):
            system = CommutingShallow if self._network.layers == 1 else CommutingTwoLayer
            return system(self._dataset, self._frame, self._weights())
        if self._network.layers == 1:
            return self._shallow(self._dataset, name)
        return self._two_layers(self._dataset, name)

    @cached_property
    def _frame(self) -> CommutingFrame:
        return commuting_frame(self._dataset)

    def _weights(self) -> Weights:
        """The initial weights, with a leading axis for several problems."""
        if self._alone:
            return self._problems[0].initial.weights(self._network, self._dataset)
        each = [one.initial.weights(self._network, self._dataset) for one in self._problems]
        return tuple(np.array(layer) for layer in zip(*each, strict=True))

    def _data(self) -> System:
        if isinstance(self._network, Modular):
            return ModuleCoordinates(self._problems[0], self._network)
        system = DataCoordinates if self._rule.is_gradient else RuleWeights
        starts = [flat_start(one) for one in self._problems]
        return system(self._problems[0], starts[0] if self._alone else np.array(starts))

    def _shallow(self, dataset: SystematicityDataset, name: str) -> System:
        frame = SpectralFrame(dataset)
        J = frame.map(self._weights()[0])
        observer = Observer(dataset, frame.layout)
        if name == "spectral":
            return ShallowSpectral(frame, observer, J)
        return ShallowCompressed(frame, observer, J, lambda: frame.map(self._weights()[0]))

    def _two_layers(self, dataset: SystematicityDataset, name: str) -> System:
        if self._drawn:
            parts = compress(dataset, self._draw(dataset))
            return TwoLayerCoordinates(parts, Observer(dataset, parts.layout), _same, NoFrame)
        spectral = SpectralFrame(dataset)
        start = spectral.two_layer(self._weights())
        if name == "compressed":
            parts = compress(dataset, start)
            observer = Observer(dataset, parts.layout)
            return TwoLayerCoordinates(parts, observer, _same, lambda: CompressedFrame(spectral, self._weights()))
        parts = narrow_static(dataset, start)
        observer = Observer(dataset, narrow(dataset, parts).layout)
        reduce = partial(narrow, dataset)
        return TwoLayerCoordinates(parts, observer, reduce, lambda: StaticFrame(spectral, self._weights()))

    def _draw(self, dataset: SystematicityDataset) -> TwoLayerParts:
        hidden = self._network.shapes(dataset)[0][0]
        parts = [draw(dataset, hidden, one.initial) for one in self._problems if isinstance(one.initial, RandomModes)]
        return parts[0] if self._alone else stacked(parts)

    def _sizes(self, name: str) -> tuple[int, int, int]:
        """Numbers of hidden units, of moving columns, and of rows."""
        hidden = self._network.shapes(self._dataset)[0][0]
        if not isinstance(self._dataset, SystematicityDataset):
            return hidden, len(self._frame.delta), self._dataset.n_outputs
        full = full_layout(self._dataset)
        if name == "spectral":
            return hidden, full.n_moving, full.n_rows
        if self._network.layers == 1:
            return hidden, len([one for one in full.classes if one.in_inputs]), 1
        height = hidden * ((PLAIN in full.columns) + (PLAIN in full.rows))
        plain = min(height, max(width(full.columns, PLAIN), width(full.rows, PLAIN)))
        small = layout(self._dataset, plain, 0, min(hidden, width(full.rows, IDENTITY)))
        return min(hidden, small.n_moving + small.n_rows), small.n_moving, small.n_rows


def stacked(parts: Sequence[TwoLayerParts]) -> TwoLayerParts:
    """Several networks along a leading axis."""
    return TwoLayerParts(
        parts[0].layout,
        np.array([one.inputs for one in parts]),
        np.array([one.outputs for one in parts]),
        np.array([one.static_energy for one in parts]),
    )


def _same(parts: TwoLayerParts) -> TwoLayerParts:
    return parts
