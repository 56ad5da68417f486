"""CIFAR-10's files: both formats, damage, and pickles that would do harm."""

import io
import os
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linmod.datasets import cifar10

ROWS = np.random.default_rng(0).integers(0, 256, (4, 3072), dtype=np.uint8)
RECORDS = np.concatenate([np.array([[0], [1], [1], [0]], dtype=np.uint8), ROWS], axis=1).tobytes()


class OfPython2(pickle._Pickler):
    """Writes text and bytes as the strings of Python 2, as the pickles of CIFAR-10 have them."""

    dispatch = dict(pickle._Pickler.dispatch)  # noqa: RUF012

    def save_string(self, text):
        content = text.encode("latin-1") if isinstance(text, str) else text
        self.write(b"T" + len(content).to_bytes(4, "little") + content)
        self.memoize(text)

    dispatch[str] = dispatch[bytes] = save_string


def of_python2(batch):
    buffer = io.BytesIO()
    OfPython2(buffer, protocol=2).dump(batch)
    return buffer.getvalue().replace(b"numpy._core", b"numpy.core")


def batch(**changed):
    whole = {"batch_label": "batch", "labels": [0, 1, 1, 0], "data": ROWS, "filenames": ["a.png"] * 4} | changed
    return {name.encode(): value for name, value in whole.items()}


FORMATS = {
    "binary": (".bin", RECORDS),
    "python 2": ("", of_python2(batch())),
    "python 2, by column": ("", of_python2(batch(data=np.asfortranarray(ROWS)))),
    "protocol 3": ("", pickle.dumps(batch(), protocol=3)),
    "protocol 4": ("", pickle.dumps(batch(), protocol=4)),
    "protocol 5": ("", pickle.dumps(batch(), protocol=5)),
    "protocol 5, by columns": ("", pickle.dumps(batch(data=np.asfortranarray(batch()[b"data"])), protocol=5)),
    "protocol 2": ("", pickle.dumps(batch(), protocol=2)),
    "protocol 0": ("", pickle.dumps(batch(), protocol=0)),
}


@pytest.mark.parametrize(("ending", "content"), FORMATS.values(), ids=FORMATS.keys())
def test_cifar10(tmp_path, ending, content):
    (tmp_path / f"test_batch{ending}").write_bytes(content)
    images = cifar10(tmp_path, "test")
    assert images.pixels.shape == (4, 32, 32, 3)
    assert images.labels.tolist() == [0, 1, 1, 0]
    for colour, row, column in [(0, 0, 0), (1, 5, 31), (2, 31, 7)]:
        levels = ROWS[:, 1024 * colour + 32 * row + column]
        assert np.array_equal(images.pixels[:, row, column, colour], levels / np.float32(255))
    assert [path.name for path in tmp_path.iterdir()] == [f"test_batch{ending}"]


def test_training_is_five_batches(tmp_path):
    for number in range(1, 6):
        records = np.frombuffer(RECORDS, dtype=np.uint8).reshape(4, -1).copy()
        records[:, 1:] = number
        (tmp_path / f"data_batch_{number}.bin").write_bytes(records.tobytes())
    images = cifar10(tmp_path)
    assert np.array_equal(np.rint(255 * images.pixels[:, 0, 0, 0]), np.repeat(np.arange(1, 6), 4))
    (tmp_path / "data_batch_4.bin").unlink()
    with pytest.raises(FileNotFoundError, match=r"none of the files data_batch_4\.bin, data_batch_4$"):
        cifar10(tmp_path)


class Harm:
    def __init__(self, action, *arguments):
        self.action, self.arguments = action, arguments

    def __reduce__(self):
        return self.action, self.arguments


def _set_class_state():
    """A pickle that tries to change the class that stands in for an admitted name."""
    return b"\x80\x02cnumpy\nndarray\nN}X\x09\x00\x00\x00argumentsK\x01s\x86b."


