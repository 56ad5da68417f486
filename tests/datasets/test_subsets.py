"""Splits of a dataset into items to train on and items held out."""

import numpy as np
import pytest

from linmod import HeldOut, SystematicityDataset

DATASET = SystematicityDataset(2, 1, 1, 1)


def test_split_keeps_features_and_blocks():
    dataset = SystematicityDataset(3, 1, 2, 1)
    split = HeldOut(dataset, train=[5, 0])
    assert (split.train, split.held_out) == ((0, 5), (1, 2, 3, 4, 6, 7))
    np.testing.assert_array_equal(split.training.X, dataset.X[:, [0, 5]])
    np.testing.assert_array_equal(split.test.Y, dataset.Y[:, [1, 2, 3, 4, 6, 7]])
    assert split.training.input_blocks == dataset.input_blocks
    assert split.test.output_blocks == dataset.output_blocks
    assert split == HeldOut(dataset, train=(0, 5))


def test_random_splits_differ_by_seed_and_repeat():
    dataset = SystematicityDataset(3, 1, 1, 1)
    sets = {HeldOut.random(dataset, 3, seed=seed).train for seed in range(50)}
    assert len(sets) > 25
    assert HeldOut.random(dataset, 3, seed=7) == HeldOut.random(dataset, 3, seed=7)


def test_a_split_is_named_by_either_side():
    assert HeldOut(DATASET, train=[0, 3]) == HeldOut(DATASET, held_out=[2, 1])
    assert HeldOut(DATASET, train=[0, 3]) != HeldOut(DATASET, held_out=[0, 3])


WRONG = {
    "items number": (lambda: HeldOut(DATASET, train=1), TypeError, r"train must be Iterable, got int"),
    "items float": (lambda: HeldOut(DATASET, train=[0.5]), TypeError, r"train entry must be an integer"),
    "items twice": (
        lambda: HeldOut(DATASET, train=[1, 1]),
        ValueError,
        r"train must hold different items, got \(1, 1\)",
    ),
    "items none": (lambda: HeldOut(DATASET, train=[]), ValueError, r"train must be 1 to 3 of the numbers 0 to 3"),
    "items all": (lambda: HeldOut(DATASET, train=range(4)), ValueError, r"train must be 1 to 3"),
    "items high": (lambda: HeldOut(DATASET, train=[4]), ValueError, r"train must be 1 to 3"),
    "dataset": (lambda: HeldOut(np.eye(3), train=[0]), TypeError, r"dataset must be Data, got ndarray"),
    "size": (lambda: HeldOut.random(DATASET, 4, seed=0), ValueError, r"size must be from 1 to 3, got 4"),
    "held out high": (lambda: HeldOut(DATASET, held_out=[4]), ValueError, r"held_out must be 1 to 3"),
    "held out all": (lambda: HeldOut(DATASET, held_out=range(4)), ValueError, r"held_out must be 1 to 3"),
    "neither": (lambda: HeldOut(DATASET), TypeError, r"either train= or held_out=, and not both"),
    "both": (lambda: HeldOut(DATASET, train=[0], held_out=[1]), TypeError, r"either train= or held_out="),
    "unnamed": (lambda: HeldOut(DATASET, [0, 1]), TypeError, r"positional"),
    "unnamed seed": (lambda: HeldOut.random(DATASET, 2, 0), TypeError, r"positional"),
}


@pytest.mark.parametrize(("call", "error", "message"), WRONG.values(), ids=WRONG)
def test_wrong_calls_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
