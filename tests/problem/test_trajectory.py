"""What a trajectory reports, saves and loads."""

from dataclasses import replace

import numpy as np
import pytest

from linmod import (
    Aligned,
    Dataset,
    Deep,
    Descent,
    Flow,
    NoClosedForm,
    Problem,
    Shallow,
    SmallRandom,
    Statistics,
    SystematicityDataset,
    Trajectory,
    dynamics,
    load_trajectory,
    theory,
)

PROBLEM = Problem(SystematicityDataset(2, 1, 1, 1), Deep(hidden=6), Aligned(0.1), Flow([0.0, 1.0, 2.5]))
RANDOM = replace(PROBLEM, initial=SmallRandom(1e-3), training=Descent(0.1, 20, record_every=8))
GENERAL = Problem(
    Dataset([[1.0, -1.0, 0.0], [0.0, 1.0, 2.0]], [[1.0, 0.0, 1.0]], input_blocks={"a": slice(0, 1), "b": slice(1, 2)}),
    Shallow(),
    SmallRandom(0.1),
    Descent(0.1, 5),
)
SOLVED = {
    "aligned prediction": (theory.solve, PROBLEM),
    "random prediction": (theory.solve, RANDOM),
    "simulation": (dynamics.solve, PROBLEM),
    "simulated modes": (dynamics.solve_modes, PROBLEM),
    "any data": (dynamics.solve, GENERAL),
    "no mode at all": (dynamics.solve, replace(GENERAL, dataset=Dataset([[1.0, -1.0]], [[1.0, 1.0]]))),
}


@pytest.fixture(params=SOLVED.values(), ids=SOLVED)
def solved(request):
    solve, problem = request.param
    return solve(problem)


def test_save_and_load(solved, tmp_path):
    path = solved.save(tmp_path / "run")
    assert path == tmp_path / "run.npz"
    loaded = load_trajectory(path)
    assert isinstance(loaded, Trajectory)
    for name in ("description", "origin", "statistics"):
        assert getattr(loaded, name) == getattr(solved, name)
    np.testing.assert_equal(loaded.neglected_shares, solved.neglected_shares)
    np.testing.assert_array_equal(loaded.times, solved.times)
    np.testing.assert_array_equal(loaded.strengths, solved.strengths)
    assert list(loaded.quantities) == list(solved.quantities)
    assert list(loaded.norms) == list(solved.norms)
    for name, values in solved.quantities.items():
        np.testing.assert_array_equal(loaded.quantities[name], values)
    assert repr(loaded) == repr(solved)
    with pytest.raises(ValueError, match="the weights were not saved with this trajectory"):
        _ = loaded.weights


@pytest.mark.parametrize("name", ["a.npz", "a", "step_0.5", "b.tar"])
def test_names_of_files_are_kept(tmp_path, name):
    trajectory = theory.solve(PROBLEM)
    path = trajectory.save(str(tmp_path / name))
    assert path.name == (name if name.endswith(".npz") else f"{name}.npz")
    assert load_trajectory(str(path)).loss.tolist() == trajectory.loss.tolist()
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_saved_trajectory_is_replaced(tmp_path):
    for problem in (PROBLEM, RANDOM):
        path = theory.solve(problem).save(tmp_path / "run.npz")
    assert load_trajectory(path).description == repr(RANDOM)


def test_quantities():
    trajectory = dynamics.solve(PROBLEM)
    assert list(trajectory.quantities) == [
        "mode sign_to_sign",
        "mode sign_to_identity",
        "mode identity_to_identity",
        "norm omega_x -> omega_y",
        "norm gamma_x -> omega_y",
        "norm omega_x -> gamma_y",
        "norm gamma_x -> gamma_y",
        "loss",
    ]
    assert list(theory.solve(PROBLEM).quantities) == list(trajectory.quantities)
    assert trajectory.quantities["loss"] is trajectory.loss
    assert trajectory.quantities["norm gamma_x -> omega_y"] is trajectory.norms["gamma_x", "omega_y"]
    assert all(values.shape == (3,) for values in trajectory.quantities.values())
    assert trajectory.strengths.shape == (3, 4)


