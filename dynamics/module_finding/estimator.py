"""The module-finding rule as a scikit-learn regressor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

try:
    from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.validation import check_is_fitted, validate_data
except ModuleNotFoundError as error:
    remedy = "ModuleFinder needs scikit-learn: pip install 'linmod[learn]'"
    raise ModuleNotFoundError(remedy, name=error.name) from error

from ...validation import FloatArray, integer
from .regression import AdditiveFit
from .rules import FEWEST_SAMPLES, find_modules


class ModuleFinder(RegressorMixin, MultiOutputMixin, BaseEstimator):  # type: ignore[misc]
    r"""Regression by a sum of modules, each a smooth function of a projection of the input that is found.

    .. math:: y = \sum_{j=1}^{K} f_j(U_j^\top x)

    Inputs are standardised; directions are found by minimising a kernel objective, functions by kernel ridge regression
    on them. See :func:`linmod.dynamics.module_finding.find_modules` for the rules, their costs and their limits.

    Parameters
    ----------
    n_modules : int, default 2
        K.
    n_dims : int, default 1
        b, what one module sees.
    rule : {"polish", "joint", "deflation", "single"}, default "polish"
    n_starts : int, default 10
        Random starts of each search.
    length_scale, ridge : float, default 1
        Of the kernel of the search, for standardised inputs; the fit chooses its own by leaving one out.
    random_state : int, RandomState instance or None, default 0
    progress : callable or None
        Called with the fraction of starts done.

    Attributes
    ----------
    directions_ : ndarray, shape (n_modules, n_dims, n_features)
        For each module an orthonormal basis of the directions it sees, in the units of the inputs: the module depends
        on ``X @ directions_[j].T`` alone.
    length_scale_, ridge_ : float
        Of the fit.
    left_out_error_ : float
        Mean squared error on training samples left out one at a time, from the function but not from the search for
        directions: it is too small, and no substitute for cross-validation.
    n_features_in_ : int

    See Also
    --------
    find_modules : The rules that it applies.
    recovered : Whether modules were found.

    Examples
    --------
    >>> from linmod.datasets import SineTask
    >>> from linmod.dynamics.module_finding import ModuleFinder
    >>> task = SineTask(modules=2, inputs=4, frequencies=(2.0,), amplitudes=(1.0,), seed=1)
    >>> train, odd = task.train(150), task.held_out(500)
    >>> finder = ModuleFinder(n_modules=2).fit(train.X, train.y)
    >>> np.abs(finder.directions_[:, 0] @ task.projections[:, :, 0].T).max(axis=0).round(2)
    array([1., 1.])
    >>> finder.score(odd.X, odd.y) > 0.99
    True
    """

    def __init__(
        self,
        n_modules: int = 2,
        n_dims: int = 1,
        *,
        rule: str = "polish",
        n_starts: int = 10,
        length_scale: float = 1.0,
        ridge: float = 1.0,
        random_state: int | np.random.RandomState | None = 0,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        self.n_modules = n_modules
        self.n_dims = n_dims
        self.rule = rule
        self.n_starts = n_starts
        self.length_scale = length_scale
        self.ridge = ridge
        self.random_state = random_state
        self.progress = progress

    def fit(self, X: ArrayLike, y: ArrayLike) -> ModuleFinder:
        """Find the modules and fit a function on each.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_features)
        y : array_like, shape (n_samples,) or (n_samples, n_outputs)

        Returns
        -------
        ModuleFinder
            Itself.

        Raises
        ------
        TypeError, ValueError
            For values that are missing or not finite, fewer than 3 samples, a constant target, or a parameter out
            of range.
        """
        inputs, targets = validate_data(
            self, X, y, multi_output=True, y_numeric=True, dtype=np.float64, ensure_min_samples=FEWEST_SAMPLES
        )
        Y = np.asarray(targets, dtype=np.float64)
        self._one_output = Y.ndim == 1
        self._mean, spread = inputs.mean(axis=0), inputs.std(axis=0)
        varies = spread > 1e-12 * np.abs(inputs).max(axis=0)
        self._inverse_spread = np.where(varies, 1 / np.where(varies, spread, 1.0), 0.0)
        if integer("n_dims", self.n_dims, 1) > np.sum(varies):
            raise ValueError(
                f"n_dims must be at most the number of features that vary, {np.sum(varies)} of n_features = "
                f"{inputs.shape[1]}, got {self.n_dims}"
            )
        found = find_modules(
            self._standardised(inputs)[:, varies],
            Y[:, None] if self._one_output else Y,
            integer("n_modules", self.n_modules, 1),
            dims=self.n_dims,
            rule=self.rule,
            starts=integer("n_starts", self.n_starts, 1),
            length_scale=self.length_scale,
            ridge=self.ridge,
            seed=int(check_random_state(self.random_state).randint(2**31 - 1)),
            progress=self.progress or (lambda _: None),
        )
        self._varies, self._fit = varies, found.fit
        self.directions_ = self._in_input_units(found.projections)
        self.length_scale_, self.ridge_ = found.fit.length_scale, found.fit.ridge
        self.left_out_error_ = found.fit.left_out_error
        return self

    def predict(self, X: ArrayLike) -> FloatArray:
        """Predict targets, shape (n_samples,) or (n_samples, n_outputs) as in :meth:`fit`."""
        check_is_fitted(self)
        given = validate_data(self, X, reset=False, dtype=np.float64)
        fit: AdditiveFit = self._fit
        predicted = fit.predict(self._standardised(given)[:, self._varies])
        return predicted[:, 0] if self._one_output else predicted

    def _standardised(self, X: FloatArray) -> FloatArray:
        return np.asarray((X - self._mean) * self._inverse_spread)

    def _in_input_units(self, projections: FloatArray) -> NDArray[np.float64]:
        """Return the directions in the units of the inputs; features that do not vary have no part in them."""
        scaled = np.zeros((len(projections), len(self._mean), self.n_dims))
        scaled[:, self._varies] = self._inverse_spread[self._varies, None] * projections
        return np.asarray(np.linalg.qr(scaled)[0].swapaxes(1, 2))
