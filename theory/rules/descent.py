"""The two-layer network under a learning rule: the exact discrete map of each mode, from given initial weights."""

from __future__ import annotations

import math
from functools import partial
from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from ...problem import Aligned, Descent, Divergence, Problem, Rule, Trajectory, Weights
from ...validation import FloatArray, instance, real
from ..dense.aligned_start import course
from ..dense.course import coupled_left_out, not_predicted
from ..dense.strengths import DECOUPLED, ROUNDING
from ..refusals import Refusal, coupled_modes, no_weights, too_narrow
from ..spectrum import Spectrum, idle_inputs, mode_vectors
from ..spectrum import spectrum as spectrum_of
from ..terms import idle_turnover, on_gains
from .initial_gains import initial_gains


def rule_descent(
    lam: ArrayLike,
    delta: ArrayLike,
    sigma: ArrayLike,
    a0: ArrayLike,
    b0: ArrayLike,
    rule: Rule,
    step_size: float,
    steps: ArrayLike,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    r"""Return the exact gains of modes after numbers of steps of descent under a learning rule.

    With the hidden vectors a and b of a mode and :math:`e = \lambda - \delta\, a \cdot b`, one step of size alpha adds

    .. math:: \Delta a = \alpha\,[b\,e + \nabla\delta\, a\,h(|a|^2)], \qquad
              \Delta b = \alpha\,[a\,e + \gamma\,(\sigma - \delta\,(a \cdot b)^2)\, b]

    with :math:`h(s) = 1 - s` (Oja), :math:`1/(1 + s)` (inverse norm) or :math:`1/(1 - s)` (inverse complement, for
    s < 1). Weights from inputs without data to the hidden
    direction of the mode are not trained by the gradient; Oja's term multiplies them by
    :math:`1 - \alpha\nabla\delta|a|^2` in each step, so that they grow under anti-Hebbian learning. The map has no
    closed form, so it is iterated.
    Domain: modes that do not share hidden directions; with the two inverse forms, one hidden unit for each mode.
    Source: "On The Specialization of Neural Modules" (Jarvis, Klein, Rosman & Saxe; ICLR 2023), learning rules,
    reduced to modes.

    Parameters
    ----------
    lam, delta, sigma : array_like, shape (modes,)
        Correlations.
    a0, b0 : array_like, shape (components, modes)
        Initial hidden vectors.
    rule : Rule
    step_size : float
        The step alpha = 1/tau of both layers.
    steps : array_like of int, shape (T,)
        Increasing numbers of steps.

    Returns
    -------
    a, b : ndarray, shape (T, components, modes)
        Not finite where training diverges, or leaves the domain of the inverse complement.
    idle : ndarray, shape (T, modes)
        Factor of the weights from inputs without data.

    See Also
    --------
    initial_gains : The start from initial weights.
    fixed_points : Where it can end.

    Examples
    --------
    >>> from linmod import Rule
    >>> a, b, _ = rule_descent([1.5], [0.5], [4.5], [[1e-3]], [[1e-3]], Rule(hebbian=0.1), 0.1, [0, 20000])
    >>> a[-1].round(4).item(), b[-1].round(4).item()
    (1.0, 3.0)
    """
    instance("rule", rule, (Rule,))
    alpha = real("step_size", step_size, positive=True)
    lam, delta, sigma, a, b = (np.asarray(value, dtype=np.float64) for value in (lam, delta, sigma, a0, b0))
    idle, done, seen = np.ones(a.shape[1:]), 0, []
    with np.errstate(over="ignore", invalid="ignore"):
        for target in np.asarray(steps).tolist():
            for _ in range(target - done):
                pi = np.sum(a * b, axis=0)
                error = lam - delta * pi
                size = np.sum(a * a, axis=0)
                pull, push = on_gains(rule, delta, sigma, size, pi)
                idle = idle * (1 - idle_turnover(rule, delta, size, alpha))
                a, b = a + alpha * (b * error + pull * a), b + alpha * (a * error + push * b)
            seen.append((a, b, idle))
            done = target
    a, b, idle = (np.array(values) for values in zip(*seen, strict=True))
    return a, b, idle


def under_flow(problem: Problem) -> Refusal | None:
    """Refuse gradient flow; only descent has a closed form under a rule."""
    if problem.training.is_descent:
        return None
    return Refusal(
        f"the flow of a mode under {problem.training.rule} has no elementary solution",
        "Descent is predicted by its exact map, and dynamics.solve_modes integrates the equations of modes",
    )


def unit_by_unit(problem: Problem) -> Refusal | None:
    """Refuse a rule that acts on single hidden units, unless the start gives each mode separate units."""
    rule = problem.training.rule
    if rule.form == "oja" or not rule.hebbian or problem.initial.is_aligned:
        return None
    return Refusal(
        f"{rule} treats each hidden unit separately, so that modes decouple only from an Aligned start",
        "use an Aligned start, the form 'oja', or dynamics.solve",
    )


def outputs_without_inputs(problem: Problem) -> Refusal | None:
    """Refuse a contrastive term that drives the second layer in output directions that no input explains."""
    rule, dataset = problem.training.rule, problem.dataset
    if rule.contrastive <= 0:
        return None
    U, W = mode_vectors(dataset)[0], problem.initial_weights[1]
    outside = W - U @ (U.T @ W)
    if np.linalg.norm(outside) <= ROUNDING * np.linalg.norm(W):
        return None
    growing = np.linalg.norm(dataset.sigma_y @ outside)
    if growing <= ROUNDING * np.linalg.norm(dataset.sigma_y) * np.linalg.norm(outside):
        return None
    return Refusal(
        f"some outputs have no input that explains them, and {rule} drives the weights to them without bound",
        "use an Aligned start, which leaves these weights at zero, or dynamics.solve",
    )


ALIGNED_QUESTIONS = (under_flow,)
QUESTIONS = (no_weights, under_flow, unit_by_unit, coupled_modes, too_narrow, outputs_without_inputs)


def predict_aligned(problem: Problem, spectrum: Spectrum, factor: float) -> Trajectory:
    """Return the course of all modes of a dataset of the space, from an aligned start."""
    classes, initial = spectrum.learnable, cast(Aligned, problem.initial)
    counts = {c.name: c.count for c in classes}
    initial.check(problem.network, counts)
    pi0 = factor * np.array([initial.of_class(name) for name in counts])
    gains = np.sqrt(np.abs(pi0))[None]
    correlations = [np.array([getattr(c, name) for c in classes]) for name in ("lam", "delta", "sigma")]
    a, b, _ = _evolved(problem, correlations, gains, gains * np.sign(pi0))
    make_weights = partial(_weights, problem, a[:, 0], b[:, 0], list(counts.values()))
    return course(problem, spectrum, np.sum(a * b, axis=1), _origin("aligned start"), make_weights)


def predict(problem: Problem, spectrum: Spectrum, factor: float) -> Trajectory:
    """Return the course of all modes from given initial weights."""
    dataset = problem.dataset
    U, V = mode_vectors(dataset)
    start = initial_gains(
        spectrum_of(dataset), U, V, problem.initial_weights, problem.training.rule, idle_inputs(dataset)
    )
    correlations = [spectrum.per_mode(name) for name in ("lam", "delta", "sigma")]
    scale = math.sqrt(factor)
    a, b, idle = _evolved(problem, correlations, scale * start.a, scale * start.b)
    left, right = U @ start.rotation, (V @ start.rotation).T
    pairs = zip(np.sum(a * b, axis=1), b[:, 0] * idle, strict=True)
    maps = ((left * strengths) @ right + (left * reach) @ start.idle for strengths, reach in pairs)
    exact = start.method == DECOUPLED
    return Trajectory.of_maps(
        problem,
        _origin(start.method),
        maps,
        make_neglected=None if exact else partial(coupled_left_out, problem),
        make_weights=not_predicted,
    )


def _evolved(
    problem: Problem, correlations: list[FloatArray], a0: FloatArray, b0: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    (lam, delta, sigma), training = correlations, cast(Descent, problem.training)
    how = training.rule, training.step_size, training.recorded_steps
    a, b, idle = rule_descent(lam, delta, sigma, a0, b0, *how)
    with np.errstate(over="ignore", invalid="ignore"):
        size = np.sum(a * a + b * b, axis=(1, 2))
    bad = np.flatnonzero(~np.isfinite(size))
    if bad.size:
        raise Divergence(_reason(problem, a[max(bad[0] - 1, 0)], float(problem.times[bad[0]])))
    return a, b, idle


def _reason(problem: Problem, a: FloatArray, time: float) -> str:
    rule = problem.training.rule
    message = f"{problem.training!r} diverged: non-finite values by time {time:g}"
    if rule.hebbian < 0 and rule.form == "oja" and np.any(np.sum(a * a, axis=0) > 1):
        return (
            f"{message}; a mode whose first layer has a gain above 1 grows without bound in finite time under"
            f" anti-Hebbian learning, hebbian={rule.hebbian:g}"
        )
    if rule.hebbian and rule.form == "inverse_complement":
        return f"{message}; form='inverse_complement' is defined only while each hidden unit has a gain below 1"
    return f"{message}; the step is too large for {rule}"


def _weights(problem: Problem, of_first: FloatArray, of_second: FloatArray, counts: list[int]) -> Weights:
    """Return both layers over time from the gains of all classes; each non-zero mode has its own hidden unit."""
    a, b = (np.repeat(gains, counts, axis=1) for gains in (of_first, of_second))
    basis = problem.dataset.mode_basis
    started = np.flatnonzero((a[0] != 0) | (b[0] != 0))
    units = np.eye(problem.initial_weights[0].shape[0], len(started))
    first = np.einsum("hm,tm,im->thi", units, a[:, started], basis.V[:, started])
    second = np.einsum("om,tm,hm->toh", basis.U[:, started], b[:, started], units)
    return first, second


def _origin(method: str) -> str:
    return f"two layers under a rule, discrete map, {method}"
