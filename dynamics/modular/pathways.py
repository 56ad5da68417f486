r"""The equations of pathways: the scalar gains of any modules from an aligned start, a second and smaller simulation.

In the dataset space every module is diagonal in the same functions z of the items. With the input gain
:math:`\xi_p = |X_p z|/\sqrt N` of module p, the target :math:`\eta_o = |Y_o z|/\sqrt N` of output block o, the gains
:math:`g_{p,1}, \ldots, g_{p,L_p-1}` of its lower layers and the gain :math:`b_{p,o}` of its last layer towards block o,

.. math:: e_o = \eta_o - \sum_p \xi_p \Big(\prod_l g_{p,l}\Big) b_{p,o}, \qquad
          \dot b_{p,o} = \xi_p \Big(\prod_l g_{p,l}\Big) e_o, \qquad
          \dot g_{p,l} = \xi_p \Big(\prod_{k \ne l} g_{p,k}\Big) \sum_o b_{p,o} e_o

Two modules that write one block make the race of two scalars; a module that writes two blocks, of which another
writes one, makes five scalars. All lengths are measured on the data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ...datasets import SystematicityDataset, walsh_functions
from ...problem import (
    Aligned,
    Chain,
    Deep,
    Part,
    Problem,
    Trajectory,
    Weights,
    observe_stack,
)
from ...validation import FloatArray, instance
from ..integrators.descent import PlainSteps
from ..running import Again, integrate
from ..systems import Balance, Seen, Steps, balance_of


@np.errstate(all="warn", under="ignore")
def solve_pathways(
    problem: Problem, *, integrator: str = "RK45", progress: Callable[[float], None] | None = None
) -> Trajectory:
    """Integrate the scalar gains of all modules from an aligned start: see :mod:`linmod.dynamics.modular.pathways`.

    It equals training of all weights exactly, at the cost of a few scalars for each item, and is the only short
    description where modules that share outputs have no closed form.

    Parameters
    ----------
    problem : Problem
        On a systematicity dataset, trained by the gradient alone from an Aligned start; a chain is a single module.
    integrator, progress
        As for :func:`linmod.dynamics.solve`.

    Returns
    -------
    Trajectory

    Raises
    ------
    ValueError
        For another dataset, start or rule.
    Divergence
        As :func:`linmod.dynamics.solve`.

    See Also
    --------
    linmod.dynamics.solve : Train all weights.

    Examples
    --------
    >>> import linmod
    >>> race = linmod.Modular.race(linmod.Deep(hidden=8))
    >>> problem = linmod.Problem(linmod.SystematicityDataset(n_x=3, n_y=1, k_x=4, k_y=0), race,
    ...                          linmod.Aligned(1e-4), linmod.Flow([0.0, 5.0, 50.0]))
    >>> linmod.dynamics.solve_pathways(problem).norms["omega_x", "omega_y"].round(3)
    array([0.   , 0.659, 0.954])
    """
    instance("problem", problem, (Problem,))
    dataset, initial = problem.dataset, problem.initial
    if not problem.training.rule.is_gradient:
        raise ValueError(f"rule={problem.training.rule} has no equations of pathways; use dynamics.solve_modes")
    if not initial.is_aligned:
        raise ValueError(f"initial must be Aligned for the equations of pathways, got {initial!r}")
    parts = problem.network.parts(dataset)
    if any(data.in_space is None for data in (dataset, *(part.data for part in parts))):
        raise ValueError(f"dataset must be a SystematicityDataset, with unscaled sign features, got {dataset!r}")
    return integrate(Again(problem, _Pathways, integrator), _Pathways(problem), "pathways", progress)


@dataclass(frozen=True, eq=False)
class _Axis:
    """Lengths and directions of features over all Walsh functions of the items."""

    lengths: FloatArray
    units: FloatArray


def _axis(features: FloatArray, items: FloatArray) -> _Axis:
    along = features @ items
    lengths = np.linalg.norm(along, axis=0)
    return _Axis(lengths / np.sqrt(len(items)), along / np.where(lengths > 0, lengths, 1.0))


class _Pathway:
    """One module: its input gains, its targets by output block, and the strengths that it starts from."""

    def __init__(self, items: FloatArray, part: Part, initial: Aligned) -> None:
        classes = cast(SystematicityDataset, part.data).class_masks
        self.network: Chain = part.network
        self.blocks = part.outputs
        self.inputs = _axis(part.data.X, items)
        self.outputs = [_axis(part.data.Y[part.data.output_blocks[name]], items) for name in self.blocks]
        self.strengths = np.zeros(len(items))
        self.order: NDArray[np.intp] = np.concatenate(
            [np.zeros(0, dtype=np.intp), *(masks for masks in classes.values())]
        )
        for name, masks in classes.items():
            self.strengths[masks] = initial.of_class(name)
        self.shape = (part.network.layers - 1 + len(self.blocks), len(items))

    def start(self) -> FloatArray:
        """Return the balanced gains: those of the lower layers, then those of the last layer towards each block."""
        gain = np.abs(self.strengths) ** (1 / self.network.layers)
        whole = np.sqrt(sum(axis.lengths**2 for axis in self.outputs))
        shares = [axis.lengths / np.where(whole > 0, whole, 1.0) for axis in self.outputs]
        last = gain * np.sign(self.strengths) if self.network.layers > 1 else self.strengths
        return np.stack([*[gain] * (self.network.layers - 1), *(last * share for share in shares)])

    def gains(self, state: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the gains of the lower layers, and those of the last layer towards each block."""
        return state[: self.network.layers - 1], state[self.network.layers - 1 :]

    def through(self, state: FloatArray) -> FloatArray:
        """Return the contribution to each output block, shape (blocks, items), per unit of input."""
        lower, last = self.gains(state)
        return np.asarray(np.prod(lower, axis=0) * last)

    def velocity(self, state: FloatArray, errors: FloatArray) -> FloatArray:
        """Return the time derivative of all gains, for the errors of its output blocks."""
        lower, last = self.gains(state)
        pull = self.inputs.lengths * np.sum(last * errors, axis=0)
        others = [np.prod(np.delete(lower, layer, axis=0), axis=0) * pull for layer in range(len(lower))]
        return np.stack([*others, *(self.inputs.lengths * np.prod(lower, axis=0) * errors)])

    def map(self, state: FloatArray) -> FloatArray:
        """Return the input-output map of the module."""
        parts = [axis.units * gain for axis, gain in zip(self.outputs, self.through(state), strict=True)]
        return np.concatenate(parts) @ self.inputs.units.T

    def weights(self, state: FloatArray) -> Weights:
        """Return the module's layers, each mode with its own hidden unit, as an aligned start lays them out."""
        if not isinstance(self.network, Deep):
            return (self.map(state),)
        lower, last = self.gains(state)
        started = self.order[self.strengths[self.order] != 0]
        units = np.eye(self.network.hidden, len(started))
        written = np.concatenate([axis.units * gain for axis, gain in zip(self.outputs, last, strict=True)])
        first = (units * lower[0, started]) @ self.inputs.units[:, started].T
        middle = [(units * gain[started]) @ units.T for gain in lower[1:]]
        return (first, *middle, written[:, started] @ units.T)


