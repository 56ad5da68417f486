"""Training that stops and goes on: records, checkpoints, damage to either."""

from dataclasses import replace

import numpy as np
import pytest

from linmod.datasets import CompositionalImages, Images
from linmod.dynamics.nonlinear import CNN, MLP, BatchDescent, ImageNetwork, ImageSplits, load_record

torch = pytest.importorskip("torch")
from linmod.dynamics.nonlinear import Checkpoints, train_networks  # noqa: E402

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


def test_a_record_survives_saving(splits, tmp_path):
    record = train_networks(ImageNetwork(MLP((12,))), splits, TRAINING)
    again = load_record(record.save(tmp_path / "record.npz"))
    assert (again.description, again.seeds) == (record.description, record.seeds)
    for group in ("losses", "accuracy", "combination", "weights"):
        one, other = getattr(record, group), getattr(again, group)
        assert set(one) == set(other)
        assert all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"x" + b[1:]])
def test_a_damaged_record_is_refused(splits, tmp_path, damage):
    path = train_networks(ImageNetwork(MLP((12,))), splits, TRAINING).save(tmp_path / "record.npz")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match="is damaged or not a record of learning"):
        load_record(path)


def test_a_checkpoint_is_no_record(splits, tmp_path):
    path = tmp_path / "state.npz"
    train_networks(ImageNetwork(MLP((12,))), splits, TRAINING, checkpoints=Checkpoints(path))
    with pytest.raises(ValueError, match="is a checkpoint of training, not a record of learning"):
        load_record(path)


# Resumption.


class Stop(Exception):  # noqa: N818
    pass


def stop_at(fraction):
    def progress(done):
        if done >= fraction:
            raise Stop

    return progress


def interrupted(splits, path, training, network):
    with pytest.raises(Stop):
        train_networks(network, splits, training, (0, 1), checkpoints=Checkpoints(path, 0.0), progress=stop_at(0.3))
    return train_networks(network, splits, training, (0, 1), checkpoints=Checkpoints(path, 0.0))


@pytest.mark.parametrize("change", [{}, {"patience": 1, "step_size": 0.05}], ids=["plain", "patient"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_resumed_training_is_bit_for_bit_the_uninterrupted_one(splits, tmp_path, body, change):
    network, training = ImageNetwork(body, "output_split"), replace(TRAINING, **change)
    whole = train_networks(network, splits, training, (0, 1))
    resumed = interrupted(splits, tmp_path / "state.npz", training, network)
    assert np.array_equal(whole.kept, resumed.kept)
    for group in ("losses", "accuracy", "weights"):
        one, other = getattr(whole, group), getattr(resumed, group)
        assert all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("forgotten", ["velocity", "step"])
def test_resumption_needs_the_whole_state(splits, tmp_path, monkeypatch, forgotten):
    """Null control: without the momentum, or at another place in the order of items, the numbers differ."""
    from linmod.dynamics.nonlinear import checkpoints as module

    network, training = ImageNetwork(MLP((12,))), replace(TRAINING, steps=70, record_every=14)
    whole = train_networks(network, splits, training, (0, 1))
    load = module.CheckpointFile.load

    def forgetful(self):
        state = load(self)
        if state is None:
            return None
        if forgotten == "velocity":
            return replace(state, velocity={name: torch.zeros_like(value) for name, value in state.velocity.items()})
        return replace(state, step=state.step - 1)

    monkeypatch.setattr(module.CheckpointFile, "load", forgetful)
    resumed = interrupted(splits, tmp_path / "state.npz", training, network)
    assert not np.array_equal(whole.losses["train", "compositional"], resumed.losses["train", "compositional"])


@pytest.mark.parametrize("patience", [None, 1])
def test_a_finished_training_is_not_repeated(splits, tmp_path, patience):
    network, seen = ImageNetwork(MLP((12,))), []
    file, training = Checkpoints(tmp_path / "state.npz"), replace(TRAINING, patience=patience, steps=400, step_size=0.1)
    first = train_networks(network, splits, training, checkpoints=file)
    second = train_networks(network, splits, training, checkpoints=file, progress=seen.append)
    assert seen == []
    assert (first.steps[-1] < 400) == (patience is not None)
    assert all(np.array_equal(first.weights[name], second.weights[name]) for name in first.weights)


def test_a_checkpoint_of_another_training_is_refused(splits, tmp_path):
    network, file = ImageNetwork(MLP((12,))), Checkpoints(tmp_path / "state.npz")
    train_networks(network, splits, TRAINING, checkpoints=file)
    for call in (
        lambda: train_networks(network, splits, replace(TRAINING, step_size=0.01), checkpoints=file),
        lambda: train_networks(network, splits, TRAINING, (1,), checkpoints=file),
        lambda: train_networks(ImageNetwork(MLP((11,))), splits, TRAINING, checkpoints=file),
        lambda: train_networks(network, replace(splits, train=splits.validation), TRAINING, checkpoints=file),
    ):
        with pytest.raises(ValueError, match="is a checkpoint of another training"):
            call()


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"not an archive"])
def test_a_damaged_checkpoint_is_refused(splits, tmp_path, damage):
    path = tmp_path / "state.npz"
    train_networks(ImageNetwork(MLP((12,))), splits, TRAINING, checkpoints=Checkpoints(path))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"state\.npz is damaged or not a checkpoint of training"):
        train_networks(ImageNetwork(MLP((12,))), splits, TRAINING, checkpoints=Checkpoints(path))


def test_a_write_that_fails_leaves_the_last_checkpoint(splits, tmp_path, monkeypatch):
    path, network = tmp_path / "state.npz", ImageNetwork(MLP((12,)))
    train_networks(network, splits, TRAINING, checkpoints=Checkpoints(path))
    before = path.read_bytes()

    def fail(_):
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", fail)
    from linmod.storage import write_archive

    with pytest.raises(OSError, match="disk full"):
        write_archive(path, "anything", {}, {})
    assert path.read_bytes() == before
