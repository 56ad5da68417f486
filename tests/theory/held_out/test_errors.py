"""Held-out items: splits, trajectories, limits, the zero-error condition, counts of full rank, average errors.

Closed forms and descent of the shallow network apply the same map: rounding alone separates them, 1e-12. Flow is
integrated to rtol 1e-10: 1e-8."""

import math

import numpy as np
import pytest

import linmod
from linmod import (
    Aligned,
    Dataset,
    Deep,
    Descent,
    Explicit,
    Flow,
    HeldOut,
    NoClosedForm,
    Problem,
    Shallow,
    SmallRandom,
    SystematicityDataset,
    dynamics,
    theory,
)

# n_x, n_y, k_x, k_y, r: the usual case, then one edge each
CASES = [
    (3, 1, 3, 1, 1.0),
    (3, 2, 0, 2, 1.0),
    (2, 1, 1, 0, 0.7),
    (3, 3, 1, 1, 0.0),
    (0, 2, 2, 1, 0.5),
    (2, 3, 1, 1, -1.0),
]
DESCENT = Descent(0.05, 120, record_every=40)


def _space(n_x, n_y, k_x, k_y, r=1.0, **more):
    return SystematicityDataset(n_x, n_y, k_x, k_y, r, **more)


def _splits(dataset, seed=0):
    for size in range(1, dataset.n_items):
        yield HeldOut.random(dataset, size, seed=seed + size)


def _gap(first, second):
    assert set(first) == set(second)
    return max(float(np.max(np.abs(np.asarray(first[name]) - second[name]))) for name in first)


# splits


def test_errors_of_maps():
    split = HeldOut(_space(3, 1, 2, 1), train=[1, 2, 6])
    W = np.random.default_rng(0).standard_normal((9, 19))
    errors = split.errors([W, 0 * W])
    by_hand = [np.sum((split.dataset.Y[:, i] - W @ split.dataset.X[:, i])[:1] ** 2) for i in split.held_out]
    assert errors["omega_y"][0] == pytest.approx(np.mean(by_hand))
    assert errors["gamma_y"][1] == 1.0


# trajectories


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("training", [DESCENT, Flow([0.5, 2.0, 9.0])], ids=["descent", "flow"])
def test_errors_from_zero_weights_are_those_of_the_map(case, training):
    dataset = _space(*case)
    zero = Explicit([np.zeros((dataset.n_outputs, dataset.n_inputs))])
    other = Explicit([np.full((dataset.n_outputs, dataset.n_inputs), 0.1)])
    for split in _splits(dataset):
        by_signs = theory.held_out_errors(split, Shallow(), Aligned(0.0), training)
        assert _gap(by_signs, theory.held_out_errors(split, Shallow(), zero, training)) <= 1e-12
        assert _gap(by_signs, theory.held_out_errors(split, Shallow(), other, training)) > 1e-3


def test_momentum_is_refused_from_zero_weights_too():
    training = Descent(0.05, 120, record_every=40, momentum=0.5)
    split = HeldOut(_space(3, 1, 3, 1), train=[0, 1, 2, 4])
    with pytest.raises(NoClosedForm, match="momentum"):
        theory.held_out_errors(split, Shallow(), Aligned(0.0), training)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("training", [DESCENT, Flow([0.5, 2.0, 9.0], rtol=1e-10, atol=1e-12)], ids=["descent", "flow"])
def test_shallow_errors(case, training):
    bound = 1e-12 if training is DESCENT else 1e-8
    for split in _splits(_space(*case)):
        simulated = dynamics.held_out_errors(split, Shallow(), Aligned(0.0), training)
        assert _gap(theory.held_out_errors(split, Shallow(), Aligned(0.0), training), simulated) <= bound
        assert _gap(theory.shallow_held_out_errors(split, training), simulated) <= bound
        if case == CASES[0]:
            other = HeldOut(split.dataset, train=split.held_out)
            assert _gap(theory.shallow_held_out_errors(other, training), simulated) > 1e-3 or len(split.train) == 4
            constant = {name: np.full_like(values, values[0]) for name, values in simulated.items()}
            assert _gap(constant, simulated) > 1e-3


def test_shallow_errors_from_random_weights_and_on_any_data():
    generator = np.random.default_rng(1)
    data = Dataset(generator.standard_normal((4, 9)), generator.standard_normal((2, 9)))
    for dataset in (data, _space(3, 1, 3, 1)):
        split, start = HeldOut(dataset, train=[0, 3, 4]), SmallRandom(0.5, seed=2)
        simulated = dynamics.held_out_errors(split, Shallow(), start, DESCENT)
        assert _gap(theory.held_out_errors(split, Shallow(), start, DESCENT), simulated) <= 1e-12
        assert _gap(theory.held_out_errors(split, Shallow(), Aligned(0.0), DESCENT), simulated) > 1e-2


