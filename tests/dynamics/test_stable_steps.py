"""The largest stable step, and divergence above it."""

from itertools import product as grid

import numpy as np
import pytest
from plain_networks import flat, gradient, loss, random_data, unflat

from linmod import (
    Deep,
    Descent,
    Divergence,
    Explicit,
    NoClosedForm,
    Problem,
    Shallow,
    SmallRandom,
    SystematicityDataset,
    dynamics,
    theory,
)


def _at_the_solution(data, layers):
    """Balanced weights of the least-norm solution, with as many hidden units as outputs."""
    W = data.Y @ np.linalg.pinv(data.X)
    U, s, Vt = np.linalg.svd(W, full_matrices=False)
    root = np.diag(s ** (1 / layers))
    return [root @ Vt, *[root] * (layers - 2), U @ root] if layers > 1 else [W]


STEP_DATA = {
    "usual": SystematicityDataset(3, 1, 3, 1),
    "two modes bind": SystematicityDataset(3, 0, 1, 4),
    "random": random_data(),
}


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("data", STEP_DATA.values(), ids=STEP_DATA)
def test_largest_stable_step_is_the_curvature_at_the_solution(data, layers):
    solution = _at_the_solution(data, layers)
    network = Shallow() if layers == 1 else Deep(hidden=len(solution[0]), layers=layers)
    limit = dynamics.largest_stable_step(network, data)
    # Largest curvature by power iteration on differences of gradients, whose relative error is h^2 = 1e-8.
    generator, h = np.random.default_rng(0), 1e-4
    direction = generator.standard_normal(flat(solution).size)
    for _ in range(300):
        direction /= np.linalg.norm(direction)
        moved = [
            flat(gradient(data.X, data.Y, unflat(flat(solution) + sign * h * direction, solution))) for sign in (1, -1)
        ]
        image = (moved[0] - moved[1]) / (2 * h)
        curvature, direction = direction @ image, image
    assert limit == pytest.approx(2 / curvature, rel=1e-4)


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("data", STEP_DATA.values(), ids=STEP_DATA)
@pytest.mark.parametrize(("fraction", "stable"), [(0.97, True), (1.03, False)])
def test_steps_below_the_largest_stable_one_return_to_the_solution(data, layers, fraction, stable):
    solution = _at_the_solution(data, layers)
    network = Shallow() if layers == 1 else Deep(hidden=len(solution[0]), layers=layers)
    generator = np.random.default_rng(0)
    nearby = [matrix + 1e-6 * generator.standard_normal(matrix.shape) for matrix in solution]
    limit = dynamics.largest_stable_step(network, data)
    simulation = dynamics.solve(
        Problem(data, network, Explicit(nearby), Descent(fraction * limit, 400, record_every=100))
    )
    excess = simulation.loss - loss(data.X, data.Y, solution)
    # The steepest direction changes by the factor |1 - 2 fraction| in each step: 0.94, or 1.06 and 1.06**200 = 1e5.
    if stable:
        assert excess[-1] < excess[0]
    else:
        assert excess[2] > 1e4 * excess[0]


def test_two_modes_bind_where_no_single_one_does():
    data = STEP_DATA["two modes bind"]
    alone = min(1 / c.lam for c in theory.spectrum(data).learnable)
    assert dynamics.largest_stable_step(Deep(hidden=8), data) == pytest.approx(2 / 3, rel=1e-12)
    assert alone > 1.3


def test_largest_stable_step_agrees_with_theory():
    cases = 0
    for b in (1, 2, 3):
        for n_x, n_y, k_x, k_y in grid(range(b + 1), range(b + 1), (0, 1, 3), (0, 1, 2)):
            if not (n_x or k_x) or not (n_y or k_y):
                continue
            for r, network, momentum in grid((0.0, 0.7, -2.0), (Shallow(), Deep(hidden=9)), (0.0, 0.9)):
                dataset = SystematicityDataset(n_x, n_y, k_x, k_y, r, n_bits=b)
                # Eigenvalues of matrices of at most 40 rows: 40 * 1.1e-16 times the condition of X, below 10.
                measured = dynamics.largest_stable_step(network, dataset, momentum=momentum)
                predicted = theory.largest_stable_step(network, dataset, momentum=momentum)
                assert measured == pytest.approx(predicted, rel=1e-12), dataset
                cases += 1
    assert cases > 2000


@pytest.mark.parametrize("network", [Shallow(), Deep(hidden=8), Deep(hidden=8, layers=3)])
def test_divergence_names_the_largest_stable_step(network):
    dataset = SystematicityDataset(3, 1, 3, 1)
    start = dataset, network, SmallRandom(0.1)
    limit = dynamics.largest_stable_step(network, dataset)
    problem = Problem(*start, Descent(10 * limit, 500))
    with pytest.raises(Divergence, match=rf"by time [\d.]+; the largest stable step for this dataset is {limit:.6g}$"):
        dynamics.solve(problem)
    if network.layers < 3:
        refused = (Divergence, NoClosedForm)
        with pytest.raises(refused, match=rf"the largest stable step for this dataset(,| is) {limit:.6g}"):
            theory.solve(problem)
