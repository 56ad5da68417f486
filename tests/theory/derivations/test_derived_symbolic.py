"""The symbolic forms of theory are the derived ones."""

from __future__ import annotations

from typing import Any

import pytest
import sympy

from linmod.theory.derivations import derive
from linmod.theory.derivations.book import notation as n
from linmod.theory.derivations.book.rules import T, p
from linmod.theory.derivations.book.spectrum import GENERAL
from linmod.theory.scaling import symbolic as scaled
from linmod.theory.symbolic import modes as symbolic
from linmod.theory.symbolic import symbols as s
from linmod.theory.symbolic.equality import verify_equal

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
