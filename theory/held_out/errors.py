r"""Predicted errors of linear networks on items that they have not been trained on.

Gamma inputs of a held-out item have no overlap with those of any training item, so that they act as a ridge alone.
With :math:`\Omega_S` the sign inputs of the M training items, :math:`\rho = k_x r^2`, :math:`\omega` the sign inputs
of a held-out item and the kernel :math:`K = \Omega_S^\top\Omega_S + \rho I` of the training items, a shallow network
that starts at zero answers

.. math:: \hat y(t) = Y_S\, \frac{1 - e^{-K t/M}}{K}\, \Omega_S^\top \omega

Time is in units of tau. Errors are means of squared norms over held-out items, by output block.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.linalg import pinv

from ...datasets import HeldOut, SystematicityDataset
from ...problem import (
    Aligned,
    Descent,
    Flow,
    Initial,
    Network,
    NoClosedForm,
    Problem,
    Shallow,
    Training,
)
from ...validation import FloatArray, instance
from ..dense.evolution import finite
from ..dense.shallow import shallow_descent, shallow_flow
from ..solving import solve

RANK_TOLERANCE = 1e-9


def held_out_errors(split: HeldOut, network: Network, initial: Initial, training: Training) -> dict[str, FloatArray]:
    r"""Predict the error on held-out items over the course of training on the others.

    Exact for a shallow network from any weights, and for a two-layer network from an aligned start where the
    training items do not couple modes (always for as many sign outputs as sign inputs, and without sign outputs).

    Parameters
    ----------
    split : HeldOut
        The network learns the items that are not held out.
    network : Shallow or Deep
    initial : Aligned, SmallRandom or Explicit
    training : Flow or Descent
        With its times.

    Returns
    -------
    dict of str to ndarray, shape (T,)
        Predicted mean of :math:`|y - Wx|^2` over held-out items, for each output block.

    Raises
    ------
    NoClosedForm
        For deep networks otherwise. Where they end from small weights is known: see
        :func:`held_out_errors_at_convergence`.

    See Also
    --------
    held_out_errors_at_convergence : After long training.

    Examples
    --------
    >>> import linmod
    >>> split = linmod.HeldOut(linmod.SystematicityDataset(n_x=3, n_y=3, k_x=0, k_y=1), train=[0, 1, 2, 4])
    >>> errors = held_out_errors(split, linmod.Shallow(), linmod.Aligned(0.0), linmod.Flow([0.0, 1.0]))
    >>> print(errors["omega_y"].round(4))
    [3.    0.406]
    """
    instance("split", split, (HeldOut,))
    problem = Problem(split.training, network, initial, training)
    if network.is_chain and network.layers == 1:
        if split.dataset.in_space is not None and _from_zero(initial, training):
            return shallow_held_out_errors(split, training)
        return split.errors(solve(problem).weights[0])
    if not (initial.is_aligned and split.training.is_decoupled_by_gradient):
        raise NoClosedForm(
            "the course of a deep network on held-out items is known from an Aligned start where Sigma_x and"
            " Sigma_yx' Sigma_yx of the training items commute; where it ends from small"
            " weights, theory.held_out_errors_at_convergence tells"
        )
    basis = split.training.mode_basis
    return split.errors((basis.U * strengths) @ basis.V.T for strengths in solve(problem).strengths)


def _from_zero(initial: Initial, training: Training) -> bool:
    """Whether the sign inputs alone tell the course: plain gradient training from zero weights."""
    plain = training.rule.is_gradient and not (training.is_descent and training.momentum)
    return plain and isinstance(initial, Aligned) and initial.strength == 0


def shallow_held_out_errors(split: HeldOut, training: Flow | Descent) -> dict[str, FloatArray]:
    r"""Return the errors of a shallow network from zero weights, in the dataset space, from the sign inputs alone.

    With :math:`\Omega_S = P s Q^\top` and :math:`\varphi(w) = (1 - e^{-wt/M})/w` at :math:`w = s^2 + \rho`
    (:math:`(1 - (1 - \alpha w/M)^n)/w` for descent),

    .. math:: |e_{\Omega}|^2 = |\omega_y - \Omega_{y,S}\, Q\, \varphi s P^\top\omega|^2, \qquad
              |e_{\Gamma}|^2 = k_y r_y^2\, (1 + |\varphi s P^\top \omega|^2)

    so that the non-compositional part cannot be learned, and the attempt makes it worse. For outputs that are
    inputs too the first is :math:`[1 - C (C + \rho)^+ (1 - e^{-(C + \rho) t/M})]\,\omega`,
    :math:`C = \Omega_S\Omega_S^\top`.

    Parameters
    ----------
    split : HeldOut
        Of a SystematicityDataset.
    training : Flow or Descent
        Infinite times are reached by :func:`held_out_errors_at_convergence`.

    Returns
    -------
    dict of str to ndarray, shape (T,)

    See Also
    --------
    held_out_errors_at_convergence : The limit of long training.

    Examples
    --------
    >>> import linmod
    >>> split = linmod.HeldOut(linmod.SystematicityDataset(n_x=3, n_y=1, k_x=1, k_y=1), train=range(7))
    >>> errors = shallow_held_out_errors(split, linmod.Flow([0.0, 200.0]))
    >>> errors["omega_y"].round(6), errors["gamma_y"].round(6)
    (array([1.      , 0.027778]), array([1.      , 1.416667]))
    """
    dataset = _space(split)
    instance("training", training, (Flow, Descent))
    curvature = _curvature(split, dataset) / len(split.train)
    if training.is_descent:
        steps = np.array(training.recorded_steps)[:, None]
        learned = shallow_descent(1.0, curvature, 0.0, training.step_size, steps)
    else:
        learned = shallow_flow(1.0, curvature, 0.0, training.times[:, None])
    problem = Problem(split.training, Shallow(), Aligned(0.0), training)
    return _errors(split, dataset, finite(problem, learned) / len(split.train))


def held_out_errors_at_convergence(split: HeldOut) -> dict[str, float]:
    r"""Return the errors of the least-norm map, where shallow networks from zero and deep ones from small weights end.

    A deep network's deviation from it is of first order in the initial weights. In the dataset space the
    compositional error vanishes for every held-out item exactly when :func:`is_learnable`.

    Parameters
    ----------
    split : HeldOut
        Of any data.

    Returns
    -------
    dict of str to float

    See Also
    --------
    held_out_errors : Of given maps.

    Examples
    --------
    >>> import linmod
    >>> split = linmod.HeldOut(linmod.SystematicityDataset(n_x=3, n_y=1, k_x=1, k_y=0), train=range(7))
    >>> round(held_out_errors_at_convergence(split)["omega_y"], 6)
    0.027778
    """
    instance("split", split, (HeldOut,))
    if split.dataset.in_space is not None:
        learned = 1 / _curvature(split, split.dataset.in_space)[None]
        errors = _errors(split, split.dataset.in_space, learned)
    else:
        errors = split.errors([split.training.Y @ pinv(split.training.X)])
    return {name: float(error[0]) for name, error in errors.items()}


def compositional_error_at_convergence(split: HeldOut) -> float:
    r"""Return the compositional part of :func:`held_out_errors_at_convergence`, from the held-out items alone.

    .. math:: E = \rho\, \Omega_H\, [(N + \rho) I - \Omega_H^\top\Omega_H]^{-1}

    with :math:`\Omega_H` the sign inputs of the held-out items, one column of E for each: the cheaper form when few
    are held out. Domain: :math:`\rho > 0`, every output sign feature among the inputs.

    Parameters
    ----------
    split : HeldOut
        Of a SystematicityDataset.

    Returns
    -------
    float

    See Also
    --------
    held_out_errors_at_convergence : Both parts of the error.

    Examples
    --------
    >>> import linmod
    >>> split = linmod.HeldOut(linmod.SystematicityDataset(n_x=3, n_y=1, k_x=1, k_y=0), train=range(7))
    >>> round(compositional_error_at_convergence(split), 6)
    0.027778
    """
    dataset = _space(split)
    rho = dataset.k_x * dataset.r**2
    if rho <= 0:
        raise ValueError(f"k_x and r must not be 0 for the form in the held-out items, got k_x r^2 = {rho}")
    rows = [dataset.input_signs.index(bit) for bit in dataset.output_signs if bit in dataset.input_signs]
    if len(rows) < dataset.n_y:
        raise ValueError(f"output_signs must all be among input_signs, got {dataset.output_signs}")
    signs = dataset.X[: dataset.n_x, split.held_out]
    axes, singular, _ = np.linalg.svd(signs, full_matrices=False)
    root = math.sqrt(dataset.n_items)
    gap = (root - singular) * (root + singular)
    gap[gap <= 4 * max(signs.shape) * np.finfo(float).eps * dataset.n_items] = 0.0
    missed = axes[rows] * (rho / (gap + rho) * singular)
    return float(np.sum(missed**2) / signs.shape[1])


def is_learnable(split: HeldOut) -> bool:
    r"""Return whether the compositional error of the limit vanishes on all held-out items.

    Exactly when :math:`k_x r = 0` and the unit vector :math:`e_i` of every selected sign input i lies in the range of
    :math:`\Omega_S`. Full rank of :math:`\Omega_S` is sufficient, and necessary only if all are selected. With
    identity blocks among the inputs (:math:`k_x r \ne 0`) it never vanishes: see
    :func:`compositional_error_at_convergence`, where a row of signs is multiplied by an invertible matrix.

    Parameters
    ----------
    split : HeldOut
        Of a SystematicityDataset all of whose output sign features are inputs too.

    Returns
    -------
    bool

    See Also
    --------
    compositional_error_at_convergence : The error, which is zero if it is.

    Examples
    --------
    >>> import linmod
    >>> signs = linmod.SystematicityDataset(n_x=3, n_y=1, k_x=0, k_y=1)
    >>> is_learnable(linmod.HeldOut(signs, train=[0, 3])), is_learnable(linmod.HeldOut(signs, train=[0, 1]))
    (False, True)
    """
    dataset = _space(split)
    if not set(dataset.output_signs) <= set(dataset.input_signs):
        raise ValueError(f"output_signs must all be among input_signs, got {dataset.output_signs}")
    if dataset.k_x and dataset.r:
        return not dataset.output_signs
    rows = [dataset.input_signs.index(bit) for bit in dataset.output_signs]
    inside = np.sum(_range(split, dataset)[0][rows] ** 2, axis=1)
    return bool(np.all(inside >= 1 - RANK_TOLERANCE))


def _errors(split: HeldOut, dataset: SystematicityDataset, learned: FloatArray) -> dict[str, FloatArray]:
    """Return the errors by block from phi at the squared singular values plus rho, shape (T, rank)."""
    left, singular, right = _range(split, dataset)
    seen = left.T @ dataset.X[: dataset.n_x, split.held_out]
    signs = dataset.Y[: dataset.n_y]
    along = (learned * singular)[:, :, None] * seen
    missed = signs[:, split.held_out] - (signs[:, split.train] @ right.T) @ along
    spread = np.sum(along**2, axis=1)
    return {
        "omega_y": np.mean(np.sum(missed**2, axis=1), axis=-1),
        "gamma_y": dataset.k_y * dataset.r_y**2 * (1 + np.mean(spread, axis=-1)),
    }


def _curvature(split: HeldOut, dataset: SystematicityDataset) -> FloatArray:
    return _range(split, dataset)[1] ** 2 + dataset.k_x * dataset.r**2


def _range(split: HeldOut, dataset: SystematicityDataset) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the singular value decomposition, without zeros, of the sign inputs of the training items."""
    left, singular, right = np.linalg.svd(dataset.X[: dataset.n_x, split.train], full_matrices=False)
    rank = int(np.sum(singular > max(left.shape[0], right.shape[1]) * np.finfo(float).eps * singular.max(initial=0.0)))
    return left[:, :rank], singular[:rank], right[:rank]


def _space(split: HeldOut) -> SystematicityDataset:
    instance("split", split, (HeldOut,))
    if split.dataset.in_space is None:
        raise NoClosedForm(
            "this form is for a SystematicityDataset; held_out_errors and held_out_errors_at_convergence"
            " are for any data"
        )
    return split.dataset.in_space
