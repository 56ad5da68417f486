"""Labelled images: checks at the door, splits, and the files of MNIST and CIFAR-10, whole, damaged and hostile."""

import gzip
import io
import os
import pickle
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linmod.datasets import Images, cifar10, digits, mnist

GREY = np.full((4, 2, 3), 0.5)
PAIRS = np.array([0, 1, 1, 0])


def _pixels(value):
    changed = GREY.copy()
    changed[1, 1, 2] = value
    return changed


def test_images_are_kept_as_they_are():
    given_pixels = np.linspace(0, 1, 24).reshape(4, 2, 3)
    images = Images(given_pixels, PAIRS.tolist(), "ramp")
    assert images.pixels.dtype == np.float32
    assert images.labels.dtype == np.int64
    assert np.array_equal(images.pixels, given_pixels.astype(np.float32))
    assert (images.classes, images.shape) == (2, (2, 3))
    given_pixels[:] = 0
    assert images.pixels.max() == 1
    with pytest.raises(ValueError, match="read-only"):
        images.pixels[0, 0, 0] = 1
    assert np.allclose(images.class_means[1], images.pixels[1:3].mean(axis=0), rtol=0, atol=1e-7)


def test_colour_has_an_axis():
    assert Images(np.zeros((4, 2, 3, 3)), PAIRS).shape == (2, 3, 3)


WRONG = {
    "nan": (_pixels(np.nan), PAIRS, ValueError, "pixels must be finite, got 1 entries"),
    "infinite": (_pixels(np.inf), PAIRS, ValueError, "pixels must be from 0 to 1, got 0.5 to inf"),
    "negative": (_pixels(-0.1), PAIRS, ValueError, "pixels must be from 0 to 1, got -0.1 to 0.5"),
    "bytes": (np.arange(24, dtype=np.uint8).reshape(4, 2, 3), PAIRS, ValueError, r"got 0 to 23 \(bytes: divide by 255"),
    "text": (np.full((4, 2, 3), "a"), PAIRS, TypeError, "pixels must be real numbers"),
    "complex": (GREY + 0j, PAIRS, TypeError, "pixels must be real numbers"),
    "flat": (GREY.reshape(4, 6), PAIRS, ValueError, r"pixels must have axes .*, got shape \(4, 6\)"),
    "five axes": (GREY[..., None, None], PAIRS, ValueError, "pixels must have axes"),
    "no images": (GREY[:0], PAIRS[:0], ValueError, r"pixels must not be empty, got shape \(0, 2, 3\)"),
    "no rows": (GREY[:, :0], PAIRS, ValueError, "pixels must not be empty"),
    "no labels": (GREY, PAIRS[:0], ValueError, "labels must not be empty"),
    "lengths": (GREY, PAIRS[:3], ValueError, "got 4 images and 3 labels"),
    "float labels": (GREY, PAIRS.astype(float), TypeError, "labels must be integers, got entries of type float64"),
    "bool labels": (GREY, PAIRS.astype(bool), TypeError, "labels must be integers"),
    "label matrix": (GREY, PAIRS[:, None], ValueError, r"labels must have one axis, got shape \(4, 1\)"),
    "negative label": (GREY, PAIRS - 1, ValueError, "labels must be at least 0, got -1"),
    "one class": (GREY, 0 * PAIRS, ValueError, "at least two classes, got one"),
    "gap": (GREY, 2 * PAIRS, ValueError, "got up to 2 and no 1"),
    "from one": (GREY, 1 + PAIRS, ValueError, "got up to 2 and no 0"),
}


