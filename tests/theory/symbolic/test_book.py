"""The book of formulas: names resolve, numbers agree to 1e-12 with 50 digits, exports compute the same."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import sympy

import linmod
from linmod import Rule, SystematicityDataset, theory
from linmod.theory.derivations.book.catalogue import ENTRIES as DERIVATIONS
from linmod.theory.symbolic.book import FORMATS, Entry, book

NUMBERS = np.random.default_rng(5)
DRAWS = 6
TOLERANCE = 1e-12


def exact(entry: Entry, point: Mapping[str, float]) -> float:
    expression = entry.expression
    values = {symbol: sympy.Float(repr(float(point[symbol.name])), 60) for symbol in expression.free_symbols}
    return complex(expression.subs(values).evalf(50, maxn=500)).real


def draws(entry: Entry) -> list[dict[str, float]]:
    points = []
    for _ in range(DRAWS):
        point = {name: float(NUMBERS.uniform(0.2, 1.5)) for name in entry.symbols}
        if "pi0" in point:
            point["pi0"] *= 0.05 * (-1 if "opposite" in entry.name else 1)
        if "half" in entry.name and {"lam", "delta"} <= set(point):
            point["pi0"] = 0.3 * point["lam"] / point["delta"]
        for name in ("n", "L", "N", "n_x", "n_y", "j"):
            if name in point:
                point[name] = float({"L": NUMBERS.integers(3, 6), "N": 16}.get(name, NUMBERS.integers(1, 4)))
        points.append(point)
    return points


DIRECT = [entry for entry in book.values() if entry.arguments]


@pytest.mark.parametrize("entry", DIRECT, ids=[entry.name for entry in DIRECT])
def test_numbers_agree_to_50_digits(entry: Entry) -> None:
    wanted = {name for name in entry.arguments if isinstance(name, str)}
    assert set(entry.symbols) - {"N"} <= wanted
    for point in draws(entry):
        given = [point[name] if isinstance(name, str) else float(name) for name in entry.arguments]
        whole = ("n", "L", "n_x", "n_y", "j")
        given = [int(v) if n in whole else v for n, v in zip(entry.arguments, given, strict=True)]
        if "j" in entry.symbols:
            point["N"], point["n_x"], given[0] = 8.0, 3.0, 3
        value = float(np.ravel(entry.function(*given))[-1])
        assert value == pytest.approx(exact(entry, point), rel=TOLERANCE)


DATASET = SystematicityDataset(n_x=3, n_y=2, k_x=3, k_y=2, r=0.8)
OTHER = SystematicityDataset(n_x=2, n_y=1, k_x=2, k_y=3, r=1.3)


def of_dataset(dataset: SystematicityDataset) -> dict[str, float]:
    names = ("n_x", "n_y", "k_x", "k_y", "r")
    return {"N": dataset.n_items, **{name: getattr(dataset, name) for name in names}, "leak": 0.6}


def _strengths(dataset: SystematicityDataset) -> tuple[Any, Any, dict[str, float]]:
    strengths = {name: 0.3 + 0.2 * i for i, name in enumerate(linmod.datasets.CLASS_NAMES)}
    spectrum = theory.spectrum(dataset)
    pi = np.array([[strengths[c.name] for c in spectrum.learnable]])
    return spectrum, pi, {f"pi_{i + 1}": value for i, value in enumerate(strengths.values())}


def _norm(source: str, target: str) -> Callable[[SystematicityDataset], float]:
    def value(dataset: SystematicityDataset) -> float:
        spectrum, pi, _ = _strengths(dataset)
        return float(theory.block_norms(spectrum.learnable, pi)[source, target][0])

    return value


def _loss(dataset: SystematicityDataset) -> float:
    spectrum, pi, _ = _strengths(dataset)
    return float(theory.aligned_loss(spectrum, pi)[0])


OF_DATASET: dict[str, Callable[[SystematicityDataset], float]] = {
    "lambda-sign-to-sign": lambda d: theory.spectrum(d)["sign_to_sign"].lam,
    "lambda-sign-to-identity": lambda d: theory.spectrum(d)["sign_to_identity"].lam,
    "lambda-identity-to-identity": lambda d: theory.spectrum(d)["identity_to_identity"].lam,
    "norm-signs-to-signs": _norm("omega_x", "omega_y"),
    "norm-identities-to-signs": _norm("gamma_x", "omega_y"),
    "norm-signs-to-identities": _norm("omega_x", "gamma_y"),
    "norm-identities-to-identities": _norm("gamma_x", "gamma_y"),
    "aligned-loss": _loss,
    "systematicity-ratio": theory.systematicity_ratio,
    "leaky-systematicity-ratio": lambda d: theory.leak_ratios(d, 0.6).stored,
}


@pytest.mark.parametrize("name", OF_DATASET)
@pytest.mark.parametrize("dataset", [DATASET, OTHER], ids=["one", "other"])
def test_numbers_of_datasets_agree(name: str, dataset: SystematicityDataset) -> None:
    point = {**of_dataset(dataset), **_strengths(dataset)[2]}
    assert OF_DATASET[name](dataset) == pytest.approx(exact(book[name], point), rel=TOLERANCE)


OTHERS: dict[str, tuple[Callable[[], float], dict[str, float]]] = {
    "held-out-one": (
        lambda: theory.mean_compositional_error(3, 2, 1.7, 7),
        {"n_x": 3, "n_y": 2, "rho": 1.7, "N": 8},
    ),
    "held-out-one-trained": (
        lambda: theory.mean_compositional_error(3, 2, 1.7, 1),
        {"n_x": 3, "n_y": 2, "rho": 1.7, "N": 8},
    ),
    "growth-rate": (
        lambda: float(theory.growth_rate(0.7, 0.5, 0.98, Rule(contrastive=0.4, hebbian=-0.3))),
        {"lam": 0.7, "delta": 0.5, "sigma": 0.98, "gamma": 0.4, "nabla": -0.3},
    ),
    "transverse-rate": (
        lambda: theory.transverse_rate(0.9, 0.7, 0.5, Rule(contrastive=0.4)),
        {"a": 0.9, "lam": 0.7, "delta": 0.5, "gamma": 0.4},
    ),
    "slow-velocity": (
        lambda: theory.slow_velocity(0.9, 0.7, 0.5, Rule(hebbian=0.1)),
        {"a": 0.9, "lam": 0.7, "delta": 0.5, "nabla": 0.1},
    ),
    "two-layer-descent-step": (
        lambda: float(theory.two_layer_descent(0.7, 0.5, 4 * 0.3, 0.0, 0.1, [1])[0]),
        {"lam": 0.7, "delta": 0.5, "pi": 0.3, "alpha": 0.1},
    ),
    "deep-descent-step": (
        lambda: float(theory.deep_descent(0.7, 0.5, 0.3, 0.1, [1], 3)[0]),
        {"lam": 0.7, "delta": 0.5, "pi": 0.3, "alpha": 0.1, "L": 3},
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_numbers_agree(name: str) -> None:
    value, point = OTHERS[name]
    assert value() == pytest.approx(exact(book[name], point), rel=TOLERANCE)


TIMES = {"two-layer-flow-time": 2, "three-layer-flow-time": 3, "four-layer-flow-time": 4, "deep-flow-time": 5}


@pytest.mark.parametrize("name", TIMES)
def test_times_are_those_of_the_flow(name: str) -> None:
    point = {"lam": 0.7, "delta": 0.5, "pi0": 0.01, "L": TIMES[name]}
    for strength in (0.2, 0.9, 1.3):
        time = exact(book[name], {**point, "pi": strength})
        assert time > 0
        assert float(theory.deep_flow(0.7, 0.5, 0.01, time, TIMES[name])) == pytest.approx(strength, rel=1e-11)


FLOWS = {"shallow-flow-equation": 1, "two-layer-flow-equation": 2, "deep-flow-equation": 4}


@pytest.mark.parametrize("name", FLOWS)
def test_rates_are_those_of_the_flow(name: str) -> None:
    layers, step = FLOWS[name], 1e-4
    early, late = (float(theory.deep_flow(0.7, 0.5, 0.2, 1.0 + shift, layers)) for shift in (-step, step))
    now = float(theory.deep_flow(0.7, 0.5, 0.2, 1.0, layers))
    rate = exact(book[name], {"lam": 0.7, "delta": 0.5, "pi": now, "L": layers})
    assert (late - early) / (2 * step) == pytest.approx(rate, rel=1e-7)


@pytest.mark.parametrize("entry", book.values(), ids=list(book))
def test_names_resolve(entry: Entry) -> None:
    assert entry.expression.free_symbols
    assert not entry.numerical or callable(entry.function)
    assert not entry.derivation or entry.derivation in {derivation.name for derivation in DERIVATIONS}
    assert all(entry.symbols.values())
    assert entry.title
    assert entry.source
    assert entry.assumptions


def test_a_wrong_number_would_be_noticed() -> None:
    point = {"lam": 0.7, "delta": 0.5, "pi0": 0.01, "t": 2.0}
    wrong = float(theory.two_layer_flow(0.7, 0.5, 0.01, 2.0 * (1 + 1e-10)))
    assert wrong != pytest.approx(exact(book["two-layer-flow"], point), rel=TOLERANCE)


@pytest.mark.parametrize("name", ["two-layer-flow", "shallow-descent", "systematicity-ratio"])
def test_python_computes_the_same(name: str) -> None:
    entry, point = book[name], dict.fromkeys(book[name].symbols, 0.3)
    scope: dict[str, Any] = {}
    exec(entry.export("python"), scope)
    value = scope[name.replace("-", "_")](**point)
    assert value == pytest.approx(exact(entry, point), rel=1e-14)


def test_all_formats() -> None:
    entry = book["half-time-two-layer"]
    assert all(entry.export(style) for style in FORMATS)
    assert json.loads(entry.export("json"))["derivation"] == "two-layer"
    with pytest.raises(ValueError, match="style must be one of"):
        entry.export("cobol")
    with pytest.raises(ValueError, match="cannot be written in julia"):
        book["half-time-deep"].export("julia")


def test_an_unknown_name_has_near_matches() -> None:
    with pytest.raises(KeyError, match="two-layer-flow"):
        book["two-layers-flow"]


def test_search() -> None:
    assert next(entry.name for entry in book.search("systematicity ratio")) == "systematicity-ratio"
    assert book.search("no such words") == []


def test_the_book_loads_no_sympy() -> None:
    code = "import sys, linmod; list(linmod.book); linmod.Formula('lam*t'); print('sympy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
