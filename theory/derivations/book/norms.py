"""Block norms, loss and systematicity of maps that are diagonal in the modes."""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import Eq, Expr, Limit, MatrixSymbol, Symbol, Trace, oo

from ....datasets import CLASS_NAMES
from ...symbolic import modes as symbolic
from ...symbolic import symbols as s
from ..derivation import Derivation
from ..steps.checks import Algebra, AsLimit
from ..steps.lines import Given, Line, Rejected, Step
from ..steps.matrices import TraceInAlgebra
from . import notation as n
from .spectrum import C_X, C_Y, CLASSES, COUNTS, GENERAL, PROJECTIONS, SPACE, size

BLOCKS = {
    ("omega_x", "omega_y"): ("signs to signs", "G_Omega_x", "G_Omega_y"),
    ("gamma_x", "omega_y"): ("identities to signs", "G_Gamma_x", "G_Omega_y"),
    ("omega_x", "gamma_y"): ("signs to identities", "G_Omega_x", "G_Gamma_y"),
    ("gamma_x", "gamma_y"): ("identities to identities", "G_Gamma_x", "G_Gamma_y"),
}
NORMS = {block: Symbol(f"n_{block[0][0]}{block[1][0]}", nonnegative=True) for block in BLOCKS}
grams = {name: MatrixSymbol(name, size, size) for name in ("G_Omega_x", "G_Gamma_x", "G_Omega_y", "G_Gamma_y")}
M, G_x, G_y = (MatrixSymbol(name, size, size) for name in ("M", "G_x", "G_y"))
ratio, features, loss = (
    Symbol("S", nonnegative=True),
    Symbol("n", integer=True, positive=True),
    Symbol("L", nonnegative=True),
)
sign_part, copy_part = Symbol("f", positive=True), Symbol("g", positive=True)
RANKS = tuple(f"rank {number}" for number in (1, 2, 3, 4))


def _element(coefficients: Sequence[Expr]) -> Expr:
    return sum((c * p for c, p in zip(coefficients, PROJECTIONS, strict=True)), sympy.ZeroMatrix(size, size))


def _gram(name: str) -> Expr:
    kind, copies = (0, C_X) if name.endswith("x") else (1, C_Y)
    has_signs, has_copies = int("Gamma" not in name), int("Omega" not in name)
    return _element([has_signs * signs[kind] * s.N + has_copies * copies for signs in symbolic.SIGN_FEATURES])


SPECTRAL: tuple[Line, ...] = (
    *(
        Given(rank, Eq(Trace(p), CLASSES[name].count, evaluate=False), "Multiplicity, from the spectrum.")
        for rank, p, name in zip(RANKS, PROJECTIONS, CLASS_NAMES, strict=True)
    ),
    Given(
        "map",
        Eq(
            M,
            _element([pi / (s.N * CLASSES[name].lam) for pi, name in zip(s.class_strengths, CLASS_NAMES, strict=True)]),
            evaluate=False,
        ),
        "The map is Y M X': strength pi_c between singular vectors Y z / y_c and X z / x_c, with x_c y_c = N lambda_c.",
    ),
)
SYMBOLS = {
    **SPACE,
    **COUNTS,
    **dict(
        zip(
            s.class_strengths,
            (f"effective singular value of the modes {name.replace('_', ' ')}" for name in CLASS_NAMES),
            strict=True,
        )
    ),
    **dict.fromkeys(PROJECTIONS, "projection of the items onto a class of modes"),
    M: "the map from inputs to outputs is Y M X'",
}

