"""The coordinates in which networks are trained: what each needs, what a step costs, and how it is built."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from functools import cached_property, partial
from typing import cast

import numpy as np

from ...datasets import Data, SystematicityDataset
from ...problem import Modular, Network, Part, Problem, RandomModes, Rule, Weights
from ...validation import FloatArray
from ..costs import Cost
from ..dense.commuting import (
    DIAGONAL_TOLERANCE,
    CommutingFrame,
    CommutingShallow,
    CommutingTwoLayer,
    commuting_frame,
)
from ..dense.compressed import CompressedFrame, compress, narrow, narrow_static, narrowed
from ..dense.data_coordinates import DataCoordinates, flat_start
from ..dense.forms import cheapest
from ..dense.layout import IDENTITY, PLAIN, full_layout, layout, width
from ..dense.observer import observer_of
from ..dense.random_modes import NoFrame, draw
from ..dense.shallow import ShallowCompressed, ShallowSpectral
from ..dense.spectral import SpectralFrame, StaticFrame
from ..dense.spectral_chain import SpectralChain
from ..dense.two_layer import TwoLayerCoordinates, TwoLayerParts
from ..modular.systems import ModuleCoordinates
from ..rules.systems import RuleWeights
from ..systems import System
from .principal import PrincipalCoordinates


@dataclass(frozen=True, eq=False)
class Group:
    """One problem, or several that differ in their start alone, to be trained together.

    Attributes
    ----------
    problems : tuple of Problem
        Of one dataset and one network.
    alone : bool
        Whether the state of a single problem has no leading axis for the problems.
    """

    problems: tuple[Problem, ...]
    alone: bool

    @property
    def dataset(self) -> Data:
        """What all of them learn."""
        return self.problems[0].dataset

    @property
    def network(self) -> Network:
        """What learns."""
        return self.problems[0].network

    @property
    def rule(self) -> Rule:
        """The learning rule."""
        return self.problems[0].training.rule

    @property
    def hidden(self) -> int:
        """Number of hidden units, or of outputs of a shallow network."""
        return self.shapes[0][0]

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The chains of the network, with what they read and write."""
        return self.network.parts(self.dataset)

    @cached_property
    def shapes(self) -> list[tuple[int, int]]:
        """The shapes of all layers, chain after chain."""
        return [shape for part in self.parts for shape in part.network.shapes(part.data)]

    @property
    def in_space(self) -> bool:
        """Whether the data are a systematicity dataset."""
        return isinstance(self.dataset, SystematicityDataset)

    @property
    def is_drawn(self) -> bool:
        """Whether modes are drawn in place of weights."""
        return isinstance(self.problems[0].initial, RandomModes)

    @cached_property
    def frame(self) -> CommutingFrame:
        """Bases in which the correlations of a Dataset are diagonal."""
        return commuting_frame(self.dataset)

    @property
    def space(self) -> SystematicityDataset:
        """The data, as the systematicity dataset that they are."""
        return cast(SystematicityDataset, self.dataset)

    def weights(self) -> Weights:
        """The initial weights, with a leading axis for several problems."""
        if self.alone:
            return self.problems[0].initial.weights(self.network, self.dataset)
        each = [one.initial.weights(self.network, self.dataset) for one in self.problems]
        return tuple(np.array(layer) for layer in zip(*each, strict=True))

    def flat_start(self) -> FloatArray:
        """The initial weights as one vector for each problem."""
        starts = [flat_start(one) for one in self.problems]
        return starts[0] if self.alone else np.array(starts)


Question = Callable[[Group], str | None]


@dataclass(frozen=True)
class Form:
    """One way in which a coordinate system is built, and the problems that it is for."""

    covers: Callable[[Group], bool]
    build: Callable[[Group], System]


@dataclass(frozen=True)
class CoordinateSystem:
    """Coordinates in which problems can be trained.

    Attributes
    ----------
    name : str
    meaning : str
        In one sentence.
    questions : tuple of callables
        Conditions; each answers None, or the reason why a problem cannot be trained in these coordinates.
    cost : callable
        What a step costs.
    forms : tuple of Form
        The first that covers a problem builds its system.
    """

    name: str
    meaning: str
    questions: tuple[Question, ...]
    cost: Callable[[Group], Cost]
    forms: tuple[Form, ...]

    def refusal(self, group: Group) -> str | None:
        """Why a problem cannot be trained in these coordinates; None if it can."""
        answers = (question(group) for question in self.questions)
        return next((answer for answer in answers if answer is not None), None)

    def build(self, group: Group) -> System:
        """The system in these coordinates."""
        return next(form for form in self.forms if form.covers(group)).build(group)


