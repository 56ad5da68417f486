"""The sampler of random problems reaches the edges of the space, and its wrong predictions are wrong."""

from collections import Counter

import numpy as np
import pytest

from linmod import Aligned, Flow, Modular, Shallow
from linmod.problem import Trajectory

from .random_problems import random_problem, wrong_predictions


@pytest.fixture(scope="module")
def sample():
    return [random_problem(seed) for seed in range(40)]


def _differs(wrong: Trajectory, right: Trajectory) -> bool:
    values = right.quantities.items()
    return not np.array_equal(wrong.strengths, right.strengths) or any(
        not np.array_equal(wrong.quantities[name], given) for name, given in values
    )


def test_the_edges_are_reached(sample):
    problems = [problem for problem, _ in sample]
    assert any(problem.dataset.n_x == 0 for problem in problems)
    assert any(problem.dataset.k_x == 0 for problem in problems)
    assert any(isinstance(problem.training, Flow) for problem in problems)
    assert any(not problem.training.rule.is_gradient for problem in problems)
    assert any(len(problem.times) <= 2 for problem in problems)
    assert any(isinstance(problem.initial, Aligned) for problem in problems)
    assert {Shallow, Modular} <= {type(problem.network) for problem in problems}


def test_every_kind_of_wrong_prediction_occurs_and_differs(sample):
    counts: Counter[str] = Counter()
    for problem, right in sample:
        for name, wrong in wrong_predictions(problem, right).items():
            counts[name] += _differs(wrong, right)
    assert len(counts) == 12
    assert min(counts.values()) >= 5, counts