@pytest.mark.parametrize("case", [(3, 3, 1, 1, 0.7), (3, 0, 2, 1, 1.0)])
def test_deep_errors_from_an_aligned_start_where_modes_do_not_couple(case):
    for split in list(_splits(_space(*case)))[1::2]:
        simulated = dynamics.held_out_errors(split, Deep(12), Aligned(0.02), DESCENT)
        assert _gap(theory.held_out_errors(split, Deep(12), Aligned(0.02), DESCENT), simulated) <= 1e-11
        assert _gap(theory.held_out_errors(split, Deep(12), Aligned(0.06), DESCENT), simulated) > 1e-4


def test_no_closed_form_for_coupled_modes():
    split = HeldOut(_space(3, 2, 1, 1), train=[0, 1, 6])
    with pytest.raises(NoClosedForm, match=r"commute.*theory.held_out_errors_at_convergence"):
        theory.held_out_errors(split, Deep(10), Aligned(0.01), DESCENT)
    with pytest.raises(NoClosedForm, match=r"Aligned start"):
        theory.held_out_errors(HeldOut(_space(3, 3, 1, 1), train=[0, 1]), Deep(10), SmallRandom(), DESCENT)


# limits


@pytest.mark.parametrize("case", CASES)
def test_limits_are_those_of_the_map_of_least_norm(case):
    for split in _splits(_space(*case), seed=20):
        least = split.errors([split.training.Y @ np.linalg.pinv(split.training.X)])
        limit = theory.held_out_errors_at_convergence(split)
        assert _gap(limit, {name: error[0] for name, error in least.items()}) < 1e-12
        late = theory.shallow_held_out_errors(split, Flow([1e6]))
        assert _gap(limit, {name: error[0] for name, error in late.items()}) < 1e-9
        dataset = split.dataset
        if dataset.k_x and dataset.r and set(dataset.output_signs) <= set(dataset.input_signs):
            assert theory.compositional_error_at_convergence(split) == pytest.approx(limit["omega_y"], abs=1e-12)


def test_limit_on_any_data():
    generator = np.random.default_rng(1)
    split = HeldOut(Dataset(generator.standard_normal((4, 9)), generator.standard_normal((2, 9))), train=[0, 3, 4])
    training = Descent(0.3, 20000, 20000)
    simulated = dynamics.held_out_errors(split, Shallow(), Aligned(0.0), training)
    assert theory.held_out_errors_at_convergence(split)["y"] == pytest.approx(simulated["y"][-1], rel=1e-8)


def test_non_compositional_error_is_never_below_that_of_zero():
    for split in _splits(_space(3, 1, 2, 3, 0.8)):
        course = theory.shallow_held_out_errors(split, Flow(np.linspace(0, 30, 7)))["gamma_y"]
        assert course[0] == pytest.approx(3 * 0.64)
        assert np.all(np.diff(course) > -1e-12)
        assert course[-1] > course[0] + 1e-3


def test_deep_networks_tend_to_the_limit_in_first_order():
    dataset = _space(3, 2, 1, 1, 2.0)
    gaps = []
    for std in (1e-2, 1e-3, 1e-4):
        here = []
        for seed in range(3):
            split = HeldOut.random(dataset, 3, seed=seed)
            errors = dynamics.held_out_errors(split, Deep(50), SmallRandom(std, seed), Descent(0.06, 900, 900))
            limit = theory.held_out_errors_at_convergence(split)
            here.append(max(abs(errors[name][-1] - limit[name]) for name in limit))
        gaps.append(np.mean(here))
    assert np.log10(gaps[0] / gaps[2]) / 2 == pytest.approx(1, abs=0.15)
    assert gaps[1] < 0.025


def test_expected_errors_with_four_sign_inputs():
    for size in (1, 14, 15):
        average = theory.mean_held_out_errors(_space(4, 2, 1, 0, 1.5), size)["omega_y"]
        assert theory.mean_compositional_error(4, 2, 2.25, size) == pytest.approx(average, abs=1e-14)


def test_mean_field_is_exact_with_one_item_left_and_a_lower_bound():
    for rho in (0.1, 1.0, 5.0):
        averages = [
            theory.mean_held_out_errors(_space(3, 1, 1, 0, math.sqrt(rho)), size)["omega_y"] for size in range(1, 8)
        ]
        bounds = [theory.compositional_error_of_mean_set(3, 1, rho, size) for size in range(1, 8)]
        assert bounds[-1] == pytest.approx(averages[-1], abs=1e-14)
        assert np.all(np.array(averages) - bounds > -1e-14)
        assert averages[2] - bounds[2] > 1e-3


