"""The numerical functions of theory against the results of the derivations, evaluated to 50 digits and more.

One table: what is derived, the numerical function, and where in its domain it is drawn from. The expression that is
evaluated is what the derivation states; those of learning rules, and functions of matrices and over time, are in
test_derived_rules and test_derived_maps.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import strategies as st

from linmod import Deep, Modular, Shallow, theory
from linmod.theory import scaling
from linmod.theory.derivations import derive

from .derived import (
    BITS,
    CHANGES,
    COPIES,
    MODE,
    NARROW,
    QUADRATURE,
    SERIES,
    SOLVED,
    WIDE,
    Entry,
    assert_another_is_rejected,
    assert_is_derived,
    dataset,
    powers,
    signed,
)


def items(bits: Any, **_: Any) -> Any:
    return mpmath.mpf(2) ** bits


def module(network: Modular, number: int, name: str, quantity: str) -> Callable[..., float]:
    return lambda **values: getattr(theory.module_spectra(network, dataset(**values))[number][name], quantity)


SPLIT, PARTITION = Modular.output_split(), Modular.fully_partitioned()
SPACE = {"bits": BITS, "k_x": COPIES, "r_x": signed(1e-6, 1e6)}
BOTH = {**SPACE, "k_y": COPIES, "r_y": signed(1e-6, 1e6)}
RACE = {"kappa": powers(0.05, 20), "alpha_0": powers(1e-12, 0.1), "beta_0": powers(1e-12, 0.1)}
HELD = {"n_x": st.integers(2, 20), "rho": powers(1e-6, 1e6), "n_y": st.just(2)}


def race_end(kappa: float, alpha_0: float, beta_0: float) -> np.ndarray:
    return theory.race_final([1.0, kappa], 1.0, [alpha_0, beta_0], 2)


def mean_error(size: Callable[[int], int]) -> Callable[..., float]:
    return lambda n_x, rho, n_y: theory.mean_compositional_error(n_x, n_y, rho, size(n_x))


def depth_time(derivation: str, primitive: str, layers: int | None = None) -> Callable[[sympy.Eq], Any]:
    """Time to half the final strength, with the primitive put into the derived time."""

    def state(_: sympy.Eq) -> Any:
        made, depth = derive(derivation), derive("depth")
        named = {symbol.name: symbol for symbol in depth.symbols if isinstance(symbol, sympy.Symbol)}
        candidate, time = made[primitive], depth["time to a strength"].rhs
        x, G = candidate.lhs.args[0], depth["primitive"].lhs.func
        time = time.replace(G, lambda at: candidate.rhs.subs(x, at))
        ends = {depth["relative strength"].lhs: sympy.Rational(1, 2), depth["relative start"].lhs: named["x0"]}
        time = time.subs(ends).subs(named["x0"], named["pi0"] / named["pi_star"])
        settings = {named["s"]: depth["exponent"].rhs, named["pi_star"]: depth["final strength"].rhs}
        time = time.subs(settings)
        return time.subs(named["L"], layers) if layers else time

    return state


ENTRIES = (
    Entry(
        "two-layer-opposite",
        "solution",
        lambda lam, delta, pi0, t: theory.two_layer_flow(lam, delta, -pi0, t),
        {**MODE, "pi0": WIDE, "t": NARROW},
        {"lam": 1.5, "delta": 0.5, "pi0": 0.2, "t": 1.0},
    ),
    Entry(
        "systematicity",
        "ratio",
        lambda **values: theory.systematicity_ratio(dataset(**values)),
        SPACE,
        {"bits": 3, "k_x": 3, "r_x": 1.0},
        {"N": items},
    ),
    Entry(
        "leak",
        "ratio of the weights",
        lambda rho, **values: theory.leak_ratios(dataset(**values), rho).stored,
        {**SPACE, "rho": powers(1e-6, 10)},
        {"bits": 3, "k_x": 3, "r_x": 1.0, "rho": 0.5},
        {"N": items},
    ),
    Entry(
        "leak",
        "ratio of the map",
        lambda rho, **values: theory.leak_ratios(dataset(**values), rho).effective,
        {**SPACE, "rho": powers(1e-6, 10)},
        {"bits": 3, "k_x": 3, "r_x": 1.0, "rho": 0.5},
        {"N": items},
    ),
    Entry(
        "output-split",
        "sign module",
        module(SPLIT, 0, "sign_to_sign", "lam"),
        SPACE,
        {"bits": 3, "k_x": 3, "r_x": 1.0},
        {
            "N": items,
            "x_Omega": items,
            "x_Gamma": lambda k_x, r_x, **_: k_x * r_x**2,
            "delta_Omega": lambda x_Omega, x_Gamma, N, **_: (x_Omega + x_Gamma) / N,
        },
    ),
    *(
        Entry(
            derivation,
            step,
            module(network, 1, name, "lam"),
            BOTH,
            {"bits": 3, "k_x": 3, "r_x": 1.0, "k_y": 2, "r_y": 0.7},
            {"N": items},
        )
        for derivation, step, network, name in (
            ("output-split", "identity module", SPLIT, "sign_to_identity"),
            ("full-partition", "identity module", PARTITION, "identity_to_identity"),
        )
    ),
    Entry(
        "output-split",
        "other modes",
        module(SPLIT, 1, "identity_to_identity", "lam"),
        {**BOTH, "bits": st.integers(2, 60)},
        {"bits": 3, "k_x": 3, "r_x": 1.0, "k_y": 2, "r_y": 0.7},
        {"N": items},
    ),
    Entry(
        "full-partition",
        "identity module, inputs",
        module(PARTITION, 1, "identity_to_identity", "delta"),
        SPACE,
        {"bits": 3, "k_x": 3, "r_x": 1.0},
        {"N": items},
    ),
    Entry(
        "full-partition",
        "final identity map",
        lambda **values: module(PARTITION, 1, "identity_to_identity", "pi_star")(**values) ** 2,
        BOTH,
        {"bits": 3, "k_x": 3, "r_x": 1.0, "k_y": 2, "r_y": 0.7},
    ),
    Entry(
        "depth-special",
        "forgetting",
        lambda delta, pi0, t, L: theory.deep_flow(0.0, delta, pi0, t, L),
        {"delta": NARROW, "pi0": WIDE, "t": NARROW, "L": st.integers(3, 12)},
        {"delta": 0.5, "pi0": 0.2, "t": 1.0, "L": 3},
    ),
    Entry(
        "depth-special",
        "growth",
        lambda lam, pi0, t, L: theory.deep_flow(lam, 0.0, pi0, t, L),
        {"lam": NARROW, "pi0": WIDE, "t": NARROW, "L": st.integers(3, 12)},
        {"lam": 0.5, "pi0": 0.2, "t": 1.0, "L": 3},
        where=lambda lam, pi0, t, L: (L - 2) * lam * t < 0.999 * pi0 ** (2 / L - 1),
    ),
    *(
        Entry(
            "depth-special",
            f"{layers} layers",
            lambda layers=layers, **values: theory.half_time_deep(**values, layers=layers),
            {**MODE, "pi0": powers(1e-9, 1e3)},
            {"lam": 1.5, "delta": 0.5, "pi0": 0.01},
            where=lambda lam, delta, pi0: pi0 < 0.499 * lam / delta,
            roundings=SERIES,
            state=depth_time("depth-special", f"primitive, {layers} layers", layers),
        )
        for layers in (3, 4)
    ),
    Entry(
        "depth",
        "time to a strength",
        lambda L, **values: theory.half_time_deep(**values, layers=L),
        {**MODE, "pi0": powers(1e-9, 1e3), "L": st.integers(3, 9)},
        {"lam": 1.5, "delta": 0.5, "pi0": 0.01, "L": 5},
        where=lambda lam, delta, pi0, L: pi0 < 0.499 * lam / delta,
        roundings=SERIES,
        state=depth_time("depth", "primitive"),
    ),
    Entry(
        "race-winner",
        "shallow race",
        lambda kappa, t: theory.race_flow([1.0, kappa], 1.0, [0.0, 0.0], [t], 1)[0, 0],
        {"kappa": powers(0.05, 20), "t": powers(1e-6, 1e2)},
        {"kappa": 0.7, "t": 1.0},
        roundings=QUADRATURE,
        cancels=lambda kappa, t: 1 / (1 + kappa**2),
    ),
    Entry(
        "race",
        "final state",
        lambda **_: 1.0,
        RACE,
        {"kappa": 0.7, "alpha_0": 1e-3, "beta_0": 2e-3},
        {"S": lambda kappa, alpha_0, beta_0: mpmath.mpf(race_end(*map(float, (kappa, alpha_0, beta_0)))[0]) / alpha_0},
        roundings=SOLVED,
        state=lambda equation: equation.lhs,
    ),
    Entry(
        "race",
        "invariant at the end",
        lambda **values: race_end(**values)[1],
        RACE,
        {"kappa": 0.7, "alpha_0": 1e-3, "beta_0": 2e-3},
        {"alpha_end": lambda **values: mpmath.mpf(race_end(**{k: float(v) for k, v in values.items()})[0])},
        roundings=SOLVED,
    ),
    *(
        Entry(
            derivation,
            step,
            mean_error(size),
            {**HELD, "n_x": st.integers(2, 12)},
            {"n_x": 3, "rho": 3.0, "n_y": 1},
            put_in,
        )
        for derivation, step, size, put_in in (
            ("held-out-one-trained", "one item trained", lambda n: 1, {"N": lambda n_x, **_: mpmath.mpf(2) ** n_x}),
            (
                "held-out-two-held",
                "two items held out",
                lambda n: 2**n - 2,
                {"N": lambda n_x, **_: mpmath.mpf(2) ** n_x, "R": lambda N, rho, n_x, **_: N + rho - n_x},
            ),
            ("held-out-course", "one item held out", lambda n: 2**n - 1, {"N": lambda n_x, **_: mpmath.mpf(2) ** n_x}),
        )
    ),
    Entry(
        "expected-loss",
        "pseudo-inverse",
        lambda N, p: scaling.inverse_wishart_trace(N, p),
        {"N": st.integers(4, 10**6), "p": st.integers(1, 10**6)},
        {"N": 60, "p": 50},
        where=lambda N, p: p + 2 <= N,
    ),
    Entry(
        "shallow-descent",
        "largest step",
        lambda **values: theory.largest_stable_step(Shallow(), dataset(**values)),
        {**SPACE, "bits": st.integers(1, 8)},
        {"bits": 3, "k_x": 3, "r_x": 1.0},
        {"delta": lambda bits, k_x, r_x: 1 + k_x * r_x**2 / 2**bits},
    ),
    Entry(
        "two-layer-descent",
        "curvature between modes",
        lambda **values: 2 / theory.largest_stable_step(Deep(hidden=20), dataset(**values)),
        {**SPACE, "bits": st.integers(1, 4), "r_x": powers(1e-3, 0.5)},
        {"bits": 3, "k_x": 3, "r_x": 0.5},
        {
            "delta_i": lambda bits, k_x, r_x: 1 + k_x * r_x**2 / 2**bits,
            "pi_i": lambda bits, delta_i, **_: mpmath.sqrt((1 + mpmath.mpf(2) ** -bits) / delta_i),
            "pi_j": lambda bits, k_x, r_x, pi_i, **_: max(pi_i, 1 / (mpmath.sqrt(k_x) * r_x)) if bits > 1 else pi_i,
        },
        where=lambda bits, k_x, r_x: bits > 1 and 1 / (math.sqrt(k_x) * r_x) > 2,
    ),
)


TABLE = {str(entry): entry for entry in ENTRIES}


@pytest.mark.parametrize("name", TABLE)
def test_the_function_is_what_is_derived(name):
    assert_is_derived(TABLE[name])


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", TABLE)
def test_another_formula_is_rejected(name, change):
    assert_another_is_rejected(TABLE[name], CHANGES[change])
