"""Numerical functions of matrices, of datasets and over time against the results of the derivations."""

from __future__ import annotations

import sys
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy

import linmod
from linmod import HeldOut, SystematicityDataset, theory
from linmod.datasets import CLASS_NAMES
from linmod.dynamics.module_finding.objective import KernelObjective
from linmod.theory.derivations import derive
from linmod.theory.derivations.book.spectrum import CLASSES, PROJECTIONS, size
from linmod.theory.derivations.steps.matrices import evaluate
from linmod.theory.symbolic import symbols as s

UNIT = sys.float_info.epsilon / 2
DIGITS = 50
EXTREME = [(1, 1, 0, 1, 0.7, 1.0), (3, 1, 3, 1, 1.0, 1.0), (3, 2, 8, 50, 1e-6, 1e6), (30, 4, 1, 2, 1e6, 1e-6)]
"""n_x, n_y, k_x, k_y, r_x, r_y."""


def space(n_x, n_y, k_x, k_y, r_x, r_y) -> tuple[SystematicityDataset, dict[str, Any]]:
    dataset = SystematicityDataset(n_x=n_x, n_y=n_y, k_x=k_x, k_y=k_y, r=r_x, r_y=r_y)
    numbers = {"N": 2**n_x, "n_x": n_x, "n_y": n_y, "n_shared": n_y, "k_x": k_x, "k_y": k_y, "r_x": r_x, "r_y": r_y}
    return dataset, numbers


def exactly(expression: sympy.Expr, values: dict[str, Any]) -> Any:
    """Value at exact rationals, to 50 digits."""
    at = {symbol: sympy.Rational(values[symbol.name]) for symbol in expression.free_symbols if symbol.name in values}
    return mpmath.mpf(str(sympy.N(expression.subs(at), DIGITS)))


def assert_close(computed, exact, roundings, scale=0.0):
    assert abs(mpmath.mpf(float(computed)) - exact) <= roundings * UNIT * max(abs(exact), scale)


@pytest.mark.parametrize("parameters", EXTREME)
def test_the_spectrum_is_derived(parameters):
    """Each quantity takes two products, two quotients, a sum and at most two roots, each twice: 20 roundings."""
    dataset, numbers = space(*parameters)
    made = derive("spectrum")
    for name, projection in zip(CLASS_NAMES, PROJECTIONS, strict=True):
        derived, words = CLASSES[name], name.replace("_", " ")
        G_x = made["X'X"].lhs
        assert made[f"{words}, input correlation"] == sympy.Eq(
            G_x * projection, s.N * derived.delta * projection, evaluate=False
        )
        found = next((c for c in theory.spectrum(dataset).learnable if c.name == name), None)
        for quantity in ("lam", "delta", "sigma", "pi_star") if found else ():
            exact = exactly(getattr(derived, quantity), numbers)
            assert_close(getattr(found, quantity), exact, 20)
            with pytest.raises(AssertionError):
                assert_close(getattr(found, quantity), 2 * exact, 20)
    assert size.is_integer


@pytest.mark.parametrize("parameters", EXTREME[1:])
@pytest.mark.parametrize("seed", range(3))
def test_norms_and_loss_are_derived(parameters, seed):
    """A norm adds four squares; 1 - f cancels to the rounding of 1. The loss adds squares of differences.

    Rounding of sqrt(sigma) - sqrt(delta) pi is 10 u of the larger of the two, squared with the factor 2.
    """
    dataset, numbers = space(*parameters)
    classes = theory.spectrum(dataset).learnable
    drawn = np.random.default_rng(seed).normal(size=4)
    strengths = dict(zip(CLASS_NAMES, drawn.tolist(), strict=True))
    values = numbers | {f"pi_{i + 1}": strengths[name] for i, name in enumerate(CLASS_NAMES)}
    pi = np.array([[abs(strengths[c.name]) for c in classes]])
    total = sum(c.count * strengths[c.name] ** 2 for c in classes)
    names = {"omega_x": "signs", "gamma_x": "identities", "omega_y": "signs", "gamma_y": "identities"}
    for (source, target), norm in theory.block_norms(classes, pi).items():
        exact = exactly(derive("block-norms")[f"{names[source]} to {names[target]}"].rhs, values)
        assert_close(norm[0] ** 2, exact, 200, total)
    signed = np.array([[strengths[c.name] for c in classes]])
    loss = exactly(derive("aligned-loss").result.rhs, values)
    largest = sum(c.count * (np.sqrt(c.sigma) + np.sqrt(c.delta) * abs(strengths[c.name])) ** 2 for c in classes)
    assert_close(theory.aligned_loss(theory.spectrum(dataset), signed)[0], loss, 40, largest)
    with pytest.raises(AssertionError):
        assert_close(theory.aligned_loss(theory.spectrum(dataset), signed)[0], loss * (1 + 1e-9), 40)


