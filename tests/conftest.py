"""What several test files share."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

# Workers share the processors, and the matrices of tests are small: threads would wait for each other.
for _library in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_library, "1")

Start = Callable[..., "subprocess.Popen[str]"]


@contextmanager
def _heeding_interrupts() -> Iterator[None]:
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, inherited)


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a child that heeds SIGINT even where the tests ignore it, as behind a shell's ``&``; killed at last."""
    children = []

    def start_child(command: Sequence[str], cwd: Path | None = None) -> "subprocess.Popen[str]":
        with _heeding_interrupts():
            child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=cwd)
        children.append(child)
        return child

    yield start_child
    for child in children:
        with child:
            child.kill()
