"""The aligned start in closed form: one strength for each class of modes, for any number of items."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

import numpy as np

from ...problem import Aligned, BlockPair, Problem, Quantities, Trajectory, Weights
from ...validation import FloatArray, count_text
from ..spectrum import ModeClass, Spectrum
from .evolution import evolve, origin

LISTABLE_MODES = 2**26


def predict(problem: Problem, spectrum: Spectrum, strength_factor: float) -> Trajectory:
    """Return the course of all classes of modes from an aligned start on a systematicity dataset."""
    classes, initial = spectrum.learnable, cast(Aligned, problem.initial)
    counts = {c.name: c.count for c in classes}
    initial.check(problem.network, counts)
    pi0 = strength_factor * np.array([initial.of_class(name) for name in counts])
    lam, delta = (np.array([getattr(c, name) for c in classes]) for name in ("lam", "delta"))
    pi = evolve(problem, lam, delta, 4 * np.maximum(pi0, 0.0), 4 * np.maximum(-pi0, 0.0))
    how = origin(problem, "aligned start")
    return course(problem, spectrum, pi, how, partial(_aligned_weights, problem, list(counts), pi))


def course(
    problem: Problem, spectrum: Spectrum, pi: FloatArray, how: str, make_weights: Callable[[], Weights]
) -> Trajectory:
    """Return the trajectory of a map that is diagonal in the modes, from strengths of shape (T, classes)."""
    classes = spectrum.learnable
    return Trajectory.of_modes(
        problem,
        how,
        Quantities(
            modes={c.name: np.abs(pi[:, column]) for column, c in enumerate(classes)},
            norms=block_norms(classes, pi),
            loss=aligned_loss(spectrum, pi),
        ),
        make_strengths=partial(_listed, pi, [c.count for c in classes]),
        make_weights=make_weights,
    )


def block_norms(classes: Sequence[ModeClass], pi: FloatArray) -> dict[BlockPair, FloatArray]:
    r"""Return the Frobenius norms of the blocks of :math:`W = \sum_\alpha \pi_\alpha u_\alpha v_\alpha^\top`.

    With :math:`f = s_x/\delta` and :math:`g = s_y/\sigma` the shares of the input and the output vector on their
    sign features (:math:`s_x, s_y \in \{0, 1\}`) and n the multiplicity,

    .. math:: |W_{\Omega_x\Omega_y}|^2 = \sum_c n_c \pi_c^2 g_c f_c, \quad
              |W_{\Gamma_x\Omega_y}|^2 = \sum_c n_c \pi_c^2 g_c (1 - f_c), \quad \ldots

    Domain: modes that the dataset contains (:math:`x_m y_m > 0`); others have no direction to be learned in.
    Source: "On The Specialization of Neural Modules", Frobenius norms, in a form for all four classes.

    Parameters
    ----------
    classes : sequence of ModeClass
        Learnable classes of a systematicity dataset.
    pi : ndarray, shape (T, classes)
        Effective singular values.

    Returns
    -------
    dict of (input block, output block) to ndarray, shape (T,)
        Infinite where a norm exceeds the range of floats.

    See Also
    --------
    aligned_loss : Loss of the same map.
    systematicity_ratio : Ratio of the squared norms to the sign outputs.

    Examples
    --------
    >>> import numpy as np
    >>> from linmod import SystematicityDataset
    >>> from linmod.theory import spectrum
    >>> classes = spectrum(SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1)).learnable
    >>> final = np.array([[c.pi_star for c in classes]])
    >>> for (source, target), norm in block_norms(classes, final).items():
    ...     print(f"{source} -> {target} {norm[0]:.4f}")
    omega_x -> omega_y 0.7273
    gamma_x -> omega_y 0.4454
    omega_x -> gamma_y 0.4454
    gamma_x -> gamma_y 1.3195
    """
    pairs: list[BlockPair] = [(i, o) for o in ("omega_y", "gamma_y") for i in ("omega_x", "gamma_x")]
    norms = {}
    for pair in pairs:
        parts = [
            scaled(np.abs(pi[:, column]), mode_class.count, mode_class.shares[pair])
            for column, mode_class in enumerate(classes)
        ]
        norms[pair] = np.hypot.reduce(parts, axis=0) if parts else np.zeros(len(pi))
    return norms


def aligned_loss(spectrum: Spectrum, pi: FloatArray) -> FloatArray:
    r"""Return the loss of a map that is diagonal in the modes.

    .. math:: L = \frac{1}{2} \sum_c n_c \left(\sqrt{\sigma_c} - \sqrt{\delta_c}\,\pi_c\right)^2

    Classes without singular vectors keep their :math:`n\sigma/2`.

    Parameters
    ----------
    spectrum : Spectrum
    pi : ndarray, shape (T, learnable classes)

    Returns
    -------
    ndarray, shape (T,)

    See Also
    --------
    block_norms : Norms of the same map.

    Examples
    --------
    >>> import numpy as np
    >>> from linmod import SystematicityDataset
    >>> from linmod.theory import spectrum
    >>> s = spectrum(SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1))
    >>> aligned_loss(s, np.array([[0.0, 0.0, 0.0], [c.pi_star for c in s.learnable]])).round(12)
    array([1., 0.])
    """
    loss = np.full(len(pi), sum(c.total_sigma for c in spectrum.classes if not c.learnable) / 2)
    for column, mode_class in enumerate(spectrum.learnable):
        left = math.sqrt(mode_class.total_sigma) - math.sqrt(mode_class.total_delta) * pi[:, column]
        loss += left**2 / 2
    return loss


def scaled(pi: FloatArray, count: int, share: float) -> FloatArray:
    """Return sqrt(count * share) * pi, also for counts beyond the range of floats."""
    if share == 0:
        return np.zeros_like(pi)
    with np.errstate(divide="ignore", over="ignore"):
        return np.exp(0.5 * (math.log(count) + math.log(share)) + np.log(pi))


def _listed(pi: FloatArray, counts: list[int]) -> FloatArray:
    if sum(counts) * len(pi) > LISTABLE_MODES:
        raise ValueError(
            f"strengths of {count_text(sum(counts))} modes at {len(pi)} times are too many to list; use .modes"
        )
    return np.repeat(pi, counts, axis=1)


def _aligned_weights(problem: Problem, names: list[str], pi: FloatArray) -> Weights:
    """Return balanced weights of these strengths; a mode that has decayed to nothing keeps its hidden unit."""
    pi = np.where((pi == 0) & (pi[0] != 0), np.finfo(np.float64).tiny, pi)
    starts = [Aligned(dict(zip(names, strengths, strict=True))) for strengths in pi.tolist()]
    over_time = [start.weights(problem.network, problem.dataset) for start in starts]
    return tuple(np.array(layer) for layer in zip(*over_time, strict=True))
