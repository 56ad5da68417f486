"""Modular networks on pairs of images: what they see, how they are chosen, and what is claimed of them."""

import numpy as np
import pytest
from scipy.stats import ttest_rel
from typer.testing import CliRunner

from linmod import Settings
from linmod.commands.app import app
from linmod.datasets import Images, digits
from linmod.figures.images.modules import IMAGE_MODULES
from linmod.figures.images.trials import COMPONENTS, DIMS, PLACES, RANDOM, WHOLE, Descent, Trial, View, choose, task_of
from linmod.verification.intervals import lower, mean_interval


def test_paired_interval_is_that_of_the_paired_t_test():
    rng = np.random.default_rng(0)
    first, second = rng.normal(1.0, 0.5, 12), rng.normal(1.4, 0.5, 12)
    difference = mean_interval(first - second)
    interval = ttest_rel(first, second).confidence_interval(0.95)
    # a few roundings of numbers of order 1
    assert difference.mean - difference.half_width == pytest.approx(interval.low, abs=1e-13)
    assert difference.mean + difference.half_width == pytest.approx(interval.high, abs=1e-13)


def test_pairing_removes_what_seeds_share():
    rng = np.random.default_rng(1)
    seeds = 10 * rng.standard_normal(10)
    first, second = seeds + 0.1 * rng.standard_normal(10), seeds + 1 + 0.1 * rng.standard_normal(10)
    assert mean_interval(first - second).below_zero
    assert not mean_interval(first - rng.permutation(second)).below_zero


def test_lower_needs_an_advantage_that_the_control_lacks():
    low, high = [0.1, 0.2, 0.1], [1.0, 1.05, 0.95]
    nothing, noise = ([1.0, 0.9, 1.1], high), ([5.0, -3.0, 1.0], high)
    assert lower("x", (low, high), nothing).passed
    assert not lower("x", nothing, nothing).passed
    assert not lower("x", (low, high), (low, high)).passed
    assert not lower("x", (low, high), noise).passed, "a control that shows nothing of either kind"


def test_interval_of_one_seed_is_an_error():
    with pytest.raises(ValueError, match="an interval needs at least 2 seeds, got 1"):
        mean_interval([1.0])


@pytest.fixture(scope="module")
def view():
    task = task_of(digits(), 60, 3)
    return View.of(task.as_dataset(task.train(400)).X.T)


def test_view_has_unit_variance_on_average(view):
    task = task_of(digits(), 60, 3)
    components = view.inputs(task, task.train(400))
    assert components.shape == (400, COMPONENTS)
    np.testing.assert_allclose(components.mean(axis=0), 0, atol=1e-12)
    assert np.mean(components**2) == pytest.approx(1.0, rel=1e-12)


def test_overlap_is_one_for_a_place_and_chance_for_all_components(view):
    assert view.overlap(view.true_projections()) > 0.95
    assert view.overlap(np.eye(COMPONENTS)[None]) == pytest.approx(1 / PLACES, abs=0.03)
    random = np.linalg.qr(np.random.default_rng(0).standard_normal((PLACES, COMPONENTS, DIMS)))[0]
    assert view.overlap(random) < 0.7


def test_choice_is_by_validation_error():
    untrained, trained = Descent(4, 1, 1e-4), Descent(8, 60, 0.02)
    assert choose(WHOLE, (untrained, trained), seeds=(0,)) is trained


def test_network_starts_from_the_projections_given():
    trial = Trial.of(task_of(digits(), 60, 0))
    start = trial.network(RANDOM, Descent(4, 1, 1e-12)).projections
    given = trial.starts[RANDOM]
    # both are orthonormal bases of the same space
    np.testing.assert_allclose(start @ start.swapaxes(1, 2), given @ given.swapaxes(1, 2), atol=1e-9)


@pytest.mark.slow
def test_claim_holds_quickly():
    fractions = []
    evidence = IMAGE_MODULES.run(Settings(quick=True, progress=fractions.append))
    assert evidence.passed, evidence.findings
    assert fractions[-1] == 1.0
    assert IMAGE_MODULES.draw(evidence).axes
    assert all(finding.controls == finding.rejected == 1 for finding in evidence.findings)


def test_images_of_settings():
    images = Images(np.zeros((4, 2, 2)), np.array([0, 1, 0, 1]), "mine")
    assert Settings(images=images).source_images is images
    assert Settings().source_images.name == digits().name
    with pytest.raises(TypeError, match="images must be Images or NoneType, got str"):
        Settings(images="digits")


def test_mnist_that_is_not_there_exits_with_2(tmp_path):
    result = CliRunner().invoke(app, ["reproduce", "spectrum", "--mnist", str(tmp_path)])
    assert result.exit_code == 2
    assert "train-images" in result.output
    assert "Traceback" not in result.output
