"""A trajectory in a file is whole: quantities, problem, versions, and the weights if they are asked for."""

import json
import pickle

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
    Modular,
    Problem,
    Rule,
    Shallow,
    SmallRandom,
    SystematicityDataset,
    dynamics,
    load_trajectory,
    theory,
)
from linmod.storage import FORMAT, read_archive, write_archive

SPACE = SystematicityDataset(2, 1, 1, 1)
DRAWS = np.random.default_rng(0)
DATA = Dataset(
    DRAWS.normal(size=(5, 40)), DRAWS.normal(size=(2, 40)), input_blocks={"a": slice(0, 2), "b": slice(2, 5)}
)
WEIGHTS = (DRAWS.normal(size=(3, 5)), DRAWS.normal(size=(2, 3)))
PROBLEMS = {
    "many times": Problem(SPACE, Deep(hidden=6), Aligned(0.1), Flow(np.linspace(0.0, 1.0, 40) ** 1.5)),
    "own data and weights": Problem(DATA, Deep(hidden=3), Explicit(WEIGHTS), Descent(0.01, 20)),
    "modules": Problem(SPACE, Modular.output_split(Deep(hidden=4)), SmallRandom(0.1, seed=3), Descent(0.1, 5)),
    "a rule": Problem(SPACE, Deep(hidden=6), SmallRandom(0.1), Descent(0.1, 5, rule=Rule(hebbian=0.1))),
}


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_the_problem_of_a_file_has_the_same_solution(problem, tmp_path):
    solved = dynamics.solve(problem)
    loaded = load_trajectory(solved.save(tmp_path / "run"))
    assert loaded.solved_problem is not None
    assert loaded.solved_problem.to_plain() == problem.to_plain()
    again = dynamics.solve(loaded.solved_problem)
    for name, values in solved.quantities.items():
        np.testing.assert_array_equal(again.quantities[name], values)


def test_weights_are_saved_on_demand(tmp_path):
    solved = dynamics.solve(PROBLEMS["own data and weights"])
    whole = load_trajectory(solved.save(tmp_path / "whole", weights=True))
    for one, other in zip(whole.weights, solved.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    pickle.loads(pickle.dumps(whole))
    with pytest.raises(ValueError, match=r"the weights were not saved.*save\(path, weights=True\)"):
        _ = load_trajectory(solved.save(tmp_path / "light")).weights


def test_weights_that_are_not_predicted_are_not_saved_silently(tmp_path):
    prediction = theory.solve(Problem(SPACE, Deep(hidden=6), SmallRandom(1e-3), Descent(0.1, 5)))
    with pytest.raises(linmod.NoClosedForm):
        prediction.save(tmp_path / "whole", weights=True)
    assert not list(tmp_path.iterdir())


def test_a_file_keeps_the_versions_that_made_it(tmp_path, monkeypatch):
    solved = theory.solve(PROBLEMS["many times"])
    monkeypatch.setattr("linmod.problem.trajectory.versions", lambda: {"linmod": "0.0.1", "numpy": "old"})
    path = solved.save(tmp_path / "run")
    monkeypatch.undo()
    loaded = load_trajectory(path)
    assert loaded.provenance["linmod"] == "0.0.1"
    assert solved.provenance["linmod"] == linmod.__version__
    assert load_trajectory(loaded.save(tmp_path / "again")).provenance == loaded.provenance


class Unlisted(SystematicityDataset):
    """Data of a class that no file can name."""


def test_a_problem_without_plain_values_leaves_its_description(tmp_path):
    problem = Problem(Unlisted(2, 1, 1, 1), Shallow(), Aligned(0.0), Flow([0.0, 1.0]))
    loaded = load_trajectory(dynamics.solve(problem).save(tmp_path / "run"))
    assert loaded.solved_problem is None
    assert loaded.description == repr(problem)


def test_an_archive_of_another_kind_or_format_is_refused(tmp_path):
    path = write_archive(tmp_path / "a.npz", "record of learning", {}, {})
    with pytest.raises(ValueError, match=r"is a record of learning, not a saved trajectory"):
        load_trajectory(path)
    later = {"kind": "saved trajectory", "format": FORMAT + 1, "versions": {"linmod": "99"}}
    with path.open("wb") as stream:
        np.savez(stream, header=json.dumps(later))
    with pytest.raises(ValueError, match=r"has format 2 of .*99.*this version reads format 1"):
        load_trajectory(path)


def test_a_header_that_lacks_an_entry_is_refused(tmp_path):
    path = theory.solve(PROBLEMS["many times"]).save(tmp_path / "run.npz")
    header, arrays = read_archive(path, "saved trajectory")
    del arrays["problem/training/times"]
    write_archive(path, "saved trajectory", header, arrays)
    with pytest.raises(ValueError, match=r"run\.npz is damaged or not a saved trajectory"):
        load_trajectory(path)


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    solved = theory.solve(PROBLEMS["many times"])
    before = solved.save(tmp_path / "run.npz").read_bytes()

    def fail(_):
        raise OSError("disk full")

    monkeypatch.setattr("linmod.storage.os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        dynamics.solve(PROBLEMS["many times"]).save(tmp_path / "run.npz")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("run.npz", before)]
