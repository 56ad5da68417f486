"""Claims on compositional images: their parts reject what is wrong, and all hold in quick mode."""

import math
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import linmod
from linmod.dynamics.nonlinear import BatchDescent
from linmod.figures import select
from linmod.figures.images import (
    coverage as image_coverage,
)
from linmod.figures.images import (
    moments,
)
from linmod.figures.images import (
    order as image_order,
)
from linmod.figures.images import (
    split as image_split,
)
from linmod.figures.images import (
    tasks as image_tasks,
)
from linmod.figures.images.order import Half
from linmod.figures.images.split import Paired
from linmod.figures.images.tasks import CNNS, DENSE, MLPS, SPLIT
from linmod.verification.claims import Evidence, Settings
from linmod.verification.intervals import mean_interval

pytest.importorskip("torch")


def test_group_selects_its_claims():
    names = [claim.name for claim in select(["images"])]
    assert names == ["torch-linear", "image-order", "image-split", "image-coverage", "image-norms", "image-modules"]


def test_without_torch_everything_else_is_there_and_the_extra_is_named():
    code = """
import sys
import linmod.figures, linmod.dynamics.nonlinear as nonlinear
assert "torch" not in sys.modules
sys.modules["torch"] = None
try:
    nonlinear.train_networks
except linmod.extras.MissingExtra as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "torch is not installed; install it with: pip install 'linmod[torch]'\n", done.stderr


@pytest.mark.parametrize("name", ["torch-linear", "image-order", "image-split", "image-coverage", "image-norms"])
def test_claims_name_the_extra_at_once(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    (claim,) = select([name])
    with pytest.raises(linmod.extras.MissingExtra, match=r"pip install 'linmod\[torch\]'"):
        claim.run(Settings(quick=True))


# What the claims share.


def test_tasks_of_one_seed_are_the_same_and_of_another_are_not():
    one, same, other = (image_tasks.draw(seed, 1.0) for seed in (0, 0, 1))
    assert np.array_equal(one.train.images, same.train.images)
    assert not np.array_equal(one.train.images, other.train.images)
    assert one.layout.outputs == 15 + 125


def test_fewest_items_with_the_same_moments():
    """Sums of 1000 terms of size 1 in another order: at most 1000 eps of the largest entry."""
    splits = image_tasks.centred(image_tasks.draw(0, 10.0))
    whole = moments.block_dataset(splits, "compositional")
    few = image_tasks.same_moments(whole)
    assert few.n_items == 192 < whole.n_items
    for name in ("sigma_x", "sigma_yx"):
        one, other = getattr(whole, name), getattr(few, name)
        assert np.abs(one - other).max() <= 1000 * np.finfo(float).eps * np.abs(one).max()
    assert np.abs(whole.X[:, :192] @ whole.X[:, :192].T / 192 - whole.sigma_x).max() > 1e-3


def test_linear_networks_learn_the_same_from_fewer_items():
    """Gradients differ by 1000 eps of their size in each of 60 steps; descent stretches that by (1 + 0.02 * 3)^60."""
    splits = image_tasks.centred(image_tasks.draw(0, 10.0))
    whole = moments.block_dataset(splits, "compositional")
    runs = [
        linmod.dynamics.solve(
            linmod.Problem(data, linmod.Deep(5), linmod.SmallRandom(0.1, 0), linmod.Descent(0.02, 60, 20))
        )
        for data in (whole, image_tasks.same_moments(whole))
    ]
    one, other = (run.norms["x", "y"] for run in runs)
    assert np.abs(one - other).max() <= 60 * 1000 * np.finfo(float).eps * 1.06**60 * one.max()
    assert np.ptp(one) > 0.1


def test_choice_reads_validation_only(monkeypatch):
    """The best step size and step by validation is found, with the test losses saying the opposite."""
    seen = []

    def learn(network, splits, seeds, training):
        seen.append((list(seeds), training))
        steps = np.array([0, 400, 800])
        losses = np.array([3.0, 1.0 + abs(math.log2(training.step_size / 0.004)), 2.5])
        tests = {("test_unseen", "compositional"): -losses[:, None], ("test_seen", "compositional"): -losses[:, None]}
        return SimpleNamespace(steps=steps, losses=tests | {("validation", "compositional"): losses[:, None]})

    monkeypatch.setattr(image_tasks, "learn", learn)
    assert image_tasks.choose(MLPS, DENSE, 1.0) == (0.004, 400, 1.0)
    assert {training.step_size for _, training in seen} == set(image_tasks.STEP_SIZES)
    assert all(min(seeds) >= 1000 for seeds, _ in seen)


def test_choice_leaves_out_what_diverges(monkeypatch):
    def learn(network, splits, seeds, training):
        if training.step_size > 0.001:
            raise linmod.Divergence("too large")
        losses = {("validation", "compositional"): np.array([[2.0], [1.0]])}
        return SimpleNamespace(steps=np.array([0, 4000]), losses=losses)

    monkeypatch.setattr(image_tasks, "learn", learn)
    assert image_tasks.choose(MLPS, SPLIT, 1.0)[0] <= 0.001


@pytest.mark.parametrize("family", [MLPS, CNNS], ids=lambda family: family.name)
def test_chosen_settings_are_of_the_grid(family):
    for scale, by_network in family.choice.items():
        assert set(by_network) == {DENSE, SPLIT}
        for name, (step_size, steps) in by_network.items():
            assert step_size in image_tasks.STEP_SIZES
            assert steps in family.training.recorded_steps
            assert family.chosen(name, scale) == replace(family.training, step_size=step_size, steps=steps)


def test_the_compositional_module_does_not_notice_the_label_scale():
    """Which is why one choice of its settings serves all label scales: its numbers are the same to the last bit."""
    training = BatchDescent(0.01, 20, record_every=20, initial_std=0.1)
    ends = {}
    for name in (DENSE, SPLIT):
        for scale in (1.0, 3.0):
            record = image_tasks.learn(MLPS.network(name), [image_tasks.draw(0, scale)], [0], training)
            ends[name, scale] = record.losses["test_unseen", "compositional"][-1, 0]
    assert ends[SPLIT, 1.0] == ends[SPLIT, 3.0]
    assert abs(ends[DENSE, 1.0] / ends[DENSE, 3.0] - 1) > 1e-3


def test_interval_covers():
    """Of 2000 intervals 95 % hold the mean; less than 93.5 or more than 96.5 % has probability 0.002."""
    generator = np.random.default_rng(0)
    found = [mean_interval(generator.standard_normal(5)) for _ in range(2000)]
    assert 0.935 <= np.mean([abs(each.mean) <= each.half_width for each in found]) <= 0.965


# Order.


def halves(tanh, relu):
    """Predicted ratios 8, 1 and 1/8, and measured ones as given."""
    return {
        2.0**index: Half(
            predicted={"compositional": 1.0, "non_compositional": ratio},
            measured={
                (name, block): np.full(2, value if block == "non_compositional" else 1.0)
                for name, value in (("tanh", tanh[index]), ("relu", relu[index]))
                for block in image_order.BLOCKS
            },
        )
        for index, ratio in enumerate((8.0, 1.0, 0.125))
    }


def test_order_rejects_the_wrong_ratio_and_the_wrong_order():
    right, wrong = halves([7.0, 1.1, 0.12], [3.0, 0.5, 0.05]), halves([5.0, 1.1, 0.12], [3.0, 0.5, 2.0])
    assert image_order._ratios(right).passed
    assert not image_order._ratios(wrong).passed
    assert image_order._orders(right, "relu").passed
    assert not image_order._orders(wrong, "relu").passed


def test_order_is_undecided_where_half_is_not_reached():
    late = halves([math.inf, 1.1, 0.12], [3.0, 0.5, 0.05])
    found = image_order._ratios(late)
    assert found.verdict == "undecided"
    assert "label scale 1 within 8 times the predicted time" in found.reason
    assert image_order._orders(late, "tanh").verdict == "undecided"
    assert image_order._orders(late, "relu").verdict == "holds"
    assert image_order._draw(Evidence((found,), {"found": late})).axes


def test_order_without_a_turn_does_not_pass():
    """A prediction that is always the same cannot be told from its null control."""
    same = {scale: half for scale, half in halves([7.0, 1.1, 0.12], [3.0, 0.5, 0.05]).items() if scale == 1}
    assert not image_order._ratios(same).passed
    assert not image_order._orders(same, "relu").passed


# Split against dense.


def paired(differences):
    differences = np.array(differences)
    errors = {DENSE: np.ones(len(differences)), SPLIT: 1 + differences}
    return Paired(errors, errors)


CLEAR, NONE = paired([-0.3, -0.32, -0.28, -0.31]), paired([0.1, -0.2, 0.05, 0.1])


@pytest.mark.parametrize(
    ("real", "shuffled", "passed"),
    [
        (CLEAR, NONE, True),
        (NONE, NONE, False),
        (CLEAR, CLEAR, False),
        (paired([0.3, 0.32, 0.28, 0.31]), NONE, False),
    ],
    ids=["clear", "no difference", "shuffling changes nothing", "dense is better"],
)
def test_split_is_judged_by_its_interval(real, shuffled, passed):
    assert image_split._finding("MLP", real, shuffled).passed is passed


def test_errors_that_are_not_numbers_are_refused():
    with pytest.raises(ValueError, match="must be finite"):
        image_split._finding("MLP", paired([math.nan] * 4), NONE)


def test_coverage_rejects_no_growth_and_no_fall():
    larger, smaller = paired([-0.4, -0.41, -0.39]), paired([-0.01, 0.01, 0.0])
    assert image_coverage._growth({0.1: smaller, 10.0: larger}).passed
    assert not image_coverage._growth({0.1: larger, 10.0: smaller}).passed
    assert not image_coverage._growth({0.1: smaller, 10.0: smaller}).passed
    assert image_coverage._fall({16: smaller, 115: larger}, SPLIT).passed
    assert not image_coverage._fall({16: larger, 115: smaller}, SPLIT).passed
    assert not image_coverage._fall({16: smaller, 115: larger}, DENSE).passed


# All of it.


CHECKED_ELSEWHERE = ("torch-linear", "image-modules")
"""In tests/projection/test_torch.py and tests/figures/images/test_modules.py."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "claim", [one for one in select(["images"]) if one.name not in CHECKED_ELSEWHERE], ids=lambda claim: claim.name
)
def test_claim_holds_in_quick_mode(claim):
    fractions = []
    found = claim.run(Settings(quick=True, progress=fractions.append))
    assert found.passed, found.findings
    assert fractions[-1] == 1.0
    assert all(finding.controls > 0 for finding in found.findings)
    assert claim.draw(found).axes
