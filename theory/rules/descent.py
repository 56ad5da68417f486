"""The two-layer network under a learning rule: the exact discrete map of each mode, from given initial weights."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from ...problem import Aligned, Descent, Divergence, Problem, Rule, Trajectory, Weights
from ...validation import FloatArray, array, instance, real
from ..dense.aligned_start import course
from ..dense.course import coupled_left_out, not_predicted
from ..dense.strengths import DECOUPLED, ROUNDING, SMALL
from ..refusals import Refusal, coupled_modes, no_weights, too_narrow
from ..spectrum import Spectrum, idle_inputs, mode_vectors
from ..spectrum import spectrum as spectrum_of
from .initial_gains import InitialGains, initial_gains

HIDDEN_GAIN: dict[str, Callable[[FloatArray], FloatArray]] = {
    "oja": lambda s: 1 - s,
    "inverse_norm": lambda s: 1 / (1 + s),
    "inverse_complement": lambda s: 1 / np.where(s < 1, 1 - s, np.nan),
}


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
    Domain: modes that do not share hidden directions; with the two inverse forms, one hidden unit for each mode (see
    :func:`unit_rule_descent` for modes that are spread over units).
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
        The step alpha = 1/tau.
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
    unit_rule_descent : The inverse forms on modes that are spread over hidden units.
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
    form = HIDDEN_GAIN[rule.form]
    return _descended(lam, delta, sigma, a0, b0, rule, lambda a: form(np.sum(a * a, axis=0)), step_size, steps)


def unit_rule_descent(
    lam: ArrayLike,
    delta: ArrayLike,
    sigma: ArrayLike,
    a0: ArrayLike,
    b0: ArrayLike,
    directions: ArrayLike,
    outside: ArrayLike,
    rule: Rule,
    step_size: float,
    steps: ArrayLike,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    r"""Return the gains of modes that are spread over hidden units, under a rule that treats each unit separately.

    With :math:`r_{ic}` the component of the hidden direction of mode c in unit i, the squared norm of the input weights
    of the unit is :math:`s_i = q_i + \sum_c r_{ic}^2 a_c^2`, and the Hebbian term of the mode has the gain

    .. math:: \bar h_c = \sum_i r_{ic}^2\, h(s_i)

    in place of :math:`h(|a|^2)` in :func:`rule_descent`. It neglects that the rule turns hidden directions towards each
    other by :math:`\sum_i r_{ic} r_{ik} h(s_i)`, which decreases with the number of units.
    Domain: hidden directions that are orthonormal; the two inverse forms.

    Parameters
    ----------
    lam, delta, sigma : array_like, shape (modes,)
        Correlations.
    a0, b0 : array_like, shape (1, modes)
        Initial gains along the hidden direction of each mode.
    directions : array_like, shape (hidden, modes)
        r, orthonormal columns.
    outside : array_like, shape (hidden,)
        q, squared norm of the weights of each unit from inputs without data.
    rule : Rule
    step_size : float
    steps : array_like of int, shape (T,)
        Increasing numbers of steps.

    Returns
    -------
    a, b : ndarray, shape (T, 1, modes)
    idle : ndarray, shape (T, modes)
        Ones: these forms do not train weights from inputs without data.

    Raises
    ------
    ValueError
        If the rule has Oja's form, which does not depend on units.

    See Also
    --------
    rule_descent : Modes that do not share hidden units.

    Examples
    --------
    >>> from linmod import Rule
    >>> rule = Rule.inverse_complement_anti_hebbian(-0.1)
    >>> modes = ([1.5], [2.0], [1.0], [[1e-3]], [[1e-3]])
    >>> spread, _, _ = unit_rule_descent(*modes, np.full((4, 1), 0.5), np.zeros(4), rule, 0.1, [300])
    >>> alone, _, _ = rule_descent(*modes, rule, 0.1, [300])
    >>> spread.round(4).item(), alone.round(4).item()
    (0.4087, 0.3882)
    """
    instance("rule", rule, (Rule,))
    if rule.form == "oja":
        raise ValueError("rule must have an inverse form, got form='oja', which does not depend on hidden units")
    form, shares, rest = HIDDEN_GAIN[rule.form], array("directions", directions, 2) ** 2, array("outside", outside, 1)
    return _descended(
        lam, delta, sigma, a0, b0, rule, lambda a: shares.T @ form(rest + shares @ a[0] ** 2), step_size, steps
    )


def _descended(
    lam: ArrayLike,
    delta: ArrayLike,
    sigma: ArrayLike,
    a0: ArrayLike,
    b0: ArrayLike,
    rule: Rule,
    gain: Callable[[FloatArray], FloatArray],
    step_size: float,
    steps: ArrayLike,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Iterate the map of all modes; ``gain`` maps their hidden vectors to the Hebbian gain of each."""
    alpha = real("step_size", step_size, positive=True)
    lam, delta, sigma, a, b = (np.asarray(value, dtype=np.float64) for value in (lam, delta, sigma, a0, b0))
    idle, turnover = np.ones(a.shape[1:]), alpha * rule.hebbian * delta * (rule.form == "oja")
    done, seen = 0, []
    with np.errstate(over="ignore", invalid="ignore"):
        for target in np.asarray(steps).tolist():
            for _ in range(target - done):
                pi = np.sum(a * b, axis=0)
                error = lam - delta * pi
                pull = rule.hebbian * delta * gain(a)
                push = rule.contrastive * (sigma - delta * pi**2)
                idle = idle * (1 - turnover * np.sum(a * a, axis=0))
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
    """Refuse a rule that acts on single hidden units, unless the start is small or gives each mode separate units."""
    if not _acts_on_units(problem.training.rule) or problem.initial.is_aligned or _start(problem).method == SMALL:
        return None
    return Refusal(
        f"{problem.training.rule} treats each hidden unit separately, so that modes decouple only from an Aligned"
        " start, and approximately from a small one",
        "use an Aligned or a smaller start, the form 'oja', or dynamics.solve",
    )


