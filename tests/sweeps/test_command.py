"""The command, and the guide to sweeps."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small_sweeps import LONG, SMALL, command, count_points, invoke, toml_file, wait_for

import linmod

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "sweep.toml"


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
    process = start(command(file, tmp_path / "out", "--workers", "1"))
    wait_for(lambda: count_points(tmp_path / "out") > 0, process)
    process.send_signal(signal.SIGINT)
    _, message = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "continues from there" in message
    assert "Traceback" not in message
    assert count_points(tmp_path / "out") > 0


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