BLOCK_NORMS = Derivation(
    name="block-norms",
    title="Frobenius norms of the blocks of the input-output map",
    source=f"{n.PAPER}, Frobenius norms (three of the four classes)",
    about=(
        "Squared norms are traces in the algebra of the four projections, so the formulas hold for any number of items."
    ),
    symbols={
        **SYMBOLS,
        **{gram: f"overlaps of the items in one block of features, {name}" for name, gram in grams.items()},
        **{symbol: f"squared norm of the block {BLOCKS[block][0]}" for block, symbol in NORMS.items()},
        ratio: "systematicity ratio",
    },
    lines=(
        *SPECTRAL,
        *(
            Given(name, Eq(gram, _gram(name), evaluate=False), "From the spectrum, for one block of features.")
            for name, gram in grams.items()
        ),
        *(
            line
            for block, (name, source, target) in BLOCKS.items()
            for line in (
                Given(
                    f"{name}, trace",
                    Eq(NORMS[block], Trace(grams[target] * M * grams[source] * M)),
                    "Definition of the Frobenius norm.",
                ),
                Step(
                    name,
                    Eq(NORMS[block], symbolic.block_norms_squared(**GENERAL)[block]),
                    "Take the trace class by class.",
                    TraceInAlgebra(PROJECTIONS, *RANKS, "map", source, target, f"{name}, trace"),
                ),
            )
        ),
        Step(
            "correlation with the data",
            Eq(
                Trace((grams["G_Omega_y"] + grams["G_Gamma_y"]) * M * (grams["G_Omega_x"] + grams["G_Gamma_x"])) / s.N,
                sum(c.count * c.lam * pi for c, pi in zip(CLASSES.values(), s.class_strengths, strict=True)),
                evaluate=False,
            ),
            "Each mode contributes its strength times its correlation, with the sign of the strength.",
            TraceInAlgebra(PROJECTIONS, *RANKS, "map", *grams),
        ),
        Given(
            "ratio",
            Eq(ratio, NORMS["omega_x", "omega_y"] / (NORMS["omega_x", "omega_y"] + NORMS["gamma_x", "omega_y"])),
            "Definition of the systematicity ratio.",
        ),
        Rejected(
            "ratio for any features",
            Eq(ratio, symbolic.systematicity_ratio(r_x=s.r_x)),
            "The ratio is not constant without the assumption that every output sign feature is also an input.",
            Algebra("ratio", "signs to signs", "identities to signs"),
        ),
        Given("all outputs are inputs", Eq(s.n_shared, s.n_y), "This assumption is needed."),
        Step(
            "systematicity ratio",
            Eq(ratio, symbolic.systematicity_ratio(r_x=s.r_x)),
            "Only one class then writes to the signs, and its strength cancels, so the ratio is the same at all times.",
            Algebra("ratio", "signs to signs", "identities to signs", "all outputs are inputs"),
        ),
    ),
)

LOSS = Derivation(
    name="aligned-loss",
    title="Loss of a map that is diagonal in the modes",
    source=f"after {n.PAPER}",
    about="Half the mean squared error is half the trace of Y'Y - 2 Y'Y M X'X + X'X M Y'Y M X'X over N.",
    symbols={
        **SYMBOLS,
        G_x: "overlaps of the items' inputs",
        G_y: "overlaps of the items' outputs",
        loss: "half the mean squared error",
    },
    lines=(
        *SPECTRAL,
        Given("inputs", Eq(G_x, _gram("G_x"), evaluate=False), "From the spectrum."),
        Given("outputs", Eq(G_y, _gram("G_y"), evaluate=False), "From the spectrum."),
        Given(
            "error",
            Eq(loss, Trace(G_y - 2 * G_y * M * G_x + G_y * M * G_x * M * G_x) / (2 * s.N)),
            "Square the errors Y - Y M X'X and sum over items.",
        ),
        Step(
            "loss",
            Eq(loss, symbolic.aligned_loss(**GENERAL)),
            "Take the trace class by class.",
            TraceInAlgebra(PROJECTIONS, *RANKS, "map", "inputs", "outputs", "error"),
        ),
    ),
)

SYSTEMATICITY = Derivation(
    name="systematicity",
    title="The systematicity ratio and its limits",
    source=f"{n.PAPER}, systematicity of the learned map",
    about=(
        "The share of the sign inputs in the map to the sign outputs depends only on k_x r^2 / N. If all sign "
        "features are inputs, N = 2^n."
    ),
    symbols={
        **{key: SPACE[key] for key in (s.N, s.k_x, s.r_x)},
        sign_part: "part of the singular vectors on the sign feature, squared",
        copy_part: "part on the identity blocks, squared",
        features: "number of sign features",
        ratio: "systematicity ratio",
    },
    lines=(
        Given("sign part", Eq(sign_part, s.N / (s.N + s.k_x * s.r_x**2)), "From the explicit singular vectors."),
        Given(
            "identity part",
            Eq(copy_part, s.k_x * s.r_x**2 / (s.N + s.k_x * s.r_x**2)),
            "From the explicit singular vectors.",
        ),
        Step(
            "length",
            Eq(sign_part + copy_part, 1),
            "Together they have length 1.",
            Algebra("sign part", "identity part"),
        ),
        Given("definition", Eq(ratio, sign_part / (sign_part + copy_part)), "Strength and multiplicity cancel."),
        Step(
            "ratio",
            Eq(ratio, symbolic.systematicity_ratio(r_x=s.r_x)),
            "Put the parts in.",
            Algebra("definition", "sign part", "identity part"),
        ),
        Given("items", Eq(s.N, 2**features), "All combinations of n sign features."),
        Step(
            "ratio in the number of features",
            Eq(ratio, 1 / (1 + s.k_x * s.r_x**2 * 2 ** (-features))),
            "Divide by N.",
            Algebra("ratio", "items"),
        ),
        Step(
            "many items", Eq(Limit(ratio, s.N, oo), 1), "The share of the identity blocks vanishes.", AsLimit("ratio")
        ),
        Step(
            "large identities",
            Eq(Limit(ratio, s.k_x, oo), 0),
            "The share of the sign features vanishes.",
            AsLimit("ratio"),
        ),
    ),
)

CATALOGUE = (BLOCK_NORMS, LOSS, SYSTEMATICITY)
