"""Mean error on held-out items over all training sets of one item, and of all but two."""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import (
    Eq,
    Function,
    HadamardProduct,
    ImmutableMatrix,
    Inverse,
    MatrixSymbol,
    Sum,
    Symbol,
    Trace,
    binomial,
    symbols,
)

from ....datasets import sign_features
from ..derivation import Derivation
from ..steps.checks import Algebra
from ..steps.lines import Given, Step
from ..steps.matrices import Instance, OnMatrices
from .generalisation import SOURCE, C, identity, n_x, rho

trained, held, error = (MatrixSymbol(name, n_x, 1) for name in ("omega_S", "omega", "e"))
all_items, all_held = MatrixSymbol("Omega", n_x, Symbol("N", integer=True)), MatrixSymbol("Omega_H", n_x, n_x)
all_errors = MatrixSymbol("E_H", n_x, n_x)
N, n_y, mean, squares, mean_square, square, total = symbols("N n_y E Q m_2 e_2 T", positive=True)
q = Symbol("q", real=True)
FEATURES = {
    rho: "k_x r^2, squared length of an item in the identity inputs",
    identity: "identity matrix",
    n_x: "number of sign features among the inputs",
    n_y: "number of sign features among the outputs, all of them inputs too",
    N: "number of all items, 2^n for n sign features",
    mean: "expected squared error on a held-out item",
}


def single_items() -> Sequence[Instance]:
    """Training on one item of all sign patterns of two or three features, with an item at each distance held out."""
    return [_split(bits, 2**distance - 1) for bits in (2, 3) for distance in range(1, bits + 1)]


def _split(bits: int, item: int) -> Instance:
    signs = _signs(bits)
    values = {
        trained: signs[:, 0],
        held: signs[:, item],
        all_items: signs,
        all_held: signs[:, 1:],
        identity: sympy.eye(bits),
    }
    matrices = {key: ImmutableMatrix(value) for key, value in values.items()}
    numbers = {n_x: sympy.Integer(bits), N: sympy.Integer(2**bits)}
    return Instance(f"{bits} features, trained on item 0, item {item} held out", matrices | numbers)


def _signs(bits: int) -> sympy.Matrix:
    return sympy.Matrix(sign_features(bits, tuple(range(bits))).astype(int).tolist())


ONE_TRAINED = Derivation(
    name="held-out-one-trained",
    title="Mean held-out error after training on one item",
    source=SOURCE,
    about="The overlaps have rank one, and the sum of the squared overlaps of an item with all others is known.",
    symbols={
        **FEATURES,
        trained: "sign features of the training item",
        held: "sign features of one held-out item",
        all_items: "sign features of all items, one column for each",
        all_held: "sign features of all held-out items",
        C: "overlaps of the sign features over the training items",
        error: "error on the held-out item",
        all_errors: "errors on all held-out items",
        q: "overlap of the held-out with the training item",
        square: "squared error on the held-out item, of all sign features",
        squares: "sum of the squared overlaps of the training item with all others",
        mean_square: "their mean",
        total: "sum of the squared errors on all held-out items, of all sign features",
    },
    lines=(
        Given("overlaps", Eq(C, trained * trained.T, evaluate=False), "One training item."),
        Given("error", Eq(error, rho * Inverse(C + rho * identity) * held, evaluate=False), "From the held-out error."),
        Given("overlap", Eq(q, Trace(trained.T * held)), "Definition."),
        Step(
            "error on an item",
            Eq(error, held - q / (n_x + rho) * trained, evaluate=False),
            "The inverse of a rank-one change; an item overlaps with itself by n_x.",
            OnMatrices(single_items, "overlaps", "error", "overlap"),
        ),
        Given("square", Eq(square, Trace(error.T * error)), "Definition."),
        Step(
            "squared error",
            Eq(square, n_x - 2 * q**2 / (n_x + rho) + n_x * q**2 / (n_x + rho) ** 2),
            "Expand the square: it depends only on the squared overlap.",
            OnMatrices(single_items, "overlaps", "error", "overlap", "square"),
        ),
        Given(
            "all errors",
            Eq(all_errors, rho * Inverse(C + rho * identity) * all_held, evaluate=False),
            "The same for all held-out items.",
        ),
        Step(
            "errors on all items",
            Eq(all_errors, all_held - trained * trained.T * all_held / (n_x + rho), evaluate=False),
            "Likewise.",
            OnMatrices(single_items, "overlaps", "all errors"),
        ),
        Step(
            "equal shares",
            Eq(
                HadamardProduct(identity, all_errors * all_errors.T),
                Trace(all_errors * all_errors.T) / n_x * identity,
                evaluate=False,
            ),
            "Every sign feature has the same sum of squared errors over the held-out items.",
            OnMatrices(single_items, "overlaps", "all errors"),
        ),
        Given(
            "sum of squares",
            Eq(squares, Trace(trained.T * all_items * all_items.T * trained) - n_x**2),
            "Take the sum over all items and subtract the item itself.",
        ),
        Step(
            "sum over the others",
            Eq(squares, n_x * (N - n_x)),
            "Over all items the sign features are orthogonal, of squared length N.",
            OnMatrices(single_items, "sum of squares"),
        ),
        Given("mean square", Eq(mean_square, squares / (N - 1)), "Definition."),
        Given("total", Eq(total, Trace(all_errors * all_errors.T)), "Definition."),
        Step(
            "total error",
            Eq(total, (N - 1) * (n_x - 2 * mean_square / (n_x + rho) + n_x * mean_square / (n_x + rho) ** 2)),
            "The squared error is linear in the squared overlap, so each squared overlap can be replaced by the mean.",
            OnMatrices(single_items, "overlaps", "all errors", "total", "sum of squares", "mean square"),
        ),
        Given(
            "mean error",
            Eq(mean, n_y / n_x * total / (N - 1)),
            "All sign features have equal shares of the error, n_y of them are wanted, and the N - 1 other items are "
            "held out.",
        ),
        Step(
            "one item trained",
            Eq(
                mean,
                n_y * (1 - 2 * (N - n_x) / ((N - 1) * (n_x + rho)) + n_x * (N - n_x) / ((N - 1) * (n_x + rho) ** 2)),
            ),
            "Put the mean in.",
            Algebra("mean error", "total error", "mean square", "sum over the others"),
        ),
    ),
)