class _Pathways:
    """All modules together."""

    def __init__(self, problem: Problem) -> None:
        dataset, initial = cast(SystematicityDataset, problem.dataset), cast(Aligned, problem.initial)
        items, parts = walsh_functions(dataset.n_bits, np.arange(dataset.n_items)), problem.network.parts(dataset)
        pathways = [_Pathway(items, part, initial.of_module(index, len(parts))) for index, part in enumerate(parts)]
        self._dataset, self._network, self._pathways = dataset, problem.network, pathways
        self._targets = {name: _axis(dataset.Y[block], items).lengths for name, block in dataset.output_blocks.items()}
        self._stops = np.cumsum([0, *(np.prod(pathway.shape) for pathway in pathways)])
        self.start = np.concatenate([pathway.start().ravel() for pathway in pathways])

    def _states(self, state: FloatArray) -> list[FloatArray]:
        return [
            state[self._stops[i] : self._stops[i + 1]].reshape(pathway.shape)
            for i, pathway in enumerate(self._pathways)
        ]

    def velocity(self, state: FloatArray) -> FloatArray:
        """Return the time derivative of all gains."""
        errors = {name: target.copy() for name, target in self._targets.items()}
        states = self._states(state)
        for pathway, own in zip(self._pathways, states, strict=True):
            for name, written in zip(pathway.blocks, pathway.through(own), strict=True):
                errors[name] -= pathway.inputs.lengths * written
        return np.concatenate(
            [
                pathway.velocity(own, np.stack([errors[name] for name in pathway.blocks])).ravel()
                for pathway, own in zip(self._pathways, states, strict=True)
            ]
        )

    def weights(self, state: FloatArray) -> Weights:
        """Return all weights, module after module."""
        pairs = zip(self._pathways, self._states(state), strict=True)
        return tuple(matrix for pathway, own in pairs for matrix in pathway.weights(own))

    def descent(self, step_size: FloatArray | float) -> Steps:
        """Return steps of descent."""
        return PlainSteps(self.velocity, step_size, self.start.shape)

    def maps(self, states: FloatArray) -> FloatArray:
        """Return the sums of the modules' maps."""
        return np.array([self._map(state) for state in states])

    def observe(self, maps: FloatArray) -> Seen:
        """Return the modes, block norms and loss of maps along a first axis."""
        return Seen.of_maps(self._dataset, maps)

    def strengths(self, state: FloatArray) -> FloatArray:
        """Return the effective singular value of every mode."""
        return observe_stack(self._dataset, self._map(state)).strengths

    def balance(self, state: FloatArray) -> Balance:
        """Return what gradient flow conserves in each module."""
        return balance_of(*self._network.split(self.weights(state)))

    def _map(self, state: FloatArray) -> FloatArray:
        pairs = zip(self._pathways, self._states(state), strict=True)
        maps = {i: pathway.map(own) for i, (pathway, own) in enumerate(pairs)}
        return self._network.assemble(self._dataset, maps)
