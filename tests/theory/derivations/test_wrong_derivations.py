"""Wrong derivations of many kinds: each is refused, at the step that is wrong, with what is left over."""

from __future__ import annotations

import pytest
import sympy
from sympy import (
    Derivative,
    Eq,
    Function,
    HadamardProduct,
    Integral,
    Limit,
    MatrixSymbol,
    Max,
    Rational,
    Sum,
    Symbol,
    Trace,
    cos,
    exp,
    log,
    oo,
    sin,
    sqrt,
)

from linmod.theory.derivations import (
    Algebra,
    AsLimit,
    Combination,
    Conservation,
    Derivation,
    DoesNotFollow,
    Given,
    InAlgebra,
    Instance,
    Integration,
    OnMatrices,
    Rejected,
    Solves,
    Step,
    Through,
)

x, y, z = (Symbol(name, real=True) for name in "xyz")
a, b, c = (Symbol(name, positive=True) for name in "abc")
n, k = Symbol("n", integer=True, positive=True), Symbol("k", integer=True, positive=True)
t, half = Symbol("t", nonnegative=True), Symbol("t_half", positive=True)
f, g, h = Function("f"), Function("g"), Function("h")
size = Symbol("d", integer=True, positive=True)
P, Q, A = (MatrixSymbol(name, size, size) for name in "PQA")
MEANINGS = {symbol: f"the {symbol}" for symbol in (x, y, z, a, b, c, n, k, t, half, f, g, h, P, Q, A)}

SUM = Given("sum", Eq(z, x + y), "Definition.")
SHARES = Given("shares", Eq(c, a / (a + b)), "Definition.")
DECAY, START = Given("motion", Eq(f(t).diff(t), -a * f(t)), "Decay."), Given("start", Eq(f(0), b), "Start.")
SOLUTION = Step("solution", Eq(f(t), b * exp(-a * t)), "Solved.", Solves("motion", "start"))
GAUSS = Given("gauss", Eq(f(n), Sum(k, (k, 1, n))), "Definition.")
PROJECTION = Given("projection", Eq(P, Q, evaluate=False), "A projection.")
CONCRETE = Given("matrix", Eq(A, P + Q, evaluate=False), "Definition.")


def derivation(*lines, where=()):
    return Derivation("wrong", "A wrong one", "a test", MEANINGS, lines, where)


def step(statement, check):
    return Step("wrong one", statement, "Wrong.", check)


def equation(left, right):
    return Eq(left, right, evaluate=False)


def instances():
    return [
        Instance("two by two", {P: sympy.ImmutableMatrix([[1, 0], [0, 0]]), Q: sympy.ImmutableMatrix([[0, 0], [0, 1]])})
    ]


