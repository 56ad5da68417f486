"""Two pathways of which only one writes all outputs: why two numbers no longer describe the race."""

from __future__ import annotations

from sympy import Derivative, Eq, Function, Symbol

from ...symbolic import symbols as s
from ..derivation import Derivation
from ..steps.checks import Algebra, Conservation, Through
from ..steps.lines import Given, Rejected, Step
from .notation import t
from .race import SOURCE

a, b, g, b_o, b_g = (Function(name, real=True) for name in ("a", "b", "g", "b_Omega", "b_Gamma"))
e_o, e_g, alpha, beta = (Function(name, real=True) for name in ("e_Omega", "e_Gamma", "alpha", "beta"))
a0, b0, g0, o0, c0 = (Symbol(f"{name}_0", real=True) for name in ("a", "b", "g", "b_Omega", "b_Gamma"))
x_o, x_g, y_o, y_g = (Symbol(name, positive=True) for name in ("x_Omega", "x_Gamma", "y_Omega", "y_Gamma"))

SUPPORTS = Derivation(
    name="race-supports",
    title="The race of pathways with different outputs",
    source=SOURCE,
    about=(
        "The sign pathway writes the signs, and the identity pathway writes signs and identities. A mode of the "
        "identity pathway has one hidden vector and two output weights, whose ratio changes during learning. Five "
        "numbers with two conserved differences replace the two numbers of the simple race."
    ),
    symbols={
        s.N: "number of items",
        t: "time in units of tau",
        a: "input weight of the mode in the sign pathway",
        b: "its output weight",
        g: "input weight of the mode in the identity pathway",
        b_o: "its weight to the sign outputs",
        b_g: "its weight to the identity outputs",
        e_o: "error of the sign outputs",
        e_g: "error of the identity outputs",
        alpha: "strength of the sign pathway",
        beta: "strength of the identity pathway to the sign outputs",
        **dict.fromkeys((a0, b0, g0, o0, c0), "initial value"),
        x_o: "length of the mode in the sign inputs",
        x_g: "length of the mode in the identity inputs",
        y_o: "length of the mode in the sign outputs",
        y_g: "length of the mode in the identity outputs",
    },
    lines=(
        Given("motion of a", Eq(Derivative(a(t), t), x_o / s.N * b(t) * e_o(t)), "Gradient flow, aligned weights."),
        Given("motion of b", Eq(Derivative(b(t), t), x_o / s.N * a(t) * e_o(t)), "Likewise."),
        Given(
            "motion of g",
            Eq(Derivative(g(t), t), x_g / s.N * (b_o(t) * e_o(t) + b_g(t) * e_g(t))),
            "Both output errors drive the hidden unit.",
        ),
        Given("motion to the signs", Eq(Derivative(b_o(t), t), x_g / s.N * g(t) * e_o(t)), "Likewise."),
        Given("motion to the identities", Eq(Derivative(b_g(t), t), x_g / s.N * g(t) * e_g(t)), "Likewise."),
        *(
            Given(f"start of {name}", Eq(function(0), value), "Initial value.")
            for name, function, value in (
                ("a", a, a0),
                ("b", b, b0),
                ("g", g, g0),
                ("the weight to the signs", b_o, o0),
                ("the weight to the identities", b_g, c0),
            )
        ),
        Step(
            "balance of the sign pathway",
            Eq(a(t) ** 2 - b(t) ** 2, a0**2 - b0**2),
            "As for any two layers.",
            Conservation(t, 0, "motion of a", "motion of b", "start of a", "start of b"),
        ),
        Step(
            "balance of the identity pathway",
            Eq(g(t) ** 2 - b_o(t) ** 2 - b_g(t) ** 2, g0**2 - o0**2 - c0**2),
            "The input weight is balanced by both output weights together.",
            Conservation(
                t,
                0,
                "motion of g",
                "motion to the signs",
                "motion to the identities",
                "start of g",
                "start of the weight to the signs",
                "start of the weight to the identities",
            ),
        ),
        Rejected(
            "balance of each output",
            Eq(g(t) ** 2 - b_o(t) ** 2, g0**2 - o0**2),
            "The balance of two layers does not hold for the sign outputs alone.",
            Conservation(t, 0, "motion of g", "motion to the signs", "start of g", "start of the weight to the signs"),
        ),
        Given("sign pathway", Eq(alpha(t), a(t) * b(t)), "Definition."),
        Given("identity pathway", Eq(beta(t), g(t) * b_o(t)), "Definition."),
        Step(
            "growth of the sign pathway",
            Eq(Derivative(alpha(t), t), x_o / s.N * (a(t) ** 2 + b(t) ** 2) * e_o(t)),
            "Only the error of the signs drives the sign pathway.",
            Algebra("sign pathway", "motion of a", "motion of b"),
        ),
        Step(
            "growth of the identity pathway",
            Eq(
                Derivative(beta(t), t),
                x_g / s.N * ((g(t) ** 2 + b_o(t) ** 2) * e_o(t) + b_o(t) * b_g(t) * e_g(t)),
            ),
            "Learning of the identities increases the hidden unit, which also writes to the signs.",
            Algebra("identity pathway", "motion of g", "motion to the signs"),
        ),
        Rejected(
            "race of two numbers",
            Eq(Derivative(beta(t), t), 2 * x_g / s.N * beta(t) * e_o(t)),
            "The motion of a pathway that writes only the signs does not apply.",
            Algebra("identity pathway", "motion of g", "motion to the signs"),
        ),
        Step(
            "turning of the output weights",
            Eq(
                b_o(t) * Derivative(b_g(t), t) - b_g(t) * Derivative(b_o(t), t),
                x_g / s.N * g(t) * (b_o(t) * e_g(t) - b_g(t) * e_o(t)),
            ),
            "Their ratio is constant only if the errors are in the same ratio.",
            Algebra("motion to the identities", "motion to the signs"),
        ),
        Given("error of the signs", Eq(e_o(t), y_o - x_o * alpha(t) - x_g * beta(t)), "Both pathways write the signs."),
        Given(
            "error of the identities",
            Eq(e_g(t), y_g - x_g * g(t) * b_g(t)),
            "Only the identity pathway writes the identities.",
        ),
        Step(
            "error of the signs at the start",
            Eq(e_o(0), y_o - x_o * a0 * b0 - x_g * g0 * o0),
            "Put the initial values in.",
            Algebra(
                "error of the signs",
                "sign pathway",
                "identity pathway",
                "start of a",
                "start of b",
                "start of g",
                "start of the weight to the signs",
            ),
        ),
        Step(
            "error of the identities at the start",
            Eq(e_g(0), y_g - x_g * g0 * c0),
            "Put the initial values in.",
            Algebra("error of the identities", "start of g", "start of the weight to the identities"),
        ),
        Step(
            "slope of the signs' error",
            Eq(Derivative(e_o(t), t), -x_o * Derivative(alpha(t), t) - x_g * Derivative(beta(t), t)),
            "Differentiate.",
            Algebra("error of the signs"),
        ),
        Step(
            "error of the signs over time",
            Eq(
                Derivative(e_o(t), t),
                -(x_o**2 * (a(t) ** 2 + b(t) ** 2) + x_g**2 * (g(t) ** 2 + b_o(t) ** 2)) / s.N * e_o(t)
                - x_g**2 / s.N * b_o(t) * b_g(t) * e_g(t),
            ),
            "The errors are coupled through the hidden unit that both outputs share.",
            Through("slope of the signs' error", "growth of the sign pathway", "growth of the identity pathway"),
        ),
        Step(
            "slope of the identities' error",
            Eq(
                Derivative(e_g(t), t),
                -x_g * g(t) * Derivative(b_g(t), t) - x_g * b_g(t) * Derivative(g(t), t),
            ),
            "Differentiate.",
            Algebra("error of the identities"),
        ),
        Step(
            "error of the identities over time",
            Eq(
                Derivative(e_g(t), t),
                -(x_g**2) / s.N * ((g(t) ** 2 + b_g(t) ** 2) * e_g(t) + b_o(t) * b_g(t) * e_o(t)),
            ),
            "The coupling is the same, so two errors drive the race instead of one.",
            Through("slope of the identities' error", "motion of g", "motion to the identities"),
        ),
    ),
)

CATALOGUE = (SUPPORTS,)
