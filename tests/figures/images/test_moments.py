"""Settings from second moments: each is what it says on data where the answer is known."""

import math
import os

import numpy as np
import pytest

import linmod
from linmod.datasets import Images, mnist
from linmod.figures import select
from linmod.figures.images import moments, tasks
from linmod.verification.claims import Settings

SOURCES = {"digits": None, "mnist": os.environ.get("LINMOD_MNIST")}


def source(name):
    """Images of a source; the test skips where the folder of MNIST is not named."""
    if name == "mnist" and not SOURCES[name]:
        pytest.skip("LINMOD_MNIST names no folder with MNIST's files")
    return mnist(SOURCES[name]) if name == "mnist" else None


def white(singular=(2.0, 1.0), variance=1.0):
    """Uncorrelated inputs, and labels with these singular values of their covariance with them."""
    X = math.sqrt(4 * variance) * np.eye(4)
    Y = np.zeros((len(singular), 4))
    Y[range(len(singular)), range(len(singular))] = np.array(singular) / variance * math.sqrt(4 * variance)
    return linmod.Dataset(X, Y)


def test_crossing():
    times, values = np.arange(4.0), np.array([0.0, 0.25, 0.75, 1.0])
    assert moments.crossing(times, values) == 1.5
    assert moments.crossing(times, values, 0.75) == 2.0
    assert moments.crossing(times, values, 2.0) == math.inf


def test_traces_and_variances():
    generator = np.random.default_rng(0)
    for shape in ((4, 30), (30, 4)):
        data = linmod.Dataset(generator.standard_normal(shape), generator.standard_normal((3, shape[1])))
        assert moments.mean_square(data) == pytest.approx(np.trace(data.sigma_x), rel=1e-12)
        assert moments.largest_variance(data) == pytest.approx(np.linalg.norm(data.sigma_x, 2), rel=1e-12)


def test_final_square_is_that_of_a_trained_linear_network():
    """From weights of 1e-3, with squares of 1e-6, up to the size of these."""
    data = white()
    training = linmod.Descent(0.1, 400, 400)
    run = linmod.dynamics.solve(linmod.Problem(data, linmod.Deep(5), linmod.SmallRandom(1e-3, 0), training))
    reached = np.mean((run.weights[0][-1] @ data.X) ** 2)
    assert moments.final_square(data, 5) == pytest.approx(3 / 5)
    assert reached == pytest.approx(3 / 5, rel=1e-3)


def test_half_time_of_one_mode():
    r"""A mode from the strength a grows as :math:`a e^{2 s t}`; twice its singular value halves its time."""
    slow, fast = (moments.half_time(white((s,)), 3, 1e-4, 1e-3, seed=0) for s in (1.0, 2.0))
    assert fast == pytest.approx(slow / 2, rel=0.05)
    assert math.isinf(moments.half_time(white((1.0,)), 3, 1e-30, 0.05, seed=0))


def test_the_step_follows_the_scale_of_labels_and_pixels():
    assert moments.step_size([white((2.0,))], 10**6) == pytest.approx(moments.STEP / 2)
    wide = linmod.Dataset(white((2.0,)).X * np.array([[1.0], [10.0], [1.0], [1.0]]), white((2.0,)).Y)
    assert moments.step_size([wide], 10**6) == pytest.approx(moments.STABLE / (100 * 2), rel=1e-3)


def test_principal_components_learn_the_same():
    """The share of squared covariances that is left out bounds the error of what is learned of them."""
    data = moments.block_dataset(tasks.centred(tasks.draw(2000, 1.0)), "compositional")
    few = moments.principal(data)
    assert few.n_items == few.X.shape[0] < 192
    norms = [np.sum(each.sigma_yx**2) for each in (few, data)]
    assert 1 - moments.NEGLECTED <= norms[0] / norms[1] <= 1


def test_labels_that_pixels_do_not_tell_are_not_learnable():
    data = white()
    assert moments.learnable([data])
    assert not moments.learnable([data, linmod.Dataset(np.zeros((4, 4)), data.Y)])
    assert not moments.learnable([linmod.Dataset(data.X, np.zeros((2, 4)))])


@pytest.mark.parametrize("name", SOURCES)
def test_half_times_are_reached_on_images(name):
    images = source(name)
    splits = tasks.centred(tasks.draw(2000, 4.0, images=images, train=300, evaluation=20))
    datasets = [moments.block_dataset(splits, block) for block in moments.BLOCKS]
    step, std = moments.step_size(datasets, 16), moments.small_start(datasets, 16)
    times = [moments.half_time(each, 16, std, step, seed=2000) for each in datasets]
    singular = [np.linalg.norm(each.sigma_yx, 2) for each in datasets]
    assert all(1 < time * value < 20 for time, value in zip(times, singular, strict=True))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["image-order", "image-norms"])
def test_constant_pixels_are_undecided(name):
    """Two classes of 20 images each, all of them the same."""
    pytest.importorskip("torch")
    (claim,) = select([name])
    images = Images(np.full((40, 4, 4), 0.5, np.float32), np.arange(40) % 2, "constant")
    found = claim.run(Settings(quick=True, images=images))
    assert found.verdict == "undecided"
    assert "do not covary" in found.reason
    assert claim.draw(found).axes
