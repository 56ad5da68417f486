"""Correlations of the dataset space: projections, modes with multiplicities, singular vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement

import sympy
from sympy import Eq, ImmutableMatrix, MatrixSymbol, Symbol, Trace, symbols

from ....datasets import CLASS_NAMES, sign_features
from ...symbolic import modes as symbolic
from ...symbolic import symbols as s
from ..derivation import Derivation
from ..steps.lines import Given, Line, Step
from ..steps.matrices import InAlgebra, Instance, OnMatrices, TraceInAlgebra
from . import notation as n

size = Symbol("N", integer=True, positive=True)
signs_in, signs_both, signs_out = symbols("n_x n_s n_y", integer=True, positive=True)
X, Y = MatrixSymbol("X", n.n_in, size), MatrixSymbol("Y", n.n_out, size)
S, A, B = (
    MatrixSymbol(f"Omega_{name}", rows, size)
    for name, rows in zip("sab", (signs_both, signs_in, signs_out), strict=True)
)
PROJECTIONS = tuple(MatrixSymbol(f"P_{i}", size, size) for i in (1, 2, 3, 4))
P1, P2, P3, P4 = PROJECTIONS
G_x, G_y = (MatrixSymbol(f"G_{side}", size, size) for side in "xy")
identity = MatrixSymbol("I_N", size, size)
weights, others = symbols("c_1:5", real=True), symbols("d_1:5", real=True)

GENERAL = {"n_shared": s.n_shared, "r_x": s.r_x, "r_y": s.r_y}
CLASSES = symbolic.spectrum(**GENERAL)
C_X, C_Y = s.k_x * s.r_x**2, s.k_y * s.r_y**2
SPACE = {
    s.N: "number of items",
    s.k_x: "number of identity blocks among the inputs",
    s.k_y: "number of identity blocks among the outputs",
    s.r_x: "scale of the identity blocks among the inputs",
    s.r_y: "scale of the identity blocks among the outputs",
}
COUNTS = {
    s.n_x: "number of sign features among the inputs",
    s.n_y: "number of sign features among the outputs",
    s.n_shared: "number of sign features that are both",
}


def datasets(sizes: tuple[int, ...] = (1, 2)) -> Sequence[Instance]:
    """Every choice of sign features among one or two bits (up to their names), with one or two identity blocks."""
    return [space_instance(bits, *signs) for bits in sizes for signs in _sign_choices(bits)]


def larger_datasets() -> Sequence[Instance]:
    """The same choices, and one with three bits: a shared, an input and an output sign feature."""
    return [*datasets(), space_instance(3, {0, 1}, {0, 2})]


def _sign_choices(bits: int) -> Iterator[tuple[set[int], set[int]]]:
    """Yield input and output bits: each bit is shared, an input, an output or neither, in this order."""
    for kinds in combinations_with_replacement(((1, 1), (1, 0), (0, 1), (0, 0)), bits):
        yield {i for i, kind in enumerate(kinds) if kind[0]}, {i for i, kind in enumerate(kinds) if kind[1]}


def space_instance(bits: int, bits_in: set[int], bits_out: set[int]) -> Instance:
    """Concrete matrices of one dataset, with two identity blocks among the inputs and one among the outputs."""
    items, k_x, k_y = 2**bits, 2, 1
    one = sympy.eye(items)

    def signs(chosen: set[int]) -> sympy.Matrix:
        rows = sign_features(bits, tuple(sorted(chosen))).astype(int).tolist()
        return sympy.Matrix(len(chosen), items, [entry for row in rows for entry in row])

    values = {
        S: signs(bits_in & bits_out),
        A: signs(bits_in - bits_out),
        B: signs(bits_out - bits_in),
        X: sympy.Matrix.vstack(signs(bits_in), *[s.r_x * one] * k_x),
        Y: sympy.Matrix.vstack(signs(bits_out), *[s.r_y * one] * k_y),
        identity: one,
    }
    numbers = {
        s.N: items,
        s.k_x: k_x,
        s.k_y: k_y,
        s.n_x: len(bits_in),
        s.n_y: len(bits_out),
        s.n_shared: len(bits_in & bits_out),
    }
    name = f"{bits} bits, inputs {sorted(bits_in)}, outputs {sorted(bits_out)}"
    return Instance(
        name, {k: ImmutableMatrix(m) for k, m in values.items()} | {k: sympy.Integer(v) for k, v in numbers.items()}
    )


def _gram(kind: int, copies: sympy.Expr) -> sympy.Expr:
    """X'X or Y'Y as a combination of the projections."""
    return _element([signs[kind] * s.N + copies for signs in symbolic.SIGN_FEATURES])


def _element(coefficients: Sequence[sympy.Expr]) -> sympy.Expr:
    """Combination of the projections."""
    return sum((c * p for c, p in zip(coefficients, PROJECTIONS, strict=True)), sympy.ZeroMatrix(size, size))


def _class_steps(number: int) -> tuple[Line, ...]:
    c, p, name = CLASSES[CLASS_NAMES[number]], PROJECTIONS[number], CLASS_NAMES[number].replace("_", " ")
    return (
        Step(
            f"{name}, multiplicity",
            Eq(Trace(p), c.count, evaluate=False),
            "The rank of a projection is its trace.",
            OnMatrices(larger_datasets, *PARTS_OF[number]),
        ),
        Step(
            f"{name}, input correlation",
            Eq(G_x * p, s.N * c.delta * p, evaluate=False),
            "The eigenvalue of X'X on this projection is N delta.",
            InAlgebra(PROJECTIONS, "X'X"),
        ),
        Step(
            f"{name}, output correlation",
            Eq(G_y * p, s.N * c.sigma * p, evaluate=False),
            "The eigenvalue of Y'Y on this projection is N sigma.",
            InAlgebra(PROJECTIONS, "Y'Y"),
        ),
        Step(
            f"{name}, final strength",
            Eq(c.pi_star**2 * G_x * p, G_y * p, evaluate=False),
            "The error vanishes at the strength lambda/delta, which is the ratio of the lengths.",
            InAlgebra(PROJECTIONS, "X'X", "Y'Y"),
        ),
        Step(
            f"{name}, input-output correlation",
            Eq(G_x * G_y * p, s.N**2 * c.lam**2 * p, evaluate=False),
            "X'X Y'Y has the nonzero eigenvalues of N^2 Sigma_yx Sigma_yx', the squared singular values.",
            InAlgebra(PROJECTIONS, "X'X", "Y'Y"),
        ),
    )


PARTS = ("shared signs", "input signs", "output signs", "rest")
PARTS_OF = (PARTS[:1], PARTS[1:2], PARTS, PARTS[2:3])
SPECTRUM = Derivation(
    name="spectrum",
    title="Correlations of the dataset space and their four classes of modes",
    source=f"{n.PAPER}, singular value decomposition of the dataset correlations (three of the four classes)",
    about=(
        "Four orthogonal projections act on the items: onto the sign features that are inputs and outputs, only "
        "inputs, only outputs, and onto the rest. Both Gram matrices are linear combinations of them, for any number "
        "of items."
    ),
    symbols={
        **SPACE,
        **COUNTS,
        X: "inputs, one column for each item",
        Y: "outputs",
        S: "sign features that are inputs and outputs",
        A: "sign features that are inputs only",
        B: "sign features that are outputs only",
        **dict.fromkeys(PROJECTIONS, "projection of the items onto a class of modes"),
        identity: "identity matrix",
        G_x: "overlaps of the items' inputs",
        G_y: "overlaps of the items' outputs",
        **dict.fromkeys((*weights, *others), "any coefficient"),
    },
    lines=(
        Given(
            "shared signs",
            Eq(P1, S.T * S / s.N, evaluate=False),
            "Definition; sign features are orthogonal and of squared length N.",
        ),
        Given("input signs", Eq(P2, A.T * A / s.N, evaluate=False), "Definition."),
        Given("output signs", Eq(P4, B.T * B / s.N, evaluate=False), "Definition."),
        Given(
            "rest",
            Eq(P3, identity - P1 - P2 - P4, evaluate=False),
            "Definition: the projection on all that is orthogonal to the sign features.",
        ),
        Step(
            "orthogonal projections",
            Eq(
                _element(weights) * _element(others),
                _element([c * d for c, d in zip(weights, others, strict=True)]),
                evaluate=False,
            ),
            "For all coefficients, since each projection is its own square and products of different projections "
            "vanish.",
            OnMatrices(larger_datasets, *PARTS),
        ),
        Given("inputs", Eq(G_x, X.T * X, evaluate=False), "Definition: overlaps of the items' inputs."),
        Given("outputs", Eq(G_y, Y.T * Y, evaluate=False), "Definition: overlaps of the items' outputs."),
        Step(
            "X'X",
            Eq(G_x, _gram(0, C_X), evaluate=False),
            "Sign features add N times their projections, each identity block adds r^2 times the identity.",
            OnMatrices(datasets, "inputs", *PARTS),
        ),
        Step(
            "Y'Y",
            Eq(G_y, _gram(1, C_Y), evaluate=False),
            "The same for the outputs.",
            OnMatrices(datasets, "outputs", *PARTS),
        ),
        *(line for number in range(4) for line in _class_steps(number)),
        Step(
            "all modes",
            Eq(Trace(P1 + P2 + P3 + P4), s.N, evaluate=False),
            "The multiplicities add up to the number of items.",
            TraceInAlgebra(PROJECTIONS, *(f"{name.replace('_', ' ')}, multiplicity" for name in CLASS_NAMES)),
        ),
    ),
)

CATALOGUE = (SPECTRUM,)
