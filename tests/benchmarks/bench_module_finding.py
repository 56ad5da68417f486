"""One evaluation of the objective with its gradient, 1,600 samples."""

import pytest

from linmod.datasets import SineTask
from linmod.dynamics.module_finding import KernelObjective, gaussian_objective


@pytest.mark.parametrize("modules", [1, 3])
@pytest.mark.parametrize("kind", ["waves", "matrix"])
def test_objective_and_gradient(benchmark, kind, modules):
    task = SineTask(seed=1)
    sample = task.train(1600)
    objective = {
        "waves": gaussian_objective(sample.X, sample.y, ridge=1.0, length_scale=1.0),
        "matrix": KernelObjective(sample.X, sample.y, 1.0, 1.0),
    }[kind]
    value, _ = benchmark(objective, task.projections[:modules])
    assert value > 0
