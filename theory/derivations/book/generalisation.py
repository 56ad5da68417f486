"""Held-out items of the shallow network and of the small-start limit: error and when it is zero."""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import (
    Derivative,
    Eq,
    Function,
    ImmutableMatrix,
    Inverse,
    Limit,
    MatrixSymbol,
    Symbol,
    Trace,
    exp,
    oo,
    symbols,
)

from ...symbolic import symbols as s
from ..derivation import Derivation
from ..steps.checks import Algebra, AsLimit, Solves
from ..steps.lines import Given, Rejected, Step
from ..steps.matrices import Instance, OnMatrices
from . import notation as n
from .notation import t

j, n_x = symbols("j n_x", integer=True, positive=True)
Omega, held = MatrixSymbol("Omega_S", n_x, j), MatrixSymbol("omega", n_x, 1)
C, identity = MatrixSymbol("C", n_x, n_x), MatrixSymbol("I_n", n_x, n_x)
small = MatrixSymbol("I_j", j, j)
others = MatrixSymbol("Omega_H", n_x, j)
rho = Symbol("rho", positive=True)
residual, solution = MatrixSymbol("e", n_x, 1), MatrixSymbol("W", n_x, n_x)
SIGNS = sympy.Matrix([[1, -1, 1, -1, 1, -1, 1, -1], [1, 1, -1, -1, 1, 1, -1, -1], [1, 1, 1, 1, -1, -1, -1, -1]])
SOURCE = f"after {n.PAPER}, generalisation; minimum-norm solution of a least-squares problem"


def subsets() -> Sequence[Instance]:
    """Training sets of three sign features, of full and of lower rank, each with one item held out."""
    return [_subset(columns, item) for columns, item in (((0, 1, 2), 7), ((0, 1), 4), ((0, 3, 5, 6, 7), 2))]


def _subset(columns: tuple[int, ...], item: int) -> Instance:
    outside = [column for column in range(8) if column not in columns]
    values = {
        Omega: SIGNS[:, list(columns)],
        others: SIGNS[:, outside],
        held: SIGNS[:, item],
        identity: sympy.eye(3),
        small: sympy.eye(len(columns)),
        hold_identity: sympy.eye(len(outside)),
    }
    matrices = {key: ImmutableMatrix(value) for key, value in values.items()}
    return Instance(f"trained on items {columns}, item {item} held out", {**matrices, s.N: sympy.Integer(8)})


q = Symbol("q", integer=True, positive=True)
hold_identity, held_error = MatrixSymbol("I_q", q, q), MatrixSymbol("E_H", n_x, q)
HELD_OUT = Derivation(
    name="held-out",
    title="Error on held-out items: the identity blocks act as a ridge",
    source=SOURCE,
    about=(
        "A held-out item shares no identity feature with the training items, so its output depends only on the sign "
        "inputs. The identity blocks add rho = k_x r^2 to the overlap of each training item with itself."
    ),
    symbols={
        rho: "k_x r^2, squared length of an item in the identity inputs",
        Omega: "sign features of the training items, one column for each",
        others: "sign features of the items that are held out",
        held: "sign features of one held-out item",
        C: "overlaps of the sign features over the training items",
        identity: "identity matrix",
        small: "identity matrix",
        hold_identity: "identity matrix",
        solution: "minimum-norm map from sign inputs to sign outputs",
        residual: "error on the held-out item",
        held_error: "errors on all held-out items",
        s.N: "number of all items",
    },
    lines=(
        Given("overlaps", Eq(C, Omega * Omega.T, evaluate=False), "Definition."),
        Given(
            "minimum norm",
            Eq(solution, Omega * Inverse(Omega.T * Omega + rho * small) * Omega.T, evaluate=False),
            "Least squares through the overlaps of the training items, Omega' Omega + rho.",
        ),
        Step(
            "ridge",
            Eq(solution, C * Inverse(C + rho * identity), evaluate=False),
            "Move the inverse from the left to the right.",
            OnMatrices(subsets, "overlaps", "minimum norm"),
        ),
        Given("error", Eq(residual, held - solution * held, evaluate=False), "Target minus prediction."),
        Step(
            "error on an item",
            Eq(residual, rho * Inverse(C + rho * identity) * held, evaluate=False),
            "The ridge leaves this part unlearned.",
            OnMatrices(subsets, "overlaps", "minimum norm", "error"),
        ),
        Given(
            "all errors", Eq(held_error, others - solution * others, evaluate=False), "The same for all held-out items."
        ),
        Step(
            "all signs",
            Eq(C + others * others.T, s.N * identity, evaluate=False),
            "Over all items the sign features are orthogonal.",
            OnMatrices(subsets, "overlaps"),
        ),
        Step(
            "error on the held-out items",
            Eq(held_error, rho * others * Inverse((s.N + rho) * hold_identity - others.T * others), evaluate=False),
            "Only the held-out items remain in the formula.",
            OnMatrices(subsets, "overlaps", "minimum norm", "all errors", "all signs"),
        ),
    ),
)

