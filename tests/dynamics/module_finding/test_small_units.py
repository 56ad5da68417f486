"""The units of an input decide nothing about the modules that are found."""

import numpy as np
import pytest

pytest.importorskip("sklearn")

from linmod.dynamics.module_finding import ModuleFinder


def test_an_input_of_small_units_is_not_constant():
    X = np.random.default_rng(0).standard_normal((40, 2))
    y = np.sin(2 * X[:, 0])
    own, small = (ModuleFinder(1, n_starts=2).fit(X * unit, y).predict(X * unit) for unit in (1.0, 2.0**-60))
    np.testing.assert_allclose(small, own, rtol=0, atol=1e-12)
    constant = np.column_stack([X[:, 0], np.full(40, 1e-20)])
    with pytest.raises(ValueError, match="1 of n_features = 2"):
        ModuleFinder(1, 2).fit(constant, y)