def _drawn(group: Group) -> str | None:
    return "RandomModes draws compressed coordinates of a two-layer network on a SystematicityDataset"


def _any_drawn(group: Group) -> str | None:
    return _drawn(group) if group.is_drawn else None


def _drawn_elsewhere(group: Group) -> str | None:
    return _drawn(group) if group.is_drawn and not (group.network.layers == 2 and group.in_space) else None


def _modules(group: Group) -> str | None:
    return None if group.network.is_chain else "modules have coordinates for each of them; use 'principal'"


def _rule(group: Group) -> str | None:
    if group.rule.is_gradient:
        return None
    return f"rule={group.rule} couples what these coordinates keep apart; use 'principal'"


def _many_layers(group: Group) -> str | None:
    if group.network.layers <= 2:
        return None
    return f"with layers={group.network.layers} every hidden layer mixes the modes; use 'principal'"


def _many_layers_of_data(group: Group) -> str | None:
    return None if group.in_space else _many_layers(group)


def _no_large_classes(group: Group) -> str | None:
    return None if group.in_space else "the modes of a Dataset need not come in large classes; use 'spectral'"


def _coupled(group: Group) -> str | None:
    if group.in_space:
        return None
    if not group.dataset.is_decoupled_by_gradient:
        return "Sigma_x and Sigma_yx' Sigma_yx of this dataset do not commute; use 'principal'"
    if group.frame.residual > DIAGONAL_TOLERANCE:
        residual = f"only to {group.frame.residual:.1e}, not to {DIAGONAL_TOLERANCE:.0e}"
        return f"the modes make the correlations of this dataset diagonal {residual}; use 'principal'"
    return None


def _data_cost(group: Group) -> Cost:
    shapes = group.shapes
    sizes = [rows * columns for rows, columns in shapes]
    items = group.dataset.rotated_items[0].shape[1] if not group.in_space else group.dataset.n_items
    return Cost(items * (3 * sum(sizes) - sizes[0]), matrices=3 * len(shapes) - 1, calls=6)


def _spectral_cost(group: Group) -> Cost:
    if group.in_space:
        full = full_layout(group.space)
        columns, rows = full.n_moving, full.n_rows
    else:
        columns, rows = len(group.frame.delta), group.dataset.n_outputs
    if group.network.layers > 2:
        return _chain_cost(group.network, group.dataset, len(group.problems))
    return Cost(columns * rows, 0, 2) if group.network.layers == 1 else _two_layer_cost(group, columns, rows)


def _compressed_cost(group: Group) -> Cost:
    full, hidden = full_layout(group.space), group.hidden
    if group.network.layers == 1:
        return Cost(len([one for one in full.classes if one.in_inputs]), 0, 2)
    height = hidden * ((PLAIN in full.columns) + (PLAIN in full.rows))
    plain = min(height, max(width(full.columns, PLAIN), width(full.rows, PLAIN)))
    small = layout(group.space, plain, 0, min(hidden, width(full.rows, IDENTITY)))
    return _two_layer_cost(group, small.n_moving, small.n_rows, min(hidden, small.n_moving + small.n_rows))


def _two_layer_cost(group: Group, columns: int, rows: int, hidden: int | None = None) -> Cost:
    sizes = (hidden or group.hidden, columns, rows)
    return cheapest(True, *sizes, len(group.problems)).cost(*sizes)


def _principal_cost(group: Group) -> Cost:
    costs = [_chain_cost(part.network, part.data, len(group.problems)) for part in group.parts]
    return Cost(*(sum(values) for values in zip(*(astuple(one) for one in costs), strict=True)))


def _chain_cost(chain: Network, data: Data, networks: int) -> Cost:
    columns, rows = min(data.n_items, data.n_inputs), data.n_outputs
    if chain.layers == 1:
        return Cost(columns * rows, 0, 2)
    hidden = chain.shapes(data)[0][0]
    if chain.layers == 2:
        sizes = (min(hidden, columns + rows), columns, rows)
        return cheapest(False, *sizes, networks).cost(*sizes)
    inner = hidden**2 * (chain.layers - 2)
    return Cost(3 * columns * (inner + hidden * rows), matrices=3 * (chain.layers - 1), calls=3)


