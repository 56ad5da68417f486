"""Items rotated so that no more are left than features: all products over items stay, at any number of items."""

from __future__ import annotations

import numpy as np
import pytest

from linmod import Dataset
from linmod.datasets import items
from linmod.validation import FloatArray


def data(n_inputs: int, n_outputs: int, n_items: int, seed: int = 0) -> tuple[FloatArray, FloatArray]:
    generator = np.random.default_rng(seed)
    return generator.standard_normal((n_inputs, n_items)), generator.standard_normal((n_outputs, n_items))


def products(X: FloatArray, Y: FloatArray) -> FloatArray:
    both = np.concatenate([X, Y])
    return np.asarray(both @ both.T)


@pytest.mark.parametrize("n_items", [1, 4, 6, 7, 50, 3000])
def test_products_over_items_stay(n_items: int) -> None:
    X, Y = data(4, 2, n_items)
    fewer = items.rotated(X, Y)
    assert fewer[0].shape[1] == fewer[1].shape[1] == min(n_items, 6)
    # Sums of n squares of order 1 round by a few n eps.
    np.testing.assert_allclose(products(*fewer), products(X, Y), rtol=0, atol=4e-15 * n_items)
    assert np.max(np.abs(products(fewer[0], 1.001 * fewer[1]) - products(X, Y))) > 1e-4


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    X, Y = data(5, 3, 1000)
    whole = products(*items.rotated(X, Y))
    monkeypatch.setattr(items, "BLOCK_ENTRIES", 1)
    monkeypatch.setattr(items, "BLOCK_HEIGHTS", 2)
    np.testing.assert_allclose(products(*items.rotated(X, Y)), whole, rtol=0, atol=1e-11)


def test_small_singular_values_are_kept_where_correlations_lose_them() -> None:
    X, Y = data(3, 1, 500)
    turn = np.linalg.qr(data(3, 1, 3, seed=1)[0])[0]
    X = turn @ np.diag([1.0, 1e-6, 1e-10]) @ X
    exact = np.linalg.svd(X, compute_uv=False)
    fewer = np.linalg.svd(items.rotated(X, Y)[0], compute_uv=False)
    from_correlations = np.sqrt(np.abs(np.linalg.eigvalsh(X @ X.T)))[::-1]
    assert abs(fewer[2] / exact[2] - 1) < 1e-4
    assert abs(from_correlations[2] / exact[2] - 1) > 1e-2


@pytest.mark.parametrize(("n_inputs", "n_items"), [(4, 100), (6, 3), (5, 5)])
def test_principal_axes_hold_the_inputs(n_inputs: int, n_items: int) -> None:
    X, Y = data(n_inputs, 2, n_items)
    X[-1] = X[0]
    dataset = Dataset(X, Y)
    axes = dataset.axes
    assert axes.P.shape == (n_inputs, min(n_inputs - 1, n_items))
    np.testing.assert_allclose(axes.P.T @ axes.P, np.eye(axes.P.shape[1]), rtol=0, atol=1e-14)
    np.testing.assert_allclose((axes.P * axes.delta) @ axes.P.T, dataset.sigma_x, rtol=0, atol=1e-13)
    np.testing.assert_allclose(axes.targets @ axes.P.T, dataset.sigma_yx, rtol=0, atol=1e-13)
    np.testing.assert_allclose(axes.items @ axes.items.T, np.diag(axes.delta), rtol=0, atol=1e-13)
