"""The numerical functions of theory against the results of the derivations, evaluated to 50 digits and more.

One table: what is derived, the numerical function, and where in its domain it is drawn from. The expression that is
evaluated is what the derivation states; functions of matrices and over time are in test_derived_maps.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from linmod import Deep, Modular, Rule, Shallow, SystematicityDataset, theory
from linmod.theory import scaling
from linmod.theory.derivations import derive
from linmod.theory.derivations.book import notation as n
from linmod.theory.derivations.book.rules import T, p
from linmod.theory.derivations.book.spectrum import GENERAL
from linmod.theory.rules.fixed_points import jacobian
from linmod.theory.scaling import symbolic as scaled
from linmod.theory.symbolic import modes as symbolic
from linmod.theory.symbolic import symbols as s
from linmod.theory.symbolic.digits import of_any_precision
from linmod.theory.symbolic.equality import verify_equal

UNIT = sys.float_info.epsilon / 2
WORKING_DIGITS = 150
STEP = mpmath.mpf(10) ** -40
# Each rounding acts like a relative change by u of a parameter, of an intermediate result or of the result (to first
# order; see test_symbolic). The longest path through one of these functions has fewer than 60 of them.
ROUNDINGS = 60
# Of functions that solve an equation: `brentq` stops within 4 machine epsilon of a logarithm, at most ln(1e12) = 28,
# so that the result is off by 8 u ln(1e12) = 230 u.
SOLVED = 300
# Declared by deep_flow and race_flow: relative errors of series and quadratures.
SERIES, QUADRATURE = 1e-12 / UNIT, 1e-11 / UNIT


def powers(low: float, high: float) -> st.SearchStrategy[float]:
    """The ends of the range, and numbers of every order of magnitude between."""
    spread = st.floats(math.log10(low), math.log10(high)).map(lambda exponent: min(max(10.0**exponent, low), high))
    return st.one_of(st.sampled_from([low, high]), spread)


def signed(low: float, high: float) -> st.SearchStrategy[float]:
    return st.tuples(powers(low, high), st.sampled_from([-1.0, 1.0])).map(math.prod)


WIDE, NARROW = powers(1e-9, 1e9), powers(1e-3, 1e3)
BITS, COPIES = st.integers(1, 60), st.integers(1, 50)


@dataclass(frozen=True)
class Entry:
    """A derived expression, the function that computes it, and its domain; `put_in` replaces symbols beforehand."""

    derivation: str
    step: str
    numerical: Callable[..., Any]
    domain: Mapping[str, st.SearchStrategy[Any]]
    example: Mapping[str, Any]
    put_in: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    where: Callable[..., bool] = lambda **_: True
    roundings: float = ROUNDINGS
    cancels: Callable[..., float] = lambda **_: 0.0
    state: Callable[[sympy.Eq], Any] = lambda equation: equation.rhs

    @property
    def expression(self) -> sympy.Expr:
        return self.state(derive(self.derivation)[self.step])

    def __str__(self) -> str:
        return f"{self.derivation}, {self.step}"


@cache
def compiled(name: str) -> tuple[list[str], Callable[..., Any]]:
    expression = TABLE[name].expression
    symbols = sorted(expression.free_symbols, key=str)
    return [str(symbol) for symbol in symbols], of_any_precision(symbols, [expression])


def value_of(entry: Entry, values: Mapping[str, Any]) -> Any:
    names, evaluate = compiled(str(entry))
    known = dict(values)
    for name, function in entry.put_in.items():
        known[name] = function(**known)
    return evaluate(*(known[name] for name in names))[0]


def rejected(entry: Entry, values: Mapping[str, Any], change: Callable[[Any], Any] = lambda value: value) -> str:
    """Why the numerical function is not the derived expression at a point; empty where it is."""
    computed = mpmath.mpf(float(entry.numerical(**values)))
    with mpmath.workdps(WORKING_DIGITS):
        point = {name: mpmath.mpf(value) for name, value in values.items()}
        exact = change(value_of(entry, point))
        scale = abs(exact) + entry.cancels(**values)
        for name, value in point.items():
            moved = {**point, name: value * (1 + STEP)}
            scale += abs(change(value_of(entry, moved)) - exact) / STEP
        error, allowed = abs(computed - exact), entry.roundings * UNIT * scale + sys.float_info.min
        return "" if error <= allowed else f"{computed} for {mpmath.nstr(exact, 17)}, {float(error / allowed):.3g} x"


def dataset(bits: int, k_x: int = 1, r_x: float = 1.0, k_y: int = 1, r_y: float = 1.0) -> SystematicityDataset:
    return SystematicityDataset(n_x=bits, n_y=1, k_x=k_x, k_y=k_y, r=r_x, r_y=r_y)


def items(bits: Any, **_: Any) -> Any:
    return mpmath.mpf(2) ** bits


def module(network: Modular, number: int, name: str, quantity: str) -> Callable[..., float]:
    return lambda **values: getattr(theory.module_spectra(network, dataset(**values))[number][name], quantity)


def rule(gamma: float = 0.0, nabla: float = 0.0) -> Rule:
    return Rule(contrastive=gamma, hebbian=nabla)


SPLIT, PARTITION = Modular.output_split(), Modular.fully_partitioned()
SPACE = {"bits": BITS, "k_x": COPIES, "r_x": signed(1e-6, 1e6)}
BOTH = {**SPACE, "k_y": COPIES, "r_y": signed(1e-6, 1e6)}
MODE = {"lam": NARROW, "delta": NARROW}
FIXED = {"pi_star": NARROW, "delta": NARROW}
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
    Entry(
        "learning-rules",
        "growth rate",
        lambda lam, delta, sigma, **weights: theory.growth_rate(lam, delta, sigma, rule(**weights)),
        {**MODE, "sigma": NARROW, "gamma": signed(1e-3, 1e3), "nabla": signed(1e-3, 1e3)},
        {"lam": 1.5, "delta": 0.5, "sigma": 2.0, "gamma": -0.5, "nabla": 0.3},
    ),
    Entry(
        "learning-rules",
        "ratio",
        lambda lam, delta, sigma, **weights: math.prod(
            part**power
            for part, power in zip(theory.growth_direction(lam, delta, sigma, rule(**weights)), (-1, 1), strict=True)
        ),
        {**MODE, "sigma": NARROW, "gamma": signed(1e-2, 1e2), "nabla": signed(1e-2, 1e2)},
        {"lam": 1.5, "delta": 0.5, "sigma": 2.0, "gamma": -0.5, "nabla": 0.3},
        {"mu": lambda **values: value_of(TABLE["learning-rules, growth rate"], values)},
    ),
    Entry(
        "rule-transverse",
        "transverse rate",
        lambda a, pi_star, delta, gamma: theory.transverse_rate(a, delta * pi_star, delta, rule(gamma)),
        {"a": NARROW, "pi_star": NARROW, "delta": NARROW, "gamma": signed(1e-3, 1e3)},
        {"a": 0.7, "pi_star": 1.2, "delta": 0.5, "gamma": -0.3},
    ),
    Entry(
        "rule-mixtures",
        "slow motion",
        lambda a_s, pi_star, delta, gamma, nabla: theory.slow_velocity(a_s, delta * pi_star, delta, rule(gamma, nabla)),
        {"a_s": NARROW, "pi_star": NARROW, "delta": NARROW, "gamma": signed(1e-3, 1e3), "nabla": signed(1e-3, 1e3)},
        {"a_s": 0.7, "pi_star": 1.2, "delta": 0.5, "gamma": 0.3, "nabla": 0.1},
    ),
    Entry(
        "rule-fixed-points",
        "slow motion",
        lambda a_s, pi_star, delta, nabla: theory.slow_velocity(a_s, delta * pi_star, delta, rule(0.0, nabla)),
        {"a_s": NARROW, "pi_star": NARROW, "delta": NARROW, "nabla": signed(1e-3, 1e3)},
        {"a_s": 0.7, "pi_star": 1.2, "delta": 0.5, "nabla": 0.1},
    ),
    Entry(
        "rule-mixtures",
        "determinant at the fixed point",
        lambda pi_star, delta, gamma, nabla: np.linalg.det(
            jacobian(1.0, pi_star, delta * pi_star, delta, rule(gamma, nabla))
        ),
        {"pi_star": NARROW, "delta": NARROW, "gamma": signed(1e-3, 1e3), "nabla": signed(1e-3, 1e3)},
        {"pi_star": 1.2, "delta": 0.5, "gamma": 0.3, "nabla": 0.1},
        cancels=lambda pi_star, delta, gamma, nabla: (
            4 * delta**2 * (pi_star**2 + 2 * abs(nabla)) * (1 + 4 * abs(gamma) * pi_star**2)
            + 4 * delta**2 * pi_star**2 * (2 + 2 * abs(gamma) * pi_star**2)
        ),
    ),
    Entry(
        "rule-mixtures",
        "trace at the fixed point",
        lambda pi_star, delta, gamma, nabla: np.trace(
            jacobian(1.0, pi_star, delta * pi_star, delta, rule(gamma, nabla))
        ),
        {"pi_star": NARROW, "delta": NARROW, "gamma": signed(1e-3, 1e3), "nabla": signed(1e-3, 1e3)},
        {"pi_star": 1.2, "delta": 0.5, "gamma": 0.3, "nabla": 0.1},
        cancels=lambda pi_star, delta, gamma, nabla: 4 * delta * (abs(nabla) + abs(gamma) * pi_star**2),
    ),
    Entry(
        "rule-slow-time",
        "time",
        lambda a_0, a_1, pi_star, delta, nabla: (
            2 * nabla * delta * theory.slow_time(a_0, a_1, delta * pi_star, delta, rule(0.0, nabla))
        ),
        {
            "a_0": powers(1.01, 1e3),
            "a_1": powers(1.01, 1e3),
            "pi_star": NARROW,
            "delta": NARROW,
            "nabla": signed(1e-3, 1e3),
        },
        {"a_0": 1.7, "a_1": 1.2, "pi_star": 1.2, "delta": 0.5, "nabla": 0.1},
        state=lambda equation: slow_time(equation),
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


def slow_time(equation: sympy.Eq) -> sympy.Expr:
    """The derived time with its primitive, and a symbol for the gain at the end."""
    made = derive("rule-slow-time")
    primitive, gain = made["primitive"], made["slow motion"].lhs.expr
    time = equation.rhs.replace(primitive.lhs.func, lambda at: primitive.rhs.subs(primitive.lhs.args[0], at))
    return time.subs(gain, sympy.Symbol("a_1", positive=True))


TABLE = {str(entry): entry for entry in ENTRIES}


@pytest.mark.parametrize("name", TABLE)
def test_the_function_is_what_is_derived(name):
    entry = TABLE[name]

    @settings(max_examples=40, deadline=None, derandomize=True)
    @given(st.fixed_dictionaries(dict(entry.domain)))
    def check(values):
        assume(entry.where(**values))
        assert not rejected(entry, values), values

    check()
    assert derive(entry.derivation).proof.holds


OBJECTS: dict[str, tuple[str, Any]] = {
    **{f"step of {name}": ("two-layer-descent", symbolic.two_layer_descent_step()[i]) for i, name in enumerate("yz")},
    **{
        f"{source} to {target}": ("block-norms", symbolic.block_norms_squared(**GENERAL)[i, o])
        for i, source in (("omega_x", "signs"), ("gamma_x", "identities"))
        for o, target in (("omega_y", "signs"), ("gamma_y", "identities"))
    },
    "loss": ("aligned-loss", symbolic.aligned_loss(**GENERAL)),
    "ratio": ("systematicity", symbolic.systematicity_ratio(r_x=s.r_x)),
    "test loss": ("expected-loss", scaled.expected_test_loss()),
    "training loss": ("expected-loss", scaled.expected_train_loss()),
    "pseudo-inverse": ("expected-loss", scaled.inverse_wishart_trace()),
    "optimal size": ("optimal-size", scaled.optimal_size(modules=1).subs(scaled.q, 1) + 1),
    "factor": (
        "optimal-size",
        scaled.smallest_relative_loss().subs(scaled.nu, scaled.N - 1)
        * (scaled.N * scaled.a / (1 + scaled.a)) ** scaled.a,
    ),
    "rows": ("modular-samples", 1 + scaled.K * (scaled.N - 1)),
    "map": ("iterated-learning", symbolic.two_layer_flow(n.delta * p, n.delta, n.start, T)),
}
SAME = {"v": scaled.sigma2, "s": scaled.a}
"""Symbols that the derivations name otherwise."""


def named(expression: sympy.Expr) -> sympy.Expr:
    """With symbols of one kind, told apart by their names."""
    renamed = {symbol: SAME.get(symbol.name, symbol) for symbol in expression.free_symbols}
    return expression.subs({symbol: sympy.Symbol(str(name), positive=True) for symbol, name in renamed.items()})


@pytest.mark.parametrize("step", OBJECTS)
def test_symbolic_forms_are_the_derived_ones(step):
    derivation, form = OBJECTS[step]
    derived, form = named(derive(derivation)[step].rhs), named(form)
    above = [symbol < sympy.Symbol("N", positive=True) - 1 for symbol in derived.free_symbols if symbol.name == "p"]
    assert verify_equal(step, derived, form, where=above if "N" in map(str, derived.free_symbols) else ()).holds
    assert not verify_equal(step, derived, 2 * form).holds


def test_the_sample_complexity_has_the_derived_asymptote():
    limit = derive("optimal-size")["asymptote"]
    rows = limit.rhs / scaled.a * scaled.epsilon ** (-1 / scaled.a)
    first = sympy.log(rows.subs(scaled.a, scaled.dimension_exponent()))
    assert verify_equal("logarithm", first, scaled.log_sample_complexity()).holds


CHANGES = {"sign": lambda value: -value, "factor 2": lambda value: 2 * value, "1e-9": lambda value: value * (1 + 1e-9)}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", TABLE)
def test_another_formula_is_rejected(name, change):
    entry = TABLE[name]
    assert not rejected(entry, entry.example)
    assert rejected(entry, entry.example, CHANGES[change])
