"""A small sweep, and what its tests share."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from typer.testing import CliRunner

import linmod
from linmod.commands.app import app

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


def wait_for(condition, process=None, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        assert process is None or process.poll() is None, process.stderr.read()
        time.sleep(0.005)


def command(file, folder, *options):
    return [sys.executable, "-m", "linmod", "sweep", str(file), "--out", str(folder), *options]


def count_points(folder):
    return len(list((folder / "points").glob("*.json"))) if (folder / "points").exists() else 0


LONG = SMALL.replace("steps = 60", "steps = 1000").replace("[3, 5]", "12")
