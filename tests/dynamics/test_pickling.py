"""Trajectories, predicted, simulated, loaded or projected, go through pickle with everything they can make."""

import pickle
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

import linmod
from linmod import (
    Aligned,
    Dataset,
    Deep,
    Descent,
    Flow,
    Modular,
    Problem,
    RandomModes,
    Rule,
    Shallow,
    SmallRandom,
    SystematicityDataset,
    dynamics,
    theory,
)

SPACE = SystematicityDataset(2, 1, 1, 1)
WHITE = Dataset(np.eye(4), np.random.default_rng(0).standard_normal((3, 4)))
NETWORKS = (Shallow(), Deep(8), Deep(8, layers=3))
MODULES = (Modular.race(Deep(8)), Modular.race(Shallow()), Modular.output_split(Deep(8)))


def _made(trajectory, name):
    """What a trajectory makes when asked, or the reason why it does not."""
    try:
        value = getattr(trajectory, name)
    except ValueError as error:
        return str(error)
    return [part.tolist() for part in value] if name == "weights" else np.asarray(value).tolist()


def _assert_pickles(trajectory):
    copy = pickle.loads(pickle.dumps(trajectory))
    assert copy.origin == trajectory.origin
    assert all(np.array_equal(copy.quantities[name], values) for name, values in trajectory.quantities.items())
    for name in ("weights", "strengths", "neglected"):
        assert _made(copy, name) == _made(trajectory, name)


@pytest.mark.parametrize("training", [Flow([0.0, 1.0, 2.0]), Descent(0.1, 9, 3)], ids=["flow", "descent"])
@pytest.mark.parametrize("network", NETWORKS + MODULES, ids=repr)
def test_predictions_and_simulations_pickle(network, training):
    solved = 0
    for data, initial in product((SPACE, WHITE), (Aligned(1e-2), SmallRandom(1e-3), RandomModes(1e-3))):
        if not network.is_chain and data is WHITE:
            continue
        problem = Problem(data, network, initial, training)
        for solve in (theory.solve, dynamics.solve, dynamics.solve_modes, dynamics.solve_pathways):
            try:
                trajectory = solve(problem)
            except ValueError:
                continue
            _assert_pickles(trajectory)
            solved += 1
    assert solved >= 3


@pytest.mark.parametrize("coordinates", ["data", "principal", "spectral", "compressed"])
def test_every_coordinate_system_and_batches_pickle(coordinates):
    problems = [Problem(SPACE, Deep(8), SmallRandom(1e-3, seed), Descent(0.1, 6, 3)) for seed in range(2)]
    _assert_pickles(dynamics.solve(problems[0], coordinates=coordinates))
    _assert_pickles(dynamics.solve_batch(problems, coordinates=coordinates)[1])


def test_trajectories_under_a_rule_pickle():
    for initial in (Aligned(1e-2), SmallRandom(1e-3)):
        problem = Problem(SPACE, Deep(8), initial, Descent(0.1, 6, 3, rule=Rule(hebbian=0.1)))
        for solve in (theory.solve, dynamics.solve, dynamics.solve_modes):
            _assert_pickles(solve(problem))


def test_projections_and_loaded_trajectories_pickle(tmp_path):
    projection = linmod.project([np.ones((SPACE.n_outputs, SPACE.n_inputs))], SPACE)
    _assert_pickles(projection)
    assert pickle.loads(pickle.dumps(projection)).problem(Flow([0.0])).network == Shallow()
    path = theory.solve(Problem(SPACE, Shallow(), Aligned(0.0), Flow([0.0, 1.0]))).save(tmp_path / "saved")
    _assert_pickles(linmod.load_trajectory(path))


def test_a_trajectory_that_holds_a_local_function_does_not_pickle():
    projection = linmod.project(lambda X: X @ np.ones((SPACE.n_inputs, SPACE.n_outputs)), SPACE)
    _assert_pickles(projection)
    with pytest.raises((AttributeError, pickle.PicklingError)):
        _assert_pickles(replace(projection, make_weights=lambda: ()))
