r"""Errors on held-out items averaged over all training sets of one size.

The setting is the dataset space with all sign patterns as items (as many index bits as sign inputs), outputs that are
inputs too, and the limit of long training from small weights (see :func:`held_out_errors_at_convergence`), with
:math:`\rho = k_x r^2` and :math:`N = 2^{n_x}`.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations

import numpy as np

from ...datasets import HeldOut, SystematicityDataset
from ...problem import NoClosedForm
from ...validation import count_text, instance, integer, real
from .errors import held_out_errors_at_convergence

MOST_SETS = 20_000


def mean_compositional_error(n_x: int, n_y: int, rho: float, size: int) -> float:
    r"""Return the mean compositional error over all training sets of one size, and all items held out.

    .. math::
        j = N - 1: &\quad n_y \left(\frac{\rho}{R}\right)^2, \qquad R = N + \rho - n_x \\
        j = N - 2: &\quad \frac{n_y\rho^2}{N - 1} \sum_{d=1}^{n_x} \binom{n_x}{d}
            \frac{R^2 + q_d^2 + 2 R q_d^2/n_x}{(R^2 - q_d^2)^2}, \qquad q_d = n_x - 2d \\
        j = 1: &\quad n_y \left[1 - \frac{2(N - n_x)}{(N - 1)(n_x + \rho)}
            + \frac{n_x (N - n_x)}{(N - 1)(n_x + \rho)^2}\right]

    (for N = 4 and rho = 0 the second one's limit, n_y/3).

    Parameters
    ----------
    n_x, n_y : int
        Sign inputs, at least 1, and sign outputs, at most n_x.
    rho : float
        Strength :math:`k_x r^2` of the identity inputs, not negative.
    size : int
        Number j of training items: 1, N - 2 or N - 1.

    Returns
    -------
    float

    Raises
    ------
    NoClosedForm
        For other sizes; see :func:`mean_held_out_errors`.

    See Also
    --------
    compositional_error_of_mean_set : A lower bound in closed form.

    Examples
    --------
    >>> [round(mean_compositional_error(3, 1, 3.0, size), 4) for size in (1, 6, 7)]
    [0.8214, 0.1881, 0.1406]
    """
    n, outputs = integer("n_x", n_x, 1), integer("n_y", n_y)
    ridge, chosen, n_items = real("rho", rho, 0.0), integer("size", size, 1), 1 << n
    if outputs > n:
        raise ValueError(f"n_y must be at most n_x={n}, got {n_y}")
    if chosen >= n_items:
        limit, given = count_text(n_items), count_text(chosen)
        raise ValueError(f"size must be below the number of items 2**n_x = {limit}, got {given}")
    rho_exactly = Fraction(ridge)  # powers of N exceed the range of floats
    rest = n_items + rho_exactly - n
    if chosen == n_items - 1:
        return float(outputs * (rho_exactly / rest) ** 2)
    if chosen == n_items - 2 and n == 2 and ridge == 0:
        return outputs / 3
    if chosen == n_items - 2:
        share = outputs * rho_exactly**2 / (n_items - 1)
        return math.fsum(
            float(share * math.comb(n, d) * (rest**2 + q**2 + 2 * rest * q**2 / n) / (rest**2 - q**2) ** 2)
            for d, q in ((d, n - 2 * d) for d in range(1, n + 1))
        )
    if chosen == 1:
        part, gain = (n_items - n) / (n_items - 1), n + ridge
        return outputs * (1 - 2 * part / gain + n * part / gain**2)
    raise NoClosedForm(
        f"size must be 1, {count_text(n_items - 2)} or {count_text(n_items - 1)} for a closed form, got"
        f" {count_text(chosen)}; see mean_held_out_errors"
    )


def compositional_error_of_mean_set(n_x: int, n_y: int, rho: float, size: int) -> float:
    r"""Return the compositional error of the average training set, in all cases tried a lower bound of the mean error.

    .. math:: n_y \left(\frac{\rho}{\rho + j\,(N - n_x)/(N - 1)}\right)^2

    with every training set's :math:`\Omega_S\Omega_S^\top` replaced by its mean, given the held-out item, in the
    direction of that item. Exact for j = N - 1; too low by far for few items and small rho. That it is a bound is
    observed, not proved.

    Parameters
    ----------
    n_x, n_y, rho, size
        As for :func:`mean_compositional_error`; rho positive.

    Returns
    -------
    float

    See Also
    --------
    mean_compositional_error : The exact mean.

    Examples
    --------
    >>> round(compositional_error_of_mean_set(3, 1, 3.0, 7), 4)
    0.1406
    """
    n = integer("n_x", n_x, 1)
    share = ((1 << n) - n) / ((1 << n) - 1)
    ridge, chosen = real("rho", rho, positive=True), integer("size", size, 1)
    return integer("n_y", n_y) * (ridge / (ridge + chosen * share)) ** 2


def mean_held_out_errors(dataset: SystematicityDataset, size: int) -> dict[str, float]:
    """Return the mean of :func:`held_out_errors_at_convergence` over all training sets of one size, by enumeration.

    Parameters
    ----------
    dataset : SystematicityDataset
        Any of the space.
    size : int
        Number of training items, for which there are at most 20,000 sets.

    Returns
    -------
    dict of str to float

    Raises
    ------
    NoClosedForm
        For more sets.

    See Also
    --------
    mean_compositional_error : Its compositional part.

    Examples
    --------
    >>> dataset = SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1)
    >>> round(mean_held_out_errors(dataset, 3)["omega_y"], 4)
    0.4869
    """
    instance("dataset", dataset, (SystematicityDataset,))
    if not 1 <= integer("size", size) < dataset.n_items:
        raise ValueError(f"size must be from 1 to {dataset.n_items - 1}, got {size}")
    n_sets = math.comb(dataset.n_items, size)
    if n_sets > MOST_SETS:
        raise NoClosedForm(f"there are {n_sets} training sets of size={size}, more than the {MOST_SETS} enumerated")
    errors = [
        held_out_errors_at_convergence(HeldOut(dataset, train=items))
        for items in combinations(range(dataset.n_items), size)
    ]
    return {name: float(np.mean([error[name] for error in errors])) for name in errors[0]}
