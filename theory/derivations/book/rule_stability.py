"""Contrastive and predictive-coding terms: stability of the learned map, and the slow drift along it."""

from __future__ import annotations

from sympy import Derivative, Eq, Function, Symbol, log, sqrt

from ..derivation import Derivation
from ..steps.checks import Algebra, Integration, Solves, Through
from ..steps.lines import Given, Rejected, Step
from .notation import delta, lam, pi, sigma, t
from .rules import (
    COMMON,
    LINEARISATION,
    SOURCE,
    A,
    B,
    F,
    a,
    a_s,
    b,
    b_s,
    determinant,
    drift,
    final,
    gamma,
    nabla,
    path,
    rate_a,
    rate_b,
    trace,
)

p, squares, velocity = Symbol("p", real=True), Function("S"), Function("V")
rate, balanced = Symbol("r", real=True), Symbol("r_balanced", real=True)

TRANSVERSE = Derivation(
    name="rule-transverse",
    title="Contrastive term: the return to the learned map",
    source=SOURCE,
    about=(
        "The term of the second layer does not change the learned strength, but it changes its stability. Equal "
        "layers are unstable if the weight is below -1, or if the weight is -1 (predictive coding) and the strength "
        "is above 1."
    ),
    symbols={
        **{key: COMMON[key] for key in (lam, delta, t, sigma, gamma)},
        a: "weight of the mode in the first layer",
        b: "weight of the mode in the second layer",
        pi: "effective singular value of the mode",
        p: "effective singular value, as a variable",
        A: "gain of the first layer, at which the map is perturbed",
        squares: "sum of the squared gains",
        velocity: "velocity of the strength",
        final: "learned strength",
        rate: "rate at which a small error grows",
        balanced: "the same for equal layers",
    },
    lines=(
        Given("motion of a", Eq(Derivative(a(t), t), b(t) * (lam - delta * a(t) * b(t))), "Gradient flow, nabla = 0."),
        Given(
            "motion of b",
            Eq(
                Derivative(b(t), t),
                a(t) * (lam - delta * a(t) * b(t)) + gamma * b(t) * (sigma - delta * a(t) ** 2 * b(t) ** 2),
            ),
            "From the reduction to one mode.",
        ),
        Given("strength", Eq(pi(t), a(t) * b(t)), "The mode is the product of its two layers."),
        Given("correlations", Eq(sigma, lam**2 / delta), "From the spectrum."),
        Step(
            "motion of the strength",
            Eq(
                Derivative(pi(t), t),
                (lam - delta * pi(t)) * (a(t) ** 2 + b(t) ** 2 + gamma * (lam / delta + pi(t)) * pi(t)),
            ),
            "The error is a factor of the velocity, so the learned strength is that of gradient flow.",
            Algebra("strength", "motion of a", "motion of b", "correlations"),
        ),
        Rejected(
            "conservation",
            Eq(Derivative(a(t), t) * a(t), Derivative(b(t), t) * b(t)),
            "The balance |a|^2 - |b|^2 of gradient flow is not conserved.",
            Algebra("motion of a", "motion of b", "correlations"),
        ),
        Given(
            "velocity",
            Eq(velocity(p), (lam - delta * p) * (squares(p) + gamma * (lam / delta + p) * p)),
            "The motion as a function of the strength.",
        ),
        Given("gains", Eq(squares(p), A**2 + p**2 / A**2), "The second gain is p/a."),
        Given(
            "rate",
            Eq(rate, Derivative(velocity(p), p)),
            "A small error grows at a rate equal to the slope of the velocity.",
        ),
        Given("learned", Eq(p, final), "At the learned strength."),
        Given("final strength", Eq(lam, delta * final), "The error is 0 at this strength."),
        Step(
            "transverse rate",
            Eq(rate, -delta * (A**2 + final**2 / A**2 + 2 * gamma * final**2)),
            "The learned map is stable if this is negative, which is always so for gamma > -1.",
            Algebra("rate", "velocity", "gains", "final strength", "learned"),
        ),
        Given("rate of equal layers", Eq(balanced, rate), "The same for equal layers."),
        Given("equal layers", Eq(A, sqrt(final)), "Balanced weights."),
        Step(
            "equal layers, rate",
            Eq(balanced, -2 * delta * final * (1 + gamma * final)),
            "For gamma = -1 the rate is negative below a strength of 1 and positive above it.",
            Algebra("rate of equal layers", "transverse rate", "equal layers"),
        ),
    ),
)

