"""Gradient flow of the two-layer network: modes, balanced starts and arbitrary hidden vectors."""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import Derivative, Eq, Function, Limit, MatrixSymbol, Symbol, Trace, exp, oo, symbols

from ...symbolic import modes as symbolic
from ..derivation import Derivation
from ..steps.checks import Algebra, AsLimit, Solves
from ..steps.lines import Given, Rejected, Step
from ..steps.matrices import Instance, OnMatrices
from . import notation as n
from .notation import delta, lam, pi, start, t

a, b = (MatrixSymbol(name, n.n_hidden, 1) for name in "ab")
da, db = (MatrixSymbol(name, n.n_hidden, 1) for name in ("adot", "bdot"))
error = Function("e")
half = n.half
w = Symbol("w", positive=True)
decay, gain, up, down = (Function(name, positive=True)(t) for name in ("E", "varphi", "U", "D"))
length, difference = Function("a"), Symbol("c", real=True)

HIDDEN = {
    a: "hidden vector that the mode's input drives, W_1 v",
    b: "hidden vector that drives the mode's output, W_2' u",
    da: "rate of change of a",
    db: "rate of change of b",
}


def one_direction() -> Sequence[Instance]:
    """Two modes with orthogonal hidden directions, and weights that contain only these modes."""
    (base,) = n.two_modes()
    left, right = n.rotation(3, 4, 5), n.rotation(5, 12, 13)
    inner = sympy.Matrix([[*symbols("a1 a2", real=True), 0, 0], [0, 0, *symbols("a3 a4", real=True)]]).T
    outer = sympy.Matrix([[*symbols("b1 b2", real=True), 0, 0], [0, 0, *symbols("b3 b4", real=True)]]).T
    values = {**base.values, n.W1: inner * right.T, n.W2: left * outer.T}
    return (
        Instance("two modes in orthogonal hidden directions", {k: sympy.ImmutableMatrix(m) for k, m in values.items()}),
    )


MODES = Derivation(
    name="two-layer-modes",
    title="Two layers: the flow decouples into modes",
    source=f"{n.SAXE}, decoupling of the modes",
    about=(
        "Modes that start with orthogonal hidden directions keep them, so each mode has a separate pair of hidden "
        "vectors."
    ),
    symbols={
        **n.MODE,
        **n.CORRELATIONS,
        **n.VECTORS,
        **HIDDEN,
        n.W1: "weights of the first layer",
        n.W2: "weights of the second layer",
        n.W1_dot: "rate of change of the first layer",
        n.W2_dot: "rate of change of the second layer",
    },
    lines=(
        Given(
            "first layer",
            Eq(n.W1_dot, n.W2.T * (n.Sigma_yx - n.W2 * n.W1 * n.Sigma_x)),
            "Gradient flow of half the mean squared error.",
        ),
        Given(
            "second layer",
            Eq(n.W2_dot, (n.Sigma_yx - n.W2 * n.W1 * n.Sigma_x) * n.W1.T),
            "Gradient flow of half the mean squared error.",
        ),
        Given("correlation", Eq(n.Sigma_yx * n.v, lam * n.u, evaluate=False), "u and v are singular vectors."),
        Given(
            "transposed",
            Eq(n.Sigma_yx.T * n.u, lam * n.v, evaluate=False),
            "The same for multiplication from the left.",
        ),
        Given(
            "variance",
            Eq(n.Sigma_x * n.v, delta * n.v, evaluate=False),
            "v is an eigenvector of the input correlation.",
        ),
        Given("a", Eq(a, n.W1 * n.v, evaluate=False), "Definition."),
        Given("b", Eq(b, n.W2.T * n.u, evaluate=False), "Definition."),
        Given("rate of a", Eq(da, n.W1_dot * n.v, evaluate=False), "v is constant."),
        Given("rate of b", Eq(db, n.W2_dot.T * n.u, evaluate=False), "u is constant."),
        Step(
            "motion of a",
            Eq(da, (lam - delta * Trace(a.T * b)) * b, evaluate=False),
            "Apply the flow of the first layer to v; other modes are orthogonal to b.",
            OnMatrices(one_direction, "first layer", "correlation", "variance", "a", "b", "rate of a"),
        ),
        Step(
            "motion of b",
            Eq(db, (lam - delta * Trace(a.T * b)) * a, evaluate=False),
            "Apply the transposed flow of the second layer to u.",
            OnMatrices(one_direction, "second layer", "transposed", "variance", "a", "b", "rate of b"),
        ),
    ),
)

