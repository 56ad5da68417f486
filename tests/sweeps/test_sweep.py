"""Sweeps: their definition, their points kept as they end, and what comes out."""

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import linmod
from linmod.commands.app import app
from linmod.sweeps import WorkerLost
from linmod.sweeps.description import build_parts
from linmod.sweeps.store import Store

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "sweep.toml"
BASE = {
    "dataset": {"n_x": 3, "n_y": 1, "k_x": 3, "k_y": 1},
    "network": {"kind": "deep", "hidden": 20},
    "initial": {"kind": "small_random", "std": 1e-2},
    "training": {"kind": "descent", "step_size": 0.1, "steps": 60, "record_every": 20},
}
ALL = ("modes", "norms", "loss", "systematicity_ratio", "half_time")


def base(**changes):
    return {section: {**values, **changes.get(section, {})} for section, values in BASE.items()}


def definition(**options):
    return linmod.Sweep(
        BASE, grid={"dataset.n_x": [1, 3], "dataset.r": [0.5, 2.0]}, **{"seeds": [3, 5], "record": ALL, **options}
    )


def in_threads(sweep, folder, **options):
    with ThreadPoolExecutor(2) as executor:
        return linmod.sweep(sweep, folder, executor=executor, **options)


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def toml_file(folder, text, **replacements):
    """The example file, changed."""
    for old, new in replacements.items():
        assert old in text
        text = text.replace(old, new)
    file = folder / "sweep.toml"
    file.write_text(text)
    return file


SMALL = """
seeds = [3, 5]
[dataset]
n_x = 3
n_y = 1
k_x = 3
k_y = 1
[network]
kind = "deep"
hidden = 20
[initial]
kind = "small_random"
std = 0.01
[training]
kind = "descent"
step_size = 0.1
steps = 60
[grid]
dataset.n_x = [1, 2]
"""


# the definition


def test_points_are_numbered_in_the_order_of_the_grid():
    sweep = definition()
    assert len(sweep) == 8
    assert list(sweep.axes) == ["n_x", "r", "seed"]
    problem = sweep.problem([1, 0, 1])
    assert (problem.dataset.n_x, problem.dataset.r, problem.initial.seed) == (3, 0.5, 5)
    assert problem.network == linmod.Deep(20)


def test_a_number_of_seeds_counts_from_zero():
    assert linmod.Sweep(BASE, seeds=3).axes["seed"] == {"initial.seed": [0, 1, 2]}


def test_nested_tables_dotted_paths_and_numpy_values_mean_the_same():
    dotted = linmod.Sweep(BASE, grid={"dataset.n_x": np.array([1, 2]), "dataset.r": np.linspace(1, 2, 2)})
    nested = linmod.Sweep(BASE, grid={"dataset": {"n_x": (1, 2), "r": [1.0, 2.0]}})
    assert dotted.definition == nested.definition


def test_lists_vary_together_along_one_dimension():
    lists = {"setting": {"training.step_size": [0.1, 0.05], "training.steps": [10, 20]}}
    sweep = linmod.Sweep(BASE, lists=lists)
    assert [sweep.problem([i]).training.steps for i in range(2)] == [10, 20]
    assert sweep.shape == (2,)


def test_kinds_can_vary_with_fields_that_only_one_of_them_has():
    sweep = linmod.Sweep(BASE, grid={"network.kind": ["deep", "shallow"]})
    assert sweep.problem([0]).network == linmod.Deep(20)
    assert sweep.problem([1]).network == linmod.Shallow()


def test_defaults_are_part_of_the_definition():
    assert linmod.Sweep(BASE).base["network"]["layers"] == 2
    explicit = linmod.Sweep(base(network={"layers": 2}))
    assert explicit.definition == linmod.Sweep(BASE).definition


def test_a_fixed_value_of_a_field_that_varies_does_not_matter():
    sweeps = [linmod.Sweep(base(dataset={"n_x": n_x}), grid={"dataset.n_x": [1, 2]}) for n_x in (3, 4)]
    assert sweeps[0].definition == sweeps[1].definition


