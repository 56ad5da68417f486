"""Gradient flow of deep networks with equal layers: any number of layers, and the elementary cases."""

from __future__ import annotations

from sympy import Derivative, Eq, Expr, Function, Integral, Rational, Symbol, atan, atanh, hyper, log, sqrt

from ..derivation import Derivation
from ..steps.checks import Algebra, Integration, Solves
from ..steps.lines import Given, Line, Step
from . import notation as n
from .notation import delta, lam, pi, start, t

L = Symbol("L", positive=True)
layer, relative = Function("a", positive=True), Function("x", positive=True)
x, x0, p, final, exponent, q = (Symbol(name, positive=True) for name in ("x", "x0", "p", "pi_star", "s", "q"))
blow_up = Symbol("t_infinity", positive=True)
G = Function("G")
positive_pi = Function("pi", positive=True)
forgotten, unstopped = Function("pi_forgotten", positive=True), Function("pi_growing", positive=True)

SYMBOLS = {
    lam: n.MODE[lam],
    delta: n.MODE[delta],
    t: n.MODE[t],
    positive_pi: n.MODE[pi],
    start: "its initial value",
    L: "number of layers",
}
SOURCE = f"{n.SAXE}, deep networks with equal layers"

DEPTH = Derivation(
    name="depth",
    title="Any depth: the time to reach a strength, by separation of variables",
    source=SOURCE,
    about=(
        "If all layers are equal, each layer is the strength to the power 1/L. Time is a hypergeometric function of "
        "the strength."
    ),
    symbols={
        **SYMBOLS,
        layer: "singular value of each layer",
        p: "strength, as a variable of integration",
        final: "final strength",
        exponent: "exponent 2/L - 1",
        x: "relative strength",
        x0: "relative strength at the start",
        relative: "strength relative to the final one",
        G: "time in units of pi*^s / lambda, up to a constant",
    },
    where=(x < 1, x0 < 1),
    lines=(
        Given(
            "layers",
            Eq(Derivative(layer(t), t), layer(t) ** (L - 1) * (lam - delta * layer(t) ** L)),
            "Each layer moves along the product of the others.",
        ),
        Given("product", Eq(positive_pi(t), layer(t) ** L), "The mode is the product of its layers."),
        Step(
            "motion",
            Eq(Derivative(positive_pi(t), t), L * positive_pi(t) ** (2 - 2 / L) * (lam - delta * positive_pi(t))),
            "Differentiate the product.",
            Algebra("product", "layers"),
        ),
        Given("start", Eq(positive_pi(0), start), "A positive start."),
        Step(
            "separation",
            Eq(t, Integral(p ** (2 / L - 2) / (L * (lam - delta * p)), (p, start, positive_pi(t)))),
            "Separate the variables: the integral starts at 0 and grows by 1 per unit of time.",
            Integration(t, 0, "motion", "start"),
        ),
        Given("final strength", Eq(final, lam / delta), "The motion ends here."),
        Given("exponent", Eq(exponent, 2 / L - 1), "Abbreviation."),
        Given("relative strength", Eq(relative(t), positive_pi(t) / final), "Definition."),
        Step(
            "relative motion",
            Eq(
                Derivative(relative(t), t),
                L * lam * final ** (-exponent) * relative(t) ** (1 - exponent) * (1 - relative(t)),
            ),
            "Measure the strength in units of the final one.",
            Algebra("relative strength", "motion", "exponent", "final strength"),
        ),
        Step(
            "relative start",
            Eq(relative(0), start / final),
            "Measure the initial strength in the same units.",
            Algebra("relative strength", "start"),
        ),
        Given(
            "primitive",
            Eq(G(x), x**exponent * hyper((1, exponent), (exponent + 1,), x) / (exponent * L)),
            "Candidate for the integral, for L other than 2 and strengths below the final one.",
        ),
        Step(
            "integral",
            Eq(Integral(p ** (exponent - 1) / (L * (1 - p)), (p, x0, x)), G(x) - G(x0)),
            "Differentiate back.",
            Integration(x, x0, "primitive"),
        ),
        Step(
            "time to a strength",
            Eq(t, final**exponent / lam * (G(relative(t)) - G(relative(0)))),
            "The right side starts at 0 and grows by 1 per unit of time.",
            Integration(t, 0, "primitive", "relative motion"),
        ),
    ),
)

