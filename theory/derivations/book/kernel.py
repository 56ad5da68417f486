"""The kernel objective that finds the projection of a module: its gradient, and its linear special case."""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import Eq, Expr, HadamardProduct, ImmutableMatrix, Inverse, MatrixSymbol, Rational, Symbol, Trace, symbols

from ..derivation import Derivation
from ..steps.lines import Given, Step
from ..steps.matrices import Instance, OnMatrices
from . import notation as n

rows, dims = symbols("n d", integer=True, positive=True)
X, u, y, tee = (
    MatrixSymbol("X", rows, dims),
    MatrixSymbol("u", dims, 1),
    MatrixSymbol("y", rows, 1),
    MatrixSymbol("t", rows, 1),
)
K, M, identity, small = (
    MatrixSymbol(name, size, size) for name, size in (("K", rows), ("M", rows), ("I_n", rows), ("I_d", dims))
)
K_dot, ones, weights, B = (
    MatrixSymbol("Kdot", rows, rows),
    MatrixSymbol("1", rows, 1),
    MatrixSymbol("a", rows, 1),
    MatrixSymbol("B", rows, rows),
)
direction = MatrixSymbol("v", dims, 1)
ridge, width, J, slope = (
    Symbol("sigma", positive=True),
    Symbol("l", positive=True),
    Symbol("J", positive=True),
    Symbol("J_v", real=True),
)
q, c, norm = Symbol("q", positive=True), Symbol("s", real=True), Symbol("y_2", positive=True)
best, quotient, J_best = MatrixSymbol("u_best", dims, 1), Symbol("Q", positive=True), Symbol("J_best", positive=True)
SOURCE = f"{n.SCALING}, learning rule for the projection of a module"
COMMON = {
    X: "inputs, one row for each sample",
    u: "direction of the module",
    y: "targets",
    tee: "projected inputs",
    ridge: "ridge",
    identity: "identity matrix",
    J: "objective",
}


def samples() -> Sequence[Instance]:
    """Three samples in two dimensions, with values that make all terms rational or known exponentials."""
    x = ImmutableMatrix([[1, 0], [2, 1], [0, -1]])
    values = {
        X: x,
        u: ImmutableMatrix([sympy.Rational(3, 5), sympy.Rational(4, 5)]),
        y: ImmutableMatrix([1, -1, 2]),
        direction: ImmutableMatrix(symbols("v_1 v_2", real=True)),
        ones: ImmutableMatrix([1, 1, 1]),
        identity: ImmutableMatrix(sympy.eye(3)),
        small: ImmutableMatrix(sympy.eye(2)),
    }
    return (Instance("three samples in two dimensions", values),)


LINEAR = Derivation(
    name="kernel-linear",
    title="The kernel objective of linear modules is a Rayleigh quotient",
    source=SOURCE,
    about=(
        "For a linear kernel the best direction is that of ridge regression on all inputs. It is a mixture of the "
        "modules, and every restart finds the same mixture."
    ),
    symbols={
        **COMMON,
        small: "identity matrix",
        norm: "squared norm of the targets",
        c: "overlap of targets and projected inputs",
        q: "ridge plus the squared norm of the projected inputs",
        best: "best direction, up to its length",
        quotient: "largest Rayleigh quotient",
        J_best: "smallest objective",
    },
    lines=(
        Given("projection", Eq(tee, X * u, evaluate=False), "Definition."),
        Given(
            "objective",
            Eq(J, Trace(y.T * Inverse(tee * tee.T + ridge * identity) * y)),
            "The kernel objective with the kernel t t'.",
        ),
        Given("norm", Eq(norm, Trace(y.T * y)), "Definition."),
        Given("overlap", Eq(c, Trace(tee.T * y)), "Definition."),
        Step(
            "overlap along the direction",
            Eq(c, Trace(u.T * X.T * y)),
            "Linear in the direction.",
            OnMatrices(samples, "projection", "overlap"),
        ),
        Given("scale", Eq(q, ridge + Trace(tee.T * tee)), "Definition."),
        Step(
            "rank-one inverse",
            Eq(Inverse(tee * tee.T + ridge * identity), (identity - tee * tee.T / q) / ridge, evaluate=False),
            "The inverse of a rank-one change (Sherman and Morrison).",
            OnMatrices(samples, "projection", "scale"),
        ),
        Step(
            "objective in numbers",
            Eq(J, (norm - c**2 / q) / ridge),
            "Only the overlap and the scale depend on the direction.",
            OnMatrices(samples, "projection", "objective", "norm", "overlap", "scale"),
        ),
        Given(
            "ridge direction",
            Eq(best, Inverse(X.T * X + ridge * small) * X.T * y, evaluate=False),
            "Ridge regression on all inputs, up to scale.",
        ),
        Step(
            "normal equations",
            Eq((X.T * X + ridge * small) * best, X.T * y, evaluate=False),
            "Ridge regression solves this equation.",
            OnMatrices(samples, "ridge direction"),
        ),
        Given(
            "best overlap",
            Eq(quotient, Trace(best.T * X.T * y) ** 2 / Trace(best.T * (X.T * X + ridge * small) * best)),
            (
                "c^2/q is a Rayleigh quotient for a direction of any length. By the Cauchy-Schwarz inequality it is "
                "largest here."
            ),
        ),
        Step(
            "largest quotient",
            Eq(quotient, Trace(y.T * X * Inverse(X.T * X + ridge * small) * X.T * y)),
            "Put the direction in.",
            OnMatrices(samples, "ridge direction", "best overlap"),
        ),
        Given("best objective", Eq(J_best, (norm - quotient) / ridge), "From the objective in numbers."),
        Step(
            "best value",
            Eq(J_best, Trace(y.T * Inverse(X * X.T + ridge * identity) * y)),
            "The objective is as small as with all inputs, so a second module has nothing to learn.",
            OnMatrices(samples, "norm", "ridge direction", "best overlap", "best objective"),
        ),
    ),
)

