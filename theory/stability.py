"""The largest step with which gradient descent stays at the solution."""

from __future__ import annotations

import math

from ..problem import NoClosedForm, Problem
from ..validation import instance
from .modes import spectrum


def largest_stable_step(problem: Problem) -> float:
    r"""Largest step alpha for which descent is linearly stable at the learned, balanced solution.

    .. math:: \alpha_{\max} = \frac{2}{\max_i \delta_i} \text{ (shallow)}, \qquad
              \alpha_{\max} = \frac{2}{\max_{i,j} \delta_i (\pi^*_i + \pi^*_j)} \text{ (two layers)}

    A weight change that writes input direction i to output direction j has curvature
    :math:`\delta_i(\pi^*_i + \pi^*_j)`. The diagonal i = j gives the well-known :math:`\alpha\lambda_i < 1`; a pair
    of different modes can be the stricter one. Input directions that the outputs do not use count with
    :math:`\pi^*_i = 0`.

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
        For more than two layers, and for two layers on data whose X'X and Y'Y do not commute.

    Examples
    --------
    >>> from linmod import Deep, Descent, Problem, SmallRandom, SystematicityDataset
    >>> dataset = SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1)
    >>> round(largest_stable_step(Problem(dataset, Deep(), SmallRandom(), Descent(0.16, 300))), 4)
    0.804
    """
    instance("problem", problem, (Problem,))
    layers = problem.network.layers
    if layers > 2:
        raise NoClosedForm(f"the largest stable step is known for one and two layers, not for {layers}")
    if layers == 2 and not problem.dataset.is_decoupled:
        raise NoClosedForm("X'X and Y'Y of this dataset do not commute, so its modes are coupled")
    classes = spectrum(problem.dataset).classes
    if layers == 1:
        curvature = max(c.delta for c in classes)
    else:
        final = [c.pi_star if c.learnable else 0.0 for c in classes]
        curvature = max(c.delta * (pi + max(final)) for c, pi in zip(classes, final, strict=True))
    return 2 / curvature if curvature > 0 else math.inf