CASES: dict[int, Expr] = {
    1: -log(1 - x),
    2: log(x / (1 - x)) / 2,
    3: -1 / q - log(1 - q) / 3 + log(1 + q + q**2) / 6 - atan((2 * q + 1) / sqrt(3)) / sqrt(3),
    4: -1 / (2 * q**2) + atanh(q**2) / 2,
}


def _case(layers: int) -> tuple[Line, Line]:
    """The integral for one number of layers, and its candidate."""
    written = CASES[layers].subs(q, x ** Rational(1, layers))
    integrand = p ** (Rational(2, layers) - 2) / (layers * (1 - p))
    name = f"{layers} layers" if layers > 1 else "1 layer"
    return (
        Given(f"primitive, {name}", Eq(PRIMITIVES[layers - 1](x), written), "Candidate for the integral."),
        Step(
            name,
            Eq(Integral(integrand, (p, x0, x)), PRIMITIVES[layers - 1](x) - PRIMITIVES[layers - 1](x0)),
            "Differentiate back.",
            Integration(x, x0, f"primitive, {name}"),
        ),
    )


PRIMITIVES = tuple(Function(f"G_{layers}") for layers in (1, 2, 3, 4))
SPECIAL = Derivation(
    name="depth-special",
    title="One to four layers, and the limits of zero correlation",
    source=SOURCE,
    about=(
        "The integrals are elementary for up to four layers. Without an input-output correlation the strength decays "
        "as a power of time. Without an input correlation it diverges in finite time for three layers and more."
    ),
    symbols={
        **SYMBOLS,
        p: "relative strength, as a variable of integration",
        x: "relative strength",
        x0: "relative strength at the start",
        **{
            function: f"time to a relative strength for {i} layers, up to scale and a constant"
            for i, function in enumerate(PRIMITIVES, 1)
        },
        forgotten: "strength without an input-output correlation",
        unstopped: "strength without an input correlation",
        blow_up: "time of the divergence",
    },
    where=(x < 1, x0 < 1, L > 2, t < start ** (2 / L - 1) / ((L - 2) * lam)),
    lines=(
        *(line for layers in (1, 2, 3, 4) for line in _case(layers)),
        Step(
            "half way, 2 layers",
            Eq(PRIMITIVES[1](Rational(1, 2)), 0),
            "The logistic curve is symmetric about its middle.",
            Algebra("primitive, 2 layers"),
        ),
        Given(
            "without lambda",
            Eq(Derivative(forgotten(t), t), -L * delta * forgotten(t) ** (3 - 2 / L)),
            "The motion at lambda = 0.",
        ),
        Given(
            "without delta",
            Eq(Derivative(unstopped(t), t), L * lam * unstopped(t) ** (2 - 2 / L)),
            "The motion at delta = 0.",
        ),
        Given("start without lambda", Eq(forgotten(0), start), "A positive start."),
        Given("start without delta", Eq(unstopped(0), start), "A positive start."),
        Step(
            "forgetting",
            Eq(forgotten(t), (start ** (2 / L - 2) + (2 * L - 2) * delta * t) ** (-L / (2 * L - 2))),
            "A power law in time solves the equation, by substitution.",
            Solves("without lambda", "start without lambda"),
        ),
        Step(
            "growth",
            Eq(unstopped(t), (start ** (2 / L - 1) - (L - 2) * lam * t) ** (-L / (L - 2))),
            "It solves the equation by substitution, for more than two layers.",
            Solves("without delta", "start without delta"),
        ),
        Given("time of the divergence", Eq(blow_up, start ** (2 / L - 1) / ((L - 2) * lam)), "Abbreviation."),
        Step(
            "divergence",
            Eq(unstopped(t), start * (1 - t / blow_up) ** (-L / (L - 2))),
            "The same in units of the time of the divergence.",
            Algebra("growth", "time of the divergence"),
        ),
    ),
)

CATALOGUE = (DEPTH, SPECIAL)