y_error, learned, M, eigenvalue = Function("e"), Function("w"), Symbol("M", positive=True), Symbol("c", positive=True)
start = Symbol("omega_0", positive=True)
selected, one_out, sign_count, square = symbols("n_y E_1 n_x Q", positive=True)
COURSE = Derivation(
    name="held-out-course",
    title="Error on held-out items over time, and with one item held out",
    source=SOURCE,
    about=(
        "The map of the sign features relaxes at the rate (c + rho)/M along an eigenvector of the overlaps with "
        "eigenvalue c."
    ),
    symbols={
        t: "time in units of tau",
        rho: "k_x r^2, squared length of an item in the identity inputs",
        eigenvalue: "eigenvalue of the overlaps C",
        M: "number by which the loss is divided",
        y_error: "error along the eigenvector, for a held-out item",
        learned: "map along the eigenvector",
        start: "component of the held-out item",
        s.N: "number of all items",
        sign_count: "number of sign features among the inputs",
        selected: "number of sign features among the outputs",
        square: "overlap of the held-out item with itself",
        one_out: "expected squared error with one item held out",
    },
    lines=(
        Given(
            "motion",
            Eq(Derivative(learned(t), t), (eigenvalue - (eigenvalue + rho) * learned(t)) / M),
            "Shallow flow: correlation c/M, input correlation (c + rho)/M.",
        ),
        Given("start", Eq(learned(0), 0), "From zero."),
        Step(
            "map",
            Eq(learned(t), eigenvalue / (eigenvalue + rho) * (1 - exp(-(eigenvalue + rho) * t / M))),
            "Solved by substitution.",
            Solves("motion", "start"),
        ),
        Given("error", Eq(y_error(t), (1 - learned(t)) * start), "Target minus prediction."),
        Step(
            "error over time",
            Eq(y_error(t), start * (rho + eigenvalue * exp(-(eigenvalue + rho) * t / M)) / (eigenvalue + rho)),
            "Put the map in.",
            Algebra("error", "map"),
        ),
        Step(
            "final error",
            Eq(Limit(y_error(t), t, oo), start * rho / (eigenvalue + rho)),
            "The error does not vanish for rho > 0.",
            AsLimit("error over time"),
        ),
        Step(
            "untrained directions",
            Eq(Limit(y_error(t), eigenvalue, 0), start),
            "The error is constant along directions without training items.",
            AsLimit("error over time"),
        ),
        Step(
            "without identity blocks",
            Eq(Limit(y_error(t), rho, 0), start * exp(-eigenvalue * t / M)),
            "The error vanishes at a rate given by the eigenvalue.",
            AsLimit("error over time"),
        ),
        Given("one item", Eq(square, sign_count), "A single held-out item overlaps with itself by n_x."),
        Given(
            "its error",
            Eq(one_out, selected * (rho / (s.N + rho - square)) ** 2),
            "By the held-out form, every selected sign has the same relative error.",
        ),
        Step(
            "one item held out",
            Eq(one_out, selected * rho**2 / (s.N + rho - sign_count) ** 2),
            "The error is the same for every item.",
            Algebra("its error", "one item"),
        ),
    ),
)

pseudo, unit, rank = MatrixSymbol("R", n_x, n_x), MatrixSymbol("e_1", n_x, 1), Symbol("rank", nonnegative=True)


def deficient() -> Sequence[Instance]:
    """Three sign features, training items of rank two, each other item held out, and the first feature."""
    omega = SIGNS[:, [0, 1]]
    values = {
        Omega: ImmutableMatrix(omega),
        identity: ImmutableMatrix(sympy.eye(3)),
        unit: ImmutableMatrix([1, 0, 0]),
        projection: _range(omega),
        n_x: sympy.Integer(3),
    }
    return [
        Instance(f"trained on items 0 and 1, item {item} held out", {**values, held: ImmutableMatrix(SIGNS[:, item])})
        for item in range(2, 8)
    ]


def _range(omega: sympy.Matrix) -> ImmutableMatrix:
    basis = sympy.Matrix.hstack(*omega.columnspace())
    return ImmutableMatrix(basis * (basis.T * basis).inv() * basis.T)


projection = MatrixSymbol("P", n_x, n_x)
CONDITION = Derivation(
    name="zero-error",
    title="When the held-out error of a wanted feature is zero",
    source=SOURCE,
    about=(
        "Without identity inputs the error is the part of the target that the training items do not span. It is zero "
        "for a wanted feature if the span contains its unit vector. Training items of full rank are sufficient for "
        "this, but not necessary."
    ),
    symbols={
        Omega: "sign features of the training items, one column for each",
        projection: "projection onto their span",
        identity: "identity matrix",
        unit: "unit vector of the wanted feature",
        held: "sign features of one held-out item",
        n_x: "number of sign features among the inputs",
    },
    lines=(
        Given(
            "span",
            Eq(projection * Omega, Omega, evaluate=False),
            "P leaves every vector in the span of the training items unchanged.",
        ),
        Rejected(
            "full rank",
            Eq(Trace(projection), n_x, evaluate=False),
            "Full rank is not necessary: here the rank is smaller, and the error is zero.",
            OnMatrices(deficient, "span"),
        ),
        Step(
            "in the span",
            Eq(projection * unit, unit, evaluate=False),
            "The wanted unit vector is half the difference of the two items, so it lies in the span.",
            OnMatrices(deficient, "span"),
        ),
        Step(
            "zero error",
            Eq(Trace(unit.T * projection * held), Trace(unit.T * held), evaluate=False),
            "The minimum-norm map is P; its row for the wanted output predicts every held-out item exactly.",
            OnMatrices(deficient, "in the span"),
        ),
    ),
)

CATALOGUE = (HELD_OUT, COURSE, CONDITION)
