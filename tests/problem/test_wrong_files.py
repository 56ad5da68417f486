"""Files that are no trajectory."""

import numpy as np
import pytest

import linmod
from linmod import (
    Aligned,
    Deep,
    Descent,
    Problem,
    SystematicityDataset,
    theory,
)

TRAINING = Descent(0.1, 3)


def _dataset():
    return SystematicityDataset(2, 1, 1, 1)


def _problem(network=None, initial=None, training=TRAINING, dataset=None):
    return Problem(dataset or _dataset(), network or Deep(hidden=6), initial or Aligned(1e-2), training)


def _text(path):
    path.write_text("not a trajectory")


def _empty(path):
    path.write_bytes(b"")


def _array(path):
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


def _other_archive(path):
    with path.open("wb") as file:
        np.savez(file, times=np.zeros(3))


def _cut_short(path):
    whole = theory.solve(_problem()).save(path).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def _other_header(path):
    with path.open("wb") as file:
        np.savez(file, header=np.array("{}"))


@pytest.mark.parametrize("write", [_text, _empty, _array, _other_archive, _cut_short, _other_header])
def test_wrong_file(tmp_path, write):
    path = tmp_path / "file.npz"
    write(path)
    with pytest.raises(ValueError, match=r"file\.npz is damaged or not a saved trajectory"):
        linmod.load_trajectory(path)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.npz"):
        linmod.load_trajectory(tmp_path / "nothing.npz")
