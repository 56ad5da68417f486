"""The largest stable step of descent, measured on the data."""

from __future__ import annotations

import math

import numpy as np
from scipy.linalg import eigvalsh

from ..networks import Modular
from ..problem import Problem, SmallRandom
from ..validation import instance


def largest_stable_step(problem: Problem) -> float:
    r"""Largest step for which descent is linearly stable at the balanced solution of least norm.

    At :math:`W^* = \Sigma_{yx} \Sigma_x^+` with singular values s and :math:`Q = (W^{*\top} W^*)^{1/2}`, a change that
    writes to an output direction of singular value p has the curvature operator

    .. math:: \Sigma_x^{1/2} \left(\sum_{l=1}^{L} p^{2(L-l)/L}\, Q^{2(l-1)/L}\right) \Sigma_x^{1/2}

    Its largest eigenvalue, at :math:`p = \max s`, bounds the step by :math:`2/\mu_{\max}`. Works for any data and
    depth; from unbalanced weights the bound is stricter.

    Parameters
    ----------
    problem : Problem
        Only its dataset and network matter.

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
    depth = problem.network.layers
    X = problem.dataset.X / np.sqrt(problem.dataset.n_items)
    target = problem.dataset.Y / np.sqrt(problem.dataset.n_items) @ np.linalg.pinv(X)
    _, singular, axes = np.linalg.svd(target, full_matrices=True)
    q = np.zeros(len(axes))
    q[: len(singular)] = singular
    shares = np.arange(depth) / depth
    curvature = sum(q.max() ** (2 * (1 - 1 / depth - share)) * q ** (2 * share) for share in shares)
    along = axes @ X
    largest = eigvalsh((along.T * curvature) @ along)[-1]
    return 2 / float(largest) if largest > 0 else math.inf


def _of_modules(problem: Problem, network: Modular) -> float:
    if any(len(group) > 1 for group in network.groups):
        raise ValueError("network must not have modules that share outputs: the solution depends on the start")
    views = [(module.view(problem.dataset), module.network) for module in network.modules]
    return min(largest_stable_step(Problem(*view, SmallRandom(), problem.training)) for view in views)
