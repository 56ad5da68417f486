"""Two pathways that write the same outputs: the race, its invariant and its winner."""

from __future__ import annotations

from sympy import Derivative, Eq, Function, Limit, Symbol, exp, sqrt

from ...symbolic import symbols as s
from ..derivation import Derivation
from ..steps.checks import Algebra, AsLimit, Conservation, Integration, Solves, Through
from ..steps.lines import Given, Rejected, Step
from . import notation as n
from .notation import t

first, second = Function("alpha", positive=True), Function("beta", positive=True)
a0, b0, kappa, x_o, x_g, y, growth, strength_a, strength_b = (
    Symbol(name, positive=True)
    for name in ("alpha_0", "beta_0", "kappa", "x_Omega", "x_Gamma", "y", "S", "alpha_end", "beta_end")
)
L, scale, ratio = Symbol("L", positive=True), Symbol("epsilon", positive=True), Symbol("c", positive=True)
residual = Function("e")
shallow_first, shallow_second = Function("a"), Function("b")
SOURCE = f"after {n.PAPER}, modules that share an output"
COMMON = {
    s.N: "number of items",
    t: "time in units of tau",
    first: "strength of the pathway from the sign inputs",
    second: "strength of the pathway from the identity inputs",
    a0: "its initial value",
    b0: "its initial value",
}
RACE = Derivation(
    name="race",
    title="The race of two pathways for one output: its invariant and its end",
    source=SOURCE,
    about=(
        "Both pathways reduce the same error, each at a rate in proportion to its input. The ratio of their "
        "logarithmic growth is constant, and it determines the end of the race. From small weights the pathway with "
        "the larger input wins."
    ),
    symbols={
        **COMMON,
        s.k_x: "number of identity blocks among the inputs",
        s.r: "scale of the identity blocks",
        x_o: "length of the mode in the sign inputs",
        x_g: "length of the mode in the identity inputs",
        y: "length of the mode in the outputs",
        kappa: "ratio of the lengths of the inputs",
        growth: "factor by which the sign pathway has grown at the end",
        strength_a: "final strength of the sign pathway",
        strength_b: "final strength of the identity pathway",
        scale: "scale of the initial weights",
    },
    lines=(
        Given(
            "sign pathway",
            Eq(Derivative(first(t), t), 2 * first(t) * x_o / s.N * (y - x_o * first(t) - x_g * second(t))),
            "Flow of a balanced two-layer mode whose error both pathways share.",
        ),
        Given(
            "identity pathway",
            Eq(Derivative(second(t), t), 2 * second(t) * x_g / s.N * (y - x_o * first(t) - x_g * second(t))),
            "Likewise.",
        ),
        Given("sign inputs", Eq(x_o, sqrt(s.N)), "A sign feature has N entries of size 1."),
        Given("sign outputs", Eq(y, sqrt(s.N)), "Likewise."),
        Given("ratio of the inputs", Eq(kappa, x_g / sqrt(s.N)), "Definition of kappa."),
        Step("identity inputs", Eq(x_g, kappa * sqrt(s.N)), "Solve for the length.", Solves("ratio of the inputs")),
        Step(
            "sign pathway, scaled",
            Eq(Derivative(first(t), t), 2 * first(t) * (1 - first(t) - kappa * second(t))),
            "Put the lengths in.",
            Through("sign pathway", "sign inputs", "sign outputs", "identity inputs"),
        ),
        Step(
            "identity pathway, scaled",
            Eq(Derivative(second(t), t), 2 * kappa * second(t) * (1 - first(t) - kappa * second(t))),
            "Put the lengths in.",
            Through("identity pathway", "sign inputs", "sign outputs", "identity inputs"),
        ),
        Given("length of the identities", Eq(x_g, sqrt(s.k_x) * s.r), "Each identity block adds r^2."),
        Step(
            "kappa",
            Eq(kappa, s.r * sqrt(s.k_x / s.N)),
            "Put the length in.",
            Algebra("ratio of the inputs", "length of the identities"),
        ),
        Given("start of the sign pathway", Eq(first(0), a0), "A positive start."),
        Given("start of the identity pathway", Eq(second(0), b0), "A positive start."),
        Step(
            "invariant",
            Eq(second(t) * (first(t) / a0) ** (-kappa), b0),
            "The logarithms grow in the ratio kappa.",
            Conservation(
                t,
                0,
                "sign pathway, scaled",
                "identity pathway, scaled",
                "start of the sign pathway",
                "start of the identity pathway",
            ),
        ),
        Given("end", Eq(strength_a + kappa * strength_b, 1), "The error ends at 0."),
        Given("growth", Eq(strength_a, a0 * growth), "Definition of the growth factor."),
        Given(
            "invariant at the end",
            Eq(strength_b, b0 * (strength_a / a0) ** kappa),
            "Solve the invariant for beta at the end.",
        ),
        Step(
            "invariant, solved",
            Eq(strength_b * (strength_a / a0) ** (-kappa), b0),
            "This is the same statement as before.",
            Algebra("invariant at the end"),
        ),
        Step(
            "final state",
            Eq(a0 * growth + kappa * b0 * growth**kappa, 1),
            "One equation for the growth factor.",
            Through("end", "invariant at the end", "growth"),
        ),
    ),
)

