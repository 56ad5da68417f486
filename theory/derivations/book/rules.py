"""Learning rules in addition to gradient flow, and learning from the outputs of a predecessor."""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import Derivative, Eq, Function, LambertW, Limit, MatrixSymbol, Symbol, Trace, exp, sqrt, symbols

from ..derivation import Derivation
from ..steps.checks import Algebra, AsLimit, Solves, Through
from ..steps.lines import Given, Rejected, Step
from ..steps.matrices import Instance, OnMatrices
from . import notation as n
from .notation import delta, lam, sigma, t

a, b = Function("a"), Function("b")
gamma, nabla = symbols("gamma nabla", real=True)
mu, slope = Symbol("mu", positive=True), Symbol("kappa", real=True)
final = Symbol("pi_star", positive=True)
rate_a, rate_b = Function("F_a", real=True), Function("F_b", real=True)
determinant, trace = Symbol("D", real=True), Symbol("T", real=True)
Sigma_y = MatrixSymbol("Sigma_y", n.n_out, n.n_out)
hidden = MatrixSymbol("h", n.n_hidden, 1)
SOURCE = f"{n.PAPER}, other learning rules; here reduced to the modes of an aligned start"
COMMON = {
    **{key: n.MODE[key] for key in (lam, delta, t)},
    sigma: "output correlation of the mode",
    gamma: "weight of the contrastive rule of the second layer",
    nabla: "weight of Oja's rule of the first layer",
}


def one_mode() -> Sequence[Instance]:
    """Two modes in rotated coordinates with aligned weights."""
    (base,) = n.two_modes()
    left, right, inside = n.rotation(3, 4, 5), n.rotation(5, 12, 13), n.rotation(8, 15, 17)
    a_other, b_other, sigma_other = symbols("a_other b_other sigma_other", real=True)
    values = {
        **base.values,
        Sigma_y: left * sympy.diag(sigma, sigma_other) * left.T,
        hidden: inside[:, 0],
        n.W1: inside * sympy.diag(a(t), a_other) * right.T,
        n.W2: left * sympy.diag(b(t), b_other) * inside.T,
    }
    return (
        Instance("two aligned modes in rotated coordinates", {k: sympy.ImmutableMatrix(m) for k, m in values.items()}),
    )


error_matrix = n.Sigma_yx - n.W2 * n.W1 * n.Sigma_x
REDUCTION = Derivation(
    name="learning-rules",
    title="Contrastive and Hebbian terms: reduction to one mode, and growth from small weights",
    source=SOURCE,
    about=(
        "The rule adds two terms to gradient flow. The second layer adds gamma times the difference between the "
        "output correlations of the data and of the network, times its weights; the first layer adds nabla times "
        "Oja's rule. For an aligned mode these are two equations for two numbers."
    ),
    symbols={
        **COMMON,
        **n.CORRELATIONS,
        **n.VECTORS,
        Sigma_y: "output correlation of the data, Y Y' / N",
        hidden: "hidden direction of the mode, of length 1",
        n.W1: "weights of the first layer",
        n.W2: "weights of the second layer",
        n.W1_dot: "their rate of change",
        n.W2_dot: "their rate of change",
        a: "weight of the mode in the first layer",
        b: "weight of the mode in the second layer",
        mu: "growth rate of small weights",
        slope: "ratio of b to a while they grow",
    },
    lines=(
        Given(
            "first layer",
            Eq(n.W1_dot, n.W2.T * error_matrix + nabla * (n.W1 * n.Sigma_x - n.W1 * n.Sigma_x * n.W1.T * n.W1)),
            "Gradient flow with Oja's rule.",
        ),
        Given(
            "second layer",
            Eq(n.W2_dot, error_matrix * n.W1.T + gamma * (Sigma_y - n.W2 * n.W1 * n.Sigma_x * n.W1.T * n.W2.T) * n.W2),
            "Gradient flow with the contrastive term.",
        ),
        Given("rate of a", Eq(Derivative(a(t), t), Trace(n.W1_dot * n.v * hidden.T)), "The directions are constant."),
        Given("rate of b", Eq(Derivative(b(t), t), Trace(n.W2_dot * hidden * n.u.T)), "The directions are constant."),
        Step(
            "motion of a",
            Eq(Derivative(a(t), t), b(t) * (lam - delta * a(t) * b(t)) + nabla * delta * a(t) * (1 - a(t) ** 2)),
            "Project on the directions of the mode.",
            OnMatrices(one_mode, "first layer", "rate of a"),
        ),
        Step(
            "motion of b",
            Eq(
                Derivative(b(t), t),
                a(t) * (lam - delta * a(t) * b(t)) + gamma * b(t) * (sigma - delta * a(t) ** 2 * b(t) ** 2),
            ),
            "Project on the directions of the mode.",
            OnMatrices(one_mode, "second layer", "rate of b"),
        ),
        Rejected(
            "conservation",
            Eq(Derivative(a(t), t) * a(t), Derivative(b(t), t) * b(t)),
            "The balance |a|^2 - |b|^2 of gradient flow is not conserved under the other rules.",
            Algebra("motion of a", "motion of b"),
        ),
        Given(
            "small a",
            Eq(mu, nabla * delta + lam * slope),
            "Linear part of the motion of a, if b = kappa a and both grow as e^(mu t).",
        ),
        Given("small b", Eq(mu * slope, lam + gamma * sigma * slope), "Linear part of the motion of b."),
        Step(
            "ratio", Eq(slope, (mu - nabla * delta) / lam), "Solve the first equation for the ratio.", Solves("small a")
        ),
        Step(
            "quadratic equation",
            Eq(mu * (mu - nabla * delta) / lam, lam + gamma * sigma * (mu - nabla * delta) / lam),
            "Put the ratio into the second equation.",
            Through("small b", "ratio"),
        ),
        Step(
            "growth rate",
            Eq(mu, (nabla * delta + gamma * sigma + sqrt((nabla * delta - gamma * sigma) ** 2 + 4 * lam**2)) / 2),
            "The larger root of a quadratic equation. Modes are learned in the order of mu, not of lambda.",
            Solves("quadratic equation"),
        ),
        Step(
            "Oja's rule alone",
            Eq(Limit(mu, gamma, 0), (nabla * delta + sqrt(nabla**2 * delta**2 + 4 * lam**2)) / 2),
            "Without the contrastive term. For nabla = 0 the rate is lambda.",
            AsLimit("growth rate"),
        ),
    ),
)