@pytest.mark.parametrize("kappa", [0.05, 0.7, 1.0, 3.0])
@pytest.mark.parametrize("start", [1e-12, 1e-6, 1e-2])
def test_the_invariant_of_a_race_is_derived(kappa, start):
    """Relative errors below 1e-11 of both strengths; alpha has the power kappa."""
    left = derive("race")["invariant"].lhs
    symbols = {str(part.func): part for part in left.atoms(sympy.Function)}
    values = {symbol.name: symbol for symbol in left.free_symbols}
    times = np.array([0.0, 1.0, 5.0, 20.0, 100.0])
    for alpha, beta in theory.race_flow([1.0, kappa], 1.0, [start, 2 * start], times, 2):
        at = {symbols["alpha"]: alpha, symbols["beta"]: beta, values["alpha_0"]: start, values["kappa"]: kappa}
        assert float(left.subs(at)) == pytest.approx(2 * start, rel=2e-11 * (1 + kappa))
    assert float(left.subs(at | {symbols["beta"]: -beta})) != pytest.approx(2 * start, rel=1e-3)


@pytest.mark.parametrize("layers", [3, 4, 7])
def test_the_invariant_of_a_deep_race_is_derived(layers):
    """L - 2 times the difference of the clocks, which it conserves; powers of 1 - 2/L >= 1/3 take 20 roundings."""
    made = derive("race-deep")["invariant"]
    difference = made.rhs - made.lhs
    names = {
        str(getattr(part, "func", part)) if part.args else part.name: part for part in difference.atoms(sympy.Symbol)
    }
    strengths = {str(part.func): part for part in difference.atoms(sympy.core.function.AppliedUndef)}
    generator = np.random.default_rng(layers)
    for alpha, beta, alpha_0, beta_0, x_o, x_g in 10 ** generator.uniform(-6, 1, (30, 6)):
        values = {"alpha_0": alpha_0, "beta_0": beta_0, "x_Omega": x_o, "x_Gamma": x_g, "L": layers}
        at = {names[name]: value for name, value in values.items()}
        at |= {strengths["alpha"]: alpha, strengths["beta"]: beta}
        exact = sympy.N(difference.subs({part: sympy.Rational(value) for part, value in at.items()}), DIGITS)
        clocks = [theory.race_clock(alpha, alpha_0, x_o, layers), theory.race_clock(beta, beta_0, x_g, layers)]
        power = 2 / layers - 1
        scale = (alpha**power + alpha_0**power) / x_o + (beta**power + beta_0**power) / x_g
        assert_close((layers - 2) * (clocks[0] - clocks[1]), mpmath.mpf(str(exact)), 20, scale)
        with pytest.raises(AssertionError):
            assert_close((layers - 2) * (clocks[0] + clocks[1]), mpmath.mpf(str(exact)), 20, scale * 1e-3)