def test_quantities_of_any_data():
    assert list(dynamics.solve(GENERAL).quantities) == ["norm a -> y", "norm b -> y", "loss"]


def test_weights_are_made_when_asked_for_and_once():
    made = []

    def make():
        made.append(1)
        return (np.zeros((3, 1, 1)),)

    trajectory = replace(theory.solve(PROBLEM), make_weights=make)
    assert not made
    assert trajectory.weights is trajectory.weights
    assert len(made) == 1


def test_predictions_carry_no_statistics_and_simulations_do():
    assert theory.solve(PROBLEM).statistics is None
    statistics = dynamics.solve(RANDOM).statistics
    assert isinstance(statistics, Statistics)
    assert (statistics.steps, statistics.evaluations) == (20, 20)


def test_weights_are_not_predicted_from_a_random_start():
    with pytest.raises(NoClosedForm, match="predicts modes, norms and loss, not the weights"):
        _ = theory.solve(RANDOM).weights


@pytest.mark.parametrize("solve", [theory.solve, dynamics.solve])
def test_systematicity_ratio(solve):
    trajectory = solve(RANDOM)
    signs, identities = trajectory.norms["omega_x", "omega_y"], trajectory.norms["gamma_x", "omega_y"]
    # Squares of two norms, divided: a few roundings
    expected = signs**2 / (signs**2 + identities**2)
    np.testing.assert_allclose(trajectory.systematicity_ratio, expected, rtol=1e-15, atol=0)
    assert np.all((trajectory.systematicity_ratio > 0) & (trajectory.systematicity_ratio < 1))


@pytest.mark.parametrize("solve", [theory.solve, dynamics.solve])
def test_systematicity_ratio_of_a_map_that_is_zero(solve):
    shallow = solve(replace(PROBLEM, network=Shallow(), initial=Aligned(0.0)))
    assert np.isnan(shallow.systematicity_ratio[0])
    np.testing.assert_allclose(shallow.systematicity_ratio[1:], 4 / 5, rtol=1e-12)
    no_signs = solve(replace(PROBLEM, dataset=SystematicityDataset(2, 0, 1, 1)))
    assert np.all(np.isnan(no_signs.systematicity_ratio))


def test_systematicity_ratio_needs_its_blocks():
    with pytest.raises(ValueError, match=r"needs the blocks \('omega_x', 'omega_y'\); this dataset has \[\('a', 'y'\)"):
        _ = dynamics.solve(GENERAL).systematicity_ratio


def test_repr():
    assert repr(theory.solve(PROBLEM)) == (
        "Trajectory(two layers, flow, aligned start; 3 times from 0 to 2.5;"
        " modes: sign_to_sign, sign_to_identity, identity_to_identity)"
    )
    assert repr(SOLVED["no mode at all"][0](SOLVED["no mode at all"][1])).endswith("modes: none)")
    assert "RK45; 3 times from 0 to 2.5" in repr(dynamics.solve(PROBLEM))
    assert "descent; 4 times from 0 to 2;" in repr(dynamics.solve(RANDOM))
    assert len(repr(theory.solve(replace(PROBLEM, training=Flow(np.linspace(0, 1, 10**5)))))) < 200


def test_maps_of_a_problem_are_measured():
    solved = theory.solve(RANDOM)
    maps = [last @ first for first, last in zip(*dynamics.solve(RANDOM).weights, strict=True)]
    made = Trajectory.of_maps(
        RANDOM, "maps", maps, make_neglected=lambda seen: {"loss": 0.5, "mode a": 0.2}, make_weights=lambda: ()
    )
    assert (made.description, made.origin, made.neglected) == (solved.description, "maps", 0.5)
    np.testing.assert_array_equal(made.times, RANDOM.times)
    simulated = dynamics.solve(RANDOM)
    for name, values in simulated.quantities.items():
        np.testing.assert_allclose(made.quantities[name], values, atol=1e-13)
    np.testing.assert_allclose(made.strengths, simulated.strengths, atol=1e-13)
    wrong = Trajectory.of_maps(RANDOM, "maps", maps[::-1], make_weights=lambda: ())
    assert not np.allclose(wrong.loss, simulated.loss, atol=1e-13)
