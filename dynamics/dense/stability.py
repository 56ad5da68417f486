"""The largest stable step of descent, measured on the data."""

from __future__ import annotations

import math

import numpy as np
from scipy.linalg import eigvalsh

from ...datasets import Data, SystematicityDataset
from ...problem import Network
from ...problem.kinds import NETWORKS, classes
from ...validation import FloatArray, instance, real
from .layout import ModeClass, mode_classes


def largest_stable_step(network: Network, dataset: Data, *, momentum: float = 0.0) -> float:
    r"""Return the largest step for which descent is linearly stable at the balanced solution of least norm.

    At :math:`W^* = \Sigma_{yx} \Sigma_x^+` with singular values s and :math:`Q = (W^{*\top} W^*)^{1/2}`, a change that
    writes to an output direction of singular value p has the curvature operator

    .. math:: \Sigma_x^{1/2} \left(\sum_{l=1}^{L} p^{2(L-l)/L}\, Q^{2(l-1)/L}\right) \Sigma_x^{1/2}

    Its largest eigenvalue, at :math:`p = \max s`, bounds the step by :math:`2/\mu_{\max}`. Works for any data and
    depth; from unbalanced weights the bound is stricter.

    With momentum :math:`\mu` it is larger by the factor :math:`1 + \mu`.

    Parameters
    ----------
    network : Shallow, Deep or Modular
    dataset : SystematicityDataset or Dataset
    momentum : float, default 0.0
        At least 0 and below 1.

    Returns
    -------
    float
        Infinite when there is nothing to learn from. Of a modular network the smallest over its modules.

    Raises
    ------
    ValueError
        If modules share outputs: which solution they reach, and its curvature, depends on the start.

    See Also
    --------
    linmod.theory.largest_stable_step : The same limit from the modes of the data.

    Examples
    --------
    >>> from linmod import Deep, Shallow, SystematicityDataset
    >>> dataset = SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1)
    >>> round(largest_stable_step(Shallow(), dataset), 4), round(largest_stable_step(Deep(), dataset, momentum=0.9), 4)
    (1.4545, 1.5277)
    """
    instance("network", network, classes(NETWORKS))
    instance("dataset", dataset, (Data,))
    if real("momentum", momentum, 0.0) >= 1:
        raise ValueError(f"momentum must be below 1, got {momentum}")
    parts = network.parts(dataset)
    if len(network.groups) < len(parts):
        raise ValueError("network must not have modules that share outputs: the solution depends on the start")
    largest = max(_largest_curvature(part.data, part.network.layers) for part in parts)
    return 2 * (1 + momentum) / largest if largest > 0 else math.inf


def _largest_curvature(dataset: Data, depth: int) -> float:
    return _of_classes(dataset, depth) if isinstance(dataset, SystematicityDataset) else _of_data(dataset, depth)


def _of_classes(dataset: SystematicityDataset, depth: int) -> float:
    """Return the largest curvature where every mode has its own, for any number of items."""
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
    X, Y = (side / np.sqrt(dataset.n_items) for side in dataset.rotated_items)
    target = Y @ np.linalg.pinv(X)
    _, singular, axes = np.linalg.svd(target, full_matrices=True)
    q = np.zeros(len(axes))
    q[: len(singular)] = singular
    along = axes @ X
    return float(eigvalsh((along.T * _gain(q, depth)) @ along)[-1])


def _gain(q: FloatArray, depth: int) -> FloatArray:
    shares = np.arange(depth) / depth
    largest = np.max(q, initial=0.0)
    return np.asarray(sum(largest ** (2 * (1 - 1 / depth - share)) * q ** (2 * share) for share in shares))
