"""Singular vectors of the dataset correlations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import sympy
from sympy import Eq, ImmutableMatrix, MatrixSymbol, Symbol, Trace, sqrt

from ....datasets import walsh_functions
from ...symbolic import symbols as s
from ..derivation import Derivation
from ..steps.lines import Given, Step
from ..steps.matrices import Instance, OnMatrices
from . import notation as n
from .spectrum import SPACE, X, Y, size, space_instance

zeta, feature_in, copies_in = (
    MatrixSymbol(name, rows, 1) for name, rows in (("zeta", size), ("e_x", n.n_in), ("g_x", n.n_in))
)
s_x = Symbol("s_x", nonnegative=True)


@cache
def modes() -> Sequence[Instance]:
    """Each mode of two bits: one sign feature is shared, and the other is an input or an output."""
    return [
        _mode(space_instance(2, bits_in, bits_out), mask, mask_bit in bits_in, mask_bit in bits_out)
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


VECTORS = Derivation(
    name="singular-vectors",
    title="Singular vectors of the dataset correlations",
    source=f"{n.PAPER}, singular value decomposition of the dataset correlations",
    about="The inputs and the outputs map every Walsh function of the items to a pair of singular vectors.",
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
            "Sigma_yx maps v to a multiple of u.",
            OnMatrices(modes, "Sigma_yx", "singular value", "v", "u"),
        ),
        Step(
            "backwards",
            Eq(n.Sigma_yx.T * n.u, n.lam * n.v, evaluate=False),
            "Its transpose maps u to a multiple of v.",
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
            "v and u each have a part along the sign feature and a part in each identity block.",
            OnMatrices(modes, "v", "share"),
        ),
    ),
)

CATALOGUE = (VECTORS,)
