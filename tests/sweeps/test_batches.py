"""Points that differ in start and step size alone are trained together, with the results that each has alone."""

import numpy as np
import pytest
from small_sweeps import ALL, BASE, contents, in_threads

import linmod
from linmod import Descent
from linmod.sweeps import batches as module
from linmod.sweeps.batches import MOST_POINTS, at_the_end, batches
from linmod.sweeps.points import run_points


def varied(**options):
    return linmod.Sweep(
        BASE,
        grid={"network.hidden": [15, 20], "initial.std": [1e-2, 1e-1], "training.step_size": [0.05, 0.1]},
        **{"seeds": 5, "record": ALL, **options},
    )


def test_batches_hold_neighbours_that_differ_in_start_and_step_alone():
    definition = varied()
    found = list(batches(definition))
    # 20 points for each number of hidden units: 16 and 4.
    assert [len(batch) for batch in found] == [MOST_POINTS, 4, MOST_POINTS, 4]
    assert [number for batch in found for number, _ in batch] == list(range(len(definition)))
    for batch in found:
        assert len({description["network"]["hidden"] for _, description in batch}) == 1
    sizes = linmod.Sweep(BASE, grid={"dataset.n_x": [1, 2], "training.steps": [30, 60]}, seeds=3)
    assert [len(batch) for batch in batches(sizes)] == [3] * 4


@pytest.mark.parametrize("over_time", [False, True])
@pytest.mark.parametrize("record", [ALL, ("modes", "norms", "loss")], ids=["with half times", "at the end"])
def test_a_batch_gives_what_each_point_gives_alone(record, over_time):
    definition = varied(record=record, over_time=over_time and "half_time" not in record)
    what = (definition.solutions, definition.record, definition.over_time)
    for batch in batches(definition):
        descriptions = [description for _, description in batch]
        together = run_points(descriptions, *what)
        alone = [run_points([description], *what)[0] for description in descriptions]
        for ours, theirs in zip(together, alone, strict=True):
            assert ours["simulation"]["error"] == theirs["simulation"]["error"] == ""
            for name in record:
                for (labels, values), (same, expected) in zip(
                    ours["simulation"][name], theirs["simulation"][name], strict=True
                ):
                    assert labels == same
                    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-12)
        # The null control: neighbours are different points.
        assert together[0]["simulation"]["loss"] != together[1]["simulation"]["loss"]


def test_a_batch_is_trained_once(monkeypatch):
    calls, train = [], module.solve_batch
    monkeypatch.setattr(
        module, "solve_batch", lambda problems, **options: calls.append(len(problems)) or train(problems, **options)
    )
    definition = varied()
    (first, *_) = batches(definition)
    run_points([description for _, description in first], definition.solutions, definition.record, False)
    assert calls == [MOST_POINTS]
    monkeypatch.setattr(module, "MOST_WEIGHTS", 5000)
    run_points([description for _, description in first], definition.solutions, definition.record, False)
    # 15 (27 + 9) = 540 weights in each network.
    assert calls[1:] == [9, 7]


def test_a_point_that_diverges_leaves_the_others_of_its_batch(tmp_path):
    definition = linmod.Sweep(BASE, grid={"training.step_size": [0.1, 50.0]}, seeds=3, record=["loss"])
    found = in_threads(definition, tmp_path)
    assert np.all(np.isfinite(found.loss.sel(step_size=0.1)))
    assert np.all(np.isnan(found.loss.sel(step_size=50.0)))
    assert [str(error).split(":")[0] for error in found.error.values.ravel()] == [""] * 3 + ["Divergence"] * 3


def test_missing_points_of_a_batch_are_solved_as_before(tmp_path):
    definition = varied()
    for folder in ("whole", "holes"):
        in_threads(definition, tmp_path / folder)
    for number in (0, 3, 17, 39):
        (tmp_path / "holes" / "points" / f"{number:07d}.json").unlink()
    (tmp_path / "holes" / "results.nc").unlink()
    in_threads(definition, tmp_path / "holes")
    assert contents(tmp_path / "holes") == contents(tmp_path / "whole")


def test_only_descent_is_reported_at_its_end_alone():
    problem = varied().problem((0, 0, 0, 0))
    assert at_the_end(problem).training == Descent(0.05, 60, record_every=60)
    flow = linmod.Problem(problem.dataset, problem.network, problem.initial, linmod.Flow([0.0, 1.0]))
    assert at_the_end(flow) is flow
