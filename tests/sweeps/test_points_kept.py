"""Points are kept as they end, and checked when they are read."""

import errno
import os

import numpy as np
import pytest
from small_sweeps import BASE, base, contents, count_points, definition, in_threads

import linmod
from linmod.sweeps import NotStored


def test_failing_points_are_recorded_and_the_rest_goes_on(tmp_path):
    sweep = linmod.Sweep(BASE, grid={"training.step_size": [0.1, 50.0], "dataset.n_bits": [2, 3]})
    results = in_threads(sweep, tmp_path).sel(solution="simulation")
    errors = results.error.values
    assert errors[0, 1] == ""
    assert "Divergence" in errors[1, 1]
    assert "n_bits must be at least 3" in errors[0, 0]
    assert np.isfinite(results.loss.values[0, 1])
    assert np.isnan(results.loss.values[errors != ""]).all()


def test_a_prediction_that_does_not_exist_leaves_the_simulation(tmp_path):
    sweep = linmod.Sweep(base(network={"layers": 3}), solutions=["prediction", "simulation"])
    results = in_threads(sweep, tmp_path)
    assert "NoClosedForm" in results.error.sel(solution="prediction").item()
    assert results.error.sel(solution="simulation").item() == ""


def test_finished_points_are_not_computed_again(tmp_path):
    in_threads(definition(), tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "points").iterdir()}
    seen = []
    in_threads(definition(), tmp_path, progress=seen.append)
    assert seen == [1.0]
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "points").iterdir()}


@pytest.mark.parametrize("damage", [b"", b"{}", b"0" * 64 + b"\n{}"], ids=["empty", "unsealed", "wrong seal"])
def test_a_corrupt_point_is_computed_again(tmp_path, damage):
    in_threads(definition(), tmp_path)
    clean = contents(tmp_path)
    (tmp_path / "points" / "0000003.json").write_bytes(damage)
    seen = []
    in_threads(definition(), tmp_path, progress=seen.append)
    assert seen == [7 / 8, 1.0]
    assert contents(tmp_path) == clean


def test_one_flipped_digit_is_noticed(tmp_path):
    in_threads(definition(), tmp_path)
    clean = contents(tmp_path)
    point = tmp_path / "points" / "0000000.json"
    text = point.read_text()
    at = text.rindex(".") + 3
    point.write_text(text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :])
    in_threads(definition(), tmp_path)
    assert contents(tmp_path) == clean


def test_a_point_of_another_place_is_noticed(tmp_path):
    in_threads(definition(), tmp_path)
    clean = contents(tmp_path)
    points = tmp_path / "points"
    (points / "0000001.json").write_bytes((points / "0000000.json").read_bytes())
    in_threads(definition(), tmp_path)
    assert contents(tmp_path) == clean


def test_a_folder_of_another_sweep_is_refused(tmp_path):
    in_threads(definition(), tmp_path)
    clean = contents(tmp_path)
    with pytest.raises(ValueError, match="holds the points of another sweep"):
        in_threads(definition(seeds=[3, 6]), tmp_path)
    assert contents(tmp_path) == clean


def test_a_folder_of_other_versions_is_refused(tmp_path, monkeypatch):
    in_threads(definition(), tmp_path)
    monkeypatch.setattr("linmod.sweeps.store.versions", lambda: {"linmod": "99"})
    with pytest.raises(ValueError, match="was begun with"):
        in_threads(definition(), tmp_path)


def test_a_damaged_manifest_is_refused(tmp_path):
    in_threads(definition(), tmp_path)
    (tmp_path / "sweep.json").write_text("[]")
    with pytest.raises(ValueError, match="is damaged"):
        in_threads(definition(), tmp_path)


@pytest.mark.parametrize("folder", ["/proc/nowhere", __file__])
def test_an_unwritable_folder_is_refused(folder):
    with pytest.raises(ValueError, match="folder must be a folder that can be written to"):
        in_threads(definition(), folder)


def test_a_full_disk_is_reported_and_loses_nothing(tmp_path, monkeypatch):
    in_threads(definition(), tmp_path / "whole")
    monkeypatch.setattr("linmod.storage.os.fsync", _full_after(3))
    with pytest.raises(NotStored, match=r"No space left on device.*the finished points are kept.*continues from there"):
        in_threads(definition(), tmp_path / "full")
    assert count_points(tmp_path / "full") == 2
    assert not list((tmp_path / "full").rglob("*.partial"))
    monkeypatch.undo()
    in_threads(definition(), tmp_path / "full")
    assert contents(tmp_path / "full") == contents(tmp_path / "whole")


def _full_after(writes):
    left = iter(range(writes))

    def fsync(_):
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return fsync