MIXED = Derivation(
    name="rule-mixtures",
    title="Contrastive and Hebbian terms together: stability and the slow drift",
    source=SOURCE,
    about=(
        "With both terms a = 1, b = pi* is still a fixed point. Along ab = pi* the gains drift towards it or away "
        "from it, at a rate in proportion to the weight of Oja's rule."
    ),
    symbols={
        **{key: COMMON[key] for key in (delta, nabla, gamma)},
        final: "learned strength, lambda / delta",
        A: "gain of the first layer",
        B: "gain of the second layer",
        rate_a: "rate of change of a",
        rate_b: "rate of change of b",
        determinant: "determinant of the Jacobian",
        trace: "trace of the Jacobian",
        a_s: "gain of the first layer on the slow path",
        b_s: "gain of the second layer on the slow path",
        path: "error on the slow path",
        F: "rate of change of a on the slow path",
        drift: "rate of change of b on the slow path",
    },
    lines=(
        Given(
            "motion of a",
            Eq(rate_a(A, B), B * delta * (final - A * B) + nabla * delta * A * (1 - A**2)),
            "From the reduction to one mode.",
        ),
        Given(
            "motion of b",
            Eq(rate_b(A, B), A * delta * (final - A * B) + gamma * delta * B * (final**2 - A**2 * B**2)),
            "From the reduction to one mode, with sigma = delta pi*^2.",
        ),
        *LINEARISATION,
        Step(
            "determinant at the fixed point",
            Eq(determinant, 2 * nabla * delta**2 * (1 + 2 * gamma * final**2)),
            "The fixed point is a saddle if the determinant is negative.",
            Algebra("determinant", "motion of a", "motion of b", "a at the fixed point", "b at the fixed point"),
        ),
        Step(
            "trace at the fixed point",
            Eq(trace, -delta * (1 + 2 * nabla + final**2 + 2 * gamma * final**2)),
            "The fixed point is stable if the trace is negative and the determinant positive.",
            Algebra("trace", "motion of a", "motion of b", "a at the fixed point", "b at the fixed point"),
        ),
        Given(
            "a moves",
            Eq(F, b_s * path + nabla * delta * a_s * (1 - a_s**2)),
            "Near the learned map, to first order in its error e = delta (pi* - ab).",
        ),
        Given(
            "b moves",
            Eq(drift, a_s * path + 2 * gamma * final * b_s * path),
            "The same for b, since sigma - delta pi^2 is e (pi* + pi), which is 2 pi* e to first order.",
        ),
        Given("product stays", Eq(F * b_s + a_s * drift, 0), "While a and b move along ab = pi*."),
        Step(
            "balance",
            Eq(
                path * (a_s**2 + b_s**2 + 2 * gamma * final * a_s * b_s) + nabla * delta * a_s * b_s * (1 - a_s**2),
                0,
            ),
            "Put the motions in.",
            Through("product stays", "a moves", "b moves"),
        ),
        Step(
            "error on the path",
            Eq(
                path,
                -nabla * delta * a_s * b_s * (1 - a_s**2) / (a_s**2 + b_s**2 + 2 * gamma * final * a_s * b_s),
            ),
            "Solve for the error.",
            Solves("balance"),
        ),
        Given("path", Eq(b_s, final / a_s), "The path."),
        Step(
            "slow motion",
            Eq(
                F,
                nabla
                * delta
                * a_s
                * (1 - a_s**2)
                * (a_s**2 + 2 * gamma * final**2)
                / (a_s**2 + final**2 / a_s**2 + 2 * gamma * final**2),
            ),
            "The velocity depends on the share of the first layer in the return to the map.",
            Algebra("a moves", "error on the path", "path"),
        ),
    ),
)

gain, start, G = Function("a", positive=True), Symbol("a_0", positive=True), Function("G")
s = Symbol("s", positive=True)
SLOW = Derivation(
    name="rule-slow-time",
    title="Hebbian term: duration of the slow drift",
    source=SOURCE,
    about=(
        "The drift along the learned map is one equation for the squared gain of the first layer, which can be "
        "integrated."
    ),
    symbols={
        **{key: COMMON[key] for key in (delta, nabla, t)},
        final: "learned strength",
        gain: "gain of the first layer",
        start: "its initial value, above 1",
        s: "squared gain",
        G: "time to a squared gain, up to scale and a constant",
    },
    where=(s > 1, start > 1, gain(t) > 1),
    lines=(
        Given(
            "slow motion",
            Eq(Derivative(gain(t), t), nabla * delta * gain(t) ** 5 * (1 - gain(t) ** 2) / (gain(t) ** 4 + final**2)),
            "From the fixed points, for gamma = 0.",
        ),
        Given("start", Eq(gain(0), start), "For s above 1; below 1 the logarithm is that of 1/s - 1."),
        Given(
            "primitive",
            Eq(G(s), (1 + final**2) * log(1 - 1 / s) + final**2 * (1 / s + 1 / (2 * s**2))),
            "Candidate for the integral.",
        ),
        Step(
            "slope",
            Eq(Derivative(G(s), s), (s**2 + final**2) / (s**3 * (s - 1))),
            "Differentiate back.",
            Algebra("primitive"),
        ),
        Step(
            "time",
            Eq(2 * nabla * delta * t, G(start**2) - G(gain(t) ** 2)),
            "The right side starts at 0 and grows by 2 nabla delta per unit of time.",
            Integration(t, 0, "primitive", "slow motion", "start"),
        ),
    ),
)

CATALOGUE = (TRANSVERSE, MIXED, SLOW)
