"""Labelled images: checks at the door, splits, and the files of MNIST and CIFAR-10, whole, damaged and hostile."""

import gzip
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
