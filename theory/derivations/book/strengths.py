"""From small random weights to the initial strengths of the modes."""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import Derivative, Eq, Function, Limit, MatrixSymbol, Symbol, Trace, exp, oo, sqrt, symbols

from ..derivation import Derivation
from ..steps.checks import Algebra, AsLimit, Solves
from ..steps.lines import Given, Rejected, Step
from ..steps.matrices import Instance, OnMatrices
from . import notation as n
from .notation import delta, lam, pi, t

h = Symbol("h", integer=True, positive=True)
a, b = (MatrixSymbol(name, h, 1) for name in ("a_0", "b_0"))
grow, shrink = Function("Y", positive=True), Function("Z", positive=True)
y0, z0, strength = (Symbol(name, positive=True) for name in ("y0", "z0", "pi_0"))
product = Symbol("p", real=True)
s_1, s_2, spread = (Symbol(name, positive=True) for name in ("s_1", "s_2", "rho"))


def hidden() -> Sequence[Instance]:
    """Any two hidden vectors, in two dimensions."""
    return (Instance("hidden vectors in the plane", {a: n.general("a", 2, 1), b: n.general("b", 2, 1)}),)


EARLY = Derivation(
    name="initial-strength",
    title="Small random weights: the strength with which a mode starts",
    source=f"after {n.SAXE}; exact for a single mode as the weights tend to zero",
    about=(
        "While strengths are small, a + b grows and a - b decays at the same rate. The initial strength of a mode is "
        "therefore the squared length of (a + b)/2. The product a.b, which is often used, is wrong at any scale of "
        "the weights."
    ),
    symbols={
        **n.MODE,
        a: "hidden vector W_1 v at the start",
        b: "hidden vector W_2' u at the start",
        y0: "squared length of a + b",
        z0: "squared length of a - b",
        product: "a.b at the start",
        grow: "squared length of a + b, while strengths are small",
        shrink: "squared length of a - b, while strengths are small",
        strength: "initial strength of the balanced mode that the early phase ends in",
    },
    lines=(
        Given(
            "growth",
            Eq(Derivative(grow(t), t), 2 * lam * grow(t)),
            "The vector equations, where delta pi is small against lambda.",
        ),
        Given("decay", Eq(Derivative(shrink(t), t), -2 * lam * shrink(t)), "Likewise."),
        Given("start of the sum", Eq(grow(0), y0), "Definition."),
        Given("start of the difference", Eq(shrink(0), z0), "Definition."),
        Step(
            "sum", Eq(grow(t), y0 * exp(2 * lam * t)), "Solved by substitution.", Solves("growth", "start of the sum")
        ),
        Step(
            "difference",
            Eq(shrink(t), z0 * exp(-2 * lam * t)),
            "Solved by substitution.",
            Solves("decay", "start of the difference"),
        ),
        Given("strength", Eq(pi(t), (grow(t) - shrink(t)) / 4), "Half the difference of the squares."),
        Step(
            "strength at time 0",
            Eq(pi(0), (y0 - z0) / 4),
            "Put the start in.",
            Algebra("strength", "start of the sum", "start of the difference"),
        ),
        Step(
            "early strength",
            Eq(Limit(pi(t) * exp(-2 * lam * t), t, oo), y0 / 4),
            "Only the sum remains after the early phase.",
            AsLimit("strength", "sum", "difference"),
        ),
        Given(
            "balanced mode",
            Eq(Limit(pi(t) * exp(-2 * lam * t), t, oo), strength),
            "The early phase of a balanced mode of initial strength pi_0.",
        ),
        Step("initial strength", Eq(strength, y0 / 4), "Compare.", Solves("balanced mode", "early strength")),
        Given("sum of the vectors", Eq(y0, Trace((a + b).T * (a + b))), "Definition."),
        Given("product", Eq(product, Trace(a.T * b)), "The strength at time 0."),
        Rejected(
            "the product",
            Eq(product, y0 / 4),
            "The strength at time 0 is not the initial strength of the balanced mode.",
            OnMatrices(hidden, "sum of the vectors", "product"),
        ),
        Given("difference of the vectors", Eq(z0, Trace((a - b).T * (a - b))), "Definition."),
        Step(
            "what the product misses",
            Eq(y0 / 4 - product, z0 / 4),
            "The product subtracts the squared length of (a - b)/2, which has decayed by then.",
            OnMatrices(hidden, "sum of the vectors", "difference of the vectors", "product"),
        ),
    ),
)

overlaps, rate_of, turn = (MatrixSymbol(name, 2, 2) for name in ("S", "Sdot", "Q"))
first, second = symbols("pi_1 pi_2", positive=True)
modes, modes_rate = MatrixSymbol("Pi", 2, 2), MatrixSymbol("Pidot", 2, 2)
delta_f, lam_f, sigma_f = (Symbol(name, positive=True) for name in ("delta_f", "lambda_f", "sigma_f"))
entry_aa, entry_bb, determinant = symbols("J_aa J_bb D", real=True)
entry_ab = Symbol("J_ab", positive=True)
sigma = n.sigma


def equal_modes() -> Sequence[Instance]:
    """Two modes of equal correlations, with overlapping hidden vectors."""
    return (
        Instance(
            "two equal modes", {turn: n.rotation(3, 4, 5), modes: sympy.ImmutableMatrix([[first, 0], [0, second]])}
        ),
    )


