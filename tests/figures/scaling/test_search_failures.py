"""Failures of a search told apart from limits of what the samples say."""

import math

import pytest

from linmod.datasets import SineTask
from linmod.dynamics.module_finding import find_modules, recovered
from linmod.figures.scaling.search_failures import failure, finding_of, share_by_search, single_starts

TASK = SineTask(modules=2, inputs=16, held_out_above=math.inf, seed=0)


def test_no_search_beats_a_descent_from_the_truth():
    """Descent does not rise, so what it finds from the truth is no failure of the search."""
    for samples in (20, 300):
        one = failure(TASK, samples, TASK.projections)
        assert one.found <= one.true
        assert not one.by_search


def test_with_ample_samples_what_misses_the_modules_missed_by_search():
    ends = single_starts(TASK, 226)
    assert len(ends) >= 1
    assert all(end.by_search for end in ends)


def test_with_few_samples_the_rule_is_misled():
    """20 samples for 16 numbers: the projections found, none of them true, are better by the objective."""
    task = SineTask(modules=2, inputs=16, held_out_above=math.inf, seed=3)
    train = task.train(20)
    found = find_modules(train.X, train.y, 2, starts=4).projections
    assert recovered(found, task.projections) == 0
    assert not failure(task, 20, found).by_search


def test_the_finding_needs_failures_that_are_told_apart():
    few = [failure(TASK, 20, TASK.projections)] * 6
    ample = list(single_starts(TASK, 226))
    assert finding_of(few, ample, 1.0).passed
    assert not finding_of(few, few, 1.0).passed, "the control must be told apart"
    assert not finding_of(ample, ample, 1.0).passed, "most failures by search"
    assert not finding_of([], ample, 1.0).passed
    assert not finding_of(few, [], 1.0).passed


@pytest.mark.parametrize(("hits", "count"), [(0, 6), (3, 3), (2, 8)])
def test_share_has_a_standard_error_that_is_never_zero(hits, count):
    ample, few = single_starts(TASK, 226)[0], failure(TASK, 20, TASK.projections)
    share, error = share_by_search([ample] * hits + [few] * (count - hits))
    assert share == hits / count
    assert 0 < error < 0.5