def _modules_as_they_are(group: Group) -> System:
    return ModuleCoordinates(group.problems[0], cast(Modular, group.network))


def _principal(group: Group) -> System:
    return PrincipalCoordinates(group.dataset, group.network, group.rule, group.weights())


def _commuting(group: Group) -> System:
    system = CommutingShallow if group.network.layers == 1 else CommutingTwoLayer
    return system(group.dataset, group.frame, group.weights())


def _shallow_spectral(group: Group) -> System:
    frame = SpectralFrame(group.space)
    return ShallowSpectral(frame, observer_of(group.space, frame.layout), frame.map(group.weights()[0]))


def _shallow_compressed(group: Group) -> System:
    frame = SpectralFrame(group.space)
    start = frame.map(group.weights()[0])
    observer = observer_of(group.space, frame.layout)
    return ShallowCompressed(frame, observer, start, lambda: frame.map(group.weights()[0]))


def _two_layer_spectral(group: Group) -> System:
    dataset, spectral = group.space, SpectralFrame(group.space)
    parts = narrow_static(dataset, spectral.two_layer(group.weights()))
    observer = observer_of(dataset, narrow(dataset, parts).layout)
    return TwoLayerCoordinates(
        parts, observer, partial(narrowed, dataset), lambda: StaticFrame(spectral, group.weights())
    )


def _two_layer_compressed(group: Group) -> System:
    dataset, spectral = group.space, SpectralFrame(group.space)
    parts = compress(dataset, spectral.two_layer(group.weights()))
    observer = observer_of(dataset, parts.layout)
    return TwoLayerCoordinates(parts, observer, _same, lambda: CompressedFrame(spectral, group.weights()))


def _drawn_modes(group: Group) -> System:
    dataset = group.space
    each = [draw(dataset, group.hidden, cast(RandomModes, one.initial)) for one in group.problems]
    parts = compress(dataset, each[0] if group.alone else stacked(each))
    return TwoLayerCoordinates(parts, observer_of(dataset, parts.layout), _same, NoFrame)


def stacked(parts: Sequence[TwoLayerParts]) -> TwoLayerParts:
    """Several networks along a leading axis."""
    return TwoLayerParts(
        parts[0].layout,
        np.array([one.inputs for one in parts]),
        np.array([one.outputs for one in parts]),
        np.array([one.static_energy for one in parts]),
    )


def _same(_: TwoLayerParts, A: FloatArray, C: FloatArray) -> tuple[FloatArray, FloatArray]:
    return A, C


DATA = CoordinateSystem(
    "data",
    "the weights as they are",
    (_any_drawn,),
    _data_cost,
    (
        Form(lambda group: not group.network.is_chain, _modules_as_they_are),
        Form(
            lambda group: not group.rule.is_gradient, lambda group: RuleWeights(group.problems[0], group.flat_start())
        ),
        Form(lambda group: True, lambda group: DataCoordinates(group.problems[0], group.flat_start())),
    ),
)
PRINCIPAL = CoordinateSystem(
    "principal",
    "the first layer along the principal axes of the inputs",
    (_any_drawn,),
    _principal_cost,
    (Form(lambda group: True, _principal),),
)
SPECTRAL = CoordinateSystem(
    "spectral",
    "rotated so that the correlations of the data are diagonal",
    (_any_drawn, _modules, _rule, _many_layers_of_data, _coupled),
    _spectral_cost,
    (
        Form(lambda group: not group.in_space, _commuting),
        Form(lambda group: group.network.layers == 1, _shallow_spectral),
        Form(lambda group: group.network.layers == 2, _two_layer_spectral),
        Form(lambda group: True, lambda group: SpectralChain(group.space, group.weights())),
    ),
)
COMPRESSED = CoordinateSystem(
    "compressed",
    "one triangular factor for each class of equal modes",
    (_drawn_elsewhere, _modules, _rule, _many_layers, _no_large_classes),
    _compressed_cost,
    (
        Form(lambda group: group.is_drawn, _drawn_modes),
        Form(lambda group: group.network.layers == 1, _shallow_compressed),
        Form(lambda group: group.network.layers == 2, _two_layer_compressed),
    ),
)
COORDINATE_SYSTEMS = (SPECTRAL, COMPRESSED, PRINCIPAL, DATA)
"""In the order of preference, where the costs of a step are equal."""