SPLIT = HeldOut(SystematicityDataset(2, 1, 1, 1), train=[0, 1])
MORE_OUT = HeldOut(SystematicityDataset(1, 2, 1, 1), train=[0, 1])
WRONG = {
    "split": (lambda: theory.held_out_errors_at_convergence(_space(2, 1, 1, 1)), TypeError, r"split must be HeldOut"),
    "simulated split": (
        lambda: dynamics.held_out_errors(_space(2, 1, 1, 1), Shallow(), Aligned(), DESCENT),
        TypeError,
        r"split must be HeldOut",
    ),
    "training": (
        lambda: theory.shallow_held_out_errors(SPLIT, 3),
        TypeError,
        r"training must be Flow or Descent, got int",
    ),
    "other data": (
        lambda: theory.shallow_held_out_errors(HeldOut(Dataset([[1.0, 2.0]], [[1.0, 0.0]]), train=[0]), DESCENT),
        NoClosedForm,
        r"for a SystematicityDataset",
    ),
    "no ridge": (
        lambda: theory.compositional_error_at_convergence(HeldOut(_space(2, 1, 0, 1), train=[0])),
        ValueError,
        r"k_x and r must not be 0.*k_x r\^2 = 0",
    ),
    "signs": (lambda: theory.is_learnable(MORE_OUT), ValueError, r"output_signs must all be among input_signs"),
    "signs left": (
        lambda: theory.compositional_error_at_convergence(MORE_OUT),
        ValueError,
        r"output_signs must all be among",
    ),
    "n_x": (lambda: theory.full_rank_probability(0, 0), ValueError, r"n_x must be at least 1"),
    "too many": (lambda: theory.full_rank_probability(2, 5), ValueError, r"size must be at most .* = 4, got 5"),
    "not feasible": (lambda: theory.full_rank_probability(7, 9), NoClosedForm, r"up to n_x=6.*estimate_full_rank"),
    "n_y": (lambda: theory.zero_error_probability(2, 3, 1), ValueError, r"n_y must be at most n_x=2, got 3"),
    "samples": (lambda: theory.estimate_full_rank(3, 3, 0, 0), ValueError, r"samples must be at least 1"),
    "confidence": (lambda: theory.estimate_full_rank(3, 3, 9, 0, 1.0), ValueError, r"confidence must be below 1"),
    "n_x large": (lambda: theory.estimate_full_rank(21, 3, 9, 0), ValueError, r"n_x must be at most 20, got 21"),
    "expected n_y": (lambda: theory.mean_compositional_error(2, 3, 1.0, 1), ValueError, r"n_y must be at most"),
    "expected size": (lambda: theory.mean_compositional_error(3, 1, 1.0, 8), ValueError, r"below .* = 8, got 8"),
    "expected form": (
        lambda: theory.mean_compositional_error(3, 1, 1.0, 4),
        NoClosedForm,
        r"size must be 1, 6 or 7",
    ),
    "expected rho": (lambda: theory.mean_compositional_error(3, 1, -1.0, 1), ValueError, r"rho must be at least 0"),
    "average": (lambda: theory.mean_held_out_errors(_space(5, 1, 1, 1), 16), NoClosedForm, r"training sets of size=16"),
    "average size": (
        lambda: theory.mean_held_out_errors(_space(2, 1, 1, 1), 4),
        ValueError,
        r"size must be from 1 to 3",
    ),
    "mean field": (lambda: theory.compositional_error_of_mean_set(2, 1, 0.0, 1), ValueError, r"rho must be positive"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_calls(name):
    call, kind, message = WRONG[name]
    with pytest.raises(kind, match=message):
        call()


def test_simulated_errors_are_those_of_the_weights_of_solve():
    split = HeldOut(_space(2, 1, 1, 1), train=[0, 1, 3])
    network, initial = Deep(5), SmallRandom(0.1)
    errors = linmod.dynamics.held_out_errors(split, network, initial, DESCENT)
    first, second = linmod.dynamics.solve(Problem(split.training, network, initial, DESCENT)).weights
    for name, values in split.errors(second @ first).items():
        np.testing.assert_allclose(errors[name], values, rtol=1e-12, atol=0)
        assert np.ptp(values) > 1e-3


@pytest.mark.parametrize("n_x", [20, 256, 1100])
def test_mean_errors_of_more_items_than_floats_can_count(n_x):
    """For many features the overlaps vanish against N, so that one item and two items held out have the same error."""
    n_items = 1 << n_x
    two, one = (theory.mean_compositional_error(n_x, 1, 3.0, n_items - held) for held in (2, 1))
    assert two == pytest.approx(one, rel=1e-4)
    assert one == pytest.approx(math.ldexp(9.0, -2 * n_x), rel=1e-4)
    limit = 1 - 2 / (n_x + 3) + n_x / (n_x + 3) ** 2
    assert theory.mean_compositional_error(n_x, 1, 3.0, 1) == pytest.approx(limit, rel=1e-5)
    with pytest.raises(NoClosedForm, match="size must be 1, "):
        theory.mean_compositional_error(n_x, 1, 3.0, n_items - 3)
