"""Rules that find modules: one at a time against the full target, by deflation, jointly, or deflation and then jointly.

A rule sees standardised data only. All search by the same objective, and differ in what they search for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from ...validation import FloatArray, array, choice, integer, real
from .objective import gaussian_objective
from .recovery import alignment
from .regression import AdditiveFit, fit_additive, residual
from .search import Minimum, descend, descend_from_all, random_projections
from .threads import threads_for

DISTINCT = 0.9
"""Alignment above which two found modules count as the same."""
SHARPENINGS = 3
FEWEST_SAMPLES = 3


@dataclass(frozen=True, eq=False)
class Search:
    """The data and settings that a rule receives.

    Attributes
    ----------
    X : ndarray, shape (samples, inputs)
    Y : ndarray, shape (samples, outputs)
        Centred.
    modules, dims, starts : int
    length_scale, ridge : float
        Of the kernel in the objective.
    rng : numpy.random.Generator
    progress : callable
        Called with the fraction done.
    """

    X: FloatArray
    Y: FloatArray
    modules: int
    dims: int
    starts: int
    length_scale: float
    ridge: float
    rng: np.random.Generator = field(repr=False)
    progress: Callable[[float], None] = field(default=lambda _: None, repr=False)

    def minima(self, Y: FloatArray, modules: int, starts: int, done: float = 0.0, share: float = 1.0) -> list[Minimum]:
        """Return minima from random starts in order of increasing value; `share` of the progress belongs to them."""
        shape = (modules, self.X.shape[1], self.dims)
        ticks = iter(range(1, starts + 1))
        return descend_from_all(
            gaussian_objective(self.X, Y, ridge=self.ridge, length_scale=self.length_scale, dims=self.dims),
            (random_projections(self.rng, *shape) for _ in range(starts)),
            scale=float(np.sum(Y**2)) / self.ridge,
            progress=lambda: self.progress(done + share * next(ticks) / starts),
        )

    def polish(self, start: FloatArray, length_scale: float, ridge: float) -> FloatArray:
        """Minimise over all modules together from one start."""
        objective = gaussian_objective(self.X, self.Y, ridge=ridge, length_scale=length_scale, dims=self.dims)
        return descend(objective, start, scale=float(np.sum(self.Y**2)) / ridge).projections

    def sharpen(self, start: FloatArray) -> FloatArray:
        """Continue with the kernel that predicts left-out samples best, as long as the prediction improves."""
        best = fit_additive(start, self.X, self.Y)
        for _ in range(SHARPENINGS):
            found = self.polish(best.projections, best.length_scale, best.ridge)
            fit = fit_additive(found, self.X, self.Y)
            if fit.left_out_error >= best.left_out_error:
                break
            best = fit
        return best.projections


def single(search: Search) -> FloatArray:
    """Fit one module to the full target from each start, and keep the best of those that differ.

    With as many starts as modules this is the published rule: repeated from different starts, all kept.
    """
    minima = search.minima(search.Y, 1, max(search.starts, search.modules))
    kept: list[FloatArray] = []
    spare: list[FloatArray] = []
    for minimum in minima:
        same = kept and alignment(minimum.projections, np.concatenate(kept)).max() > DISTINCT
        (spare if same else kept).append(minimum.projections)
    return np.concatenate([*kept, *spare][: search.modules])


def deflation(search: Search) -> FloatArray:
    """Fit one module after the other, each to the residual of the modules so far, which are fitted together."""
    found: list[FloatArray] = []
    left = search.Y
    for module in range(search.modules):
        minima = search.minima(left, 1, search.starts, module / search.modules, 1 / search.modules)
        found.append(minima[0].projections)
        left = residual(np.concatenate(found), search.X, search.Y, search.length_scale)
    return np.concatenate(found)


def joint(search: Search) -> FloatArray:
    """Fit all modules together from random starts, then continue with the kernel that predicts best."""
    return search.sharpen(search.minima(search.Y, search.modules, search.starts)[0].projections)


def polish(search: Search) -> FloatArray:
    """Fit by deflation, then all modules together from there, then with the kernel that predicts best."""
    return search.sharpen(search.polish(deflation(search), search.length_scale, search.ridge))


RULES: Mapping[str, Callable[[Search], FloatArray]] = {
    "single": single,
    "deflation": deflation,
    "joint": joint,
    "polish": polish,
}


@dataclass(frozen=True, eq=False)
class FoundModules:
    """Modules that a rule found, with a function fitted on them.

    Attributes
    ----------
    projections : ndarray, shape (modules, inputs, dims)
        Each with orthonormal columns.
    fit : AdditiveFit
        Of the targets as they were given.

    See Also
    --------
    find_modules : The search that returns it.
    """

    projections: FloatArray
    fit: AdditiveFit


def find_modules(
    X: ArrayLike,
    Y: ArrayLike,
    modules: int,
    *,
    dims: int = 1,
    rule: str = "polish",
    starts: int = 10,
    length_scale: float = 1.0,
    ridge: float = 1.0,
    seed: int | np.random.Generator = 0,
    progress: Callable[[float], None] = lambda _: None,
) -> FoundModules:
    r"""Find the projections through which a target is a sum of modules, :math:`y = \sum_j f_j(U_j^\top x)`.

    Parameters
    ----------
    X : array_like, shape (samples, inputs)
        Used as it is: the length scale is in its units. Inputs of different units should be standardised first.
    Y : array_like, shape (samples, outputs)
        Centred and brought to unit variance in the search.
    modules : int
        K; more than there are does no harm but cost, and K b may exceed the inputs.
    dims : int
        b, at most the number of inputs.
    rule : {"polish", "joint", "deflation", "single"}
        How to search: see :mod:`linmod.dynamics.module_finding.rules`. "single" with ``starts=modules`` is the
        published rule. For one dimension "polish" is the best, above all for fast functions; for several, "joint":
        deflation then ends in mixtures that joint descent does not leave.
    starts : int
        Random starts of each search ("polish", "deflation": for each module).
    length_scale, ridge : float
        Of the Gaussian kernel that is searched with. Smooth ones have wide basins; the fit chooses its own.
    seed : int or numpy.random.Generator
    progress : callable
        Called with the fraction of starts done.

    Returns
    -------
    FoundModules

    Raises
    ------
    TypeError, ValueError
        For arrays that are not finite, of unequal length, with fewer than 3 samples, a target that is constant,
        dims above the inputs, numbers out of range.
    SingularKernel
        If the ridge is too small for the kernel matrix.

    See Also
    --------
    descend : Minimisation from one start.
    fit_additive : Regression on the projections found.

    Notes
    -----
    An evaluation of the objective with its gradient takes, for n samples, one Cholesky factor; with one dimension
    :math:`n r^2` for a few dozen features r in each module, otherwise :math:`n^3/3` and :math:`n^2` exponentials.
    On too few samples (fewer than some multiple of the K m b numbers sought) a rule returns projections on which the
    samples happen to be smooth. ``fit.left_out_error`` does not show it, since the left-out samples had a part in the
    choice of projections: hold samples back, or cross-validate :class:`ModuleFinder`.

    Examples
    --------
    >>> from linmod.datasets import SineTask
    >>> from linmod.dynamics.module_finding import find_modules, recovered
    >>> task = SineTask(modules=2, inputs=4, frequencies=(2.0,), amplitudes=(1.0,), seed=1)
    >>> sample = task.train(100)
    >>> found = find_modules(sample.X, sample.y, modules=2, starts=5)
    >>> recovered(found.projections, task.projections)
    2
    """
    inputs, targets = array("X", X, 2), array("Y", Y, 2)
    if len(inputs) != len(targets):
        raise ValueError(f"X and Y must have the same number of samples (rows), got {len(inputs)} and {len(targets)}")
    if len(inputs) < FEWEST_SAMPLES or 0 in inputs.shape or 0 in targets.shape:
        raise ValueError(
            f"X and Y must hold at least {FEWEST_SAMPLES} samples of 1 feature each, got shapes "
            f"{inputs.shape} and {targets.shape}"
        )
    if integer("dims", dims, 1) > inputs.shape[1]:
        raise ValueError(f"dims must be at most the number of inputs, {inputs.shape[1]}, got {dims}")
    search = Search(
        X=inputs,
        Y=_unit_variance(targets),
        modules=integer("modules", modules, 1),
        dims=dims,
        starts=integer("starts", starts, 1),
        length_scale=real("length_scale", length_scale, positive=True),
        ridge=real("ridge", ridge, positive=True),
        rng=np.random.default_rng(seed),
        progress=progress,
    )
    follow = RULES[choice("rule", rule, RULES)]
    with threads_for(dims):
        projections = follow(search)
        return FoundModules(projections, fit_additive(projections, inputs, targets))


def _unit_variance(Y: FloatArray) -> FloatArray:
    centred = Y - Y.mean(axis=0)
    size = float(np.sqrt(np.mean(centred**2)))
    if size <= 1e-14 * float(np.abs(Y).max()):
        raise ValueError("Y must not be constant: there is nothing to find modules in")
    return np.asarray(centred / size)
