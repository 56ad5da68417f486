"""Modular targets of real inputs with an orthonormal basis of features on each projection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..validation import FloatArray, array, integer
from .random_features import RandomFeatures


def cosine_features(seen: ArrayLike, count: int) -> FloatArray:
    r"""Cosines of the quantiles of standard normal inputs, :math:`\sqrt 2 \cos(\pi i\,\Phi(z))`, i = 1 to `count`.

    Under z ~ N(0, 1) they are orthonormal, of mean 0, and together with the constant complete: the cosine series on
    the unit interval, of the normal distribution function.

    Parameters
    ----------
    seen : array_like, shape (samples,)
    count : int

    Returns
    -------
    ndarray, shape (samples, count)

    See Also
    --------
    CosineModules : The task that uses these features.

    Examples
    --------
    >>> cosine_features([-40.0, 40.0], 3).round(4)
    array([[ 1.4142,  1.4142,  1.4142],
           [-1.4142,  1.4142, -1.4142]])
    """
    from scipy.special import ndtr  # slow to import

    turns = np.pi * ndtr(array("seen", seen, 1))
    return np.asarray(np.sqrt(2) * np.cos(turns[:, None] * np.arange(1, integer("count", count) + 1)))


@dataclass(frozen=True, eq=False)
class CosineModules:
    r"""A sum of K random functions, each of one direction of a normal input, and a student that knows the directions.

    .. math:: y = \sum_{j=1}^{K} \sum_{i=1}^{P} W_{ij}\,\varphi_i(u_j^\top x) + \varepsilon, \qquad x \sim N(0, I_m),
              \quad W_{ij} \sim N(0, \lambda_i/K), \quad \varepsilon \sim N(0, \sigma^2)

    with :func:`cosine_features`. The student sees the first p features of each module. They have the variances of
    :attr:`gaussian`, but are not normal, and features of one module are uncorrelated, not independent.

    Parameters
    ----------
    inputs : int
        m.
    modules : int
        K.
    variances : array_like, shape (P,)
        lambda >= 0, of the target of each module.
    used : int
        p, between 0 and P.
    noise : float, default 0
        Variance of the label noise.
    orthonormal : bool, default True
        Whether the directions are orthogonal to each other; if not, each is drawn independently, and features of
        different modules are correlated.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range, or more orthogonal directions are asked for than there are inputs, K > m.

    See Also
    --------
    SineTask : A task of modules that are to be found.

    Examples
    --------
    >>> task = CosineModules(inputs=12, modules=3, variances=[0.5, 0.3, 0.2], used=2)
    >>> generator = np.random.default_rng(0)
    >>> directions = task.draw_directions(generator)
    >>> task.features(generator.standard_normal((5, 12)), directions).shape
    (5, 3, 3)
    """

    inputs: int
    modules: int
    variances: FloatArray
    used: int
    noise: float = 0.0
    orthonormal: bool = True

    def __post_init__(self) -> None:
        integer("inputs", self.inputs, 1)
        integer("modules", self.modules, 1)
        one = RandomFeatures.whitened(self.variances, self.used, noise=self.noise)
        object.__setattr__(self, "variances", one.weight_variances)
        object.__setattr__(self, "noise", one.noise)
        if self.orthonormal and self.modules > self.inputs:
            raise ValueError(f"modules must be at most inputs = {self.inputs} if orthonormal, got {self.modules}")

    @property
    def gaussian(self) -> RandomFeatures:
        """The same with independent normal features in place of cosines."""
        return RandomFeatures.whitened(self.variances, self.used, noise=self.noise).repeated(self.modules)

    def draw_directions(self, generator: np.random.Generator) -> FloatArray:
        """Return the unit vectors u, shape (modules, inputs)."""
        drawn = generator.standard_normal((self.inputs, self.modules))
        if self.orthonormal:
            return np.ascontiguousarray(np.linalg.qr(drawn)[0].T)
        return np.ascontiguousarray((drawn / np.linalg.norm(drawn, axis=0)).T)

    def features(self, X: FloatArray, directions: FloatArray) -> FloatArray:
        """Return all features of each sample, shape (samples, modules, P)."""
        return np.stack([cosine_features(X @ u, len(self.variances)) for u in directions], axis=1)
