"""Linear regression on random features: a target of which the student sees only some features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..validation import FloatArray, array, integer, real


@dataclass(frozen=True, eq=False)
class RandomFeatures:
    r"""A random linear target and a student that sees its first p features.

    .. math:: y = \sum_{i=1}^{P} \varphi_i W_i + r + \varepsilon, \qquad \varphi_i \sim N(0, c_i), \quad
              W_i \sim N(0, v_i), \quad r \sim N(0, \rho), \quad \varepsilon \sim N(0, \sigma^2)

    Feature i carries the variance :math:`\lambda_i = c_i v_i` of the target. *Where* it sits, in the features or in
    the weights, does not matter to a student with fewer features than samples, and matters a lot to one with more
    (:func:`linmod.theory.scaling.expected_losses`). The two usual choices have names:

    - :meth:`scaled`: in the features, :math:`c = \lambda, v = 1`; the student sees features of unequal size.
    - :meth:`whitened`: in the weights, :math:`c = 1, v = \lambda`; the student sees features of equal size.

    All rows (N = d n for n samples of d outputs with a feature vector each) are independent, and share W. The losses
    are per row. The test loss is the squared error against the target without the label noise epsilon.

    Parameters
    ----------
    feature_variances : array_like, shape (P,)
        c >= 0; positive where the student sees them.
    weight_variances : array_like, shape (P,)
        v >= 0.
    used : int
        p, the number of features that the student sees: the first ones.
    rest : float, default 0
        rho, the variance of all further features together, which nobody sees.
    noise : float, default 0
        Variance of the label noise.

    Raises
    ------
    TypeError, ValueError
        For variances that are negative, not finite or of different lengths, or more used features than there are.

    See Also
    --------
    PowerLaw : The eigenvalues of its features.

    Examples
    --------
    >>> model = RandomFeatures.scaled([0.6, 0.3, 0.1], used=2)
    >>> model.unseen, model.isotropic
    (0.1, False)
    >>> RandomFeatures.whitened([0.6, 0.3, 0.1], used=2).isotropic
    True
    """

    feature_variances: FloatArray
    weight_variances: FloatArray
    used: int
    rest: float = 0.0
    noise: float = 0.0

    def __post_init__(self) -> None:
        for name in ("feature_variances", "weight_variances"):
            object.__setattr__(self, name, _nonnegative(name, getattr(self, name)))
        if len(self.feature_variances) != len(self.weight_variances):
            raise ValueError(
                f"weight_variances must have the length of feature_variances, got {len(self.weight_variances)}"
                f" and {len(self.feature_variances)}"
            )
        integer("used", self.used)
        if self.used > len(self.feature_variances):
            raise ValueError(f"used must be at most {len(self.feature_variances)} features, got {self.used}")
        if not np.all(self.feature_variances[: self.used] > 0):
            raise ValueError("feature_variances of used features must be positive")
        for name in ("rest", "noise"):
            object.__setattr__(self, name, real(name, getattr(self, name), 0.0))

    @classmethod
    def scaled(cls, variances: ArrayLike, used: int, rest: float = 0.0, noise: float = 0.0) -> RandomFeatures:
        """Put the variances into the features, with weights of variance 1 (Hastie et al. 2022; Canatar et al. 2021)."""
        given = array("variances", variances, 1)
        return cls(given, np.ones_like(given), used, rest, noise)

    @classmethod
    def whitened(cls, variances: ArrayLike, used: int, rest: float = 0.0, noise: float = 0.0) -> RandomFeatures:
        """Put the variances into the weights, with features of variance 1 (Belkin, Hsu & Xu 2020)."""
        given = array("variances", variances, 1)
        return cls(np.ones_like(given), given, used, rest, noise)

    def repeated(self, modules: int) -> RandomFeatures:
        r"""Sum of K independent targets of this kind, :math:`K^{-1/2} \sum_j y^{(j)}`, learned jointly.

        Every module has its own P features, of which the student sees the first p: K p in all. Each carries 1/K of the
        variance, through the weights.

        Examples
        --------
        >>> RandomFeatures.whitened([0.6, 0.3, 0.1], used=1).repeated(2).variances.round(3)
        array([0.3 , 0.3 , 0.15, 0.05, 0.15, 0.05])
        """
        count = integer("modules", modules, 1)
        order = np.argsort(np.tile(np.arange(len(self.variances)) >= self.used, count), kind="stable")
        return RandomFeatures(
            np.tile(self.feature_variances, count)[order],
            np.tile(self.weight_variances / count, count)[order],
            count * self.used,
            self.rest,
            self.noise,
        )

    @property
    def variances(self) -> FloatArray:
        """Variance of the target that each feature carries, c_i v_i."""
        return self.feature_variances * self.weight_variances

    @property
    def seen(self) -> float:
        """Variance of the target in the used features."""
        return float(np.sum(self.variances[: self.used]))

    @property
    def unseen(self) -> float:
        """Variance of the target outside the used features."""
        return float(np.sum(self.variances[self.used :])) + self.rest

    @property
    def residual(self) -> float:
        """Variance that acts as noise on the student: what it does not see, and label noise."""
        return self.unseen + self.noise

    @property
    def isotropic(self) -> bool:
        """Whether all used features have the same variance."""
        return bool(np.ptp(self.feature_variances[: self.used]) == 0) if self.used else True

    @property
    def uniform_weights(self) -> bool:
        """Whether the weights of all used features have the same variance."""
        return bool(np.ptp(self.weight_variances[: self.used]) == 0) if self.used else True


def _nonnegative(name: str, value: ArrayLike) -> FloatArray:
    given = array(name, value, 1)
    if np.any(given < 0):
        raise ValueError(f"{name} must not be negative, got {given.min():g}")
    return given
