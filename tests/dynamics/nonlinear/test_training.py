"""Training of non-linear networks on images: gradients, independence of modules, resumption, early stopping."""

from dataclasses import replace

import numpy as np
import pytest

import linmod
from linmod.datasets import CompositionalImages, Images, ImageSample
from linmod.dynamics.nonlinear import CNN, MLP, BatchDescent, ImageLayout, ImageNetwork, ImageSplits, load_record

torch = pytest.importorskip("torch")
from linmod.dynamics.nonlinear import Checkpoints, Ensemble, PlaceByPlace, train_networks, trained_module  # noqa: E402
from linmod.dynamics.nonlinear.layers import ImageModule, initial_weights  # noqa: E402
from linmod.dynamics.nonlinear.settings import batch_items  # noqa: E402

EPS = float(np.finfo(np.float32).eps)
LAYOUT = ImageLayout(height=8, width=24, places=3, labels=3, combinations=27)
BODIES = {"mlp": MLP((12,)), "cnn": CNN(channels=(4, 4), kernels=((3, 9), (2, 6)), nonlinearity="tanh")}
TRAINING = BatchDescent(step_size=0.02, steps=60, batch=8, record_every=20, momentum=0.5, initial_std=0.1)


def blobs(seed=0):
    """Three classes of 8 x 8 images, each a patch in its own corner, with noise."""
    generator = np.random.default_rng(seed)
    labels = np.arange(90) % 3
    pixels = 0.3 * generator.random((90, 8, 8))
    for label, (row, column) in enumerate([(0, 0), (0, 4), (4, 0)]):
        pixels[labels == label, row : row + 4, column : column + 4] += 0.6
    return Images(pixels, labels, "blobs")


@pytest.fixture(scope="module")
def splits():
    task = CompositionalImages(images=blobs(), seen=12, label_scale=2.0, seed=1)
    return ImageSplits.draw(task, train=42, evaluation=30)


def module_of(network, std=0.3, seed=0, layout=LAYOUT):
    weights = {name: values[None] for name, values in initial_weights(network, layout, std, seed).items()}
    return trained_module(network, layout, weights, 0)


def images(count=6, seed=0):
    return torch.tensor(np.random.default_rng(seed).random((count, 1, 8, 24)), dtype=torch.float32)


def block_gradients(split, body, block):
    """Norm of the gradient of one block's loss by the weights of each module."""
    module = module_of(ImageNetwork(body, split))
    module(images())[:, LAYOUT.blocks[block]].square().sum().backward()
    return [
        sum(0.0 if w.grad is None else float(w.grad.abs().sum()) for w in part.parameters()) for part in module.parts
    ]


# Modules.


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_modules_of_a_split_network_share_nothing(body):
    compositional = block_gradients("output_split", body, "compositional")
    rest = block_gradients("output_split", body, "non_compositional")
    assert compositional[1] == 0 == rest[0]
    assert compositional[0] > 0 < rest[1]


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_dense_network_shares_its_hidden_layers(body):
    module = module_of(ImageNetwork(body))
    first = next(module.parameters())
    norms = []
    for block in LAYOUT.blocks.values():
        module.zero_grad()
        module(images())[:, block].square().sum().backward()
        norms.append(float(first.grad.abs().sum()))
    assert min(norms) > 0