def test_times_can_be_a_list_or_a_span():
    spans = [{"stop": 4, "count": 5}, {"start": 1, "stop": 4, "count": 4}, [0, 1, 2, 3, 4]]
    flows = [build_parts({**_kinds(), "training": {"kind": "flow", "times": times}})[1].times for times in spans]
    assert [times.tolist() for times in flows] == [[0, 1, 2, 3, 4], [1, 2, 3, 4], [0, 1, 2, 3, 4]]


def _kinds():
    return {"dataset": {"kind": "systematicity", **BASE["dataset"]}, **{k: BASE[k] for k in ("network", "initial")}}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"base": {}}, ValueError, "section dataset is missing"),
        ({"base": {**BASE, "data": {}}}, ValueError, "'data' is not known; near it: dataset"),
        ({"base": {**BASE, "dataset": 3}}, TypeError, "dataset must be a table"),
        ({"base": base(dataset={"nx": 3})}, ValueError, "'nx' is not known; near it: n_x"),
        ({"base": base(dataset={"n_x": "3"})}, TypeError, "dataset: n_x must be an integer"),
        ({"base": base(dataset={"n_x": object()})}, TypeError, "base.dataset.n_x must be a number"),
        ({"base": base(dataset={"r": float("nan")})}, ValueError, "base.dataset.r must be finite"),
        ({"base": {**BASE, "network": {}}}, ValueError, "network.kind is missing; it is one of shallow, deep"),
        ({"base": base(network={"kind": "deap"})}, ValueError, "'deap' is not known; near it: deep"),
        ({"base": {**BASE, "dataset": {"n_x": 1}}}, TypeError, "dataset.n_y is missing"),
        ({"base": base(training={"kind": "flow"})}, ValueError, "'step_size' is not known"),
        ({"base": base(training={"step_size": -1.0})}, ValueError, "training: step_size must be positive"),
        ({"grid": {"n_x": [1]}}, ValueError, "section 'n_x' is not known"),
        ({"grid": {"dataset": [1]}}, ValueError, "dataset must be the path of a field"),
        ({"grid": {"dataset.nx": [1]}}, ValueError, "'nx' is not known; near it: n_x"),
        ({"grid": {"dataset.n_x": []}}, ValueError, "n_x must have at least one value"),
        ({"grid": {"dataset.n_x": 3}}, TypeError, "grid.dataset.n_x must be a list"),
        ({"grid": {"dataset.n_x": "12"}}, TypeError, "grid.dataset.n_x must be a list"),
        ({"grid": {"dataset.n_x": [1, "2"]}}, TypeError, "n_x must be an integer"),
        ({"grid": {"dataset.n_x": [1, 2, 1]}}, ValueError, "n_x must have different values"),
        ({"grid": {"network.kind": ["deep", "dense"]}}, ValueError, "'dense' is not known; near it: deep"),
        ({"grid": [1]}, TypeError, "grid must be a table"),
        ({"lists": {"a": {"dataset.n_x": [1], "dataset.k_x": [1, 2]}}}, ValueError, "lists of one length"),
        ({"lists": {"a": {}}}, ValueError, "lists of one length, got none"),
        ({"lists": {"error": {"dataset.n_x": [1]}}}, ValueError, "'error' must have another name"),
        (
            {"grid": {"dataset.n_x": [1]}, "lists": {"a": {"dataset.n_x": [1]}}},
            ValueError,
            "n_x varies along more than one dimension",
        ),
        ({"seeds": 0}, ValueError, "seeds must be at least 1"),
        ({"seeds": []}, ValueError, "seed must have at least one value"),
        ({"seeds": [1, 1]}, ValueError, "seed must have different values"),
        ({"seeds": [1.5]}, TypeError, "seeds entry must be an integer"),
        ({"seeds": [2**40]}, ValueError, "must be at most 2147483647"),
        (
            {"seeds": 2, "base": {**BASE, "initial": {"kind": "aligned"}}},
            ValueError,
            "field of initial 'seed' is not known",
        ),
        ({"record": ["mode"]}, ValueError, "'mode' is not known; near it: modes"),
        ({"record": []}, ValueError, "record must name at least one"),
        ({"record": "loss"}, TypeError, "record must be a list"),
        ({"solutions": ["simulations"]}, ValueError, "near it: simulation"),
        ({"over_time": 1}, TypeError, "over_time must be bool"),
    ],
)
def test_wrong_definitions_are_refused_at_the_door(arguments, error, message):
    with pytest.raises(error, match=message):
        linmod.Sweep(**{"base": BASE, **arguments})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[dataset", "is not a TOML file"),
        ("\n[gird]\ndataset.n_x = [1]", "'gird' is not known; near it: grid"),
        ("\ntimes = 3", "'times' is not known"),
    ],
)
def test_wrong_files_are_refused(tmp_path, text, message):
    file = tmp_path / "sweep.toml"
    file.write_text(text + SMALL if text.startswith("\ntimes") else SMALL + text)
    with pytest.raises(ValueError, match=message):
        linmod.read_sweep(file)