WRONG = {
    "a sign": ((SUM,), step(Eq(z - x, -y), Algebra("sum"))),
    "a dropped term": ((SUM,), step(Eq(z**2, x**2 + y**2), Algebra("sum"))),
    "a factor 2": ((SHARES,), step(Eq(c, a / (a + b) / 2), Algebra("shares"))),
    "a sign in an exponent": ((DECAY, START), step(Eq(f(t), b * exp(a * t)), Solves("motion", "start"))),
    "another initial value": ((DECAY, START), step(Eq(f(t), exp(-a * t)), Solves("motion", "start"))),
    "an index off by one": ((GAUSS,), step(Eq(f(3), Rational(3)), Algebra("gauss"))),
    "an index off by one, recursion": (
        (Given("motion", Eq(f(n + 1), a * f(n)), "Growth."), Given("start", Eq(f(1), b), "Start.")),
        step(Eq(f(n), b * a**n), Solves("motion", "start")),
    ),
    "an identity between integers that small ones satisfy": (
        (Given("product", Eq(x, Rational(1)), "One."),),
        step(Eq(sympy.prod(n - i for i in range(1, 12)), x - 1, evaluate=False), Algebra("product")),
    ),
    "a bound that holds below it": ((Given("a", Eq(a, b), "Given."),), step(Eq(Max(a, 5), 5), Algebra("a"))),
    "a root of a square": ((SUM,), step(Eq(sqrt(z**2), x + y), Algebra("sum"))),
    "a root of a square, shifted": (
        (Given("a", Eq(a, b), "Given."),),
        step(Eq(sqrt((a - 4) ** 2), 4 - b), Algebra("a")),
    ),
    "a branch of the logarithm": ((SUM,), step(Eq(log(z**2), 2 * log(x + y)), Algebra("sum"))),
    "a root of a product of negative numbers": (
        (Given("x", Eq(x, y), "Given."),),
        step(Eq(sqrt(x * z), sqrt(y) * sqrt(z)), Algebra("x")),
    ),
    "a period for an identity": (
        (Given("a", Eq(a, b), "Given."),),
        step(Eq(sin(30000 * sympy.pi * a), 0 * b, evaluate=False), Algebra("a")),
    ),
    "a limit from the other side": (
        (Given("c", Eq(c, exp(-1 / x)), "Given."),),
        step(Eq(Limit(c, x, 0, "-"), 0), AsLimit("c")),
    ),
    "a limit at the other end": ((SHARES,), step(Eq(Limit(c, a, 0), 1), AsLimit("shares"))),
    "a limit from outside the domain": ((SHARES,), step(Eq(Limit(c, a, 0, "-"), 0), AsLimit("shares"))),
    "a limit that does not exist": ((SUM,), step(Eq(Limit(sin(z), x, oo), 0), AsLimit("sum"))),
    "a division by what can be 0": (
        (Given("product", Eq(x * y, x * z), "Given."),),
        step(Eq(y, z), Combination(product=1 / x)),
    ),
    "a solution where the unknown drops out": (
        (Given("product", Eq(x * y, x * z), "Given."),),
        step(Eq(y, z), Solves("product")),
    ),
    "one of two roots": ((Given("square", Eq(x**2, a**2), "Given."),), step(Eq(x, a), Solves("square"))),
    "the smaller root as the larger": (
        (Given("square", Eq(x**2, a**2), "Given."),),
        step(Eq(x, -a), Solves("square", root="larger")),
    ),
    "a negative root of a positive number": (
        (Given("square", Eq(a**2, b), "Given."),),
        step(equation(a, -sqrt(b)), Solves("square")),
    ),
    "an integral across a pole": (
        (Given("primitive", Eq(g(a), -1 / a), "Candidate."),),
        step(Eq(Integral(1 / x**2, (x, -1, a)), g(a) - 1), Integration(a, -1, "primitive")),
    ),
    "an integral from elsewhere": (
        (Given("primitive", Eq(g(a), a**2 / 2), "Candidate."),),
        step(Eq(Integral(x, (x, 1, a)), g(a)), Integration(a, 1, "primitive")),
    ),
    "a quantity that is not conserved": (
        (
            DECAY,
            Given("other", Eq(g(t).diff(t), 2 * a * g(t)), "Growth."),
            START,
            Given("start of g", Eq(g(0), c), "Start."),
        ),
        step(Eq(f(t) * g(t), b * c), Conservation(t, 0, "motion", "other", "start", "start of g")),
    ),
    "a value at one time for all times": (
        (DECAY, START, SOLUTION, Given("half", Eq(f(half), b / 2), "Definition of the half time.")),
        step(Eq(f(t), b / 2), Algebra("half")),
    ),
    "a statement that is true by itself": ((SUM,), step(equation(z, z), Algebra("sum"))),
    "an identity that needs no premise": (
        (SUM,),
        step(Eq(sin(z) ** 2 + cos(z) ** 2, 1, evaluate=False), Algebra("sum")),
    ),
    "an identity as a combination of nothing": (
        (SUM,),
        step(Eq(sin(x) ** 2 + cos(x) ** 2, 1, evaluate=False), Combination(sum=sympy.Integer(0))),
    ),
    "a premise that changes nothing": (
        (SUM, Given("idle", Eq(a, b), "Idle.")),
        step(Eq(z - x, y), Algebra("sum", "idle")),
    ),
    "a premise that changes both sides alike": (
        (SUM, Given("idle", Eq(a, b**2), "Idle.")),
        step(equation(a * z, a * (x + y)), Algebra("sum", "idle")),
    ),
    "a matrix premise that plays no part": (
        (CONCRETE, Given("idle", Eq(x, Trace(Q)), "Idle.")),
        step(equation(Trace(A), 2), OnMatrices(instances, "matrix", "idle")),
    ),
    "premises that contradict each other": (
        (Given("one", Eq(x, 1), "One."), Given("wrong one", Eq(x, 2), "Two.")),
        Step("next", equation(sympy.Integer(1), sympy.Integer(0)), "From both.", Through("one", "wrong one")),
    ),
    "different numbers as a premise": (
        (Given("wrong one", equation(sympy.Integer(1), sympy.Integer(2)), "No."),),
        Step("next", Eq(x, 2), "From it.", Algebra("wrong one")),
    ),
    "the equation that was not cited": (
        (
            SUM,
            Given("other", Eq(c, a * z), "Other."),
            Step("used", Eq(c, a * (x + y)), "Put in.", Algebra("other", "sum")),
        ),
        step(Eq(c + 1, a * (x + y) + 1), Algebra("other")),
    ),
    "a domain that is too large": (
        (Given("f", Eq(f(x), sqrt(1 - x) * sqrt(1 + x)), "Definition."),),
        step(Eq(f(x) * sqrt(x - 1), sqrt(1 - x**2) * sqrt(1 - x)), Algebra("f")),
    ),
    "a trace of coefficients": ((PROJECTION,), step(equation(Trace(P) * P, Q), InAlgebra((P, Q), "projection"))),
    "a product of entries of coefficients": (
        (CONCRETE,),
        step(equation(HadamardProduct(A, A), P + Q), InAlgebra((P, Q), "matrix")),
    ),
    "matrices that do not commute": (
        (Given("product", equation(A, P * Q), "Definition."),),
        step(
            equation(A, Q * P),
            OnMatrices(lambda: [Instance("general", {P: general("p"), Q: general("q")})], "product"),
        ),
    ),
    "no matrices at all": ((CONCRETE,), step(equation(A - P, Q), OnMatrices(list, "matrix"))),
    "a derivative without the chain rule": (
        (Given("g", Eq(g(t), f(t) ** 2), "Definition."), DECAY),
        step(Eq(Derivative(g(t), t), -a * f(t)), Algebra("g", "motion")),
    ),
}


