"""The parts that exact coordinates are made of: rotations, triangular factors, and weights drawn for the modes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_2samp
from unusual_datasets import UNUSUAL

import linmod
from linmod import (
    Deep,
    Descent,
    Problem,
    SmallRandom,
    SystematicityDataset,
)
from linmod.datasets import walsh_functions
from linmod.dynamics import solve, solve_batch
from linmod.dynamics.dense.factors import lower_factor, orthonormal_rows
from linmod.dynamics.dense.layout import mode_classes
from linmod.dynamics.dense.random_modes import gaussian_factor
from linmod.dynamics.dense.rotation import sides, walsh
from linmod.problem import RandomModes
from linmod.validation import FloatArray

DESCENT = Descent(0.05, 12, 5)
MOMENTUM = Descent(0.05, 12, 5, momentum=0.6)


def test_rotation_is_orthonormal_and_diagonalises() -> None:
    generator = np.random.default_rng(0)
    for dataset in UNUSUAL.values():
        z = walsh_functions(dataset.n_bits, np.arange(dataset.n_items))
        for side, features in zip(sides(dataset), (dataset.X, dataset.Y), strict=True):
            weights = generator.standard_normal((2, 3, side.n_features))
            rotated = side.rotate(weights)
            np.testing.assert_allclose(side.restore(rotated), weights, rtol=0, atol=1e-14)
            energy = sum(np.sum(part**2) for part in (rotated.spectrum, rotated.partners, rotated.identity))
            assert energy == pytest.approx(np.sum(weights**2), rel=1e-13)
            directions = features @ z
            lengths = np.linalg.norm(directions, axis=0)
            there = lengths > 1e-9
            np.testing.assert_allclose(
                rotated.spectrum[..., there], weights @ (directions / np.where(there, lengths, 1))[:, there], atol=1e-13
            )


def test_walsh_by_products_is_the_walsh_transform() -> None:
    generator = np.random.default_rng(0)
    for n_bits in range(13):
        values = generator.standard_normal((2, 3, 2**n_bits))
        expected = linmod.datasets.walsh_transform(values)
        np.testing.assert_allclose(walsh(values), expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("columns", [0, 2, 3, 4, 48, 49, 100, 1000])
@pytest.mark.parametrize("lead", [(), (2,)])
def test_lower_factor_times_orthonormal_rows_is_the_matrix(columns: int, lead: tuple[int, ...]) -> None:
    wide = np.random.default_rng(columns).standard_normal((*lead, 3, columns))
    L, Q = lower_factor(wide), orthonormal_rows(wide)
    if Q is None:
        np.testing.assert_array_equal(L, wide)
        return
    np.testing.assert_allclose(L @ Q, wide, rtol=0, atol=1e-13)
    np.testing.assert_allclose(Q @ Q.swapaxes(-1, -2), np.broadcast_to(np.eye(3), (*lead, 3, 3)), rtol=0, atol=1e-14)
    np.testing.assert_array_equal(np.triu(L, 1), 0.0)


def test_classes_count_all_items() -> None:
    for dataset in [*UNUSUAL.values(), SystematicityDataset(100, 3, 1, 1)]:
        assert sum(one.count for one in mode_classes(dataset)) == dataset.n_items


def test_drawn_factors_have_the_gram_matrix_of_gaussian_entries() -> None:
    generator = np.random.default_rng(0)
    factors = [gaussian_factor(generator, 4, 30) for _ in range(4000)]
    grams = np.array([factor @ factor.T for factor in factors])
    error = grams.mean(axis=0) - 30 * np.eye(4)
    # Entries of a Wishart matrix of 30 degrees of freedom have variance 60 on the diagonal and 30 off it.
    assert np.max(np.abs(error) / np.sqrt(np.where(np.eye(4), 60, 30) / len(grams))) < 5
    assert np.var(grams[:, 0, 0]) == pytest.approx(60, rel=0.15)
    assert np.var(grams[:, 3, 3]) == pytest.approx(60, rel=0.15)
    assert np.var(grams[:, 0, 3]) == pytest.approx(30, rel=0.15)


def _spread(initial: type[SmallRandom] | type[RandomModes], std: float = 0.02) -> dict[str, FloatArray]:
    problems = [
        Problem(SystematicityDataset(6, 2, 2, 2, 3.0), Deep(4), initial(std, seed), Descent(0.2, 60, 20))
        for seed in range(300)
    ]
    trajectories = solve_batch(problems, coordinates="compressed")
    return {
        name: np.array([one.quantities[name][record] for one in trajectories])
        for name in trajectories[0].quantities
        for record in [1]
    }


def test_random_modes_are_distributed_as_random_weights() -> None:
    drawn, weighed, wider = _spread(RandomModes), _spread(SmallRandom), _spread(RandomModes, 0.024)
    p_values = {name: ks_2samp(drawn[name], weighed[name]).pvalue for name in drawn}
    assert min(p_values.values()) > 1e-3, p_values
    assert min(ks_2samp(wider[name], weighed[name]).pvalue for name in drawn) < 1e-9


def test_random_modes_start_has_the_mean_norms_of_gaussian_weights() -> None:
    dataset, hidden = SystematicityDataset(7, 2, 3, 2), 5
    problems = [Problem(dataset, Deep(hidden), RandomModes(0.1, seed), Descent(0.1, 0)) for seed in range(500)]
    trajectories = solve_batch(problems)
    for (source, target), values in trajectories[0].norms.items():
        assert values.shape == (1,)
        squares = np.array([one.norms[source, target][0] ** 2 for one in trajectories])
        sizes = [block.stop - block.start for block in (dataset.input_blocks[source], dataset.output_blocks[target])]
        expected = np.prod(sizes) * hidden * 0.1**4
        assert abs(squares.mean() - expected) < 5 * squares.std() / np.sqrt(len(squares))


def test_random_modes_train_any_number_of_items() -> None:
    problem = Problem(SystematicityDataset(40, 2, 3, 1), Deep(50), RandomModes(1e-9, 0), Descent(0.16, 300, 100))
    trajectory = solve(problem)
    assert trajectory.modes["sign_to_sign"][-1] == pytest.approx(1.0, abs=1e-9)
    for ask in (lambda: trajectory.weights, lambda: trajectory.strengths, lambda: problem.initial_weights):
        with pytest.raises(ValueError, match="RandomModes draws neither full weights nor single modes"):
            ask()


def test_random_modes_of_std_zero_stay() -> None:
    problem = Problem(SystematicityDataset(3, 1, 1, 1), Deep(5), RandomModes(0.0), DESCENT)
    np.testing.assert_array_equal(solve(problem).modes["sign_to_sign"], 0.0)
