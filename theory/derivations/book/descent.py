"""Gradient descent: the exact map of each mode, and the largest stable step."""

from __future__ import annotations

from sympy import Derivative, Eq, Function, Integer, Limit, Symbol, symbols

from ...symbolic import modes as symbolic
from ...symbolic import symbols as s
from ..derivation import Derivation
from ..steps.checks import Algebra, AsLimit, Solves, Through
from ..steps.lines import Given, Rejected, Step
from . import notation as n
from .notation import delta, lam, pi, pi0, y, z

steps, alpha = s.n, s.alpha
factor, largest = Symbol("q", real=True), Symbol("alpha_max", positive=True)
deviation = Function("epsilon", real=True)
map_ = Function("f")
at = Symbol("a", positive=True)
squares, product = symbols("S p", real=True)
error, next_squares, next_product = symbols("e S_next p_next", real=True)
COMMON = {
    lam: n.MODE[lam],
    delta: n.MODE[delta],
    alpha: "step size, 1/tau",
}

SHALLOW_DESCENT = Derivation(
    name="shallow-descent",
    title="Shallow network: the exact map of gradient descent and its largest step",
    source=f"after {n.PAPER}, shallow dynamics, for steps of any size",
    about=(
        "Each step multiplies the distance to the solution by the same factor q. Descent converges if q is above -1."
    ),
    symbols={
        **COMMON,
        steps: "number of steps",
        pi: n.MODE[pi],
        pi0: "its initial value",
        deviation: "distance to the solution",
        factor: "factor of one step",
        largest: "largest step",
        n.t: "time in units of tau",
    },
    lines=(
        Given("step", symbolic.shallow_descent_equation(lam, delta), "One step of descent."),
        Given("start", Eq(pi(0), pi0), "Any initial value."),
        Step(
            "solution",
            Eq(pi(steps), symbolic.shallow_descent(lam, delta)),
            "It solves the linear recursion, by substitution.",
            Solves("step", "start"),
        ),
        Given("factor", Eq(factor, 1 - alpha * delta), "Abbreviation."),
        Given("distance", Eq(deviation(steps), pi(steps) - lam / delta), "Definition."),
        Step(
            "decay of the distance",
            Eq(deviation(steps), (pi0 - lam / delta) * factor**steps),
            "The distance shrinks by the same factor in each step.",
            Algebra("distance", "solution", "factor"),
        ),
        Given("margin", Eq(1 - largest * delta, -1), "The distance grows if q is below -1."),
        Step("largest step", Eq(largest, 2 / delta), "Solve for the step.", Solves("margin")),
        Step(
            "no input correlation",
            Eq(Limit(pi(steps), delta, 0), symbolic.shallow_descent(lam, Integer(0))),
            "Constant growth.",
            AsLimit("solution"),
        ),
        Rejected(
            "flow for descent",
            Eq(pi(steps), symbolic.shallow_flow(lam, delta).subs(n.t, alpha * steps)),
            "The flow at time alpha n is taken for descent.",
            Solves("step", "start"),
        ),
    ),
)

slope, u_ = Symbol("m", real=True), Symbol("lambda_i", positive=True)
delta_i, strength_i, strength_j = symbols("delta_i pi_i pi_j", positive=True)
a_i, b_j = symbols("a_i b_j", positive=True)
first, second, rate = Function("p"), Function("q"), Symbol("c_ij", positive=True)
mixed = Function("w")
t = n.t