def general(name):
    return sympy.ImmutableMatrix(2, 2, lambda i, j: Symbol(f"{name}_{i}{j}", real=True))


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_step_is_refused_with_its_residual(kind):
    premises, wrong = WRONG[kind]
    with pytest.raises(DoesNotFollow, match=r"wrong, step 'wrong one' .*left minus right is"):
        derivation(*premises, wrong).check()


RIGHT = {
    "a division by what cannot be 0": (
        (Given("product", Eq(a * y, a * z), "Given."),),
        step(Eq(y, z), Combination(product=1 / a)),
    ),
    "the larger root": ((Given("square", Eq(x**2, a**2), "Given."),), step(Eq(x, a), Solves("square", root="larger"))),
    "the only root": ((Given("square", Eq(b**2, a**2), "Given."),), step(Eq(b, a), Solves("square"))),
    "an integral without a pole": (
        (Given("primitive", Eq(g(a), -1 / a), "Candidate."),),
        step(Eq(Integral(1 / x**2, (x, 1, a)), g(a) + 1), Integration(a, 1, "primitive")),
    ),
    "a value at one time": (
        (DECAY, START, Given("half", Eq(f(half), b / 2), "Definition of the half time.")),
        SOLUTION,
        Step("half time", Eq(half, log(2) / a), "Solved.", Solves("half", "solution")),
    ),
    "a sum": ((GAUSS,), step(Eq(f(3), 6), Algebra("gauss"))),
    "a limit": ((SHARES,), step(Eq(Limit(c, a, oo), 1), AsLimit("shares"))),
}


@pytest.mark.parametrize("kind", RIGHT)
def test_its_right_counterpart_holds(kind):
    premises, *steps = RIGHT[kind]
    assert derivation(*premises, *steps).check().holds


STRUCTURE = {
    "a step that rests on a rejected form": (
        (
            SUM,
            Rejected("no", Eq(z, x - y), "No.", Algebra("sum")),
            Step("next", Eq(z - x, -y), "From it.", Algebra("no")),
        ),
        "step 'next': it cites 'no', which is rejected",
    ),
    "a step that rests on itself": (
        (SUM, Step("next", Eq(z - x, y), "From itself.", Algebra("next"))),
        "step 'next': it cites 'next', but the steps before it are",
    ),
    "a step that rests on a later one": (
        (
            SUM,
            Step("first", Eq(z - x, y), "Circular.", Algebra("second")),
            Step("second", Eq(z, y + x), "", Algebra("first")),
        ),
        "step 'first': it cites 'second', but the steps before it are",
    ),
    "a premise again, as a step": (
        (SUM, Step("again", Eq(x + y, z), "The same.", Algebra("sum"))),
        "step 'again': it says the same as 'sum'",
    ),
    "one name for two symbols": (
        (Given("x", Eq(Symbol("x", positive=True), a), ""), Step("s", Eq(x, a), "", Algebra("x"))),
        "symbols must be declared",
    ),
}


@pytest.mark.parametrize("kind", STRUCTURE)
def test_what_cannot_be_an_argument_is_refused(kind):
    lines, message = STRUCTURE[kind]
    with pytest.raises(ValueError, match=message):
        derivation(*lines)


def test_one_name_stands_for_one_symbol():
    with pytest.raises(ValueError, match="symbols must be declared once, x are declared twice"):
        Derivation("wrong", "W", "a test", {x: "x", Symbol("x", positive=True): "x"}, (SUM,))


def test_a_form_is_rejected_by_a_counter_example_only():
    idle = Rejected("no", Eq(x, 2 * y), "No.", Algebra("idle"))
    lines = (SUM, Given("idle", Eq(a, b), "Idle."), Step("right", Eq(z - x, y), "Yes.", Algebra("sum")), idle)
    with pytest.raises(DoesNotFollow, match=r"'no'.*rejected without a counter-example: it cites"):
        derivation(*lines).check()


def test_a_root_is_one_of_three_kinds():
    with pytest.raises(ValueError, match="root must be one of"):
        Solves("square", root="first")
