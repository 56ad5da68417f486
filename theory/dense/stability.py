"""The largest step with which gradient descent stays at the solution."""

from __future__ import annotations

import math

from ...problem import Modular, NoClosedForm, Problem, SmallRandom
from ...validation import instance
from ..spectrum import spectrum


def largest_stable_step(problem: Problem) -> float:
    r"""Largest step alpha for which descent is linearly stable at the learned, balanced solution.

    .. math:: \alpha_{\max} = \frac{2}{\max_i \delta_i} \text{ (shallow)}, \qquad
              \alpha_{\max} = \frac{2}{\max_{i,j} \delta_i (\pi^*_i + \pi^*_j)} \text{ (two layers)}, \qquad
              \frac{2}{\max_{i,j} \delta_i \sum_{l=1}^{L} (\pi^*_i)^{2(l-1)/L} (\pi^*_j)^{2(L-l)/L}} \text{ (L)}

    A weight change that writes input direction i to output direction j has the curvature in the denominator. Of two
    layers the diagonal i = j gives the well-known :math:`\alpha\lambda_i < 1`; a pair of different modes can be the
    stricter one. Input directions that the outputs do not use count with :math:`\pi^*_i = 0`. Of modules that share
    no outputs the strictest counts.

    Parameters
    ----------
    problem : Problem
        Only its dataset and network matter.

    Returns
    -------
    float
        Infinite when there is nothing to learn from.

    Raises
    ------
    NoClosedForm
        For two layers and more on data whose X'X and Y'Y do not commute; for modules that share outputs, whose
        solution depends on the start.

    Examples
    --------
    >>> from linmod import Deep, Descent, Problem, SmallRandom, SystematicityDataset
    >>> dataset = SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1)
    >>> round(largest_stable_step(Problem(dataset, Deep(), SmallRandom(), Descent(0.16, 300))), 4)
    0.804
    """
    instance("problem", problem, (Problem,))
    if isinstance(problem.network, Modular):
        return _of_modules(problem, problem.network)
    layers = problem.network.layers
    if layers > 1 and not problem.dataset.is_decoupled:
        raise NoClosedForm("X'X and Y'Y of this dataset do not commute, so its modes are coupled")
    classes = spectrum(problem.dataset).classes
    final = [c.pi_star if c.learnable else 0.0 for c in classes]
    shares = [(layer / layers, (layers - 1 - layer) / layers) for layer in range(layers)]
    curvature = max(
        c.delta * sum(pi ** (2 * below) * max(final) ** (2 * above) for below, above in shares)
        for c, pi in zip(classes, final, strict=True)
    )
    return 2 / curvature if curvature > 0 else math.inf


def _of_modules(problem: Problem, network: Modular) -> float:
    if any(len(group) > 1 for group in network.groups):
        raise NoClosedForm("modules that share outputs have no single solution: it depends on the start")
    views = [(module.view(problem.dataset), module.network) for module in network.modules]
    return min(largest_stable_step(Problem(*view, SmallRandom(), problem.training)) for view in views)