def test_a_file_means_what_its_arguments_mean(tmp_path):
    read = linmod.read_sweep(toml_file(tmp_path, SMALL))
    expected = linmod.Sweep(
        {**BASE, "training": {"kind": "descent", "step_size": 0.1, "steps": 60}},
        grid={"dataset.n_x": [1, 2]},
        seeds=[3, 5],
    )
    assert read.definition == expected.definition


# the results


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


# points kept as they end


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


# workers


@pytest.mark.slow
def test_results_do_not_depend_on_the_number_of_workers(tmp_path):
    sweep = definition(solutions=["simulation", "prediction"])
    for workers in (1, 2):
        linmod.sweep(sweep, tmp_path / str(workers), workers=workers)
    in_threads(sweep, tmp_path / "threads")
    assert contents(tmp_path / "1") == contents(tmp_path / "2") == contents(tmp_path / "threads")


def test_wrong_workers_are_refused(tmp_path):
    with pytest.raises(ValueError, match="workers must be at least 1"):
        linmod.sweep(definition(), tmp_path, workers=0)
    with pytest.raises(TypeError, match="executor must be Executor"):
        linmod.sweep(definition(), tmp_path, executor=3)
    with pytest.raises(ValueError, match="workers must not be given beside an executor"):
        in_threads(definition(), tmp_path, workers=2)
    with pytest.raises(TypeError, match="definition must be Sweep"):
        linmod.sweep(BASE, tmp_path)


def _wait_for(condition, process=None, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        assert process is None or process.poll() is None, process.stderr.read()
        time.sleep(0.005)


def _command(file, folder, *options):
    return [sys.executable, "-m", "linmod", "sweep", str(file), "--out", str(folder), *options]


def _children(pid):
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(child) for child in found.stdout.split()]


def _points(folder):
    return len(list((folder / "points").glob("*.json"))) if (folder / "points").exists() else 0


LONG = SMALL.replace("steps = 60", "steps = 1000").replace("[3, 5]", "12")
IN_THREADS = """
import sys, linmod
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(2) as executor:
    linmod.sweep(linmod.read_sweep(sys.argv[1]), sys.argv[2], executor=executor)
"""


@pytest.mark.slow
def test_killed_at_ten_random_moments_it_ends_with_the_same_bytes(tmp_path, start):
    file, killed = toml_file(tmp_path, LONG.replace("[1, 2]", "[1, 2, 3, 4, 5]")), tmp_path / "killed"
    in_threads(linmod.read_sweep(file), tmp_path / "whole")
    generator = np.random.default_rng(0)
    found = []
    for _ in range(10):
        before = _points(killed)
        process = start([sys.executable, "-c", IN_THREADS, file, killed])
        _wait_for(lambda before=before: _points(killed) > before, process)
        time.sleep(generator.uniform(0, 0.15))
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        found.append(_points(killed))
    assert found == sorted(set(found))
    assert found[-1] < 60
    finish = start(_command(file, killed, "--workers", "2"))
    _, message = finish.communicate(timeout=120)
    assert finish.returncode == 0, message
    assert contents(killed) == contents(tmp_path / "whole")


