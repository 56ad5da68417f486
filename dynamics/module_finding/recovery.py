"""How close found projections are to true ones."""

from __future__ import annotations

import numpy as np

from ...validation import FloatArray

RECOVERED = 0.95


def alignment(found: FloatArray, true: FloatArray) -> FloatArray:
    r"""Return the cosine of the largest angle between the column spaces of each found and each true projection.

    For one column it is :math:`|\cos(u_i, u_j)|`; for several, the smallest singular value of :math:`U_i^\top U_j`.

    Parameters
    ----------
    found : ndarray, shape (found modules, inputs, dims)
    true : ndarray, shape (true modules, inputs, dims)
        Both with orthonormal columns.

    Returns
    -------
    ndarray, shape (found modules, true modules)

    See Also
    --------
    recovered : Whether the alignment is sufficient.

    Examples
    --------
    >>> e = np.eye(3)[:, :, None]
    >>> alignment(e[[0, 2]], e)
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    overlaps = np.einsum("fmb,tmc->ftbc", found, true)
    return np.asarray(np.linalg.svd(overlaps, compute_uv=False)[..., -1])


def recovered(found: FloatArray, true: FloatArray, threshold: float = RECOVERED) -> int:
    """Count the true modules that some found one is aligned with beyond a threshold.

    Parameters
    ----------
    found : ndarray, shape (found modules, inputs, dims)
    true : ndarray, shape (true modules, inputs, dims)
        Both with orthonormal columns.
    threshold : float, default 0.95
        Of the :func:`alignment`.

    Returns
    -------
    int

    See Also
    --------
    alignment : How close projections are to the true ones.

    Examples
    --------
    >>> e = np.eye(3)[:, :, None]
    >>> recovered(e[[0, 0, 1]], e)
    2
    """
    return int(np.sum(alignment(found, true).max(axis=0) > threshold))