def _acts_on_units(rule: Rule) -> bool:
    return rule.form != "oja" and rule.hebbian != 0


def _start(problem: Problem) -> InitialGains:
    dataset = problem.dataset
    U, V = mode_vectors(dataset)
    return initial_gains(
        spectrum_of(dataset), U, V, problem.initial_weights, problem.training.rule, idle_inputs(dataset)
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
QUESTIONS = (no_weights, under_flow, coupled_modes, too_narrow, unit_by_unit, outputs_without_inputs)


def predict_aligned(problem: Problem, spectrum: Spectrum, factor: float) -> Trajectory:
    """Return the course of all modes of a dataset of the space, from an aligned start."""
    classes, initial = spectrum.learnable, cast(Aligned, problem.initial)
    counts = {c.name: c.count for c in classes}
    initial.check(problem.network, counts)
    pi0 = factor * np.array([initial.of_class(name) for name in counts])
    gains = np.sqrt(np.abs(pi0))[None]
    lam, delta, sigma = (np.array([getattr(c, name) for c in classes]) for name in ("lam", "delta", "sigma"))
    a, b, _ = _checked(problem, rule_descent(lam, delta, sigma, gains, gains * np.sign(pi0), *_how(problem)))
    make_weights = partial(_weights, problem, a[:, 0], b[:, 0], list(counts.values()))
    return course(problem, spectrum, np.sum(a * b, axis=1), _origin("aligned start"), make_weights)


def predict(problem: Problem, spectrum: Spectrum, factor: float) -> Trajectory:
    """Return the course of all modes from given initial weights."""
    U, V = mode_vectors(problem.dataset)
    start = _start(problem)
    correlations = spectrum.per_mode("lam"), spectrum.per_mode("delta"), spectrum.per_mode("sigma")
    a0, b0 = math.sqrt(factor) * start.a, math.sqrt(factor) * start.b
    if _acts_on_units(problem.training.rule):
        outside = np.sum((problem.initial_weights[0] @ idle_inputs(problem.dataset)) ** 2, axis=1)
        seen = unit_rule_descent(*correlations, a0, b0, start.directions, outside, *_how(problem))
    else:
        seen = rule_descent(*correlations, a0, b0, *_how(problem))
    a, b, idle = _checked(problem, seen)
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


def _how(problem: Problem) -> tuple[Rule, float, tuple[int, ...]]:
    training = cast(Descent, problem.training)
    return training.rule, training.step_size, training.recorded_steps


def _checked(
    problem: Problem, gains: tuple[FloatArray, FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the gains of modes; raise where they are not finite."""
    a, b, idle = gains
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
