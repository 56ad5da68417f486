"""The numerical closed forms against the symbolic ones, evaluated to 50 digits over the whole domain."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from linmod import SystematicityDataset, theory
from linmod.datasets import CLASS_NAMES
from linmod.theory.derivations import derive
from linmod.theory.symbolic import modes as symbolic
from linmod.theory.symbolic import symbols as s

# 1 - exp(-x) cancels 600 digits for x = 1e-600, a product of a rate and a time of 1e-300. On top of them come the
# 40 digits that the difference quotient in `tolerance` takes, and 50 that are left.
WORKING_DIGITS = 700
STEP = mpmath.mpf(10) ** -40

# Every rounding in a closed form is a relative change, by at most u (2 u in the library functions), of an
# intermediate result that is a power product of parameters, a sum of such of one sign, or exp(-rate t); it has the
# same effect as a relative change of a parameter, of t or of the result. To first order, the error is therefore at
# most u times the number of roundings on the longest path times |f| + sum |x df/dx|. The longest path, of
# two_layer_vector_flow, has 15 of sqrt, product, quotient, hypot and sum up to an exponent or a factor, 4 in exp or
# expm1 with its factor, and 10 from there to the result; shorter paths are covered by the same number.
ROUNDINGS = 30
UNIT = sys.float_info.epsilon / 2


FORMS: dict[str, Callable[..., sympy.Expr]] = {
    "shallow_flow": symbolic.shallow_flow,
    "shallow_descent": symbolic.shallow_descent,
    "two_layer_flow": symbolic.two_layer_flow,
    "two_layer_vector_flow": symbolic.two_layer_vector_flow,
    "y after a step": lambda *arguments: symbolic.two_layer_descent_step(*arguments)[0],
    "z after a step": lambda *arguments: symbolic.two_layer_descent_step(*arguments)[1],
    "half_time_shallow": symbolic.half_time_shallow,
    "half_time_two_layer": symbolic.half_time_two_layer,
}


@cache
def compiled(name: str, signs: tuple[int, ...]) -> Callable[..., Any]:
    """The symbolic form for arguments of these signs; exact zeros select its limits."""
    kinds = {0: {}, 1: {"positive": True}, -1: {"negative": True}}
    symbols = [sympy.Symbol(f"x{i}", **kinds[sign]) for i, sign in enumerate(signs)]
    form = FORMS[name](*(symbol if sign else sympy.Integer(0) for symbol, sign in zip(symbols, signs, strict=True)))
    return sympy.lambdify(symbols, form, "mpmath", cse=True)


def exact_and_tolerance(name: str, *arguments: float) -> tuple[Any, Any]:
    """Value of the symbolic form, and the error that rounding may cause in the numerical one."""
    evaluate = compiled(name, tuple(int(np.sign(argument)) for argument in arguments))
    with mpmath.workdps(WORKING_DIGITS):
        point = [mpmath.mpf(argument) for argument in arguments]
        exact = evaluate(*point)
        scale = abs(exact)
        for i, argument in enumerate(point):
            changed = [*point[:i], argument * (1 + STEP), *point[i + 1 :]]
            scale += abs(evaluate(*changed) - exact) / STEP
        return exact, ROUNDINGS * UNIT * scale + sys.float_info.min


def assert_accurate(name: str, numerical: float, *arguments: float) -> None:
    exact, allowed = exact_and_tolerance(name, *arguments)
    if abs(exact) > sys.float_info.max:
        assert numerical == np.copysign(np.inf, float(mpmath.sign(exact)))
        return
    error = abs(mpmath.mpf(float(numerical)) - exact)
    assert error <= allowed, (
        f"{float(error / allowed):.3g} times the tolerance; {numerical} for {mpmath.nstr(exact, 17)}"
    )


def magnitudes(low: float, high: float) -> st.SearchStrategy[float]:
    """Zero, the ends of the range, and numbers of every order of magnitude between."""
    spread = st.floats(np.log10(low), np.log10(high)).map(lambda exponent: float(10.0**exponent))
    return st.one_of(st.just(0.0), st.sampled_from([low, 1.0, high]), spread)


lams = st.one_of(magnitudes(1e-12, 1e3), magnitudes(1e-300, 1e3))
deltas = magnitudes(1e-12, 1e3)
squares = st.one_of(magnitudes(1e-12, 1e3), magnitudes(1e-300, 1e3))
starts = st.tuples(squares, st.sampled_from([-1.0, 1.0])).map(lambda pair: pair[0] * pair[1])
times = st.one_of(magnitudes(1e-6, 1e4), magnitudes(1e-300, 1e4))
steps = magnitudes(1e-12, 1e1).filter(bool)
thorough = settings(max_examples=300, deadline=None, derandomize=True)


@thorough
@given(lams, deltas, starts, times)
@example(1.0, 1e-300, 1.0, 1e-300)
def test_shallow_flow_is_accurate(lam: float, delta: float, pi0: float, t: float) -> None:
    assert_accurate("shallow_flow", theory.shallow_flow(lam, delta, pi0, t), lam, delta, pi0, t)


@thorough
@given(lams, deltas, starts, steps, st.one_of(st.integers(0, 20), st.integers(0, 10**9)))
@example(1.0, 1e-3, 1.0, 1e-3, 10**6)
@example(1.0, 1e-300, 1.0, 1e-300, 10)
@example(1.0, 1.0, 1.0, 1.0, 3)
@example(1.0, 1.0, 1.0, 2.0, 3)
@example(1.0, 1.0, 1.0, 2.5, 3)
def test_shallow_descent_is_accurate(lam: float, delta: float, pi0: float, alpha: float, n: int) -> None:
    assume(alpha * delta < 2 or n < 100)
    assert_accurate("shallow_descent", theory.shallow_descent(lam, delta, pi0, alpha, n), lam, delta, pi0, alpha, n)


@thorough
@given(lams, deltas, starts, times)
@example(1.0, 0.0, 1e-12, 365.0)
@example(1e-12, 1.0, 1e-12, 1e4)
def test_two_layer_flow_is_accurate(lam: float, delta: float, pi0: float, t: float) -> None:
    assert_accurate("two_layer_flow", theory.two_layer_flow(lam, delta, pi0, t), lam, delta, pi0, t)


@thorough
@given(lams, deltas, squares, squares, times)
@example(1e-3, 1.0, 1e3, 1e3, 1e4)
@example(1.0, 0.0, 4e-12, 0.0, 365.0)
@example(1.0, 0.0, 4e-12, 0.0, 1e3)
def test_two_layer_vector_flow_is_accurate(lam: float, delta: float, y0: float, z0: float, t: float) -> None:
    numerical = theory.two_layer_vector_flow(lam, delta, y0, z0, t)
    assert_accurate("two_layer_vector_flow", numerical, lam, delta, y0, z0, t)


@thorough
@given(lams, deltas, squares, squares, steps)
def test_one_step_of_two_layer_descent_is_accurate(
    lam: float, delta: float, y0: float, z0: float, alpha: float
) -> None:
    """The map works with y and z, so their rounding errors bound that of pi, also where the two almost cancel."""
    numerical = theory.two_layer_descent(lam, delta, y0, z0, alpha, [1])[0]
    y, error_y = exact_and_tolerance("y after a step", lam, delta, y0, z0, alpha)
    z, error_z = exact_and_tolerance("z after a step", lam, delta, y0, z0, alpha)
    assert abs(mpmath.mpf(float(numerical)) - (y - z) / 4) <= (error_y + error_z) / 4


DERIVED = {
    "shallow_flow": ("shallow", "solution", ("lam", "delta", "pi0", "t")),
    "shallow_descent": ("shallow-descent", "solution", ("lam", "delta", "pi0", "alpha", "n")),
    "two_layer_flow": ("two-layer", "solution", ("lam", "delta", "pi0", "t")),
    "two_layer_vector_flow": ("two-layer-vectors", "strength over time", ("lam", "delta", "y0", "z0", "t")),
    "half_time_shallow": ("shallow", "half time", ("lam", "delta", "pi0")),
    "half_time_two_layer": ("two-layer", "half time", ("lam", "delta", "pi0")),
}


@pytest.mark.parametrize("name", DERIVED)
def test_the_tested_forms_are_those_of_the_derivations(name: str) -> None:
    """The expression that the numerical function is held against is the right side of the derived step."""
    derivation, step, names = DERIVED[name]
    made = derive(derivation)
    symbols = {symbol.name: symbol for symbol in made.symbols if isinstance(symbol, sympy.Symbol)}
    assert FORMS[name](*(symbols[argument] for argument in names)) == made[step].rhs
    assert made.proof.holds


@pytest.mark.parametrize("z0", [0.0, 1e-8, 1e-3])
def test_many_steps_of_two_layer_descent_are_accurate(z0: float) -> None:
    """A stable step (alpha lambda < 1) does not amplify relative errors: n steps of 10 roundings make 10 n u."""
    lam, delta, y0, alpha, n = 1.2437, 1.375, 4e-6, 0.16, 300
    y, z = mpmath.mpf(y0), mpmath.mpf(z0)
    step = sympy.lambdify([s.y0, s.z0, s.lam, s.delta, s.alpha], symbolic.two_layer_descent_step(), "mpmath", cse=True)
    scale = mpmath.mpf(0)
    with mpmath.workdps(50):
        for _ in range(n):
            y, z = step(y, z, mpmath.mpf(lam), mpmath.mpf(delta), mpmath.mpf(alpha))
            scale = max(scale, (y + z) / 4)
    numerical = theory.two_layer_descent(lam, delta, y0, z0, alpha, [n])[0]
    assert abs(mpmath.mpf(float(numerical)) - (y - z) / 4) <= 10 * n * UNIT * scale


@thorough
@given(lams.filter(bool), deltas.filter(bool), starts)
def test_half_times_are_accurate(lam: float, delta: float, pi0: float) -> None:
    assume(pi0 < lam / delta / 2 * (1 - 1e-12))
    assert_accurate("half_time_shallow", theory.half_time_shallow(lam, delta, pi0), lam, delta, pi0)
    if pi0 > 0:
        assert_accurate("half_time_two_layer", theory.half_time_two_layer(lam, delta, pi0), lam, delta, pi0)


@pytest.mark.parametrize("name", ["shallow_flow", "two_layer_flow", "two_layer_vector_flow"])
def test_the_tolerance_rejects_a_small_error(name: str) -> None:
    arguments = [1.5, 0.5, 0.1, 0.2, 1.0][: len(inspect.signature(FORMS[name]).parameters)]
    value = float(getattr(theory, name)(*arguments))
    assert_accurate(name, value, *arguments)
    with pytest.raises(AssertionError, match="times the tolerance"):
        assert_accurate(name, value * (1 + 1e-13), *arguments)


@pytest.mark.parametrize("name", ["shallow_flow", "shallow_descent", "two_layer_flow", "two_layer_vector_flow"])
def test_names_and_arguments_are_those_of_the_numerical_functions(name: str) -> None:
    assert list(inspect.signature(getattr(symbolic, name)).parameters) == list(
        inspect.signature(getattr(theory, name)).parameters
    )


@pytest.mark.parametrize("pi0", [-0.5, 0.0, 1e-6, 4.0])
def test_ends_of_time(pi0: float) -> None:
    lam, delta = 1.5, 0.5
    assert theory.shallow_flow(lam, delta, pi0, 0.0) == pi0
    assert theory.shallow_flow(lam, delta, pi0, np.inf) == lam / delta
    assert theory.two_layer_flow(lam, delta, pi0, 0.0) == pytest.approx(pi0, rel=1e-15)
    assert theory.two_layer_flow(lam, delta, pi0, np.inf) == pytest.approx(lam / delta if pi0 > 0 else 0, rel=1e-15)


@given(deltas.filter(bool), squares, squares)
@settings(deadline=None, derandomize=True)
def test_ends_of_time_without_correlation(delta: float, y0: float, z0: float) -> None:
    """For lambda = 0 only the part that the layers do not share, K, keeps the strength from falling as 1/t."""
    assert abs(theory.two_layer_vector_flow(0.0, delta, y0, z0, np.inf)) <= 30 * UNIT * (y0 + z0)
    assert theory.two_layer_vector_flow(0.0, delta, y0, z0, 0.0) == pytest.approx(
        (y0 - z0) / 4, rel=0, abs=30 * UNIT * (y0 + z0)
    )


def random_dataset(generator: np.random.Generator) -> SystematicityDataset:
    n_bits = int(generator.integers(1, 5))
    bits = [tuple(np.flatnonzero(generator.random(n_bits) < 0.6).tolist()) for _ in range(2)]
    k_x, k_y = (int(k) for k in generator.integers(0, 4, 2))
    return SystematicityDataset(
        n_x=len(bits[0]),
        n_y=len(bits[1]),
        k_x=k_x or int(not bits[0]),
        k_y=k_y or int(not bits[1]),
        r=float(generator.choice([-0.7, 0.0, 1.0, 2.0])) or 1.0,
        r_y=float(generator.choice([-0.3, 0.5, 1.0])),
        n_bits=n_bits,
        input_signs=bits[0],
        output_signs=bits[1],
    )


def values_of(dataset: SystematicityDataset) -> dict[sympy.Symbol, Any]:
    shared = len(set(dataset.input_signs) & set(dataset.output_signs))
    return {
        s.N: dataset.n_items,
        s.n_x: dataset.n_x,
        s.n_y: dataset.n_y,
        s.n_shared: shared,
        s.k_x: dataset.k_x,
        s.k_y: dataset.k_y,
        s.r_x: dataset.r,
        s.r_y: dataset.r_y,
    }


GENERAL = {"n_shared": s.n_shared, "r_x": s.r_x, "r_y": s.r_y}


@pytest.mark.parametrize("seed", range(30))
def test_spectrum_is_that_of_the_data(seed: int) -> None:
    """Singular values of the correlations, from the matrices themselves."""
    dataset = random_dataset(np.random.default_rng(seed))
    values = values_of(dataset)
    classes = symbolic.spectrum(**GENERAL).values()
    for name, matrix in (("lam", dataset.sigma_yx), ("delta", dataset.sigma_x), ("sigma", dataset.sigma_y)):
        predicted = np.concatenate(
            [np.full(int(c.count.subs(values)), float(getattr(c, name).subs(values))) for c in classes]
        )
        measured = np.linalg.svd(matrix, compute_uv=False)
        measured = np.append(measured, np.zeros(dataset.n_items))[: dataset.n_items]
        np.testing.assert_allclose(np.sort(predicted)[::-1], measured, atol=1e-14 * max(measured[0], 1))


@pytest.mark.parametrize("seed", range(30))
def test_block_norms_and_loss_are_those_of_the_map(seed: int) -> None:
    generator = np.random.default_rng(seed)
    dataset = random_dataset(generator)
    basis = dataset.mode_basis
    strengths = dict(zip(CLASS_NAMES, generator.normal(size=4), strict=True))
    values = values_of(dataset)
    for name, symbol in zip(CLASS_NAMES, s.class_strengths, strict=True):
        values[symbol] = strengths[name] if name in basis.classes else 0
    pi = np.concatenate([np.full(block.stop - block.start, strengths[name]) for name, block in basis.classes.items()])
    W = (basis.U * pi) @ basis.V.T
    forms = symbolic.block_norms_squared(**GENERAL)
    for (source, target), form in forms.items():
        measured = np.sum(W[dataset.output_blocks[target], dataset.input_blocks[source]] ** 2)
        assert float(substituted(form, values)) == pytest.approx(measured, rel=1e-13, abs=1e-14)
    loss = np.sum((dataset.Y - W @ dataset.X) ** 2) / (2 * dataset.n_items)
    assert float(symbolic.aligned_loss(**GENERAL).subs(values)) == pytest.approx(loss, rel=1e-13, abs=1e-14)


def substituted(form: sympy.Expr, values: dict[sympy.Symbol, Any]) -> sympy.Expr:
    """Strengths first, so that a class without modes leaves no 0/0."""
    return form.subs({symbol: values[symbol] for symbol in s.class_strengths}).subs(values)


def test_systematicity_ratio_is_that_of_the_numerical_function() -> None:
    dataset = SystematicityDataset(n_x=3, n_y=2, k_x=2, k_y=1, r=0.7)
    ratio = symbolic.systematicity_ratio().subs({s.N: 8, s.k_x: 2, s.r: sympy.Rational(7, 10)})
    assert theory.systematicity_ratio(dataset) == pytest.approx(float(ratio), rel=1e-15)
