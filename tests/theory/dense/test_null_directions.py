"""Directions that the inputs do not contain never learn, for however long training lasts."""

import numpy as np

import linmod
from linmod import theory


def test_null_directions_keep_their_weights():
    dataset = linmod.SystematicityDataset(3, 1, 3, 1, r=100.0)
    problem = linmod.Problem(dataset, linmod.Shallow(), linmod.SmallRandom(0.5, seed=0), linmod.Flow([0.0, 1e12]))
    X, start = dataset.X, problem.initial_weights[0]
    fit = dataset.Y @ np.linalg.pinv(X)
    kept = start @ (np.eye(len(X)) - X @ np.linalg.pinv(X))
    end = theory.solve(problem).weights[0][-1]
    np.testing.assert_allclose(end, fit + kept, rtol=0, atol=1e-13)
    assert np.abs(end - fit).max() > 0.1  # as if the null directions had learned