A, B = Symbol("a", positive=True), Symbol("b", positive=True)
a_s, b_s = Symbol("a_s", positive=True), Symbol("b_s", positive=True)
F, drift, path = Symbol("F", real=True), Symbol("G", real=True), Symbol("e", real=True)
rate_of_a = B * delta * (final - A * B) + nabla * delta * A * (1 - A**2)
rate_of_b = A * delta * (final - A * B)
LINEARISATION = (
    Step(
        "fixed point of a", Eq(rate_a(1, final), 0), "Both velocities vanish at a = 1, b = pi*.", Algebra("motion of a")
    ),
    Step(
        "fixed point of b", Eq(rate_b(1, final), 0), "Both velocities vanish at a = 1, b = pi*.", Algebra("motion of b")
    ),
    Given(
        "determinant",
        Eq(determinant, rate_a(A, B).diff(A) * rate_b(A, B).diff(B) - rate_a(A, B).diff(B) * rate_b(A, B).diff(A)),
        "Definition.",
    ),
    Given("trace", Eq(trace, rate_a(A, B).diff(A) + rate_b(A, B).diff(B)), "Definition."),
    Given("a at the fixed point", Eq(A, 1), "From above."),
    Given("b at the fixed point", Eq(B, final), "From above."),
)
"""The fixed point that learns everything, and the linear motion about it."""

FIXED = Derivation(
    name="rule-fixed-points",
    title="Hebbian term: fixed point, stability and the slow approach",
    source=SOURCE,
    about=(
        "With Oja's rule alone the first layer has weight 1 at every nonzero fixed point. These fixed points are "
        "stable if the weight of the rule is positive and unstable if it is negative."
    ),
    symbols={
        **{key: COMMON[key] for key in (delta, nabla)},
        final: "final strength, lambda / delta",
        A: "weight of the mode in the first layer",
        B: "weight of the mode in the second layer",
        rate_a: "rate of change of a",
        rate_b: "rate of change of b",
        determinant: "determinant of the Jacobian",
        trace: "trace of the Jacobian",
        a_s: "weight of the mode in the first layer on the slow path",
        b_s: "weight of the mode in the second layer on the slow path",
        F: "rate of change of a on the slow path",
        path: "error on the slow path",
        drift: "rate of change of b on the slow path",
    },
    lines=(
        Given("motion of a", Eq(rate_a(A, B), rate_of_a), "From the reduction to one mode, with gamma = 0."),
        Given("motion of b", Eq(rate_b(A, B), rate_of_b), "From the reduction to one mode, with gamma = 0."),
        *LINEARISATION,
        Step(
            "determinant at the fixed point",
            Eq(determinant, 2 * nabla * delta**2),
            "The determinant is positive for nabla > 0; for nabla < 0 the fixed point is a saddle.",
            Algebra("determinant", "motion of a", "motion of b", "a at the fixed point", "b at the fixed point"),
        ),
        Step(
            "trace at the fixed point",
            Eq(trace, -delta * (1 + 2 * nabla + final**2)),
            "The trace is negative for nabla > 0.",
            Algebra("trace", "motion of a", "motion of b", "a at the fixed point", "b at the fixed point"),
        ),
        Given(
            "a moves",
            Eq(F, b_s * path + nabla * delta * a_s * (1 - a_s**2)),
            "Away from the fixed point, near the learned map, to first order in its error e.",
        ),
        Given("b moves", Eq(drift, a_s * path), "The same for b, whose equation the rule does not change."),
        Given("product stays", Eq(F * b_s + a_s * drift, 0), "While a and b move along ab = pi*."),
        Step(
            "balance",
            Eq((a_s**2 + b_s**2) * path + nabla * delta * a_s * b_s * (1 - a_s**2), 0),
            "Put the motions in.",
            Through("product stays", "a moves", "b moves"),
        ),
        Step(
            "error on the path",
            Eq(path, -nabla * delta * a_s * b_s * (1 - a_s**2) / (a_s**2 + b_s**2)),
            "Solve for the error.",
            Solves("balance"),
        ),
        Given("path", Eq(b_s, final / a_s), "The path."),
        Step(
            "slow motion",
            Eq(F, nabla * delta * a_s**5 * (1 - a_s**2) / (a_s**4 + final**2)),
            "The weight a drifts towards 1 for nabla > 0 and away from it for nabla < 0.",
            Algebra("a moves", "error on the path", "path"),
        ),
    ),
)