@pytest.mark.parametrize(("pixels", "labels", "error", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_images(pixels, labels, error, message):
    with pytest.raises(error, match=message):
        Images(pixels, labels)


def test_wrong_name():
    with pytest.raises(TypeError, match="name must be str, got int"):
        Images(GREY, PAIRS, 3)


def test_digits():
    images = digits()
    assert (images.pixels.shape, images.classes, images.name) == ((1797, 8, 8), 10, "digits")
    assert images.pixels.max() == 1
    assert np.array_equal(np.unique(images.pixels * 16), np.arange(17))


def test_without_scikit_learn_the_error_names_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'linmod\[learn\]'"):
        digits()


def numbered(labels):
    """Images of one pixel that are all different."""
    return Images((np.arange(len(labels)) / len(labels)).reshape(-1, 1, 1), labels)


@st.composite
def splits(draw):
    """Labels with at least 8 images of each class, and sizes of parts with 2 to 3 expected of the rarest class."""
    frequencies = draw(st.lists(st.integers(8, 30), min_size=2, max_size=5))
    labels = draw(st.permutations(np.repeat(np.arange(len(frequencies)), frequencies).tolist()))
    # 1 + C n_c / n off the share at most, so more than one is left where k n_c / n is 2 + C n_c / n
    fewest = -(-2 * len(labels) // min(frequencies)) + len(frequencies)
    count = draw(st.integers(1, max(1, len(labels) // fewest)))
    return labels, [min(fewest, len(labels))] * count


@settings(deadline=None)
@given(case=splits(), seed=st.integers(0, 2**40))
def test_parts_share_nothing_and_have_classes_in_proportion(case, seed):
    labels, sizes = case
    whole = numbered(labels)
    parts = whole.split(sizes, seed)
    assert [len(part.labels) for part in parts] == sizes
    together = np.concatenate([part.pixels.ravel() for part in parts])
    assert len(np.unique(together)) == len(together)
    for part in parts:
        items = np.searchsorted(whole.pixels.ravel(), part.pixels.ravel())
        assert np.array_equal(whole.labels[items], part.labels)
        frequencies, found = np.bincount(labels), np.bincount(part.labels)
        # The list is cut at two values of (rank + 1/2) / n_c, and each cut moves the count of a class by 1/2 at most
        # off n_c times their distance; summed over C classes, the part's size fixes n times the distance up to C.
        bound = 1 + len(frequencies) * frequencies / len(labels)
        assert np.all(np.abs(found - len(part.labels) * frequencies / len(labels)) <= bound)


def test_an_unstratified_part_breaks_the_bound():
    labels = np.repeat([0, 1], 50)
    assert abs(np.bincount(labels[:30])[0] - 15) > 1 + 2 * 50 / 100


def test_splits_by_share_are_those_by_number():
    whole = numbered(np.arange(100) % 4)
    by_share, by_number = whole.split([0.5, 0.3, 0.2], 3), whole.split((50, 30, 20), 3)
    for one, other in zip(by_share, by_number, strict=True):
        assert np.array_equal(one.pixels, other.pixels)
    assert not np.array_equal(by_share[0].pixels, whole.split([0.5], 4)[0].pixels)
    assert np.array_equal(by_share[0].pixels, whole.split([0.5], 3)[0].pixels)


WRONG_SHARES = {
    "none": ([], ValueError, "at least one part"),
    "number": (0.5, TypeError, "shares must be Sequence, got float"),
    "zero": ([0.0, 0.5], ValueError, r"shares\[0\] must be positive"),
    "zero images": ([0, 5], ValueError, r"shares\[0\] must be at least 1"),
    "nan": ([np.nan], ValueError, r"shares\[0\] must be finite"),
    "bool": ([True, False], TypeError, r"shares\[0\] must be an integer"),
    "text": (["a"], TypeError, r"shares\[0\] must be a real number"),
    "too much": ([0.6, 0.6], ValueError, "at most all 20 images together, got 24"),
    "too many": ([20, 1], ValueError, "at most all 20 images together, got 21"),
    "huge": ([2**80], ValueError, "at most all 20 images together"),
    "without a class": ([18, 2], ValueError, r"shares\[1\] must have an image of every class; .* gets 2 and none of"),
    "rounded to nothing": ([0.01, 0.5], ValueError, r"shares\[0\] must have an image .* gets 0"),
}


@pytest.mark.parametrize(("shares", "error", "message"), WRONG_SHARES.values(), ids=WRONG_SHARES.keys())
def test_wrong_shares(shares, error, message):
    with pytest.raises(error, match=message):
        numbered(np.arange(20) % 4).split(shares)


def idx(axes, shape, content, magic=None):
    """Bytes of an IDX file."""
    header = bytes([0, 0, 8, axes]) if magic is None else magic
    return header + b"".join(int(length).to_bytes(4, "big") for length in shape) + bytes(content)


PIXELS = np.arange(4 * 2 * 3, dtype=np.uint8) * 11
IMAGES, LABELS = idx(3, (4, 2, 3), PIXELS), idx(1, (4,), [0, 1, 1, 0])
DASH = {kind: f"train-{kind}-ubyte" for kind in ("images-idx3", "labels-idx1")}
DOT = {kind: f"train-{kind.replace('-', '.')}-ubyte" for kind in DASH}


def write(folder, images=IMAGES, labels=LABELS, names=DASH, ending=""):
    for name, content in zip(names.values(), (images, labels), strict=True):
        (folder / f"{name}{ending}").write_bytes(content)
    return folder


@pytest.mark.parametrize("names", [DASH, DOT], ids=["dash", "dot"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_mnist(tmp_path, names, pack, ending):
    images = mnist(write(tmp_path, pack(IMAGES), pack(LABELS), names, ending))
    assert np.array_equal(images.pixels, (PIXELS / np.float32(255)).reshape(4, 2, 3))
    assert images.labels.tolist() == [0, 1, 1, 0]
    assert images.name == "mnist"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{name}{ending}" for name in names.values())


def test_mnist_parts(tmp_path):
    write(tmp_path)
    write(
        tmp_path,
        labels=idx(1, (4,), [1, 0, 0, 1]),
        names={"a": "t10k-images-idx3-ubyte", "b": "t10k-labels-idx1-ubyte"},
    )
    assert mnist(str(tmp_path), "test").labels.tolist() == [1, 0, 0, 1]
    assert mnist(tmp_path, "train").labels.tolist() == [0, 1, 1, 0]
    with pytest.raises(ValueError, match=r"part must be one of \['test', 'train'\], got 'all'"):
        mnist(tmp_path, "all")


IMAGE_FILE, LABEL_FILE = DASH.values()
WRONG_IDX = {
    "labels as images": ({"images": LABELS}, rf"{IMAGE_FILE} must start with the bytes 00 00 08 03.*got 00 00 08 01"),
    "images as labels": ({"labels": IMAGES}, rf"{LABEL_FILE} must start with the bytes 00 00 08 01.*got 00 00 08 03"),
    "floats": ({"images": idx(3, (4, 2, 3), PIXELS, b"\0\0\x0d\x03")}, "got 00 00 0d 03"),
    "empty file": ({"images": b""}, rf"{IMAGE_FILE} must start with .* got nothing"),
    "half a magic number": ({"images": IMAGES[:2]}, "must start with .* got 00 00"),
    "half a header": ({"images": IMAGES[:9]}, rf"{IMAGE_FILE} ends within its header, after 9 bytes"),
    "no images": ({"images": idx(3, (0, 2, 3), [])}, r"from 1 to \d+ bytes, got the shape \(0, 2, 3\)"),
    "no columns": ({"images": idx(3, (4, 2, 0), [])}, r"from 1 to \d+ bytes, got the shape \(4, 2, 0\)"),
    "no labels": ({"labels": idx(1, (0,), [])}, rf"{LABEL_FILE} must hold from 1"),
    "an absurd size": (
        {"images": idx(3, (2**32 - 1,) * 3, PIXELS)},
        r"from 1 to \d+ bytes, got the shape \(4294967295",
    ),
    "cut short": ({"images": IMAGES[:-1]}, rf"{IMAGE_FILE} must hold 24 bytes .*, but ends after 23"),
    "trailing bytes": ({"labels": LABELS + b"\0"}, rf"{LABEL_FILE} must hold 4 bytes .*, but has more"),
    "more images": ({"images": idx(3, (5, 2, 3), range(30))}, rf"{IMAGE_FILE} has 5 images, but .*{LABEL_FILE} has 4"),
    "label ten": ({"labels": idx(1, (4,), [0, 1, 10, 0])}, rf"{LABEL_FILE} must hold labels from 0 to 9, got 10"),
}


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize(("content", "message"), WRONG_IDX.values(), ids=WRONG_IDX.keys())
def test_wrong_idx(tmp_path, content, message, pack):
    with pytest.raises(ValueError, match=message):
        mnist(write(tmp_path, **{name: pack(whole) for name, whole in content.items()}))


PACKED = gzip.compress(IMAGES, mtime=0)


@pytest.mark.parametrize("length", range(2, len(PACKED)))
def test_gzip_cut_short(tmp_path, length):
    with pytest.raises(ValueError, match=rf"{IMAGE_FILE}\.gz is compressed, but damaged or cut short"):
        mnist(write(tmp_path, PACKED[:length], LABELS, ending=".gz"))


@pytest.mark.parametrize("place", [2, 12, len(PACKED) // 2, len(PACKED) - 8, len(PACKED) - 1])
def test_gzip_damaged(tmp_path, place):
    damaged = bytearray(PACKED)
    damaged[place] ^= 0xFF
    with pytest.raises(ValueError, match=IMAGE_FILE):
        mnist(write(tmp_path, bytes(damaged), LABELS, ending=".gz"))


def test_gzip_followed_by_rubbish(tmp_path):
    with pytest.raises(ValueError, match="damaged or cut short"):
        mnist(write(tmp_path, PACKED + b"rubbish", LABELS))


def test_missing_files(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"has none of the files train-images-idx3-ubyte, train-images\.idx3.*gz"
    ):
        mnist(tmp_path)
    (tmp_path / IMAGE_FILE).write_bytes(IMAGES)
    with pytest.raises(FileNotFoundError, match="none of the files train-labels-idx1-ubyte"):
        mnist(tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere has none of the files"):
        cifar10(tmp_path / "nowhere")
    with pytest.raises(TypeError, match="folder must be str or PathLike, got int"):
        mnist(3)


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
