"""Worker processes: how many there are, and what happens when they die."""

import math
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from small_sweeps import BASE, LONG, base, command, contents, count_points, definition, in_threads, toml_file, wait_for

import linmod
from linmod.sweeps import WorkerLost, processors


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
    with pytest.raises(ValueError, match="workers must not be given together with an executor"):
        in_threads(definition(), tmp_path, workers=2)
    with pytest.raises(TypeError, match="definition must be Sweep"):
        linmod.sweep(BASE, tmp_path)


def _children(pid):
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(child) for child in found.stdout.split()]


IN_THREADS = """
import sys, linmod
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(2) as executor:
    linmod.sweep(linmod.read_sweep(sys.argv[1]), sys.argv[2], executor=executor)
"""


@pytest.mark.slow
def test_killed_at_ten_random_moments_it_ends_with_the_same_bytes(tmp_path, start):
    short = LONG.replace("steps = 1000", "steps = 200")
    many = short.replace("[1, 2]", f"[1, 2, 3, 4, 5]\nnetwork.hidden = {list(range(20, 32))}")
    file, killed = toml_file(tmp_path, many), tmp_path / "killed"
    in_threads(linmod.read_sweep(file), tmp_path / "whole")
    generator = np.random.default_rng(0)
    found = []
    for _ in range(10):
        before = count_points(killed)
        process = start([sys.executable, "-c", IN_THREADS, file, killed])
        wait_for(lambda before=before: count_points(killed) > before, process)
        time.sleep(generator.uniform(0, 0.15))
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        found.append(count_points(killed))
    assert found == sorted(set(found))
    assert found[-1] < 5 * 12 * 12
    finish = start(command(file, killed, "--workers", "2"))
    _, message = finish.communicate(timeout=120)
    assert finish.returncode == 0, message
    assert contents(killed) == contents(tmp_path / "whole")


@pytest.mark.slow
def test_killed_workers_and_orphans(tmp_path, start):
    file = toml_file(tmp_path, LONG.replace("1000", "5000"))
    process = start(command(file, tmp_path / "out", "--workers", "1"))
    wait_for(lambda: count_points(tmp_path / "out") > 0, process)
    workers = _children(process.pid)
    assert workers
    process.kill()
    process.communicate()
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


@pytest.mark.slow
def test_a_worker_that_dies_is_reported_and_what_is_done_is_kept(tmp_path):
    (tmp_path / "points").mkdir()
    sweep = linmod.Sweep(base(training={"steps": 8000}), grid={"network.hidden": [20, 21]}, seeds=12)
    killed = []

    def kill_one(done):
        if done > 0 and not killed:
            victim = multiprocessing.active_children()[0].pid
            killed.append(victim)
            os.kill(victim, signal.SIGKILL)

    with pytest.raises(WorkerLost, match="running the sweep again continues from there"):
        linmod.sweep(sweep, tmp_path, workers=1, progress=kill_one)
    assert 0 < count_points(tmp_path) < 24
    assert (linmod.sweep(sweep, tmp_path, workers=1).error == "").all()


SCRIPT = """
import linmod
base = {"dataset": {"n_x": 2, "n_y": 1, "k_x": 1, "k_y": 1}, "network": {"kind": "shallow"},
        "initial": {"kind": "aligned"}, "training": {"kind": "descent", "step_size": 0.1, "steps": 5}}
linmod.sweep(linmod.Sweep(base, record=["loss"]), "out", workers=1)
"""


@pytest.mark.slow
def test_a_script_without_main_guard_is_told_so_last(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert 'must stand under `if __name__ == "__main__":`' in last


@pytest.mark.parametrize(
    ("own", "files", "quota"),
    [
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 1.5),
        ("0::/a/b\n", {"a/cpu.max": "200000 100000\n", "a/b/cpu.max": "max 100000\n"}, 2.0),
        ("0::/a/b\n", {"a/cpu.max": "200000 100000\n", "a/b/cpu.max": "50000 100000\n"}, 0.5),
        ("0::/a\n", {"cpu.max": "max 100000\n"}, math.inf),
        ("4:cpu,cpuacct:/d\n", {"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3.0),
        ("4:cpu:/d\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, math.inf),
        ("4:memory:/d\n", {"cpu.max": "100000 100000\n"}, math.inf),
        ("", {}, math.inf),
    ],
)
def test_the_quota_of_a_container_is_read(tmp_path, own, files, quota):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "own").write_text(own)
    assert processors.cpu_quota(tmp_path, tmp_path / "own") == quota


def test_there_is_a_worker_for_each_processor_that_may_be_used(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(6)), raising=False)
    for quota, expected in ((math.inf, 6), (2.5, 3), (0.5, 1)):
        monkeypatch.setattr(processors, "cpu_quota", lambda *_, quota=quota: quota)
        assert processors.worker_count(None) == expected


def test_windows_has_61_processes_at_most(monkeypatch):
    monkeypatch.setattr(processors, "usable_processors", lambda: 128)
    assert processors.worker_count(None) == 128
    monkeypatch.setattr(sys, "platform", "win32")
    assert processors.worker_count(None) == 61
    assert processors.worker_count(61) == 61
    with pytest.raises(ValueError, match="workers must be at most 61 on Windows, got 62"):
        processors.worker_count(62)
