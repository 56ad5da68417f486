"""Minimising an objective over projections with orthonormal columns: L-BFGS from many random starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from ...validation import FloatArray
from .objective import Objective

Vector = np.ndarray[tuple[int], np.dtype[np.float64]]
STEPS = 300
DECREASE = 1e-9
SLOPE = 1e-7


@dataclass(frozen=True, eq=False)
class Minimum:
    """Where one descent ended.

    Attributes
    ----------
    projections : ndarray, shape (modules, inputs, dims)
        With orthonormal columns.
    value : float
        Of the objective.
    evaluations : int
        Of the objective with its gradient.

    See Also
    --------
    descend : The search that returns it.
    """

    projections: FloatArray
    value: float
    evaluations: int


def random_projections(rng: np.random.Generator, modules: int, inputs: int, dims: int) -> FloatArray:
    """Return independent uniform projections with orthonormal columns, shape (modules, inputs, dims).

    Parameters
    ----------
    rng : numpy.random.Generator
    modules, inputs, dims : int
        Number of projections, and the rows and columns of each.

    Returns
    -------
    ndarray, shape (modules, inputs, dims)

    See Also
    --------
    descend : The search that starts from them.

    Examples
    --------
    >>> found = random_projections(np.random.default_rng(0), modules=2, inputs=5, dims=3)
    >>> found.shape, bool(np.allclose(found[0].T @ found[0], np.eye(3)))
    ((2, 5, 3), True)
    """
    return np.asarray(np.linalg.qr(rng.standard_normal((modules, inputs, dims)))[0])


def descend(objective: Objective, start: FloatArray, *, scale: float = 1.0) -> Minimum:
    r"""Minimise an objective from one start.

    The projections are :math:`U_j = V_j R_j^{-1}` (QR decomposition) of free matrices :math:`V_j`. An objective that
    depends on the column space alone, as that of the Gaussian kernel does, has then the gradient
    :math:`(I - U_j U_j^\top)\, \partial J/\partial U_j\, R_j^{-\top}`; for one column, that on the sphere.

    Parameters
    ----------
    objective : Objective
    start : ndarray, shape (modules, inputs, dims)
    scale : float
        A value of the objective that counts as 1 for the stopping rules.

    Returns
    -------
    Minimum

    See Also
    --------
    random_projections : Starts of the search.

    Examples
    --------
    >>> axis = np.array([[[0.0], [1.0]]])
    >>> def away(u):
    ...     return float(-np.sum(u * axis) ** 2), -2 * np.sum(u * axis) * axis
    >>> found = descend(away, np.array([[[0.8], [0.6]]]))
    >>> round(found.value, 9), np.abs(found.projections.ravel()).round(4)
    (-1.0, array([0., 1.]))
    """

    def on_free_matrices(flat: Vector) -> tuple[float, FloatArray]:
        U, R = np.linalg.qr(flat.reshape(start.shape))
        value, slope = objective(U)
        tangent = slope - U @ (U.swapaxes(1, 2) @ slope)
        return value / scale, np.ravel(tangent @ np.linalg.inv(R).swapaxes(1, 2)) / scale

    result = minimize(
        on_free_matrices,
        np.ravel(start),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": STEPS, "ftol": DECREASE, "gtol": SLOPE},
    )
    projections = np.asarray(np.linalg.qr(result.x.reshape(start.shape))[0])
    return Minimum(projections, float(result.fun) * scale, int(result.nfev))


def descend_from_all(
    objective: Objective,
    starts: Iterable[FloatArray],
    *,
    scale: float = 1.0,
    progress: Callable[[], None] = lambda: None,
) -> list[Minimum]:
    """Minimise from every start; the minima in order of increasing value. `progress` is called after each."""
    minima = []
    for start in starts:
        minima.append(descend(objective, start, scale=scale))
        progress()
    return sorted(minima, key=lambda minimum: minimum.value)
