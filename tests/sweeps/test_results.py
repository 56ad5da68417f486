"""What comes out of a sweep."""

import json

import numpy as np
import pytest
from small_sweeps import BASE, base, definition, in_threads

import linmod
from linmod.sweeps.store import Store


def test_results_are_those_of_direct_solves(tmp_path):
    sweep = definition(solutions=["simulation", "prediction"])
    results = in_threads(sweep, tmp_path)
    assert (results.error == "").all()
    for index in sweep.indices():
        problem = sweep.problem(index)
        for name, solve in (("simulation", linmod.dynamics.solve), ("prediction", linmod.theory.solve)):
            run = solve(problem)
            found = results.sel(solution=name).isel(dict(zip(sweep.axes, index, strict=True)))
            for mode, values in run.modes.items():
                assert found.modes.sel(mode_class=mode).item() == values[-1]
            for (source, target), values in run.norms.items():
                assert found.norms.sel(input_block=source, output_block=target).item() == values[-1]
            assert found.loss.item() == run.loss[-1]
            assert found.systematicity_ratio.item() == run.systematicity_ratio[-1]


def test_every_parameter_is_a_coordinate_and_provenance_is_kept(tmp_path):
    sweep = definition()
    results = in_threads(sweep, tmp_path)
    assert results.n_x.values.tolist() == [1, 3]
    assert results.seed.values.tolist() == [3, 5]
    assert results.hidden.item() == 20
    assert results.network.item() == "deep"
    assert results.step_size.attrs["units"] == "1/tau"
    assert results.half_time.attrs["units"] == "tau"
    assert results.time.item() == pytest.approx(6.0)
    assert json.loads(results.attrs["definition"]) == sweep.definition
    assert json.loads(results.attrs["versions"])["linmod"] == linmod.__version__


def test_over_time_with_trainings_of_different_length(tmp_path):
    sweep = linmod.Sweep(BASE, grid={"training.steps": [20, 60]}, over_time=True, record=["loss", "half_time"])
    results = in_threads(sweep, tmp_path)
    assert results.time.dims == ("steps", "report")
    for steps in (20, 60):
        run = linmod.dynamics.solve(sweep.problem([(20, 60).index(steps)]))
        found = results.loss.sel(solution="simulation", steps=steps).dropna("report")
        assert np.array_equal(found.values, run.loss)
        assert np.array_equal(results.time.sel(steps=steps).dropna("report").values, run.times)
    assert "report" not in results.half_time.dims


def test_half_time_of_a_mode_that_is_not_learned_is_nan(tmp_path):
    sweep = linmod.Sweep(base(training={"steps": 2}), record=["half_time"])
    assert np.isnan(in_threads(sweep, tmp_path).half_time).all()


def test_labels_that_are_lists_are_their_text(tmp_path):
    sweep = linmod.Sweep(
        {**BASE, "training": {"kind": "flow", "times": [0, 1]}}, grid={"training.times": [[0, 1], [0, 2, 4]]}
    )
    results = in_threads(sweep, tmp_path)
    assert results.times.values.tolist() == ["[0,1]", "[0,2,4]"]
    assert results.time.values.tolist() == [1, 4]


def test_a_sweep_of_one_point(tmp_path):
    results = in_threads(linmod.Sweep(BASE), tmp_path)
    assert results.loss.dims == ("solution",)


def test_load_round_trip(tmp_path):
    results = in_threads(definition(over_time=True), tmp_path)
    assert linmod.load_sweep(tmp_path).identical(results)
    assert linmod.load_sweep(tmp_path / "results.nc").identical(results)


def test_load_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file"):
        linmod.load_sweep(tmp_path)
    Store(tmp_path / "begun", {})
    with pytest.raises(FileNotFoundError, match="is not finished; run it again"):
        linmod.load_sweep(tmp_path / "begun")
    (tmp_path / "text.nc").write_text("no data")
    with pytest.raises(ValueError, match="is not a NetCDF file"):
        linmod.load_sweep(tmp_path / "text.nc")
