"""Training under a learning rule: of all weights on the items, and of single modes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ...datasets import Data
from ...problem import Divergence, Problem, Rule
from ...validation import FloatArray
from ..dense.data_coordinates import DataCoordinates
from ..dense.mode_equations import TwoLayerModes

UNPREDICTED = 1e-9


class RuleWeights(DataCoordinates):
    r"""All weights of a two-layer network, trained on the items by the gradient and a rule's added terms.

    With hidden activity :math:`H = W_1 X` and outputs :math:`\hat Y = W_2 H`, the rule adds

    .. math:: \dot W_1 \mathrel{+}= \frac{\nabla}{N} (H X^\top - H H^\top W_1) \quad\text{or}\quad
              \frac{\nabla}{N} \frac{H X^\top}{1 \pm |\mathrm{row}|^2}, \qquad
              \dot W_2 \mathrel{+}= \frac{\gamma}{N} (Y Y^\top - \hat Y \hat Y^\top) W_2
    """

    def __init__(self, problem: Problem, start: FloatArray | None = None) -> None:
        super().__init__(problem, start)
        self._rule = problem.training.rule
        self._inputs, self._targets = problem.dataset.rotated_items

    def velocity(self, state: FloatArray) -> FloatArray:
        """Return minus the gradient of the loss plus the rule's terms, in a buffer that the next call overwrites."""
        change = super().velocity(state)
        first, second = self.weights(state)
        into_first, into_second = self.weights(change)
        hidden, n_items = first @ self._inputs, self._dataset.n_items
        if self._rule.hebbian:
            into_first += self._rule.hebbian / n_items * HEBBIAN[self._rule.form](first, hidden, self._inputs)
        if self._rule.contrastive:
            into_second += self._rule.contrastive / n_items * contrast(second, second @ hidden, self._targets)
        return change


def oja(first: FloatArray, hidden: FloatArray, inputs: FloatArray) -> FloatArray:
    """Return Oja's term, summed over items."""
    return hidden @ (inputs.T - hidden.swapaxes(-1, -2) @ first)


def inverse_norm(first: FloatArray, hidden: FloatArray, inputs: FloatArray) -> FloatArray:
    """Return the Hebbian term of each hidden unit over one plus its squared norm, summed over items."""
    return np.asarray(hidden @ inputs.T / (1 + np.sum(first**2, axis=-1, keepdims=True)))


def inverse_complement(first: FloatArray, hidden: FloatArray, inputs: FloatArray) -> FloatArray:
    """The Hebbian term of each hidden unit over one minus its squared norm, summed over items."""
    return np.asarray(hidden @ inputs.T / complement(np.sum(first**2, axis=-1, keepdims=True)))


def complement(squared_norm: FloatArray) -> FloatArray:
    """One minus a squared norm, not a number outside the domain."""
    return np.where(squared_norm < 1, 1 - squared_norm, np.nan)


def contrast(second: FloatArray, outputs: FloatArray, targets: FloatArray) -> FloatArray:
    """Return the clamped minus free correlations of the outputs, times the second layer, summed over items."""
    return np.asarray(targets @ (targets.T @ second) - outputs @ (outputs.swapaxes(-1, -2) @ second))


HEBBIAN: dict[str, Callable[[FloatArray, FloatArray, FloatArray], FloatArray]] = {
    "oja": oja,
    "inverse_norm": inverse_norm,
    "inverse_complement": inverse_complement,
}
HIDDEN_GAIN: dict[str, Callable[[FloatArray], FloatArray]] = {
    "oja": lambda a: a * (1 - np.sum(a * a, axis=0)),
    "inverse_norm": lambda a: a / (1 + a * a),
    "inverse_complement": lambda a: a / complement(a * a),
}


class RuleModes(TwoLayerModes):
    r"""The two hidden vectors of each mode under a rule, integrated separately for each mode.

    .. math:: \dot a = b\,e + \nabla\delta\, a\,(1 - |a|^2), \qquad
              \dot b = a\,e + \gamma\,(\sigma - \delta\,(a \cdot b)^2)\, b, \qquad e = \lambda - \delta\, a \cdot b

    with :math:`a/(1 + a^2)`, for each hidden unit, in place of :math:`a\,(1 - |a|^2)` in the form of the inverse norm,
    and :math:`a/(1 - a^2)` in that of the inverse complement.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self._rule = problem.training.rule
        U = self._basis.U
        self._sigma = np.sum(U * (problem.dataset.sigma_y @ U), axis=0)

    def velocity(self, state: FloatArray) -> FloatArray:
        """Return the time derivative of both hidden vectors of every mode."""
        change = super().velocity(state).reshape(self._shape)
        a, b = state.reshape(self._shape)
        strength = np.sum(a * b, axis=0)
        change[0] += self._rule.hebbian * self._delta * HIDDEN_GAIN[self._rule.form](a)
        change[1] += self._rule.contrastive * (self._sigma - self._delta * strength**2) * b
        return change.ravel()


def explained(problem: Problem, states: Iterator[FloatArray]) -> Iterator[FloatArray]:
    """Pass states on; when training diverges, add what in the rule can be the cause."""
    try:
        yield from states
    except Divergence as error:
        causes = list(causes_of_divergence(problem.training.rule, problem.dataset))
        raise Divergence("; ".join([str(error), *causes])) from error


def causes_of_divergence(rule: Rule, dataset: Data) -> Iterator[str]:
    """Return the reasons why a rule grows without bound on a dataset for every step size."""
    if rule.hebbian < 0 and rule.form == "oja":
        yield (
            f"anti-Hebbian learning (hebbian={rule.hebbian:g}) repels the gain of the first layer from 1, and one"
            " above 1 grows without bound in finite time (form='inverse_norm' does not)"
        )
    if rule.hebbian and rule.form == "inverse_complement":
        yield (
            "form='inverse_complement' is defined only while the input weights of every hidden unit have a norm below"
            " 1 (form='inverse_norm' has no such limit)"
        )
    if rule.contrastive > 0 and unpredicted_variance(dataset) > UNPREDICTED:
        yield (
            f"contrastive Hebbian learning (contrastive={rule.contrastive:g}) has no bound on this dataset: a variance"
            f" of {unpredicted_variance(dataset):.3g} of the outputs is in directions that no input predicts, and the"
            " weights to them grow as exp(gamma sigma t)"
        )


def unpredicted_variance(dataset: Data) -> float:
    r"""Return the mean over items of the squared part of the targets that no linear map of the inputs can produce.

    Examples
    --------
    >>> from linmod import SystematicityDataset
    >>> round(unpredicted_variance(SystematicityDataset(n_x=2, n_y=1, k_x=0, k_y=1)), 6)
    0.5
    """
    inputs, targets = dataset.rotated_items
    left = targets - targets @ np.linalg.pinv(inputs) @ inputs
    return float(np.sum(left**2) / dataset.n_items)