cross, row_sums = MatrixSymbol("D", rows, rows), MatrixSymbol("S", rows, rows)


def kernels() -> Sequence[Instance]:
    """The same samples, with two symmetric kernels and widths."""
    (base,) = samples()
    chosen = (((2, 3, 5), Rational(1, 2)), ((7, 4, 3), Rational(3)))
    matrices = [_symmetric(1, *(Rational(1, part) for part in parts)) for parts, _ in chosen]
    return [
        Instance(f"{base.name}, ridge {value}", {**base.values, K: matrix, ridge: value})
        for matrix, (_, value) in zip(matrices, chosen, strict=True)
    ]


def rates() -> Sequence[Instance]:
    """The same, with a symmetric rate of change of independent entries."""
    rate = _symmetric(0, *symbols("r_12 r_13 r_23", real=True))
    return [Instance(instance.name, {**instance.values, K_dot: rate}) for instance in kernels()]


def _symmetric(diagonal: int, first: Expr, second: Expr, third: Expr) -> ImmutableMatrix:
    return ImmutableMatrix([[diagonal, first, second], [first, diagonal, third], [second, third, diagonal]])


GRADIENT = Derivation(
    name="kernel-gradient",
    title="Gradient of the kernel objective",
    source=SOURCE,
    about=(
        "The objective is the smallest penalised squared error of a function of one projection. Its gradient needs "
        "one solution of a linear system."
    ),
    symbols={
        **COMMON,
        direction: "direction in which the projection is moved",
        width: "width of the Gaussian kernel",
        K: "kernel of the projected inputs",
        K_dot: "its rate of change along v",
        M: "kernel with ridge",
        weights: "solution of M a = y",
        ones: "vector of ones",
        cross: "differences of the projections times those of the inputs along v",
        B: "a_i K_ij a_j",
        row_sums: "diagonal matrix of the row sums of B",
        slope: "rate of change of the objective along v",
    },
    lines=(
        Given("projection", Eq(tee, X * u, evaluate=False), "Definition."),
        Given("ridge", Eq(M, K + ridge * identity, evaluate=False), "Definition."),
        Given("solution", Eq(weights, Inverse(M) * y, evaluate=False), "Definition."),
        Step(
            "linear system",
            Eq((K + ridge * identity) * weights, y, evaluate=False),
            "The solution satisfies the linear system.",
            OnMatrices(kernels, "ridge", "solution"),
        ),
        Given(
            "objective along v",
            Eq(slope, Trace(-y.T * Inverse(M) * K_dot * Inverse(M) * y)),
            "The rate of change of y' M^-1 y, as that of an inverse is -M^-1 M' M^-1.",
        ),
        Step(
            "in the solution",
            Eq(slope, -Trace(weights.T * K_dot * weights)),
            "M is symmetric.",
            OnMatrices(rates, "ridge", "solution", "objective along v"),
        ),
        Given(
            "rate of the kernel",
            Eq(K_dot, -HadamardProduct(K, cross) / width**2, evaluate=False),
            "Differentiate K = exp(-(t_i - t_j)^2 / 2 l^2).",
        ),
        Given(
            "differences",
            Eq(
                cross,
                HadamardProduct(tee * ones.T - ones * tee.T, X * direction * ones.T - ones * direction.T * X.T),
                evaluate=False,
            ),
            "Definition.",
        ),
        Given("weighted kernel", Eq(B, HadamardProduct(K, weights * weights.T), evaluate=False), "Definition."),
        Given("row sums", Eq(row_sums, HadamardProduct(identity, B * ones * ones.T), evaluate=False), "Definition."),
        Step(
            "gradient",
            Eq(slope, 2 * Trace(direction.T * X.T * (row_sums - B) * X * u) / width**2),
            "The gradient is therefore (2/l^2) X' (diag(B 1) - B) t.",
            OnMatrices(
                kernels,
                "projection",
                "ridge",
                "solution",
                "differences",
                "rate of the kernel",
                "weighted kernel",
                "row sums",
                "objective along v",
            ),
        ),
    ),
)

CATALOGUE = (GRADIENT, LINEAR)
