"""Verdicts on random problems: no wrong prediction is accepted, no right one is refused, and few are left undecided."""

from collections import Counter

import pytest

from .fuzz import verdicts_of


def _judge(seeds):
    found = [verdicts for seed in seeds if (verdicts := verdicts_of(seed)) is not None]
    assert len(found) >= 0.9 * len(seeds)
    accepted = [(one.seed, one.accepted) for one in found if one.accepted]
    refused = [(one.seed, one.right.reason) for one in found if one.right.verdict == "fails"]
    assert not accepted
    assert not refused
    return found


def test_a_few_problems():
    found = _judge(range(10))
    assert sum(len(one.material) for one in found) >= 30
    assert Counter(one.right.verdict for one in found)["holds"] >= 4


@pytest.mark.slow
def test_two_hundred_problems_with_twelve_wrong_predictions_each():
    found = _judge(range(3000, 3200))
    wrong = Counter(verdict for one in found for verdict in one.verdicts.values())
    material, missed = sum(len(one.material) for one in found), sum(len(one.missed) for one in found)
    assert material >= 1000
    assert missed <= 0.15 * (missed + wrong["fails"])
    assert Counter(one.right.verdict for one in found)["holds"] >= 0.5 * len(found)