LOGISTIC = (lam / delta) / (1 - (1 - lam / (delta * start)) * exp(-2 * lam * t))

BALANCED = Derivation(
    name="two-layer",
    title="Two layers, balanced start: each mode follows a logistic curve",
    source=f"{n.SAXE}, balanced modes; {n.PAPER}, deep dynamics",
    about=(
        "For a = b the two layers remain equal. At lambda = 0, delta = 0 or pi0 = 0 the usual logistic form is 0/0; "
        "the form below is not."
    ),
    symbols={
        **n.MODE,
        start: "its initial value",
        length: "common length of the two hidden vectors",
        half: "time at which half of the final value is reached",
    },
    where=(start < lam / delta / 2,),
    lines=(
        Given("layers", Eq(Derivative(length(t), t), length(t) * (lam - delta * length(t) ** 2)), "Motion of a = b."),
        Given("product", Eq(pi(t), length(t) ** 2), "The mode is the product of its two layers."),
        Step(
            "motion",
            Eq(Derivative(pi(t), t), 2 * pi(t) * (lam - delta * pi(t))),
            "Differentiate the product.",
            Algebra("product", "layers"),
        ),
        Given("start", Eq(pi(0), start), "A positive start."),
        Step(
            "solution",
            Eq(pi(t), symbolic.two_layer_flow(lam, delta, start)),
            "The solution of a Bernoulli equation, by substitution.",
            Solves("motion", "start"),
        ),
        Step("logistic form", Eq(pi(t), LOGISTIC), "The usual form, for lambda, delta > 0.", Algebra("solution")),
        Step("end of learning", Eq(Limit(pi(t), t, oo), lam / delta), "The exponentials vanish.", AsLimit("solution")),
        Step(
            "no correlation",
            Eq(Limit(pi(t), lam, 0), symbolic.two_layer_flow(0, delta, start)),
            "Without an input-output correlation the strength decays as 1/t.",
            AsLimit("solution"),
        ),
        Step(
            "no input correlation",
            Eq(Limit(pi(t), delta, 0), symbolic.two_layer_flow(lam, 0, start)),
            "Without an input correlation the strength grows without bound.",
            AsLimit("solution"),
        ),
        n.HALF,
        Step(
            "half time",
            Eq(half, symbolic.half_time_two_layer(lam, delta, start)),
            "Solve for the time.",
            Solves("half", "solution"),
        ),
    ),
)

OPPOSITE = Derivation(
    name="two-layer-opposite",
    title="Two layers, opposite start: the mode ends in the saddle",
    source=f"after {n.SAXE}",
    about=(
        "For b = -a the strength is negative at all times. The logistic formula with a negative initial strength "
        "solves a different equation."
    ),
    symbols={**n.MODE, start: "size of its initial value", length: "common length of the two hidden vectors"},
    lines=(
        Given("layers", Eq(Derivative(length(t), t), -length(t) * (lam + delta * length(t) ** 2)), "Motion of a = -b."),
        Given("product", Eq(pi(t), -(length(t) ** 2)), "The mode is the product of its two layers."),
        Step(
            "motion",
            Eq(Derivative(pi(t), t), -2 * pi(t) * (lam - delta * pi(t))),
            "Differentiate the product.",
            Algebra("product", "layers"),
        ),
        Given("start", Eq(pi(0), -start), "A negative start."),
        Rejected(
            "logistic form",
            Eq(pi(t), LOGISTIC.subs(start, -start)),
            "The logistic form, often used with a negative initial strength, does not hold.",
            Solves("motion", "start"),
        ),
        Step(
            "solution",
            Eq(pi(t), symbolic.two_layer_flow(lam, delta, -start)),
            "Solved by substitution.",
            Solves("motion", "start"),
        ),
        Step(
            "end",
            Eq(Limit(pi(t), t, oo), 0),
            "The start lies on the stable manifold of the saddle.",
            AsLimit("solution"),
        ),
    ),
)

CATALOGUE = (MODES, BALANCED, OPPOSITE)