TWO_LAYER_DESCENT = Derivation(
    name="two-layer-descent",
    title="Two layers: the map of gradient descent and its largest step",
    source=f"after {n.SAXE}, for steps of any size",
    about=(
        "The squared lengths y and z obey a closed map. A balanced mode is stable for alpha lambda < 1. But a change "
        "of the weights that maps the input of one mode to the output of another can have a larger curvature."
    ),
    symbols={
        **COMMON,
        squares: "|a|^2 + |b|^2",
        product: "a.b",
        error: "error, lambda - delta a.b",
        next_squares: "the sum of squares after a step",
        next_product: "the product after a step",
        s.y0: "squared length of a + b before the step",
        s.z0: "squared length of a - b before the step",
        y: "squared length of a + b",
        z: "squared length of a - b",
        at: "length of a = b",
        map_: "length after a step",
        slope: "slope of the map at the solution",
        largest: "largest step for one balanced mode",
        t: "time in units of tau",
        first: "change of the first layer, from input i to the hidden unit of mode j",
        second: "change of the second layer, from the hidden unit of mode i to output j",
        mixed: "entry of the map from input i to output j",
        delta_i: "input correlation of mode i",
        a_i: "first and second layer's weight of mode i",
        b_j: "first and second layer's weight of mode j",
        strength_i: "strength of mode i at the solution",
        strength_j: "strength of mode j at the solution",
        u_: "input-output correlation of mode i",
        rate: "curvature",
    },
    lines=(
        Given("error", Eq(error, lam - delta * product), "Definition of the error."),
        Given(
            "step of the squares",
            Eq(next_squares, (1 + alpha**2 * error**2) * squares + 4 * alpha * error * product),
            "Square a + alpha e b and b + alpha e a, and add.",
        ),
        Given(
            "step of the product",
            Eq(next_product, (1 + alpha**2 * error**2) * product + alpha * error * squares),
            "Multiply them.",
        ),
        Given("before", Eq(squares, (s.y0 + s.z0) / 2), "Definition of y and z."),
        Given("before, product", Eq(product, (s.y0 - s.z0) / 4), "Definition of y and z."),
        Step(
            "step of y",
            Eq(next_squares + 2 * next_product, symbolic.two_layer_descent_step(lam, delta)[0]),
            "One step multiplies y by the square of 1 + alpha e.",
            Algebra("step of the squares", "step of the product", "error", "before", "before, product"),
        ),
        Step(
            "step of z",
            Eq(next_squares - 2 * next_product, symbolic.two_layer_descent_step(lam, delta)[1]),
            "One step multiplies z by the square of 1 - alpha e.",
            Algebra("step of the squares", "step of the product", "error", "before", "before, product"),
        ),
        Given("balanced step", Eq(map_(at), at + alpha * at * (lam - delta * at**2)), "One step of a = b."),
        Given("slope", Eq(slope, Derivative(map_(at), at)), "One step multiplies a small deviation by the slope."),
        Given("solution", Eq(at, (lam / delta) ** (Integer(1) / 2)), "The error is 0 at this strength."),
        Step(
            "slope at the solution",
            Eq(slope, 1 - 2 * alpha * lam),
            "Differentiate the map.",
            Algebra("slope", "balanced step", "solution"),
        ),
        Given("margin", Eq(1 - 2 * largest * lam, -1), "Deviations grow if the slope is below -1."),
        Step("largest step of a mode", Eq(largest, 1 / lam), "Solve for the step.", Solves("margin")),
        Given(
            "mixed entry", Eq(mixed(t), b_j * first(t) + a_i * second(t)), "Between the modes i and j, to first order."
        ),
        Step(
            "rate of the mixed entry",
            Eq(Derivative(mixed(t), t), b_j * Derivative(first(t), t) + a_i * Derivative(second(t), t)),
            "The weights of both modes are constant.",
            Algebra("mixed entry"),
        ),
        Given(
            "first layer",
            Eq(Derivative(first(t), t), -b_j * delta_i * mixed(t)),
            "Flow of the first layer: the error is -delta_i w.",
        ),
        Given(
            "second layer",
            Eq(Derivative(second(t), t), -a_i * delta_i * mixed(t)),
            "Flow of the second layer.",
        ),
        Given("weight i", Eq(a_i, strength_i ** (Integer(1) / 2)), "Balanced layers."),
        Given("weight j", Eq(b_j, strength_j ** (Integer(1) / 2)), "Balanced layers."),
        Given("curvature", Eq(rate * mixed(t), -Derivative(mixed(t), t)), "Definition: the rate of decay."),
        Step(
            "decay between modes",
            Eq(Derivative(mixed(t), t), -delta_i * (strength_i + strength_j) * mixed(t)),
            "Both layers act on the same entry.",
            Through("rate of the mixed entry", "first layer", "second layer", "weight i", "weight j"),
        ),
        Step(
            "curvature between modes",
            Eq(rate, delta_i * (strength_i + strength_j)),
            "Compare.",
            Solves("curvature", "decay between modes"),
        ),
        Given("strength i", Eq(strength_i, u_ / delta_i), "The strength at the solution."),
        Step(
            "curvature in correlations",
            Eq(rate, u_ + delta_i * strength_j),
            "Put the strength in.",
            Algebra("curvature between modes", "strength i"),
        ),
        Rejected(
            "the mode's own curvature",
            Eq(rate, 2 * u_),
            "The curvature 2 lambda of the modes is taken for the largest one.",
            Through("curvature between modes", "strength i"),
        ),
    ),
)

CATALOGUE = (SHALLOW_DESCENT, TWO_LAYER_DESCENT)