def change_elsewhere(split, body):
    """Largest change of the outputs of place 1 when the pixels of the other places change."""
    module = module_of(ImageNetwork(body, split))
    seen = images()
    other = torch.where(torch.arange(24) // 8 == 1, seen, images(seed=1))
    written = slice(LAYOUT.labels, 2 * LAYOUT.labels)
    return float((module(seen) - module(other))[:, written].abs().max().detach())


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_fully_partitioned_network_writes_a_place_from_its_own_pixels(body):
    assert change_elsewhere("fully_partitioned", body) == 0
    assert change_elsewhere("output_split", body) > 1e-3


@pytest.mark.parametrize("split", ["dense", "output_split", "fully_partitioned"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_shapes(body, split):
    assert module_of(ImageNetwork(body, split))(images(5)).shape == (5, LAYOUT.outputs)


def test_published_network_and_training():
    layout = ImageLayout(height=28, width=84, places=3, labels=10, combinations=1000)
    sizes = {}
    for split, body in {"dense": CNN().widened(2), "output_split": CNN(), "fully_partitioned": CNN()}.items():
        with torch.device("meta"):
            module = ImageModule(ImageNetwork(body, split), layout)
            assert module(torch.zeros(1, 1, 28, 84)).shape == (1, 1030)
            sizes[split] = len(list(module.parameters()))
    assert sizes == {"dense": 8, "output_split": 16, "fully_partitioned": 32}
    published = BatchDescent.published(items=100)
    assert (published.step_size, published.batch, published.steps, published.initial_std) == (2e-3, 16, 300 * 7, 0.01)


def test_colours_and_tasks_without_combinations_are_learned():
    grey = blobs()
    coloured = Images(np.repeat(grey.pixels[..., None], 3, axis=3), grey.labels)
    task = CompositionalImages(images=coloured, places=2, seen=6, label_scale=0.0)
    drawn = ImageSplits.draw(task, train=20, evaluation=10)
    assert (drawn.layout.channels, drawn.layout.combinations) == (3, 0)
    for split in ("dense", "output_split", "fully_partitioned"):
        record = train_networks(ImageNetwork(BODIES["cnn"], split), drawn, TRAINING)
        assert {block for _, block in record.losses} == {"compositional"}


# Steps.


def hand_steps(splits, training, network, seed=0):
    """Descent of a linear network with one hidden layer by the formulas of its gradient, in float64."""
    drawn = initial_weights(network, splits.layout, training.initial_std, seed)
    W1, W2 = drawn.values()
    V1, V2 = np.zeros_like(W1), np.zeros_like(W2)
    for step in range(training.steps):
        items = batch_items(len(splits.train.targets), training.batch, seed, step)
        X, Y = splits.train.images[items].reshape(len(items), -1).T, splits.train.targets[items].T
        error = (W2 @ W1 @ X - Y) / len(items)
        V1 = training.momentum * V1 - training.step_size * W2.T @ error @ X.T
        V2 = training.momentum * V2 - training.step_size * error @ (W1 @ X).T
        W1, W2 = W1 + V1, W2 + V2
    return W1, W2


def test_linear_descent_equals_the_hand_formula(splits):
    """Float32 against float64.

    A step adds to each weight an error of at most about eps times the sum of magnitudes that it is made of, which
    for 192 inputs, 12 units and 8 items is below (192 + 12 + 8) eps times the size of the largest step; descent
    towards a minimum does not amplify it, so that n steps make at most n times it.
    """
    network = ImageNetwork(MLP((12,), "linear", bias=False))
    training = replace(TRAINING, steps=10, record_every=10)
    record = train_networks(network, splits, training)
    right, wrong = (hand_steps(splits, each, network) for each in (training, replace(training, momentum=0.0)))
    bound = training.steps * 212 * EPS
    for found, expected, other in zip(record.weights.values(), right, wrong, strict=True):
        assert np.abs(found[0] - expected).max() <= bound * np.abs(expected).max()
        assert np.abs(found[0] - other).max() > 10 * bound * np.abs(expected).max()


def test_every_epoch_has_every_item_once():
    order = [batch_items(10, 4, seed=3, step=step) for step in range(6)]
    for epoch in (order[:3], order[3:]):
        assert sorted(np.concatenate(epoch)) == list(range(10))
    assert list(np.concatenate(order[:3])) != list(np.concatenate(order[3:]))


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("split", ["dense", "fully_partitioned"])
def test_networks_together_and_one_by_one(splits, body, split):
    """Same sums in another order.

    No sum has more than 8 * 6 * 16 terms (of a kernel's gradient, over items and positions), so that a step adds at
    most 768 eps of the size of a weight. Descent increases a difference at most where the loss is concave, by
    1 + s / (1 - m) sigma with step size s, momentum m and the largest singular value sigma of the correlations of
    targets with pixels, since weights and slopes are below 1 here.
    """
    training = replace(TRAINING, steps=5, record_every=5)
    correlations = splits.train.targets.T @ splits.train.images.reshape(42, -1) / 42
    growth = (1 + 0.02 / 0.5 * np.linalg.norm(correlations, 2)) ** 5
    bound = 5 * 768 * EPS * growth
    network = ImageNetwork(body, split)
    together = train_networks(network, splits, training, seeds=(0, 3, 5))
    alone = train_networks(network, splits, training, seeds=(3,))
    other = train_networks(network, splits, training, seeds=(4,))
    for name, values in together.weights.items():
        assert np.abs(values[1] - alone.weights[name][0]).max() <= bound
    assert (
        max(np.abs(values[1] - other.weights[name][0]).max() for name, values in together.weights.items()) > 10 * bound
    )


def test_each_seed_learns_its_own_data(splits):
    """The second network's records are those of training it alone on its own splits."""
    other = ImageSplits.draw(
        CompositionalImages(images=blobs(2), seen=12, label_scale=2.0, seed=5), train=42, evaluation=30
    )
    network = ImageNetwork(MLP((12,)))
    together = train_networks(network, [splits, other], TRAINING, seeds=(0, 1))
    alone = train_networks(network, other, TRAINING, seeds=(1,))
    wrong = train_networks(network, splits, TRAINING, seeds=(1,))
    key = ("test_unseen", "compositional")
    assert together.losses[key][:, 1] == pytest.approx(alone.losses[key][:, 0], rel=1e-4)
    assert np.abs(together.losses[key][-1, 1] - wrong.losses[key][-1, 0]) > 1e-2


# Records.


def test_records_are_what_the_outputs_say(splits):
    network = ImageNetwork(MLP((12,)), "output_split")
    record = train_networks(network, splits, TRAINING, seeds=(0, 1))
    assert list(record.steps) == [0, 20, 40, 60]
    assert record.times[-1] == pytest.approx(1.2)
    module = trained_module(network, splits.layout, record.weights, 1)
    sample = splits.test_unseen
    with torch.no_grad():
        outputs = module(torch.tensor(sample.images)[:, None]).numpy()
    errors = np.square(outputs - sample.targets).astype(np.float64)
    guesses = outputs[:, :9].reshape(-1, 3, 3).argmax(axis=2)
    for block, at in splits.layout.blocks.items():
        expected = errors[:, at].sum(axis=1).mean() / 2
        assert record.losses["test_unseen", block][-1, 1] == pytest.approx(expected, rel=1e-5)
    assert record.accuracy["test_unseen"][-1, 1] == pytest.approx((guesses == sample.classes).mean(axis=0))
    assert record.combination["test_unseen"][-1, 1] == pytest.approx((guesses == sample.classes).all(axis=1).mean())


def test_blobs_are_learned_place_by_place(splits):
    record = train_networks(ImageNetwork(MLP((12,)), "fully_partitioned"), splits, replace(TRAINING, steps=300))
    assert record.combination["test_unseen"][-1, 0] > 0.95
    assert record.combination["test_unseen"][0, 0] < 0.5


def test_measured_is_kept_beside_the_rest(splits):
    def largest(ensemble):
        assert isinstance(ensemble, Ensemble)
        return {"largest": np.array([float(max(v[i].abs().max() for v in ensemble.weights.values())) for i in (0, 1)])}

    record = train_networks(ImageNetwork(MLP((12,))), splits, TRAINING, seeds=(0, 1), measure=largest)
    assert record.measured["largest"].shape == (4, 2)
    last = max(values[1].__abs__().max() for values in record.weights.values())
    assert record.measured["largest"][-1, 1] == pytest.approx(last)


# Early stopping and divergence.


def test_early_stopping_gives_back_the_best_weights(splits):
    """Labels of the training set that say nothing about the images are overfitted: the best record is not the last."""
    generator = np.random.default_rng(0)
    confused = replace(splits.train, targets=generator.permutation(splits.train.targets))
    task = replace(splits, train=confused)
    training = replace(TRAINING, steps=400, record_every=10)
    network, seeds = ImageNetwork(MLP((30,))), (0, 1)
    whole = train_networks(network, task, training, seeds)
    total = sum(whole.losses["validation", block] for block in splits.layout.blocks)
    stopped = train_networks(network, task, replace(training, patience=3), seeds)
    for index in range(2):
        best = next(t for t in range(len(total)) if total[t, index] < total[t + 1 : t + 4, index].min(initial=np.inf))
        assert stopped.kept[index] == whole.steps[best]
        assert total[-1, index] > 1.05 * total[best, index]
        kept = sum(stopped.losses["validation", block][-1, index] for block in splits.layout.blocks)
        assert kept == total[best, index]
    assert len(stopped.steps) < len(whole.steps)
    again = train_networks(network, task, replace(training, steps=int(stopped.kept[0]), record_every=10), seeds)
    for name, values in stopped.weights.items():
        assert np.array_equal(values[0], again.weights[name][0])


def test_divergence_is_named(splits):
    with pytest.raises(linmod.Divergence, match=r"loss of seeds \[0, 1\] is not finite after step \d+; choose"):
        train_networks(ImageNetwork(MLP((12,))), splits, replace(TRAINING, step_size=50.0), seeds=(0, 1))


def test_settings_of_torch_are_left_as_they_were(splits):
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    train_networks(ImageNetwork(MLP((12,))), splits, replace(TRAINING, steps=1), threads=1)
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == before


def test_training_does_not_touch_the_global_generators(splits):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    train_networks(ImageNetwork(MLP((12,))), splits, replace(TRAINING, steps=1))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_device_changes_rounding_only(splits):
    network = ImageNetwork(BODIES["cnn"])
    one, other = (train_networks(network, splits, TRAINING, device=device) for device in ("cpu", "cuda"))
    for name, values in one.weights.items():
        assert np.abs(values - other.weights[name]).max() <= 1e-3


# Wrong calls.

NETWORK = ImageNetwork(MLP((12,)))
WRONG = {
    "hidden": (lambda _: MLP(()), ValueError, "hidden must be a tuple of at least one integer"),
    "units": (lambda _: MLP((0,)), ValueError, "hidden entry must be at least 1, got 0"),
    "nonlinearity": (lambda _: MLP((3,), "sigmoid"), ValueError, "nonlinearity must be one of"),
    "kernels": (lambda _: CNN((2,)), ValueError, "kernels must be one for each of 1 channels, got 3"),
    "kernel": (lambda _: CNN((2,), ((3,),)), ValueError, "kernels must be pairs of height and width"),
    "too large": (lambda s: train_networks(ImageNetwork(CNN()), s, TRAINING), ValueError, "too large for images"),
    "split": (lambda _: ImageNetwork(MLP(), "half"), ValueError, "split must be one of"),
    "body": (lambda _: ImageNetwork("mlp"), TypeError, "body must be MLP or CNN, got str"),
    "width": (lambda _: ImageLayout(8, 25, 3, 3, 27), ValueError, "width must be a multiple of places=3, got 25"),
    "step": (lambda _: BatchDescent(step_size=0.0), ValueError, "step_size must be positive"),
    "batch": (lambda _: BatchDescent(batch=0), ValueError, "batch must be at least 1, got 0"),
    "momentum": (lambda _: BatchDescent(momentum=1.0), ValueError, "momentum must be below 1"),
    "patience": (lambda _: BatchDescent(patience=0), ValueError, "patience must be at least 1, got 0"),
    "no seeds": (lambda s: train_networks(NETWORK, s, TRAINING, ()), ValueError, "seeds must be distinct and at least"),
    "twice": (lambda s: train_networks(NETWORK, s, TRAINING, (1, 1)), ValueError, "seeds must be distinct"),
    "seed": (lambda s: train_networks(NETWORK, s, TRAINING, (-1,)), ValueError, "seeds entry must be at least 0"),
    "splits": (lambda _: train_networks(NETWORK, [3], TRAINING), TypeError, "splits entry must be ImageSplits"),
    "count": (lambda s: train_networks(NETWORK, [s, s], TRAINING), ValueError, "one for each of 1 seeds, got 2"),
    "network": (lambda s: train_networks(MLP(), s, TRAINING), TypeError, "network must be ImageNetwork, got MLP"),
    "device": (lambda s: train_networks(NETWORK, s, TRAINING, device="abacus"), ValueError, "device must be 'cpu' or"),
    "threads": (lambda s: train_networks(NETWORK, s, TRAINING, threads=0), ValueError, "threads must be at least 1"),
    "seconds": (lambda _: Checkpoints("a", -1.0), ValueError, "seconds must be at least 0"),
    "layout": (lambda s: replace(s, layout=LAYOUT.__class__(8, 24, 3, 3, 8)), ValueError, "train must have images of"),
    "sample": (lambda s: replace(s, validation=None), TypeError, "validation must be ImageSample, got NoneType"),
    "dataset": (lambda _: ImageSplits.draw(blobs(), train=1, evaluation=1), TypeError, "dataset must be Compositional"),
    "file": (lambda _: load_record(3), TypeError, "path must be str or PathLike"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_calls(splits, name):
    call, error, message = WRONG[name]
    with pytest.raises(error, match=message):
        call(splits)


def test_sizes_of_seeds_must_agree(splits):
    less = replace(splits, train=ImageSample(*(getattr(splits.train, f)[:10] for f in ImageSample.__annotations__)))
    with pytest.raises(ValueError, match="splits must have the same layout and sizes for all seeds, got 2 different"):
        train_networks(NETWORK, [splits, less], TRAINING, (0, 1))


def test_rows_of_pixels_place_by_place(splits):
    """The rows of a dataset are the images of the sample, in another order of pixels."""
    task = CompositionalImages(images=blobs(), seen=12, label_scale=2.0, seed=1)
    module = module_of(ImageNetwork(BODIES["cnn"]))
    sample = splits.test_seen
    rows = torch.tensor(task.as_dataset(sample).X.T.copy(), dtype=torch.float32)
    images = torch.tensor(sample.images)[:, None]
    assert torch.equal(PlaceByPlace(module, LAYOUT)(rows), module(images))
    assert not torch.equal(PlaceByPlace(module, LAYOUT)(images.flatten(1)), module(images))
