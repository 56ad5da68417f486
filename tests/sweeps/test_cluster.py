"""Sweeps on a Dask cluster that the test starts."""

import os
import signal

import pytest
from typer.testing import CliRunner

import linmod
from linmod.commands.app import app

distributed = pytest.importorskip("distributed")

SWEEP = linmod.Sweep(
    {
        "dataset": {"n_x": 3, "n_y": 1, "k_x": 3, "k_y": 1},
        "network": {"kind": "deep", "hidden": 20},
        "initial": {"kind": "small_random", "std": 1e-2},
        "training": {"kind": "descent", "step_size": 0.1, "steps": 5000, "record_every": 100},
    },
    grid={"dataset.n_x": [1, 2, 3]},
    seeds=8,
)

TEXT = """
[dataset]
n_x = 3
n_y = 1
k_x = 3
k_y = 1
[network]
kind = "deep"
[initial]
kind = "aligned"
[training]
kind = "descent"
step_size = 0.1
steps = 60
[grid]
dataset.n_x = [1, 2]
"""


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.slow
def test_a_killed_worker_loses_nothing(tmp_path):
    from linmod.sweeps.cluster import dask_executor

    linmod.sweep(SWEEP, tmp_path / "here", workers=1)
    killed = []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:

        def kill_one(done):
            if done > 0 and not killed:
                killed.append(next(iter(cluster.workers.values())).pid)
                os.kill(killed[0], signal.SIGKILL)

        file = tmp_path / "sweep.toml"
        file.write_text(TEXT)
        shown = CliRunner().invoke(
            app, ["sweep", str(file), "--out", str(tmp_path), "--dask", cluster.scheduler_address]
        )
        assert shown.exit_code == 0, shown.output
        assert "2 of 2 solutions" in shown.output
        with dask_executor(cluster.scheduler_address) as executor:
            results = linmod.sweep(SWEEP, tmp_path / "cluster", executor=executor, progress=kill_one)
    assert killed
    assert (results.error == "").all()
    assert contents(tmp_path / "cluster") == contents(tmp_path / "here")


def test_no_scheduler_at_the_address():
    from linmod.sweeps.cluster import dask_executor

    with pytest.raises(ValueError, match="address of a running scheduler"), dask_executor("tcp://127.0.0.1:9", 0.5):
        pass
