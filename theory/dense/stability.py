"""The largest step with which gradient descent stays at the solution."""

from __future__ import annotations

import math

import numpy as np

from ...datasets import Data
from ...problem import Deep, Modular, Network, NoClosedForm, Shallow
from ...validation import instance, real
from ..refusals import coupled
from ..spectrum import ModeClass, spectrum


def largest_stable_step(network: Network, dataset: Data, *, momentum: float = 0.0) -> float:
    r"""Return the largest step alpha for which descent is linearly stable at the learned, balanced solution.

    .. math:: \alpha_{\max} = \frac{2}{\max_i \delta_i} \text{ (shallow)}, \qquad
              \alpha_{\max} = \frac{2}{\max_{i,j} \delta_i (\pi^*_i + \pi^*_j)} \text{ (two layers)}, \qquad
              \frac{2}{\max_{i,j} \delta_i \sum_{l=1}^{L} (\pi^*_i)^{2(l-1)/L} (\pi^*_j)^{2(L-l)/L}} \text{ (L)}

    A weight change that writes input direction i to output direction j has the curvature in the denominator. Of two
    layers the diagonal i = j gives the well-known :math:`\alpha\lambda_i < 1`; a pair of different modes can be the
    stricter one. Input directions that the outputs do not use count with :math:`\pi^*_i = 0`. Of modules that share
    no outputs the strictest counts. With momentum :math:`\mu` the step is larger by the factor :math:`1 + \mu`: on a
    quadratic of curvature c, descent with momentum is stable for :math:`\alpha c < 2(1 + \mu)` (Polyak, 1964).

    Parameters
    ----------
    network : Shallow, Deep or Modular
    dataset : SystematicityDataset or Dataset
    momentum : float, default 0.0
        Factor mu, at least 0 and below 1.

    Returns
    -------
    float
        Infinite when there is nothing to learn from.

    Raises
    ------
    NoClosedForm
        For two layers and more on data that couple their modes; for modules that share outputs, whose solution
        depends on the start.

    See Also
    --------
    linmod.dynamics.largest_stable_step : The same limit measured on the data, for coupled modes too.

    Examples
    --------
    >>> from linmod import Deep, SystematicityDataset
    >>> dataset = SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1)
    >>> round(largest_stable_step(Deep(), dataset), 4), round(largest_stable_step(Deep(), dataset, momentum=0.9), 4)
    (0.804, 1.5277)
    """
    instance("network", network, (Shallow, Deep, Modular))
    instance("dataset", dataset, (Data,))
    if real("momentum", momentum, 0.0) >= 1:
        raise ValueError(f"momentum must be below 1, got {momentum}")
    if any(len(group) > 1 for group in network.groups):
        raise NoClosedForm(
            "modules that share outputs have no single solution: it depends on the start; take a smaller step"
        )
    curvature = max(_curvature(part.network.layers, part.data) for part in network.parts(dataset))
    return 2 * (1 + momentum) / curvature if curvature > 0 else math.inf


def _curvature(layers: int, dataset: Data) -> float:
    """Return the largest curvature at the learned, balanced solution of one chain."""
    refusal = coupled(dataset)
    if layers > 1 and refusal:
        raise refusal.error()
    classes = spectrum(dataset).classes
    if dataset.in_space is None:
        classes = (*classes, _without_outputs(dataset))
    final = [c.pi_star if c.learnable else 0.0 for c in classes]
    shares = [(layer / layers, (layers - 1 - layer) / layers) for layer in range(layers)]
    curvatures = (
        c.delta * sum(pi ** (2 * below) * max(final) ** (2 * above) for below, above in shares)
        for c, pi in zip(classes, final, strict=True)
    )
    return float(max(curvatures, default=0.0))


def _without_outputs(dataset: Data) -> ModeClass:
    """The input direction of largest variance outside the modes."""
    V = dataset.mode_basis.V
    left = dataset.X - V @ (V.T @ dataset.X)
    delta = float(np.linalg.norm(left, 2)) ** 2 / dataset.n_items
    return ModeClass("outside the modes", 1, 0.0, delta, 0.0, math.nan, False, delta, 0.0)