WINNER = Derivation(
    name="race-winner",
    title="The winner of the race from small weights",
    source=SOURCE,
    about=(
        "The final strength of the loser is a power of the scale of the weights. Without hidden layers there is no "
        "winner."
    ),
    symbols={
        **COMMON,
        kappa: "ratio of the lengths of the inputs, here below 1",
        scale: "scale of the initial strengths",
        ratio: "initial strength of the identity pathway relative to the other",
        strength_a: "final strength of the sign pathway",
        strength_b: "final strength of the identity pathway",
        shallow_first: "strength of a sign pathway of one layer",
        shallow_second: "strength of an identity pathway of one layer",
    },
    where=(kappa < 1,),
    lines=(
        Given("invariant", Eq(strength_b, b0 * (strength_a / a0) ** kappa), "From the race."),
        Given("start of the sign pathway", Eq(a0, scale), "Small."),
        Given(
            "start of the identity pathway",
            Eq(b0, ratio * scale),
            "The initial strengths are small and in a fixed ratio.",
        ),
        Step(
            "power of the scale",
            Eq(strength_b, ratio * strength_a**kappa * scale ** (1 - kappa)),
            "Put the start in.",
            Algebra("invariant", "start of the sign pathway", "start of the identity pathway"),
        ),
        Step(
            "equal inputs",
            Eq(Limit(strength_b, kappa, 1, "-"), ratio * strength_a),
            "For kappa = 1 the initial strengths decide, at any scale.",
            AsLimit("power of the scale"),
        ),
        Given(
            "shallow sign pathway",
            Eq(Derivative(shallow_first(t), t), 1 - shallow_first(t) - kappa * shallow_second(t)),
            "One layer has no factor 2 alpha.",
        ),
        Given(
            "shallow identity pathway",
            Eq(Derivative(shallow_second(t), t), kappa * (1 - shallow_first(t) - kappa * shallow_second(t))),
            "Likewise.",
        ),
        Given("start from zero", Eq(shallow_first(0), 0), "The initial weights are zero."),
        Given("other start from zero", Eq(shallow_second(0), 0), "The initial weights are zero."),
        Step(
            "proportion",
            Eq(shallow_second(t), kappa * shallow_first(t)),
            "Both grow in proportion to their inputs.",
            Integration(
                t, 0, "shallow sign pathway", "shallow identity pathway", "start from zero", "other start from zero"
            ),
        ),
        Step(
            "one equation",
            Eq(Derivative(shallow_first(t), t), 1 - (1 + kappa**2) * shallow_first(t)),
            "Put the proportion in.",
            Through("shallow sign pathway", "proportion"),
        ),
        Step(
            "shallow race",
            Eq(shallow_first(t), (1 - exp(-(1 + kappa**2) * t)) / (1 + kappa**2)),
            "There is no winner: the result is the map of the dense network.",
            Solves("one equation", "start from zero"),
        ),
    ),
)

DEEP = Derivation(
    name="race-deep",
    title="The race of deeper pathways",
    source=SOURCE,
    about=(
        "For more than two layers the invariant is a difference of powers, so the ratio of the initial strengths "
        "matters at any scale of the weights."
    ),
    symbols={
        **COMMON,
        L: "number of layers of both pathways",
        x_o: "length of the mode in the sign inputs",
        x_g: "length of the mode in the identity inputs",
        residual: "error that both pathways share, per item",
        kappa: "ratio of the lengths of the inputs",
        ratio: "threshold of beta_0/alpha_0",
    },
    where=(L > 2,),
    lines=(
        Given(
            "sign pathway",
            Eq(Derivative(first(t), t), L * first(t) ** (2 - 2 / L) * x_o * residual(t)),
            "Flow of equal layers with a shared error.",
        ),
        Given(
            "identity pathway",
            Eq(Derivative(second(t), t), L * second(t) ** (2 - 2 / L) * x_g * residual(t)),
            "Flow of equal layers with a shared error.",
        ),
        Given("start of the sign pathway", Eq(first(0), a0), "A positive start."),
        Given("start of the identity pathway", Eq(second(0), b0), "A positive start."),
        Step(
            "invariant",
            Eq(
                (first(t) ** (2 / L - 1)) / x_o - second(t) ** (2 / L - 1) / x_g,
                a0 ** (2 / L - 1) / x_o - b0 ** (2 / L - 1) / x_g,
            ),
            "Both sides fall at the rate (L - 2) times the error.",
            Conservation(
                t, 0, "sign pathway", "identity pathway", "start of the sign pathway", "start of the identity pathway"
            ),
        ),
        Rejected(
            "invariant of two layers",
            Eq(second(t) * (first(t) / a0) ** (-x_g / x_o), b0),
            "The power law of two layers does not hold for deeper pathways.",
            Conservation(
                t, 0, "sign pathway", "identity pathway", "start of the sign pathway", "start of the identity pathway"
            ),
        ),
        Given(
            "tie",
            Eq(a0 ** (2 / L - 1) / x_o, b0 ** (2 / L - 1) / x_g),
            "Both pathways would diverge at the same time, so neither wins.",
        ),
        Given("inputs", Eq(x_g, kappa * x_o), "Definition of kappa."),
        Given("threshold", Eq(b0, ratio * a0), "Definition of the threshold."),
        Step(
            "tied start",
            Eq(b0, a0 * kappa ** (-L / (L - 2))),
            "Solve for the start of the identity pathway.",
            Solves("tie", "inputs"),
        ),
        Step(
            "threshold of the starts",
            Eq(ratio, kappa ** (-L / (L - 2))),
            "The pathway with the smaller input needs a larger initial strength, independent of the scale of the "
            "weights.",
            Solves("threshold", "tied start"),
        ),
    ),
)

CATALOGUE = (RACE, WINNER, DEEP)
