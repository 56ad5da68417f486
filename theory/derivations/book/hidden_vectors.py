"""Gradient flow of one two-layer mode from any hidden vectors."""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import Derivative, Eq, Function, Limit, Symbol, Trace, exp, sqrt

from ...symbolic import modes as symbolic
from ..derivation import Derivation
from ..steps.checks import Algebra, AsLimit, Conservation, Solves, Through
from ..steps.lines import Given, Rejected, Step
from ..steps.matrices import Instance, OnMatrices
from . import notation as n
from .notation import delta, lam, pi, t, y, y0, z, z0
from .two_layer import HIDDEN, a, b, da, db

error, difference = Function("e"), Symbol("c", nonnegative=True)
w = Symbol("w", positive=True)
decay, gain, up, down = (Function(name, positive=True)(t) for name in ("E", "varphi", "U", "D"))


def vectors() -> Sequence[Instance]:
    """Any two hidden vectors, in three dimensions."""
    return (Instance("hidden vectors in three dimensions", {a: n.general("a", 3, 1), b: n.general("b", 3, 1)}),)


def _part(first: sympy.Expr, second: sympy.Expr, other: sympy.Expr) -> sympy.Expr:
    return first + second * decay + delta * other * gain


UNBALANCED = Derivation(
    name="two-layer-vectors",
    title="Two layers, any hidden vectors: the conserved product and the Riccati equation",
    source=f"after {n.SAXE}, unbalanced modes; here for vectors",
    about=(
        "The squared length y of a + b grows by the factor by which the squared length z of a - b shrinks, so their "
        "product is conserved. For vectors the constant is yz = (|a|^2 + |b|^2)^2 - 4 (a.b)^2, not the square of "
        "|a|^2 - |b|^2."
    ),
    symbols={
        **n.MODE,
        **HIDDEN,
        y: "squared length of a + b",
        z: "squared length of a - b",
        y0: "its initial value",
        z0: "its initial value",
        error: "error of the mode",
        difference: "squared difference of the squared lengths of a and b",
        w: "rate",
        decay: "decay factor",
        gain: "growth from a constant source",
        up: "numerator",
        down: "denominator",
    },
    lines=(
        Given(
            "motion of a", Eq(da, error(t) * b, evaluate=False), "From the decoupled flow, with e = lambda - delta a.b."
        ),
        Given("motion of b", Eq(db, error(t) * a, evaluate=False), "From the decoupled flow."),
        Given("y", Eq(y(t), Trace((a + b).T * (a + b))), "Definition."),
        Given("z", Eq(z(t), Trace((a - b).T * (a - b))), "Definition."),
        Given("rate of y", Eq(Derivative(y(t), t), 2 * Trace((da + db).T * (a + b))), "Product rule."),
        Given("rate of z", Eq(Derivative(z(t), t), 2 * Trace((da - db).T * (a - b))), "Product rule."),
        Given("strength", Eq(pi(t), Trace(a.T * b)), "The mode is the product of its two layers."),
        Given("difference", Eq(difference, (Trace(a.T * a) - Trace(b.T * b)) ** 2), "The other conserved quantity."),
        Step(
            "polarisation",
            Eq(pi(t), (y(t) - z(t)) / 4),
            "Expand the squares.",
            OnMatrices(vectors, "strength", "y", "z"),
        ),
        Step(
            "growth of y",
            Eq(Derivative(y(t), t), 2 * error(t) * y(t)),
            "a + b grows without a change of direction.",
            OnMatrices(vectors, "motion of a", "motion of b", "y", "rate of y"),
        ),
        Step(
            "decay of z",
            Eq(Derivative(z(t), t), -2 * error(t) * z(t)),
            "a - b shrinks without a change of direction.",
            OnMatrices(vectors, "motion of a", "motion of b", "z", "rate of z"),
        ),
        Rejected(
            "scalar constant",
            Eq(y(t) * z(t), difference),
            "The constant of scalar layers does not hold for vectors.",
            OnMatrices(vectors, "y", "z", "difference"),
        ),
        Step(
            "what the scalar constant misses",
            Eq(y(t) * z(t), difference + 4 * (Trace(a.T * a) * Trace(b.T * b) - Trace(a.T * b) ** 2)),
            "The difference is four times the squared area that a and b span, which vanishes for scalars.",
            OnMatrices(vectors, "y", "z", "difference"),
        ),
        Given("start of y", Eq(y(0), y0), "Initial value."),
        Given("start of z", Eq(z(0), z0), "Initial value."),
        Step(
            "conserved",
            Eq(y(t) * z(t), y0 * z0),
            "The two factors cancel.",
            Conservation(t, 0, "growth of y", "decay of z", "start of y", "start of z"),
        ),
        Step("other square", Eq(z(t), y0 * z0 / y(t)), "Divide.", Solves("conserved")),
        Given("error", Eq(error(t), lam - delta * pi(t)), "Definition of the error."),
        Step(
            "Riccati equation",
            symbolic.two_layer_vector_equations(lam, delta)[1],
            "Put error, strength and the conserved product into the growth of y.",
            Through("growth of y", "error", "polarisation", "other square"),
        ),
        Given("rate", Eq(w, sqrt(lam**2 + delta**2 * y0 * z0 / 4)), "The rate at the fixed point of y."),
        Step("rate without coupling", Eq(Limit(w, z0, 0), lam), "The rate of a balanced mode.", AsLimit("rate")),
        Given("decay", Eq(decay, exp(-2 * w * t)), "Abbreviation."),
        Given("gain", Eq(gain, (1 - exp(-2 * w * t)) / (2 * w)), "Abbreviation."),
        Given("numerator", Eq(up, _part(1 + lam / w, 1 - lam / w, z0)), "Abbreviation."),
        Given("denominator", Eq(down, _part(1 - lam / w, 1 + lam / w, y0)), "Abbreviation."),
        Step(
            "solution",
            Eq(y(t), y0 * up / down),
            "Solved by substitution.",
            Solves("Riccati equation", "start of y", "numerator", "denominator", "decay", "gain", "rate"),
        ),
        Step(
            "other solution",
            Eq(z(t), z0 * down / up),
            "From the conserved product.",
            Algebra("other square", "solution"),
        ),
        Step(
            "strength over time",
            Eq(pi(t), symbolic.two_layer_vector_flow(lam, delta)),
            "The full expression, with 1 - lambda/w in a form without cancellation.",
            Algebra("polarisation", "solution", "other solution", "numerator", "denominator", "decay", "gain", "rate"),
        ),
        Step(
            "motion of the strength",
            Eq(Derivative(pi(t), t), sqrt(4 * pi(t) ** 2 + y(t) * z(t)) * error(t)),
            "The root is half the sum of y and z.",
            Algebra("polarisation", "growth of y", "decay of z"),
        ),
        Step(
            "balanced",
            Eq(Limit(pi(t), z0, 0), symbolic.two_layer_vector_flow(lam, delta, z0=0)),
            "For a = b the equation is that of the logistic curve.",
            AsLimit("strength over time"),
        ),
        Step(
            "no input correlation",
            Eq(Limit(pi(t), delta, 0), symbolic.two_layer_vector_flow(lam, 0)),
            "Without an input correlation, a + b grows and a - b decays at all times.",
            AsLimit("strength over time"),
        ),
    ),
)

CATALOGUE = (UNBALANCED,)