p, p0, T, map_ = Symbol("p", positive=True), n.start, Symbol("T", positive=True), Function("f")
threshold, decay, denominator = Symbol("p_c", positive=True), Symbol("E", positive=True), Symbol("D", positive=True)
ITERATED = Derivation(
    name="iterated-learning",
    title="Iterated learning: one fixed point, and a threshold that is not a fixed point",
    source=(
        "A balanced two-layer network that starts at pi0 in each generation and learns for a time T from the outputs "
        "of its predecessor"
    ),
    about=(
        "The next strength is a function f of the present one. Its only fixed point is the initial strength, so every "
        "mode is eventually forgotten. Modes above a threshold survive for many generations."
    ),
    symbols={
        delta: n.MODE[delta],
        lam: "correlation of the mode in the predecessor's outputs",
        t: n.MODE[t],
        n.pi: n.MODE[n.pi],
        p: "strength that the predecessor has learned",
        p0: "initial strength of every generation",
        T: "learning time of a generation",
        map_: "strength that the next generation learns",
        decay: "abbreviation",
        denominator: "abbreviation",
        threshold: "strength at which about half is lost in one generation",
    },
    lines=(
        Given(
            "learning",
            Eq(n.pi(t), p0 / (sympy.exp(-2 * lam * t) + delta * p0 * (1 - sympy.exp(-2 * lam * t)) / lam)),
            "A balanced two-layer mode.",
        ),
        Given(
            "teacher",
            Eq(lam, delta * p),
            "The outputs of the predecessor have the correlation delta p with the inputs.",
        ),
        Given("next", Eq(map_(p), n.pi(T)), "Definition."),
        Step(
            "map",
            Eq(map_(p), p / (1 - (1 - p / p0) * exp(-2 * delta * p * T))),
            "Put the teacher in.",
            Algebra("next", "learning", "teacher"),
        ),
        Given("decay", Eq(decay, exp(-2 * delta * p * T)), "Abbreviation."),
        Given("denominator", Eq(denominator, 1 - (1 - p / p0) * decay), "Abbreviation for a positive number."),
        Step(
            "change in one generation",
            Eq(map_(p) - p, p * (1 - p / p0) * decay / denominator),
            "The change has the sign of pi0 - p, so pi0 is the only fixed point and is globally attracting.",
            Algebra("map", "denominator", "decay"),
        ),
        Step(
            "slope at the fixed point",
            Eq(Limit(map_(p).diff(p), p, p0), 1 - exp(-2 * delta * p0 * T)),
            "The slope lies between 0 and 1.",
            AsLimit("map"),
        ),
        Rejected(
            "zero is fixed",
            Eq(Limit(map_(p), p, 0), 0),
            "A lost mode is not a second fixed point.",
            AsLimit("map"),
        ),
        Step(
            "from nothing",
            Eq(Limit(map_(p), p, 0), p0 / (1 + 2 * delta * T * p0)),
            "A lost mode returns to the level of the initial weights.",
            AsLimit("map"),
        ),
        Given(
            "half lost",
            Eq(threshold * exp(-2 * delta * T * threshold), p0),
            "At the threshold f(p) = p / (2 - pi0/p), about half of p.",
        ),
        Step(
            "threshold",
            Eq(threshold, -LambertW(-2 * delta * T * p0, -1) / (2 * delta * T), evaluate=False),
            "The threshold is the larger root. It exists for 2 delta T pi0 < 1/e.",
            Solves("half lost", root="larger"),
        ),
    ),
    where=(p0 * 2 * delta * T < sympy.Rational(1, 3),),
)

CATALOGUE = (REDUCTION, FIXED, ITERATED)