DEGENERATE = Derivation(
    name="later-modes",
    title="Equal and later modes: eigenvalues of overlaps, and the projection onto free hidden directions",
    source="after the preceding derivation; linear stability of the modes that a faster one leaves",
    about=(
        "Within a class of equal modes the overlaps of the hidden vectors obey a matrix equation that acts on each "
        "eigenvalue separately. A slower mode cannot use the hidden direction of a faster mode f: perturbations along "
        "it do not grow, because the determinant of their flow is not negative."
    ),
    symbols={
        **{key: n.MODE[key] for key in (lam, delta)},
        sigma: "output correlation of the slower mode",
        lam_f: "input-output correlation of the faster mode",
        delta_f: "input correlation of the faster mode",
        sigma_f: "output correlation of the faster mode",
        overlaps: "overlaps w_i . w_j of the hidden vectors of equal modes",
        rate_of: "their rate of change",
        turn: "rotation to the eigenvectors of S",
        modes: "eigenvalues of S",
        modes_rate: "rate of change of the eigenvalues",
        entry_aa: "rate of a along itself",
        entry_bb: "rate of b along itself",
        entry_ab: "rate at which each drives the other",
        determinant: "determinant of the flow of a perturbation along the faster mode's hidden direction",
    },
    lines=(
        Given(
            "flow of the overlaps",
            Eq(rate_of, 2 * lam * overlaps - 2 * delta * overlaps * overlaps, evaluate=False),
            "Balanced flow w' = w (lambda - delta w'w) of equal modes.",
        ),
        Given("eigenvalues", Eq(overlaps, turn * modes * turn.T, evaluate=False), "Diagonalise."),
        Given(
            "rotated rate",
            Eq(modes_rate, turn.T * rate_of * turn, evaluate=False),
            "In the basis of the eigenvectors, which are constant.",
        ),
        Step(
            "one by one",
            Eq(modes_rate, 2 * lam * modes - 2 * delta * modes * modes, evaluate=False),
            "Every eigenvalue follows the equation of a balanced mode.",
            OnMatrices(equal_modes, "eigenvalues", "flow of the overlaps", "rotated rate"),
        ),
        Given(
            "first layer",
            Eq(entry_aa, -delta * lam_f / delta_f),
            "Rate of a along itself, since the squared output weights of the faster mode are lambda_f/delta_f.",
        ),
        Given(
            "second layer",
            Eq(entry_bb, -lam_f),
            "Rate of b along itself: the squared input weights of the faster mode times delta_f.",
        ),
        Given("coupling", Eq(entry_ab, lam), "Each layer drives the other at rate lambda."),
        Given(
            "determinant",
            Eq(determinant, entry_aa * entry_bb - entry_ab**2),
            "Determinant of the flow of the pair (a, b), whose trace is negative.",
        ),
        Given("slower mode", Eq(lam, sqrt(delta * sigma)), "From the spectrum."),
        Given("faster mode", Eq(lam_f, sqrt(delta_f * sigma_f)), "From the spectrum."),
        Step(
            "stability",
            Eq(determinant, delta * (sigma_f - sigma)),
            (
                "The determinant is not negative, so perturbations along the hidden direction of the faster mode do "
                "not grow. They are neutral for equal sigma."
            ),
            Algebra("determinant", "first layer", "second layer", "coupling", "slower mode", "faster mode"),
        ),
    ),
)

variance, moment, expected = symbols("v m2 pi_mean", positive=True)
EXPECTED = Derivation(
    name="expected-strength",
    title="Expected initial strength of Gaussian weights",
    source="after the derivation of the initial strength",
    about=(
        "The initial strength of a mode is the squared length of h independent Gaussian entries, where h is the "
        "number of free hidden directions."
    ),
    symbols={
        h: "number of hidden directions that no faster mode has taken",
        s_1: "standard deviation of the first layer's weights",
        s_2: "standard deviation of the second layer's weights",
        variance: "variance of one entry of (a + b)/2",
        expected: "mean of the initial strength",
        moment: "mean of its square",
        spread: "relative standard deviation",
    },
    lines=(
        Given(
            "entry",
            Eq(variance, (s_1**2 + s_2**2) / 4),
            "Variance of the component of independent Gaussian entries along a unit vector.",
        ),
        Given("mean of a square", Eq(expected, h * variance), "Sum of h squares of variance v."),
        Given(
            "fourth moment",
            Eq(moment, h * 3 * variance**2 + h * (h - 1) * variance**2),
            "The fourth moment of a Gaussian is 3 v^2, and different entries are independent.",
        ),
        Step(
            "mean",
            Eq(expected, h * (s_1**2 + s_2**2) / 4),
            "Put the variance in.",
            Algebra("mean of a square", "entry"),
        ),
        Given("spread", Eq(spread, sqrt(moment - expected**2) / expected), "Definition."),
        Step(
            "relative spread",
            Eq(spread, sqrt(2 / h)),
            "The ratio depends only on the number of directions.",
            Algebra("spread", "fourth moment", "mean of a square"),
        ),
    ),
)

CATALOGUE = (EARLY, DEGENERATE, EXPECTED)