PICKLES = {
    "a command": (pickle.dumps(Harm(os.mkdir, "harmed")), r"it names posix\.mkdir|it names nt\.mkdir"),
    "a command in a batch": (pickle.dumps(batch(labels=Harm(os.mkdir, "harmed")), protocol=4), "which no batch needs"),
    "eval": (pickle.dumps(Harm(eval, "1")), r"it names builtins\.eval"),
    "a loader of numpy": (pickle.dumps(Harm(np.load, "file")), r"it names numpy\.load"),
    "a dotted name": (b"\x80\x04\x8c\x05numpy\x8c\x0cndarray.data\x93.", r"it names numpy\.ndarray\.data"),
    "an extension": (b"\x80\x02\x82\x01.", "is not a batch of CIFAR-10"),
    "a persistent name": (b"\x80\x02U\x01aQ.", "is not a batch of CIFAR-10"),
    "state of a class": (_set_class_state(), "is not a batch of CIFAR-10"),
    "a huge memo": (b"\x80\x02]r\xff\xff\xff\x7f.", "it numbers an object 2147483647, in 9 bytes"),
    "text": (b"text", "is not a batch of CIFAR-10"),
    "nothing": (b"", "is not a batch of CIFAR-10"),
    "half": (of_python2(batch())[:5000], "is not a batch of CIFAR-10"),
    "a list": (pickle.dumps([1]), "must hold a dictionary .* got list"),
    "without data": (pickle.dumps({b"labels": []}), "must hold a dictionary with b'data'"),
    "labels of text": (of_python2(batch(labels="0110")), "must hold a list of labels from 0 to 9"),
    "label true": (of_python2(batch(labels=[0, 1, True, 0])), "must hold a list of labels from 0 to 9"),
    "label ten": (of_python2(batch(labels=[0, 1, 10, 0])), "must hold a list of labels from 0 to 9"),
    "a huge label": (of_python2(batch(labels=[0, 1, 2**80, 0])), "must hold a list of labels from 0 to 9"),
    "fewer labels": (of_python2(batch(labels=[0, 1])), "has 4 images, but 2 labels"),
    "data of text": (of_python2(batch(data="text")), "must hold an array as data"),
    "data of floats": (of_python2(batch(data=ROWS / 2)), "must hold an array of bytes as data"),
    "data of objects": (of_python2(batch(data=np.array([None]))), "must hold an array of bytes as data"),
    "narrow data": (of_python2(batch(data=ROWS[:, :-1])), r"rows of 3072 bytes, at least one, got shape \(4, 3071\)"),
    "flat data": (of_python2(batch(data=ROWS.ravel())), r"got shape \(12288,\)"),
    "no data": (of_python2(batch(data=ROWS[:0], labels=[])), r"at least one, got shape \(0, 3072\)"),
    "an array without state": (b"\x80\x03}(C\x06labels]C\x04datacnumpy\nndarray\n)Ru.", "must hold an array as data"),
}


@pytest.mark.parametrize(("content", "message"), PICKLES.values(), ids=PICKLES.keys())
def test_wrong_pickle(tmp_path, monkeypatch, content, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test_batch").write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        cifar10(tmp_path, "test")
    assert "test_batch" in str(caught.value)
    assert not (tmp_path / "harmed").exists()


def test_the_harmful_pickle_does_harm_when_it_is_loaded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pickle.loads(PICKLES["a command"][0])
    assert (tmp_path / "harmed").exists()


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("cifar")


SMALL = of_python2(batch(data=ROWS[:2], labels=[0, 1], filenames=[]))


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_damaged_pickle_raises_nothing_else(scratch, data):
    """Any byte outside of the pixels is replaced by any other: the same images, others, or a ValueError."""
    start = SMALL.index(ROWS[:2].tobytes())
    outside = [*range(start), *range(start + 2 * 3072, len(SMALL))]
    damaged = bytearray(SMALL)
    for place in data.draw(st.lists(st.sampled_from(outside), min_size=1, max_size=3)):
        damaged[place] = data.draw(st.integers(0, 255))
    (scratch / "test_batch").write_bytes(bytes(damaged))
    try:
        images = cifar10(scratch, "test")
    except ValueError:
        return
    assert images.pixels.shape == (2, 32, 32, 3)


BINARIES = {
    "nothing": (b"", r"records of 3073 bytes, at least one, got 0 bytes"),
    "cut short": (RECORDS[:-1], r"got 12291 bytes \(3072 beyond the last whole record\)"),
    "trailing": (RECORDS + b"\0", r"got 12293 bytes \(1 beyond the last whole record\)"),
    "label ten": (b"\x0a" + RECORDS[1:], "labels from 0 to 9, got 10"),
}


@pytest.mark.parametrize(("content", "message"), BINARIES.values(), ids=BINARIES.keys())
def test_wrong_binary(tmp_path, content, message):
    (tmp_path / "test_batch.bin").write_bytes(content)
    with pytest.raises(ValueError, match=rf"test_batch\.bin must hold .*{message}"):
        cifar10(tmp_path, "test")