@pytest.mark.parametrize("layers", [3, 5])
@pytest.mark.parametrize("lam", [1e-3, 1.0, 1e3])
def test_the_course_of_a_deep_mode_is_derived(layers, lam):
    """The derived time to the strength that deep_flow gives is the time; deep_flow errs by 1e-12 relatively."""
    made, delta, pi0 = derive("depth"), 0.5 * lam, 1e-4
    x = made["primitive"].lhs.args[0]
    G = sympy.lambdify(
        x,
        made["primitive"]
        .rhs.subs(made["exponent"].lhs, sympy.Rational(2, layers) - 1)
        .subs(next(symbol for symbol in made.symbols if getattr(symbol, "name", "") == "L"), layers),
        "mpmath",
    )
    half = theory.half_time_deep(lam, delta, pi0, layers)
    with mpmath.workdps(DIGITS):
        final, exponent = mpmath.mpf(2), mpmath.mpf(2) / layers - 1
        for time in half * np.array([0.1, 0.9, 0.99, 1.0]):
            strength = mpmath.mpf(float(theory.deep_flow(lam, delta, pi0, time, layers)))
            elapsed = final**exponent / lam * (G(strength / final) - G(mpmath.mpf(pi0) / final))
            begin = abs(final**exponent / lam * G(mpmath.mpf(pi0) / final))
            slope = strength**exponent / (layers * lam * (1 - strength / final))
            allowed = 1e-12 * (slope + begin)
            assert abs(elapsed - time) <= allowed
            assert abs(elapsed * (1 + 1e-9) - time) > allowed


def test_errors_of_a_course_on_one_item_are_derived():
    """With one training item the overlaps have one eigenvalue, n_x, in the direction of that item."""
    n_x, k_x, time = 3, 2, 1.7
    split = HeldOut(SystematicityDataset(n_x=n_x, n_y=n_x, k_x=k_x, k_y=1), train=[0])
    step = derive("held-out-course")["error over time"].rhs
    names = {symbol.name: symbol for symbol in step.free_symbols}
    values = {"c": n_x, "rho": k_x, "M": 1, "t": sympy.Rational(time), "omega_0": 1}
    kept = float(step.subs({names[name]: value for name, value in values.items()}))
    signs = split.dataset.X[:n_x]
    along = signs[:, 0] @ signs[:, 1:] / np.sqrt(n_x)
    expected = np.mean(n_x - along**2 + (kept * along) ** 2)
    found = theory.shallow_held_out_errors(split, linmod.Flow([time]))["omega_y"][0]
    assert found == pytest.approx(expected, rel=1e-14)
    assert found != pytest.approx(np.mean(n_x - along**2 + (2 * kept * along) ** 2), rel=1e-6)


@pytest.mark.parametrize("item", [0, 5])
def test_the_limit_of_held_out_errors_is_derived(item):
    """The derived matrix of errors, in rational numbers; a solve of condition N/rho + 1 takes 100 roundings of it."""
    dataset = SystematicityDataset(n_x=3, n_y=3, k_x=2, k_y=1, r=0.5)
    trained = [i for i in range(8) if i not in (item, 7)]
    split = HeldOut(dataset, train=trained)
    statement = derive("held-out")["error on the held-out items"]
    signs = sympy.Matrix(dataset.X[:3, [item, 7]].astype(int).tolist()).as_immutable()
    names = {part.name: part for part in statement.atoms(sympy.MatrixSymbol)}
    values: dict[Any, Any] = {names["Omega_H"]: signs, names["I_q"]: sympy.eye(2).as_immutable()}
    values |= {
        symbol: {"rho": sympy.Rational(1, 2), "N": 8}[symbol.name]
        for symbol in statement.free_symbols
        if symbol.name in ("rho", "N")
    }
    errors = evaluate(statement.rhs, values)
    exact = float(sum(entry**2 for entry in errors)) / 2
    assert theory.held_out_errors_at_convergence(split)["omega_y"] == pytest.approx(exact, rel=100 * UNIT * 17)
    assert theory.compositional_error_at_convergence(split) == pytest.approx(exact, rel=100 * UNIT * 17)
    assert theory.held_out_errors_at_convergence(split)["omega_y"] != pytest.approx(2 * exact, rel=1e-6)


def test_the_initial_strength_is_derived():
    """The fastest mode starts from y0/4, with the entries of (a + b)/2 rounded once each and their squares summed."""
    dataset = SystematicityDataset(n_x=1, n_y=1, k_x=1, k_y=1)
    weights = linmod.SmallRandom(std=1e-4, seed=3).weights(linmod.Deep(hidden=20), dataset)
    U, V = theory.singular_vectors(dataset)
    start = theory.initial_strengths(theory.spectrum(dataset), U, V, weights)
    strength = derive("initial-strength")["initial strength"].rhs
    (y0,) = strength.free_symbols
    a, b = weights[0] @ V[:, 0], weights[1].T @ U[:, 0]
    assert start.method == "small start"
    assert start.pi0[0] == pytest.approx(float(strength.subs(y0, np.sum((a + b) ** 2))), rel=1e-13)
    assert start.pi0[0] != pytest.approx(a @ b, rel=1e-2)


