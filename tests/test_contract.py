"""The contract is kept by a network of one's own, and broken by wrong predictions and by networks that do not learn."""

from dataclasses import replace

import pytest
from contract import EDGES, Contract, assert_keeps, dataset_of

from linmod import Aligned, Deep, Descent, Modular, Problem, Rule, Shallow, theory


def _problem(dataset, network, rule=None):
    step = 0.2 / max(1.0, sum(c.delta + c.sigma for c in theory.spectrum(dataset).classes))
    training = Descent(step, 40, record_every=10) if rule is None else Descent(step, 40, record_every=10, rule=rule)
    return Problem(dataset, network, Aligned(0.05), training)


class TestShallow(Contract):
    def problem(self, dataset):
        return _problem(dataset, Shallow())


class TestDeep(Contract):
    def problem(self, dataset):
        return _problem(dataset, Deep(hidden=dataset.n_items + 2))


class TestOutputSplit(Contract):
    def problem(self, dataset):
        if not (dataset.n_y and dataset.k_y):
            return None
        return _problem(dataset, Modular.output_split(Deep(hidden=dataset.n_items + 2)))


@pytest.mark.parametrize("rule", [Rule.contrastive_hebbian(), Rule(hebbian=0.1)], ids=str)
class TestRules:
    @pytest.mark.parametrize("edge", EDGES, ids=str)
    def test_prediction_is_simulation(self, edge, rule):
        dataset = dataset_of(edge)
        assert_keeps(_problem(dataset, Deep(hidden=dataset.n_items + 2), rule), 1e-12)


def test_a_wrong_prediction_breaks_the_contract():
    problem = _problem(dataset_of(EDGES[0]), Deep(hidden=10))
    wrong = replace(problem, initial=Aligned(0.0501))
    with pytest.raises(AssertionError, match=r"e-0"):
        assert_keeps(problem, 1e-12, predict=lambda _: theory.solve(wrong))


def test_a_network_that_does_not_learn_breaks_the_contract():
    problem = replace(_problem(dataset_of(EDGES[0]), Deep(hidden=10)), initial=Aligned(0.0))
    with pytest.raises(AssertionError, match="no learning"):
        assert_keeps(problem, 1e-12)
