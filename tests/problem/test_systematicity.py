"""Systematicity: its definition on datasets, and what each architecture and start makes of it."""

from dataclasses import replace

import numpy as np
import pytest

import linmod
from linmod import (
    Aligned,
    Dataset,
    Deep,
    Descent,
    Modular,
    Problem,
    Shallow,
    SmallRandom,
    SystematicityDataset,
    dynamics,
    sub_structure,
    systematicity,
    theory,
)
from linmod.problem import input_output_map, stored_map

DATASETS = [
    SystematicityDataset(3, 1, 3, 1),
    SystematicityDataset(3, 3, 1, 2, 2.0),
    SystematicityDataset(2, 1, 5, 1, -0.7, n_bits=3),
]
ROUNDING = 1e-12
TRAINING = Descent(0.1, 80, record_every=8)


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_sign_features_are_compositional_and_the_identities_are_not(dataset):
    signs = sub_structure(dataset, "omega_x", "omega_y")
    assert (signs.rank, signs.whole, signs.compositional) == (dataset.n_y, dataset.n_items, True)
    identities = sub_structure(dataset, "gamma_x", "gamma_y")
    assert (identities.rank, identities.compositional) == (dataset.n_items, False)
    whole = sub_structure(dataset, ["omega_x", "gamma_x"], ["omega_y", "gamma_y"])
    assert whole.rank == whole.whole
    assert not whole.compositional


