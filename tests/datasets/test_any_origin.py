"""Data of any origin at the door: blocks as in numpy, no mask that gets lost."""

import numpy as np
import pytest

from linmod import Dataset
from linmod.datasets import Images, walsh_transform


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


def test_images_and_walsh_coefficients_lose_no_mask():
    pixels = np.ma.masked_array(np.full((2, 3, 3), 0.5), np.eye(3) > 0 + np.zeros((2, 1, 1)))
    with pytest.raises(TypeError, match="pixels must be an array without a mask"):
        Images(pixels, [0, 1], "masked")
    with pytest.raises(TypeError, match="labels must be an array without a mask"):
        Images(pixels.filled(0.0), np.ma.masked_array([0, 1], [True, False]), "masked")
    with pytest.raises(TypeError, match="values must be an array without a mask"):
        walsh_transform(np.ma.masked_array([1.0, 2.0], [True, False]))
    assert Images(pixels.filled(0.0), [0, 1], "filled").pixels.shape == (2, 3, 3)