two = Symbol("n_H", integer=True, positive=True)
pair, small, first, other = (
    MatrixSymbol("Omega_H", n_x, two),
    MatrixSymbol("I_H", two, two),
    MatrixSymbol("u_1", two, 1),
    MatrixSymbol("omega_2", n_x, 1),
)
d = Symbol("d", integer=True, positive=True)
overlap, pair_error = Function("q", real=True), Function("e_2", positive=True)
margin = Symbol("R", positive=True)


def pairs() -> Sequence[Instance]:
    """Two items of all sign patterns of two or three features are held out, at each distance."""
    return [_pair(bits, distance) for bits in (2, 3) for distance in range(1, bits + 1)]


def _pair(bits: int, distance: int) -> Instance:
    signs = _signs(bits)
    chosen = signs[:, [0, 2**distance - 1]]
    values = {
        pair: chosen,
        held: chosen[:, 0],
        other: chosen[:, 1],
        small: sympy.eye(2),
        first: sympy.Matrix([1, 0]),
    }
    matrices = {key: ImmutableMatrix(value) for key, value in values.items()}
    numbers = {n_x: sympy.Integer(bits), N: sympy.Integer(2**bits), d: sympy.Integer(distance)}
    return Instance(f"{bits} features, two items that differ in {distance} held out", matrices | numbers)


TWO_HELD = Derivation(
    name="held-out-two-held",
    title="Mean held-out error with two items held out",
    source=SOURCE,
    about="The inverse of a two by two matrix of the held-out items is needed; it depends on their distance.",
    symbols={
        **FEATURES,
        pair: "sign features of the two held-out items",
        held: "sign features of the first held-out item",
        other: "sign features of the second held-out item",
        small: "identity matrix",
        first: "unit vector that picks the first",
        error: "error on the first",
        d: "number of sign features in which the two items differ",
        overlap: "their overlap",
        margin: "N + rho - n_x",
        pair_error: "squared error on the first, of all sign features",
    },
    where=(n_x < N,),
    lines=(
        Given(
            "error",
            Eq(error, rho * pair * Inverse((N + rho) * small - pair.T * pair) * first, evaluate=False),
            "From the held-out error, in terms of the held-out items.",
        ),
        Given("overlap", Eq(overlap(d), Trace(held.T * other)), "Definition."),
        Step(
            "overlap at a distance",
            Eq(overlap(d), n_x - 2 * d),
            "Each feature that agrees adds 1, and each that differs subtracts 1.",
            OnMatrices(pairs, "overlap"),
        ),
        Given("margin", Eq(margin, N + rho - n_x), "Abbreviation."),
        Step(
            "error on the first item",
            Eq(error, rho / (margin**2 - overlap(d) ** 2) * (margin * held + overlap(d) * other), evaluate=False),
            "The inverse of a two by two matrix with R on the diagonal and -q off it.",
            OnMatrices(pairs, "error", "overlap", "margin"),
        ),
        Given("square", Eq(pair_error(d), Trace(error.T * error)), "Definition."),
        Step(
            "squared error",
            Eq(
                pair_error(d),
                rho**2
                * (n_x * margin**2 + n_x * overlap(d) ** 2 + 2 * margin * overlap(d) ** 2)
                / (margin**2 - overlap(d) ** 2) ** 2,
            ),
            "Expand the square; each item overlaps with itself by n_x.",
            OnMatrices(pairs, "error", "overlap", "margin", "square"),
        ),
        Given(
            "mean error",
            Eq(mean, n_y / n_x * Sum(binomial(n_x, d) * pair_error(d), (d, 1, n_x)) / (N - 1)),
            (
                "The number of partners that differ from an item in d features is the number of choices of d "
                "features, out of N - 1 partners. All features are equivalent, so the n_y wanted ones have equal "
                "shares."
            ),
        ),
        Step(
            "two items held out",
            Eq(
                mean,
                n_y
                * rho**2
                / (N - 1)
                * Sum(
                    binomial(n_x, d)
                    * (margin**2 + (n_x - 2 * d) ** 2 + 2 * margin * (n_x - 2 * d) ** 2 / n_x)
                    / (margin**2 - (n_x - 2 * d) ** 2) ** 2,
                    (d, 1, n_x),
                ),
            ),
            "Put error and overlap in.",
            Algebra("mean error", "squared error", "overlap at a distance"),
        ),
    ),
)

CATALOGUE = (ONE_TRAINED, TWO_HELD)
