"""Principal coordinates of any network: its chains, in groups that share outputs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, cycle, islice, pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...datasets import Data
from ...datasets.items import Axes, axes_of
from ...problem import Network, Rule, Weights, observe_stack
from ...validation import FloatArray
from ..dense.chains import Coupling
from ..dense.principal import PrincipalChains, PrincipalShallow, PrincipalTwoLayer
from ..rules.principal import PrincipalRule
from ..systems import Balance, Seen, Steps

Features = NDArray[np.intp] | slice


@dataclass(frozen=True, eq=False)
class Place:
    """Where a chain stands in its network.

    Attributes
    ----------
    rows, columns : ndarray or slice
        The outputs that it writes and the inputs that it reads.
    scales : ndarray, shape (inputs read,), or float
        Factors with which it reads them.
    axes : Axes
        Principal axes of what it reads.
    """

    rows: Features
    columns: Features
    scales: FloatArray | float
    axes: Axes


class Group(Protocol):
    """Chains that share outputs."""

    start: FloatArray

    def velocity(self, state: FloatArray) -> FloatArray:
        """Return minus the gradient of the loss, in a reused buffer."""
        ...

    def descent(self, step_size: FloatArray | float) -> Steps:
        """Return steps of descent."""
        ...

    def layers(self, state: FloatArray) -> list[Weights]:
        """Return the layers of each chain, in their own coordinates."""
        ...

    def maps(self, states: FloatArray) -> list[FloatArray]:
        """Return the map of each chain in states of shape (..., size)."""
        ...

    def balance(self, state: FloatArray) -> Balance:
        """Return what gradient flow conserves."""
        ...


class PrincipalCoordinates:
    """All weights of one network, or of several along a leading axis.

    Parameters
    ----------
    dataset : Data
    network : Network
    rule : Rule
    weights : tuple of ndarray
        All layers at the start, chain after chain.
    """

    def __init__(self, dataset: Data, network: Network, rule: Rule, weights: Weights) -> None:
        self._dataset, self._places = dataset, places(dataset, network)
        chains = network.split(weights)
        self._members = network.groups
        self._groups = [self._group(members, rule, chains) for members in self._members]
        stops = accumulate((group.start.shape[-1] for group in self._groups), initial=0)
        self._spans = [slice(*span) for span in pairwise(stops)]
        self.start = np.concatenate([group.start for group in self._groups], axis=-1)

    def _group(self, members: Sequence[int], rule: Rule, chains: Sequence[Weights]) -> Group:
        """The equations of motion of chains that share outputs."""
        mine, first = [self._places[index] for index in members], chains[members[0]]
        if not rule.is_gradient:
            return PrincipalRule(self._dataset, rule, first)
        if len(members) == 1 and len(first) <= 2:
            kind = PrincipalShallow if len(first) == 1 else PrincipalTwoLayer
            return kind(mine[0].axes, mine[0].axes.targets[mine[0].rows], first)
        return PrincipalChains([one.axes for one in mine], coupling_of(mine), [chains[index] for index in members])

    def velocity(self, state: FloatArray) -> FloatArray:
        """Return minus the gradient of the loss."""
        parts = [group.velocity(state[..., span]) for group, span in zip(self._groups, self._spans, strict=True)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)

    def descent(self, step_size: FloatArray | float) -> Steps:
        """Return steps of descent."""
        steps = [group.descent(step_size) for group in self._groups]
        return steps[0] if len(steps) == 1 else _StepsApart(steps, self._spans)

    def weights(self, state: FloatArray) -> Weights:
        """Return all weights of the network, in their own coordinates."""
        layers = dict[int, Weights]()
        for members, group, span in zip(self._members, self._groups, self._spans, strict=True):
            layers |= zip(members, group.layers(state[..., span]), strict=True)
        return tuple(layer for _, chain in sorted(layers.items()) for layer in chain)

    def observe(self, maps: FloatArray) -> Seen:
        """Return the modes, block norms and loss of maps along a first axis."""
        return Seen.of_maps(self._dataset, maps)

    def strengths(self, state: FloatArray) -> FloatArray:
        """Return the effective singular value of every mode."""
        return observe_stack(self._dataset, self.maps(state)).strengths

    def balance(self, state: FloatArray) -> Balance:
        """Return what gradient flow conserves, up to a constant."""
        parts = [group.balance(state[..., span]) for group, span in zip(self._groups, self._spans, strict=True)]
        differences = [difference for part in parts for difference in part.differences]
        return Balance(differences, np.max([part.energy for part in parts], axis=0))

    def maps(self, states: FloatArray) -> FloatArray:
        """Return the input-output maps of states of shape (..., size)."""
        if isinstance(self._places[0].columns, slice) and self._places[0].columns == slice(None):
            return self._groups[0].maps(states)[0]
        total = np.zeros((*states.shape[:-1], self._dataset.n_outputs, self._dataset.n_inputs))
        for members, group, span in zip(self._members, self._groups, self._spans, strict=True):
            for index, W in zip(members, group.maps(states[..., span]), strict=True):
                add_to(total, self._places[index], W)
        return total


class _StepsApart:
    """Steps of groups that do not see each other."""

    def __init__(self, steps: Sequence[Steps], spans: Sequence[slice]) -> None:
        self._steps, self._spans = steps, spans

    def views(self, states: FloatArray) -> Sequence[Any]:
        """Return the views of all groups of each state."""
        each = [steps.views(states[..., span]) for steps, span in zip(self._steps, self._spans, strict=True)]
        return list(zip(*each, strict=True))

    def between(self) -> Sequence[Any]:
        """Return the views of all groups of states to pass through."""
        count = math.lcm(*(len(steps.between()) for steps in self._steps))
        return list(zip(*(islice(cycle(steps.between()), count) for steps in self._steps), strict=True))

    def walk(self, path: Iterable[Any]) -> None:
        """Overwrite every state of a path but the first, one group after the other."""
        for steps, own in zip(self._steps, zip(*path, strict=True), strict=True):
            steps.walk(own)


def places(dataset: Data, network: Network) -> list[Place]:
    """Return where each chain of a network stands, and the principal axes of what it reads."""
    if network.is_chain:
        return [Place(slice(None), slice(None), 1.0, dataset.axes)]
    X, Y = dataset.rotated_items
    found = []
    for module in network.modules:
        rows, columns, scales = module.rows(dataset), module.columns(dataset), module.scales(dataset)
        whole = len(columns) == dataset.n_inputs and bool(np.all(scales == 1))
        axes = dataset.axes if whole else axes_of(scales[:, None] * X[columns], Y, dataset.n_items)
        found.append(Place(consecutive(rows), consecutive(columns), scales, axes))
    return found


def coupling_of(group: Sequence[Place]) -> Coupling:
    """Return what chains that share outputs see of the data."""
    if len(group) == 1:
        (place,) = group
        targets = np.ascontiguousarray(place.axes.targets[place.rows].T)
        return Coupling(targets, place.axes.delta[:, None], (slice(None),))
    n_outputs = len(group[0].axes.targets)
    each = [np.arange(n_outputs)[place.rows] for place in group]
    shared = np.unique(np.concatenate(each))
    items = np.concatenate([place.axes.items for place in group])
    targets = np.concatenate([place.axes.targets[shared].T for place in group])
    rows = tuple(slice(None) if len(own) == len(shared) else np.searchsorted(shared, own) for own in each)
    return Coupling(targets, items @ items.T, rows)


def consecutive(features: NDArray[np.intp]) -> Features:
    """Return features as a slice, where they follow each other."""
    if len(features) and np.array_equal(features, np.arange(features[0], features[0] + len(features))):
        return slice(int(features[0]), int(features[0]) + len(features))
    return features


def add_to(total: FloatArray, place: Place, W: FloatArray) -> None:
    """Add the map of a chain, which reads scaled inputs, to that of its network."""
    rows, columns = place.rows, place.columns
    if isinstance(rows, slice) or isinstance(columns, slice):
        total[..., rows, columns] += W * place.scales
    else:
        total[..., rows[:, None], columns] += W * place.scales
