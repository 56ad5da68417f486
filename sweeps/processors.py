"""How many processors this process may use."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

from ..validation import integer

LARGEST_ON_WINDOWS = 61
CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")


def worker_count(workers: int | None) -> int:
    """Return the number of worker processes, after a check; unless given, one for each processor that may be used.

    Windows waits for 61 processes of a pool at most.
    """
    largest = LARGEST_ON_WINDOWS if sys.platform == "win32" else sys.maxsize
    if workers is None:
        return min(usable_processors(), largest)
    if integer("workers", workers, 1) > largest:
        raise ValueError(f"workers must be at most {largest} on Windows, got {workers}")
    return workers


def usable_processors() -> int:
    """Return the processors that this process may use: its affinity, and in a container the quota of processor time."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(allowed, cpu_quota(CGROUPS, OWN_CGROUP))))


def cpu_quota(root: Path, own: Path) -> float:
    """Return the smallest quota, in processors, of the control groups of this process; infinite if there is none.

    Parameters
    ----------
    root : Path
        Where control groups are mounted: of version 2, or with those of version 1 for the processor in ``cpu``.
    own : Path
        File that names the groups of this process.
    """
    quotas = [math.inf]
    for line in _text(own).splitlines():
        _, controllers, place = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        mount = root / "cpu" if controllers else root
        group = mount / place.lstrip("/")
        quotas += [_quota(folder) for folder in (group, *group.parents) if folder.is_relative_to(mount)]
        quotas.append(_quota(mount))  # in a container the own group is mounted at the root
    return min(quotas)


def _quota(folder: Path) -> float:
    quota, period = (_text(folder / "cpu.max").split() or ["max", "1"])[:2]
    if quota == "max":
        quota = _text(folder / "cpu.cfs_quota_us").strip() or "-1"
        period = _text(folder / "cpu.cfs_period_us").strip() or "1"
    return int(quota) / int(period) if int(quota) > 0 else math.inf


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii")
    except OSError:
        return ""