SAMPLES = sympy.Matrix([[1, 0], [2, 1], [0, -1]]).as_immutable()
TARGETS = sympy.Matrix([1, -1, 2]).as_immutable()
DIRECTION = sympy.Matrix([sympy.Rational(3, 5), sympy.Rational(4, 5)]).as_immutable()


def test_the_gradient_of_the_kernel_objective_is_derived():
    """Along the two axes; solving a system of condition below 10 of order 3 takes fewer than 200 roundings."""
    made, width, ridge = derive("kernel-gradient"), sympy.Rational(3, 2), sympy.Rational(1, 2)
    names = {part.name: part for line in made.lines for part in line.statement.atoms(sympy.MatrixSymbol)}
    symbols = {symbol.name: symbol for symbol in made.symbols if isinstance(symbol, sympy.Symbol)}
    seen = SAMPLES * DIRECTION
    kernel = sympy.Matrix(3, 3, lambda i, j: sympy.N(sympy.exp(-((seen[i] - seen[j]) ** 2) / (2 * width**2)), DIGITS))
    objective = KernelObjective(np.array(SAMPLES, float), np.array(TARGETS, float), float(ridge), float(width))
    _, gradient = objective(np.array(DIRECTION, float).reshape(1, 2, 1))
    for axis in (0, 1):
        values = {
            names["X"]: SAMPLES,
            names["u"]: DIRECTION,
            names["y"]: TARGETS,
            names["K"]: kernel.as_immutable(),
            names["1"]: sympy.ones(3, 1).as_immutable(),
            names["I_n"]: sympy.eye(3).as_immutable(),
            names["v"]: sympy.eye(2)[:, axis].as_immutable(),
            symbols["sigma"]: ridge,
            symbols["l"]: width,
        }
        for line in ("ridge", "solution", "weighted kernel", "row sums"):
            values[made[line].lhs] = evaluate(made[line].rhs, values)
        exact = mpmath.mpf(str(evaluate(made["gradient"].rhs, values)))
        assert_close(gradient[0, axis, 0], exact, 200, np.abs(gradient).max())
        with pytest.raises(AssertionError):
            assert_close(-gradient[0, axis, 0], exact, 200, np.abs(gradient).max())


def test_the_best_linear_module_is_derived():
    """The value of the objective and the direction; an eigenproblem of order 2, fewer than 200 roundings."""
    made, ridge = derive("kernel-linear"), sympy.Rational(1, 2)
    names = {part.name: part for line in made.lines for part in line.statement.atoms(sympy.MatrixSymbol)}
    values = {
        names["X"]: SAMPLES,
        names["y"]: TARGETS,
        names["I_n"]: sympy.eye(3).as_immutable(),
        names["I_d"]: sympy.eye(2).as_immutable(),
        **{symbol: ridge for symbol in made.symbols if getattr(symbol, "name", "") == "sigma"},
    }
    direction, value = theory.module_finding.linear_modules.ridge_direction(
        np.array(SAMPLES, float), np.array(TARGETS, float)[:, 0], 0.5
    )
    assert value == pytest.approx(float(evaluate(made["best value"].rhs, values)), rel=200 * UNIT)
    best = np.array(evaluate(made["ridge direction"].rhs, values), float)[:, 0]
    np.testing.assert_allclose(direction, best / np.linalg.norm(best), rtol=200 * UNIT)
    assert value != pytest.approx(float(2 * evaluate(made["best value"].rhs, values)), rel=1e-6)


def test_the_excess_error_is_derived():
    spread = derive("expected-loss")["pseudo-inverse"].rhs
    names = {symbol.name: symbol for symbol in spread.free_symbols}
    for variables, samples in ((1, 3), (8, 60), (999, 1001)):
        exact = float(spread.subs({names["p"]: variables, names["N"]: samples}))
        assert theory.module_finding.linear_modules.excess_error(variables, samples, 0.5) == pytest.approx(0.5 * exact, rel=4 * UNIT)