@pytest.mark.slow
def test_killed_workers_and_orphans(tmp_path, start):
    file = toml_file(tmp_path, LONG.replace("1000", "5000"))
    process = start(_command(file, tmp_path / "out", "--workers", "1"))
    _wait_for(lambda: _points(tmp_path / "out") > 0, process)
    workers = _children(process.pid)
    assert workers
    process.kill()
    process.communicate()
    _wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


@pytest.mark.slow
def test_a_worker_that_dies_is_reported_and_what_is_done_is_kept(tmp_path):
    (tmp_path / "points").mkdir()
    sweep = linmod.Sweep(base(training={"steps": 8000}), seeds=12)
    killed = []

    def kill_one(done):
        if done > 0 and not killed:
            victim = multiprocessing.active_children()[0].pid
            killed.append(victim)
            os.kill(victim, signal.SIGKILL)

    with pytest.raises(WorkerLost, match="running the sweep again goes on"):
        linmod.sweep(sweep, tmp_path, workers=1, progress=kill_one)
    assert 0 < _points(tmp_path) < 12
    assert (linmod.sweep(sweep, tmp_path, workers=1).error == "").all()


# the command line


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """A folder in which the example has run as the guide says, and what was printed."""
    folder = tmp_path_factory.mktemp("example")
    return folder, invoke("sweep", EXAMPLE, "--out", folder / "results" / "sweep")


def test_the_example_runs_and_says_what_it_did(example):
    folder, result = example
    assert result.exit_code == 0, result.output
    assert "108 of 108 solutions" in result.output
    results = linmod.load_sweep(folder / "results" / "sweep")
    gap = np.abs(results.half_time.sel(solution="simulation") - results.half_time.sel(solution="prediction"))
    assert gap.max() < 0.5


def test_failed_points_exit_with_1(tmp_path):
    file = toml_file(tmp_path, SMALL + "training.step_size = [0.1, 50.0]\n")
    result = invoke("sweep", file, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "4 of 8 solutions" in result.output
    assert "Divergence" in result.output


@pytest.mark.parametrize(
    ("old", "new", "options", "message"),
    [
        ("n_x = 3", "nx = 3", [], "near it: n_x"),
        ("n_y = 1", 'n_y = "1"', [], "n_y must be an integer"),
        ("[grid]", "[gird]", [], "near it: grid"),
        ("[grid]", "[grid", [], "is not a TOML file"),
        ("[grid]", "[grid]", ["--out", "/proc/nowhere"], "folder must be a folder"),
        ("[grid]", "[grid]", ["--workers", "0"], "--workers"),
    ],
)
def test_wrong_usage_exits_with_2_and_one_line(tmp_path, old, new, options, message):
    file = toml_file(tmp_path, SMALL, **{old: new})
    result = invoke("sweep", file, "--out", tmp_path / "out", *options)
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output


def test_a_missing_file_exits_with_2(tmp_path):
    result = invoke("sweep", tmp_path / "nowhere.toml")
    assert result.exit_code == 2
    assert "No such file" in result.output


@pytest.mark.slow
def test_interrupt_exits_with_130_and_keeps_what_is_done(tmp_path, start):
    file = toml_file(tmp_path, LONG.replace("1000", "5000"))
    process = start(_command(file, tmp_path / "out", "--workers", "1"))
    _wait_for(lambda: _points(tmp_path / "out") > 0, process)
    process.send_signal(signal.SIGINT)
    _, message = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "goes on from there" in message
    assert "Traceback" not in message
    assert _points(tmp_path / "out") > 0


# the documentation


GUIDE = (ROOT / "docs" / "sweeps.md").read_text(encoding="utf-8")


def _block(name, language):
    return re.search(rf"<!-- {name} -->\n```{language}\n(.*?)```", GUIDE, flags=re.DOTALL).group(1)


def test_the_guide_shows_the_example():
    assert _block("docs/examples/sweep.toml", "toml") == EXAMPLE.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "printed"), [("load", "printed"), ("python", "python printed")])
def test_the_code_of_the_guide_runs_and_prints_what_it_says(example, name, printed):
    folder, _ = example
    (folder / f"{name}.py").write_text(_block(name, "python"))
    command = [sys.executable, "-W", "error", f"{name}.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == _block(printed, "text")
