"""Correlations of the dataset space: projections, modes with multiplicities, singular vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations_with_replacement

import sympy
from sympy import Eq, ImmutableMatrix, MatrixSymbol, Symbol, Trace, sqrt, symbols

from ...datasets import CLASS_NAMES, sign_features, walsh_functions
from .. import symbolic
from .. import symbols as s
from . import notation as n
from .derivation import Derivation, Given, Line, Step
from .matrices import InAlgebra, Instance, OnMatrices

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
zeta, feature_in, copies_in = (
    MatrixSymbol(name, rows, 1) for name, rows in (("zeta", size), ("e_x", n.n_in), ("g_x", n.n_in))
)

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
    return [_dataset(bits, *signs) for bits in sizes for signs in _sign_choices(bits)]


def larger_datasets() -> Sequence[Instance]:
    """The same, and one with three bits: a shared, an input and an output sign feature."""
    return [*datasets(), _dataset(3, {0, 1}, {0, 2})]


def _sign_choices(bits: int) -> Iterator[tuple[set[int], set[int]]]:
    """Yield input and output bits: each bit is shared, an input, an output or neither, in this order."""
    for kinds in combinations_with_replacement(((1, 1), (1, 0), (0, 1), (0, 0)), bits):
        yield {i for i, kind in enumerate(kinds) if kind[0]}, {i for i, kind in enumerate(kinds) if kind[1]}


def _dataset(bits: int, bits_in: set[int], bits_out: set[int]) -> Instance:
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
            OnMatrices(larger_datasets, *PARTS),
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
            f"{name}, input-output correlation",
            Eq(G_x * G_y * p, s.N**2 * c.lam**2 * p, evaluate=False),
            "X'X Y'Y has the nonzero eigenvalues of N^2 Sigma_yx Sigma_yx', the squared singular values.",
            InAlgebra(PROJECTIONS, "X'X", "Y'Y"),
        ),
    )


PARTS = ("shared signs", "input signs", "output signs", "rest")
SPECTRUM = Derivation(
    name="spectrum",
    title="Correlations of the dataset space and their four classes of modes",
    source=f"{n.PAPER}, singular value decomposition of the dataset correlations (three of the four classes)",
    about=(
        "The items carry four orthogonal projections: onto the sign features that are inputs and outputs, only "
        "inputs, neither, or only outputs. Both Gram matrices are combinations of them, at any number of items."
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
            "Definition: what is orthogonal to all sign features.",
        ),
        Step(
            "orthogonal projections",
            Eq(
                _element(weights) * _element(others),
                _element([c * d for c, d in zip(weights, others, strict=True)]),
                evaluate=False,
            ),
            "For all coefficients: each squares to itself, and the product of two different ones vanishes.",
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
    ),
)


@cache
def modes() -> Sequence[Instance]:
    """Each mode of two bits with a shared and an output sign feature, or a shared and an input one."""
    return [
        _mode(_dataset(2, bits_in, bits_out), mask, mask_bit in bits_in, mask_bit in bits_out)
        for bits_in, bits_out in (({0, 1}, {0}), ({0}, {0, 1}))
        for mask, mask_bit in ((1, 0), (2, 1), (3, None))
    ]


def _mode(dataset: Instance, mask: int, is_input: bool, is_output: bool) -> Instance:
    items = int(dataset.values[s.N])
    values = (walsh_functions(2, [mask])[:, 0] * items**0.5).round().astype(int).tolist()
    column = sympy.Matrix(values) / sqrt(items)
    rows, copies = dataset.values[s.n_x], dataset.values[s.k_x]
    unit = sympy.zeros(rows, 1)
    if is_input:
        unit[(1, 2).index(mask)] = 1
    more = {
        zeta: column,
        feature_in: sympy.Matrix.vstack(unit, sympy.zeros(items * copies, 1)),
        copies_in: sympy.Matrix.vstack(sympy.zeros(rows, 1), *[column] * int(copies)),
    }
    numbers = {
        n.delta: sympy.Integer(is_input) + dataset.values[s.k_x] * s.r_x**2 / items,
        n.sigma: sympy.Integer(is_output) + dataset.values[s.k_y] * s.r_y**2 / items,
    }
    return Instance(
        f"{dataset.name}, mask {mask}",
        {**dataset.values, **{k: ImmutableMatrix(m) for k, m in more.items()}, **numbers, s_x: sympy.Integer(is_input)},
    )


s_x = Symbol("s_x", nonnegative=True)
X_z, Y_z = n.v, n.u
VECTORS = Derivation(
    name="singular-vectors",
    title="Singular vectors of the dataset correlations",
    source=f"{n.PAPER}, singular value decomposition of the dataset correlations",
    about="Every Walsh function of the items, sent through the inputs and the outputs, is a pair of singular vectors.",
    symbols={
        **SPACE,
        n.lam: "singular value of Sigma_yx",
        n.delta: "eigenvalue of Sigma_x",
        n.sigma: "eigenvalue of Sigma_y",
        s_x: "1 if the Walsh function is an input sign feature, else 0",
        X: "inputs, one column for each item",
        Y: "outputs",
        zeta: "Walsh function of the items, of length 1",
        feature_in: "unit vector of its sign feature among the inputs",
        copies_in: "the Walsh function in each identity block of the inputs",
        **n.VECTORS,
        **n.CORRELATIONS,
    },
    lines=(
        Given("Sigma_yx", Eq(n.Sigma_yx, Y * X.T / s.N, evaluate=False), "Definition."),
        Given("Sigma_x", Eq(n.Sigma_x, X * X.T / s.N, evaluate=False), "Definition."),
        Given(
            "items",
            Eq(X.T * X * zeta, s.N * n.delta * zeta, evaluate=False),
            "From the spectrum: an eigenvector of X'X.",
        ),
        Given(
            "outputs",
            Eq(Y.T * Y * zeta, s.N * n.sigma * zeta, evaluate=False),
            "From the spectrum: an eigenvector of Y'Y.",
        ),
        Given("singular value", Eq(n.lam, sqrt(n.delta * n.sigma)), "From the spectrum."),
        Given("v", Eq(n.v, X * zeta / sqrt(s.N * n.delta), evaluate=False), "Definition."),
        Given("u", Eq(n.u, Y * zeta / sqrt(s.N * n.sigma), evaluate=False), "Definition."),
        Step(
            "length of v", Eq(Trace(n.v.T * n.v), 1, evaluate=False), "v has length 1.", OnMatrices(modes, "v", "items")
        ),
        Step(
            "length of u",
            Eq(Trace(n.u.T * n.u), 1, evaluate=False),
            "u has length 1.",
            OnMatrices(modes, "u", "outputs"),
        ),
        Step(
            "forwards",
            Eq(n.Sigma_yx * n.v, n.lam * n.u, evaluate=False),
            "Sigma_yx takes v to u.",
            OnMatrices(modes, "Sigma_yx", "singular value", "v", "u"),
        ),
        Step(
            "backwards",
            Eq(n.Sigma_yx.T * n.u, n.lam * n.v, evaluate=False),
            "Its transpose takes u to v.",
            OnMatrices(modes, "Sigma_yx", "singular value", "v", "u"),
        ),
        Step(
            "input correlation",
            Eq(n.Sigma_x * n.v, n.delta * n.v, evaluate=False),
            "v is an eigenvector of Sigma_x.",
            OnMatrices(modes, "Sigma_x", "v"),
        ),
        Given("share", Eq(n.delta, s_x + s.k_x * s.r_x**2 / s.N), "From the spectrum."),
        Step(
            "explicit",
            Eq(
                n.v,
                (sqrt(s.N) * s_x * feature_in + s.r_x * copies_in) / sqrt(s.N * s_x + s.k_x * s.r_x**2),
                evaluate=False,
            ),
            "A part along the sign feature and a part in each identity block; u likewise.",
            OnMatrices(modes, "v", "share"),
        ),
    ),
)

CATALOGUE = (SPECTRUM, VECTORS)
