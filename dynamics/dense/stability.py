"""The largest stable step of descent, measured on the data."""

from __future__ import annotations

import math

import numpy as np
from scipy.linalg import eigvalsh

from ...datasets import Data, SystematicityDataset
from ...problem import Descent, Modular, Problem, SmallRandom
from ...validation import FloatArray, instance
from .layout import ModeClass, mode_classes


def largest_stable_step(problem: Problem) -> float:
    r"""Largest step for which descent is linearly stable at the balanced solution of least norm.

    At :math:`W^* = \Sigma_{yx} \Sigma_x^+` with singular values s and :math:`Q = (W^{*\top} W^*)^{1/2}`, a change that
    writes to an output direction of singular value p has the curvature operator

    .. math:: \Sigma_x^{1/2} \left(\sum_{l=1}^{L} p^{2(L-l)/L}\, Q^{2(l-1)/L}\right) \Sigma_x^{1/2}

    Its largest eigenvalue, at :math:`p = \max s`, bounds the step by :math:`2/\mu_{\max}`. Works for any data and
    depth; from unbalanced weights the bound is stricter.

    With momentum :math:`\mu` it is larger by the factor :math:`1 + \mu`.

    Parameters
    ----------
    problem : Problem
        Only its dataset, its network and the momentum of descent matter.

    Returns
    -------
    float
        Infinite when there is nothing to learn from. Of a modular network the smallest over its modules.

    Raises
    ------
    ValueError
        If modules share outputs: which solution they reach, and its curvature, depends on the start.

    Examples
    --------
    >>> from linmod import Deep, Descent, Problem, Shallow, SmallRandom, SystematicityDataset
    >>> dataset = SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1)
    >>> round(largest_stable_step(Problem(dataset, Shallow(), SmallRandom(), Descent(0.16, 300))), 4)
    1.4545
    """
    instance("problem", problem, (Problem,))
    if isinstance(problem.network, Modular):
        return _of_modules(problem, problem.network)
    dataset, depth = problem.dataset, problem.network.layers
    largest = _of_classes(dataset, depth) if isinstance(dataset, SystematicityDataset) else _of_data(dataset, depth)
    momentum = problem.training.momentum if isinstance(problem.training, Descent) else 0.0
    return 2 * (1 + momentum) / largest if largest > 0 else math.inf


def _of_classes(dataset: SystematicityDataset, depth: int) -> float:
    """Largest curvature where every mode has its own, for any number of items."""
    classes = [one for one in mode_classes(dataset) if one.in_inputs]
    q = np.array([_final(dataset, one) if one.paired else 0.0 for one in classes])
    delta = np.array([one.delta for one in classes])
    seen = delta > 0
    return float(np.max(delta[seen] * _gain(q, depth)[seen], initial=0.0))


def _final(dataset: SystematicityDataset, one: ModeClass) -> float:
    """Singular value of the solution, also where delta is below the range of floats."""
    if one.delta > 0:
        return math.sqrt(one.sigma / one.delta)
    return math.inf if one.sigma > 0 else math.sqrt(dataset.k_y / dataset.k_x) * abs(dataset.r_y / dataset.r)


def _of_data(dataset: Data, depth: int) -> float:
    X = dataset.X / np.sqrt(dataset.n_items)
    target = dataset.Y / np.sqrt(dataset.n_items) @ np.linalg.pinv(X)
    _, singular, axes = np.linalg.svd(target, full_matrices=True)
    q = np.zeros(len(axes))
    q[: len(singular)] = singular
    along = axes @ X
    return float(eigvalsh((along.T * _gain(q, depth)) @ along)[-1])


def _gain(q: FloatArray, depth: int) -> FloatArray:
    shares = np.arange(depth) / depth
    largest = np.max(q, initial=0.0)
    return np.asarray(sum(largest ** (2 * (1 - 1 / depth - share)) * q ** (2 * share) for share in shares))


def _of_modules(problem: Problem, network: Modular) -> float:
    if any(len(group) > 1 for group in network.groups):
        raise ValueError("network must not have modules that share outputs: the solution depends on the start")
    views = [(module.view(problem.dataset), module.network) for module in network.modules]
    return min(largest_stable_step(Problem(*view, SmallRandom(), problem.training)) for view in views)