def test_a_sub_structure_that_is_not_there_is_not_compositional():
    data = Dataset(np.eye(3), np.eye(3)[[2, 0, 1]], input_blocks={"a": slice(0, 1), "b": slice(1, 3)})
    assert sub_structure(data, "b", "y").rank == 2
    split = Dataset(
        np.eye(2),
        np.eye(2),
        input_blocks={"a": slice(0, 1), "b": slice(1, 2)},
        output_blocks={"c": slice(0, 1), "d": slice(1, 2)},
    )
    absent = sub_structure(split, "a", "d")
    assert (absent.rank, absent.compositional) == (0, False)
    assert len(linmod.sub_structures(split)) == 2


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("architecture", ["dense", "output split"])
def test_dense_and_output_split_hold_the_ratio_exactly_from_an_aligned_start(dataset, layers, architecture):
    net = Shallow() if layers == 1 else Deep(hidden=dataset.n_items, layers=layers)
    network = net if architecture == "dense" else Modular.output_split(net)
    problem = Problem(dataset, network, Aligned(0.05), TRAINING)
    ratio = theory.systematicity_ratio(dataset)
    for trajectory in (theory.solve(problem), dynamics.solve(problem)):
        np.testing.assert_allclose(trajectory.systematicity_ratio, ratio, rtol=0, atol=ROUNDING)
    part = sub_structure(dataset, "omega_x", "omega_y")
    assert linmod.weak_systematicity(dataset, part) == pytest.approx(ratio, abs=1e-10)
    assert abs(ratio - (1 - ratio)) > 0.01
    if layers == 1:
        zero = dynamics.solve(replace(problem, initial=Aligned(0.0)))
        np.testing.assert_allclose(zero.systematicity_ratio[1:], ratio, rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("start", [Aligned(0.05), SmallRandom(0.1)])
def test_the_fully_partitioned_network_is_systematic_throughout(layers, start):
    dataset = DATASETS[0]
    net = Shallow() if layers == 1 else Deep(hidden=10, layers=layers)
    problem = Problem(dataset, Modular.fully_partitioned(net), start, Descent(0.2, 800, record_every=80))
    simulation = dynamics.solve(problem)
    np.testing.assert_array_equal(simulation.systematicity_ratio, 1.0)
    part = sub_structure(dataset, "omega_x", "omega_y")
    final = input_output_map(problem.network, dataset, [layer[-1] for layer in simulation.weights])
    measured = systematicity(final, dataset, part)
    assert measured.share == 1
    if isinstance(start, Aligned) and layers > 1:
        assert measured.holds(1e-4)
    dense = dynamics.solve(replace(problem, network=net))
    end = input_output_map(net, dataset, [layer[-1] for layer in dense.weights])
    assert not systematicity(end, dataset, part).holds(0.1)


@pytest.mark.parametrize("architecture", [Deep(hidden=50), Modular.output_split(Deep(hidden=50))])
def test_from_random_weights_the_ratio_is_approached_in_first_order_of_their_scale(architecture):
    dataset = DATASETS[0]
    stds, errors = [1e-2, 1e-3, 1e-4], []
    for std in stds:
        problem = Problem(dataset, architecture, SmallRandom(std), Descent(0.2, 400, record_every=400))
        errors.append(abs(dynamics.solve(problem).systematicity_ratio[-1] - theory.systematicity_ratio(dataset)))
    slope = np.polyfit(np.log(stds), np.log(errors), 1)[0]
    assert slope == pytest.approx(1, abs=0.15)
    first = dynamics.solve(problem).systematicity_ratio[0]
    assert abs(first - theory.systematicity_ratio(dataset)) > 0.3


@pytest.mark.parametrize("rho", [0.0, 0.1, 0.5, 1.0, 2.0, -0.7])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_both_readings_of_the_leak(rho, layers):
    dataset = DATASETS[0]
    net = Shallow() if layers == 1 else Deep(hidden=9, layers=layers)
    problem = Problem(dataset, Modular.leaky(rho, net), Aligned(0.05), TRAINING)
    simulation, expected = dynamics.solve(problem), theory.leak_ratios(dataset, rho)
    np.testing.assert_allclose(simulation.systematicity_ratio, expected.effective, rtol=0, atol=ROUNDING)
    part = sub_structure(dataset, "omega_x", "omega_y")
    for time in (0, -1):
        weights = [layer[time] for layer in simulation.weights]
        stored = systematicity(stored_map(problem.network, dataset, weights), dataset, part)
        assert stored.share == pytest.approx(expected.stored, abs=ROUNDING)
    if abs(rho) not in (0.0, 1.0):
        assert abs(expected.stored - expected.effective) > 1e-3


def test_maps_of_ones_own():
    dataset = DATASETS[0]
    part = sub_structure(dataset, "omega_x", "omega_y")
    mapping = np.zeros((dataset.n_outputs, dataset.n_inputs))
    nothing = systematicity(mapping, dataset, part)
    assert np.isnan(nothing.share)
    assert nothing.distance == 1
    assert not nothing.holds(0.5)
    mapping[0, 0] = 1.0
    assert systematicity(mapping, dataset, part).holds(1e-9)
    mapping[0, 5] = 0.5
    assert systematicity(mapping, dataset, part).share == pytest.approx(0.8)
    assert not systematicity(mapping, dataset, part).holds(0.1)
    mapping[0, 5], mapping[0, 1] = 0.0, 0.5
    wrong_sign = systematicity(mapping, dataset, part)
    assert wrong_sign.share == 1
    assert wrong_sign.distance == pytest.approx(0.5)


WRONG = {
    "dataset": (lambda: sub_structure(np.eye(2), "x", "y"), TypeError, r"dataset must be Data, got ndarray"),
    "block": (
        lambda: sub_structure(DATASETS[0], "x", "omega_y"),
        ValueError,
        r"inputs of a module must be blocks .* got \['x'\]",
    ),
    "shape": (
        lambda: systematicity(np.eye(2), DATASETS[0], sub_structure(DATASETS[0], "omega_x", "omega_y")),
        ValueError,
        r"mapping must have shape \(9, 27\), got \(2, 2\)",
    ),
    "part": (lambda: systematicity(np.eye(2), DATASETS[0], "omega"), TypeError, r"part must be SubStructure, got str"),
    "tolerance": (lambda: linmod.Systematicity(1.0, 0.0).holds(0), ValueError, r"tolerance must be positive"),
}


@pytest.mark.parametrize(("call", "error", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_call(call, error, message):
    with pytest.raises(error, match=message):
        call()
