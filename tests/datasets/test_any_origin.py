"""Data of any origin at the door: blocks as in numpy, no mask that gets lost."""

import numpy as np
import pytest

from linmod import Dataset


def test_blocks_mean_what_numpy_means():
    blocks = {"a": slice(2), "b": slice(2, -1), "c": slice(-1, None)}
    data = Dataset(np.ones((4, 2)), np.ones((1, 2)), input_blocks=blocks)
    assert data.input_blocks == {"a": slice(0, 2), "b": slice(2, 3), "c": slice(3, 4)}
    with pytest.raises(ValueError, match="starts at 2"):
        Dataset(np.ones((4, 2)), np.ones((1, 2)), input_blocks={"a": slice(2), "b": slice(3, None)})
    with pytest.raises(ValueError, match="cover all 4"):
        Dataset(np.ones((4, 2)), np.ones((1, 2)), input_blocks={"a": slice(5)})


def test_a_mask_is_refused():
    masked = np.ma.masked_array([[1.0, 2.0], [3.0, 4.0]], [[False, True], [False, False]])
    with pytest.raises(TypeError, match="X must be an array without a mask"):
        Dataset(masked, np.ones((1, 2)))
    assert Dataset(masked.filled(0.0), np.ones((1, 2))).n_items == 2
