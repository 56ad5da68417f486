"""Tasks of compositional images: what is disjoint, what is shown, what the labels say, and that draws repeat."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linmod.datasets import Combinations, CompositionalImages, Images, digits

SPLITS = ("train", "validation", "test_seen", "test_unseen")


def numbered(classes, each, channels=()):
    """Images of 2x3 pixels, each of one level of brightness that no other has."""
    count = classes * each
    levels = (np.arange(count) + 1) / (count + 1)
    return Images(
        np.broadcast_to(levels.reshape(-1, *[1] * (2 + len(channels))), (count, 2, 3, *channels)),
        np.arange(count) % classes,
        "numbered",
    )


def level_of(images, places):
    """Brightness at each place of samples from `numbered` images, shape (n, places)."""
    return images[:, 0, ::3].reshape(len(images), places, -1)[..., 0]


@st.composite
def tasks(draw, unseen=True, **fixed):
    """Tasks on numbered images, with at most 256 combinations."""
    classes, places = draw(st.sampled_from([(2, 2), (2, 3), (2, 8), (3, 2), (4, 4), (5, 3), (10, 2)]))
    most = classes**places - (2 if unseen else 0)
    return CompositionalImages(
        **{
            "images": numbered(classes, draw(st.integers(10, 20)), draw(st.sampled_from([(), (1,), (3,)]))),
            "places": places,
            "label_scale": draw(st.sampled_from([0.0, 0.5, 1.0, 10.0])),
            "seen": draw(st.integers(classes, most)),
            "seed": draw(st.integers(0, 2**70)),
            "shuffled_labels": draw(st.booleans()),
        }
        | fixed
    )


@settings(deadline=None)
@given(classes=st.integers(2, 9), places=st.integers(1, 5), data=st.data())
def test_seen_combinations_show_every_class_at_every_place(classes, places, data):
    total = classes**places
    seen = data.draw(st.integers(classes, min(total, 3000)))
    combinations = Combinations(classes, places, seen, data.draw(st.integers(0, 2**40)))
    numbers = combinations.seen_numbers
    assert len(numbers) == seen
    assert np.all(np.diff(numbers) > 0)
    assert (numbers[0] >= 0) & (numbers[-1] < total)
    shown = combinations.classes_of(numbers)
    assert all(set(column) == set(range(classes)) for column in shown.T)
    assert np.array_equal(combinations.number_of(shown), numbers)


def test_a_uniform_choice_would_not_show_every_class():
    chosen = np.random.default_rng(0).choice(1000, 10, replace=False)
    assert any(len(set(column)) < 10 for column in Combinations(10, 3).classes_of(chosen).T)


@settings(deadline=None)
@given(case=tasks(shuffled_labels=False))
def test_unseen_combinations_are_all_the_others(case):
    combinations = case.combinations
    drawn = combinations.draw_unseen(9, 4096)
    others = np.setdiff1d(np.arange(combinations.n_combinations), combinations.seen_numbers)
    assert np.all(np.isin(drawn, others))
    # Each of U <= 254 is missed with probability (1 - 1/U)^4096 < 1e-7.
    assert len(np.unique(drawn)) == len(others) == combinations.n_unseen


def test_unseen_combinations_are_uniform():
    combinations = Combinations(5, 3, 61, seed=1)
    frequencies = np.unique(combinations.draw_unseen(9, 64_000), return_counts=True)[1]
    # Pearson's statistic of 64 equal cells has mean 63 and standard deviation sqrt(126) = 11.2; five of them.
    assert abs(np.sum((frequencies - 1000) ** 2 / 1000) - 63) < 5 * np.sqrt(126)


def test_the_choice_of_others_is_uniform():
    """Combinations beside the cover are equally often seen: with two classes and places all four, over seeds."""
    times = np.zeros(4)
    for seed in range(2000):
        times[Combinations(2, 2, 3, seed).seen_numbers] += 1
    # Each of 4 is left out with probability 1/4: binomial, standard deviation sqrt(2000 * 3/16) = 19.4; five of them.
    assert np.all(np.abs(2000 - times - 500) < 5 * np.sqrt(2000 * 3 / 16))


@pytest.mark.parametrize("seen", [4, 10, 1.0])
def test_a_pass_shows_every_seen_combination_once(seen):
    combinations = Combinations(4, 3, seen, seed=2)
    numbers = combinations.draw_seen(3, 6 * combinations.n_seen)
    for one in numbers.reshape(6, -1):
        assert np.array_equal(np.sort(one), combinations.seen_numbers)
    assert not np.array_equal(numbers[: combinations.n_seen], numbers[combinations.n_seen : 2 * combinations.n_seen])


def test_more_combinations_than_fit_a_list():
    task = CompositionalImages(images=numbered(10, 10), places=17, label_scale=0.0, seen=2000)
    sample = task.test_unseen(3000)
    assert sample.targets.shape == (3000, 170)
    assert not np.any(np.isin(sample.combinations, task.combinations.seen_numbers))
    assert sample.combinations.max() > 9 * 10**16
    assert np.array_equal(task.combinations.number_of(sample.classes), sample.combinations)


@settings(deadline=None)
@given(case=tasks(shuffled_labels=False))
def test_images_show_their_labels_and_parts_share_none(case):
    levels = {}
    for split in SPLITS:
        sample = getattr(case, split)(300)
        shown = level_of(sample.images, case.places)
        items = np.searchsorted(case.images.pixels.reshape(len(case.images.labels), -1)[:, 0], shown)
        assert np.array_equal(case.images.labels[items], sample.classes)
        assert np.array_equal(case.combinations.number_of(sample.classes), sample.combinations)
        for place in range(case.places):
            at_place = sample.images[:, :, 3 * place : 3 * place + 3]
            assert np.all(at_place == shown[:, place].reshape(-1, *[1] * (at_place.ndim - 1)))
        levels[split] = set(shown.ravel().tolist())
    assert not levels["train"] & levels["validation"]
    assert not (levels["train"] | levels["validation"]) & (levels["test_seen"] | levels["test_unseen"])


def test_every_image_of_a_class_is_drawn_equally_often():
    labels = np.repeat([0, 1, 2], [10, 20, 40])
    images = Images((np.arange(70) / 70).reshape(-1, 1, 1), labels)
    task = CompositionalImages(images=images, places=2, seen=1.0)
    samples = task.train(20_000)
    found = [0, 0]
    for label in range(3):
        frequencies = np.unique(samples.images[:, 0][samples.classes == label], return_counts=True)[1]
        found[0] += len(frequencies)
        found[1] += np.sum((frequencies - frequencies.mean()) ** 2 / frequencies.mean())
    # 6 + 12 + 24 images of training; Pearson's statistic of their draws has 42 - 3 degrees of freedom, so the mean 39
    # and the standard deviation sqrt(78); five of them.
    assert found[0] == 42
    assert abs(found[1] - 39) < 5 * np.sqrt(78)


@settings(deadline=None)
@given(case=tasks())
def test_training_never_shows_the_unseen(case):
    seen = case.combinations.seen_numbers
    for split in SPLITS:
        numbers = getattr(case, split)(2 * len(seen)).combinations
        if split == "test_unseen":
            assert not np.any(np.isin(numbers, seen))
        else:
            assert np.array_equal(np.unique(numbers), seen)


@settings(deadline=None)
@given(case=tasks(), count=st.integers(1, 50))
def test_targets_name_the_classes_and_the_combination(case, count):
    for split in SPLITS:
        sample = getattr(case, split)(count)
        assert sample.targets.dtype == sample.images.dtype == np.float32
        assert sample.targets.shape == (count, case.n_outputs)
        one_hot = sample.targets[:, case.output_blocks["compositional"]].reshape(count, case.places, -1)
        assert np.all(one_hot.sum(axis=2) == 1)
        assert np.array_equal(one_hot.argmax(axis=2), sample.classes)
        if case.label_scale == 0:
            assert set(case.output_blocks) == {"compositional"}
            continue
        whole = sample.targets[:, case.output_blocks["non_compositional"]]
        assert whole.shape[1] == case.images.classes**case.places
        assert np.array_equal(np.flatnonzero(whole) % whole.shape[1], sample.combinations)
        assert np.all(whole.sum(axis=1) == np.float32(case.label_scale))


@settings(deadline=None)
@given(case=tasks(noise=0.1), data=st.data())
def test_samples_are_the_same_whichever_call_draws_them(case, data):
    split = data.draw(st.sampled_from(SPLITS))
    start = data.draw(st.integers(0, 2500))
    count = data.draw(st.integers(1, 1500))
    shorter = data.draw(st.integers(1, count))
    long = getattr(case, split)(start + count)
    again = getattr(replace(case), split)
    for sample, rows in ((again(shorter), slice(0, shorter)), (again(count, start), slice(start, None))):
        for name in ("images", "targets", "classes", "combinations"):
            assert np.array_equal(getattr(sample, name), getattr(long, name)[rows])


def test_seeds_and_splits_differ():
    task = CompositionalImages(images=numbered(4, 20), seed=0)
    samples = [task.train(50), task.test_seen(50), replace(task, seed=1).train(50)]
    assert len({sample.images.tobytes() for sample in samples}) == 3
    assert len({sample.combinations.tobytes() for sample in samples}) == 3
    other = replace(task, seed=1)
    assert not np.array_equal(task.combinations.seen_numbers, other.combinations.seen_numbers)
    assert not np.array_equal(task.sources[0].pixels, other.sources[0].pixels)


def test_noise_is_added_to_the_same_images():
    task = CompositionalImages(images=digits(), label_scale=0.0)
    clean, noisy = task.test_unseen(2000), replace(task, noise=0.3).test_unseen(2000)
    assert np.array_equal(clean.targets, noisy.targets)
    noise = (noisy.images - clean.images) / 0.3
    # n = 2000 * 192 draws: the mean and the standard deviation stray by 1/sqrt(n) and 1/sqrt(2n); five of them.
    n = noise.size
    assert abs(noise.mean()) < 5 / np.sqrt(n)
    assert abs(noise.std() - 1) < 5 / np.sqrt(2 * n)
    assert noisy.images.min() < 0
    assert noisy.images.max() > 1
    # Correlation with the samples before, over 2000 - 1 rows of 192: standard deviation 1/sqrt(1999 * 192).
    assert abs(np.mean(noise[1:] * noise[:-1])) < 5 / np.sqrt(1999 * 192)
    assert abs(np.mean(noise[1024:] * noise[: 2000 - 1024])) < 5 / np.sqrt(976 * 192)


@settings(deadline=None)
@given(case=tasks(shuffled_labels=True))
def test_shuffling_exchanges_labels_within_the_seen_and_within_the_unseen(case):
    plain = replace(case, shuffled_labels=False)
    for split in SPLITS:
        sample, true = getattr(case, split)(200), getattr(plain, split)(200)
        assert np.array_equal(sample.images, true.images)
        assert np.array_equal(sample.combinations, true.combinations)
        labels = case.combinations.number_of(sample.classes)
        assert not np.any(labels == true.combinations)
        seen = np.isin(labels, case.combinations.seen_numbers)
        assert np.all(~seen if split == "test_unseen" else seen)
        assert len(np.unique(np.stack([labels, true.combinations]), axis=1).T) == len(np.unique(labels))
    exchanged = case.combinations.exchanged
    assert np.array_equal(np.sort(exchanged), np.arange(case.combinations.n_combinations))
    visited, number = set(), case.combinations.seen_numbers[0]
    while number not in visited:
        visited.add(number)
        number = exchanged[number]
    assert visited == set(case.combinations.seen_numbers)


def pearson(labels, shown, classes):
    """Pearson's statistic of the independence of labels and classes shown at one place."""
    table = np.zeros((classes, classes))
    np.add.at(table, (labels, shown), 1)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return np.sum((table - expected) ** 2 / expected)


def test_shuffled_labels_say_nothing_about_the_place():
    found = []
    for seed in range(8):
        combinations = Combinations(10, 3, 500, seed)
        seen = combinations.seen_numbers
        shown, labels = (combinations.classes_of(numbers) for numbers in (seen, combinations.exchanged[seen]))
        found += [pearson(labels[:, place], shown[:, place], 10) for place in range(3)]
        # 500 combinations that determine 10 classes: (10 - 1) * 500.
        assert pearson(shown[:, 0], shown[:, 0], 10) == pytest.approx(4500, rel=1e-12)
    # Under a random permutation of n labels the mean is (C - 1)^2 n / (n - 1), the variance about that of chi-squared,
    # 2 (C - 1)^2 = 162. The three places of a seed share a permutation, so eight are taken as independent.
    assert abs(np.mean(found) - 81 * 500 / 499) < 5 * np.sqrt(162 / 8)


def test_with_few_seen_shuffled_labels_can_be_read_off_one_place():
    combinations = Combinations(10, 3, 10, seed=0)
    seen = combinations.seen_numbers
    shown, labels = (combinations.classes_of(numbers) for numbers in (seen, combinations.exchanged[seen]))
    assert pearson(labels[:, 0], shown[:, 0], 10) == pytest.approx(90, rel=1e-12)


def ridge_accuracy(task, place):
    """Accuracy on unseen combinations of a linear map, fitted to pixels of all places, at one place."""
    train, test = (task.as_dataset(sample, centred=True) for sample in (task.train(3000), task.test_unseen(3000)))
    classes = task.images.classes
    columns = slice(place * classes, (place + 1) * classes)
    gram = train.X @ train.X.T + 10 * np.eye(train.n_inputs)
    weights = np.linalg.solve(gram, train.X @ (train.Y[columns] - 1 / classes).T)
    return float(np.mean(np.argmax(weights.T @ test.X, axis=0) == np.argmax(test.Y[columns], axis=0)))


def test_what_is_learned_carries_over_to_unseen_combinations_unless_labels_are_shuffled():
    task = CompositionalImages(images=digits(), seen=500, label_scale=0.0)
    # Under the null the labels of 500 unseen combinations are a random permutation: whatever the prediction, the
    # accuracy has mean near 1/10 and at most the standard deviation of 500 independent labels.
    deviation = np.sqrt(0.1 * 0.9 / 500)
    shuffled = replace(task, shuffled_labels=True)
    for place in range(3):
        assert abs(ridge_accuracy(shuffled, place) - 0.1) < 5 * deviation
        assert ridge_accuracy(task, place) > 0.1 + 20 * deviation


@pytest.mark.parametrize("channels", [(), (3,)])
def test_as_dataset(channels):
    pixels = np.random.default_rng(0).random((40, 2, 3, *channels))
    task = CompositionalImages(images=Images(pixels, np.arange(40) % 4), label_scale=2.0)
    sample = task.train(7)
    data = task.as_dataset(sample)
    size = int(np.prod(task.images.shape))
    assert data.input_blocks == {f"place_{k + 1}": slice(k * size, (k + 1) * size) for k in range(3)}
    assert data.output_blocks == task.output_blocks
    for place in range(3):
        expected = sample.images[:, :, 3 * place : 3 * place + 3].reshape(7, -1)
        assert np.array_equal(data.X[place * size : (place + 1) * size], expected.T)
    assert np.array_equal(data.Y, sample.targets.T)
    assert data.X.dtype == np.float64


@pytest.mark.parametrize("channels", [(), (3,)])
def test_the_mean_image_is_that_of_training(channels):
    pixels = np.random.default_rng(1).random((40, 2, 3, *channels))
    task = CompositionalImages(images=Images(pixels, np.arange(40) % 4), seen=10)
    assert task.mean_image.shape == task.image_shape
    train = task.train(20_000)
    # 2000 passes over 10 combinations; a pixel at random from 0 to 1 has a standard deviation of at most 1/2.
    assert np.max(np.abs(train.images.mean(axis=0, dtype=np.float64) - task.mean_image)) < 5 * 0.5 / np.sqrt(20_000)
    test = task.test_unseen(50)
    difference = task.as_dataset(test).X - task.as_dataset(test, centred=True).X
    columns = task.as_dataset(replace(test, images=task.mean_image[None], targets=test.targets[:1])).X
    assert np.allclose(difference, columns, rtol=0, atol=1e-15)
    # The null: the mean over all source images, which other parts share, is further off.
    everything = np.concatenate([task.images.pixels.mean(axis=0)] * 3, axis=1)
    assert np.max(np.abs(everything - task.mean_image)) > 5 * 0.5 / np.sqrt(20_000)


TINY = numbered(4, 10)
WRONG = {
    "images": ({"images": np.zeros((4, 2, 2))}, TypeError, "images must be Images, got ndarray"),
    "places": ({"places": 0}, ValueError, "places must be at least 1, got 0"),
    "places float": ({"places": 2.0}, TypeError, "places must be an integer"),
    "too many places": ({"places": 40, "seen": 10}, ValueError, r"fewer than 2\*\*62 combinations, got 4\*\*40"),
    "scale": ({"label_scale": -1.0}, ValueError, r"label_scale must be at least 0\.0"),
    "scale nan": ({"label_scale": np.nan}, ValueError, "label_scale must be finite"),
    "noise": ({"noise": -0.1}, ValueError, r"noise must be at least 0\.0"),
    "seen few": ({"seen": 3}, ValueError, "seen must be from 4, so that every class is seen at every place, to all 64"),
    "seen share small": ({"seen": 0.01}, ValueError, r"got 0\.01, 1 combinations"),
    "seen many": ({"seen": 65}, ValueError, "to all 64 combinations, got 65"),
    "seen share large": ({"seen": 1.5}, ValueError, r"to all 64 combinations, got 1\.5, 96"),
    "seen negative": ({"seen": -0.5}, ValueError, r"seen must be at least 0\.0"),
    "seen bool": ({"seen": True}, TypeError, "seen must be an integer"),
    "seen nan": ({"seen": np.nan}, ValueError, "seen must be finite"),
    "seen too many to list": ({"places": 12, "seen": 0.5}, ValueError, "at most 1048576 combinations, got 8388608"),
    "seed": ({"seed": -1}, ValueError, "seed must be at least 0"),
    "seed float": ({"seed": 0.5}, TypeError, "seed must be an integer"),
    "shuffled": ({"shuffled_labels": 1}, TypeError, "shuffled_labels must be bool, got int"),
    "shuffled huge": (
        {"shuffled_labels": True, "places": 12, "seen": 9},
        ValueError,
        "at most 1048576 .*, got 16777216",
    ),
    "shuffled alone": ({"shuffled_labels": True, "seen": 63}, ValueError, "got 64, 1 of them unseen"),
    "two shares": ({"shares": (0.5, 0.5)}, ValueError, "shares must be three"),
    "share": ({"shares": 0.5}, TypeError, "shares must be Sequence, got float"),
    "large shares": ({"shares": (0.5, 0.5, 0.5)}, ValueError, "at most all 40 images together, got 60"),
    "small shares": ({"shares": (0.9, 0.05, 0.05)}, ValueError, r"shares\[1\] must have an image of every class"),
    "limit": ({"dense_limit": 0}, ValueError, "dense_limit must be at least 1"),
}


@pytest.mark.parametrize(("changes", "error", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_call(changes, error, message):
    with pytest.raises(error, match=message):
        CompositionalImages(**{"images": TINY} | changes)


def test_wrong_draws():
    task = CompositionalImages(images=TINY, dense_limit=1000)
    assert len(task.train(13).images) == 13
    # 12 + 64 outputs, more than 18 pixels: 1000 // 76 = 13.
    with pytest.raises(
        ValueError, match=r"samples must be at most 13 for 76 pixels or outputs .* got 14 \(draw pieces"
    ):
        task.train(14)
    assert len(replace(task, label_scale=0.0).train(55).images) == 55
    with pytest.raises(ValueError, match="samples must be at most 55 for 18 pixels"):
        replace(task, label_scale=0.0).train(56)
    with pytest.raises(ValueError, match="samples must be at least 1"):
        task.validation(0)
    with pytest.raises(ValueError, match="start must be at least 0"):
        task.validation(1, -1)
    with pytest.raises(TypeError, match="sample must be ImageSample, got ndarray"):
        task.as_dataset(TINY.pixels)


def test_nothing_is_unseen_when_all_is_seen():
    task = CompositionalImages(images=TINY, seen=1.0)
    assert task.combinations.n_unseen == 0
    with pytest.raises(ValueError, match=r"seen must leave combinations unseen to test them, got 1\.0"):
        task.test_unseen(1)
    assert replace(task, shuffled_labels=True).train(64).classes.shape == (64, 3)


def test_one_place_is_plain_classification():
    sample = CompositionalImages(images=TINY, places=1, seen=1.0, label_scale=0.0).train(9)
    assert sample.images.shape == (9, 2, 3)
    assert sample.targets.shape == (9, 4)


def test_repr():
    text = "CompositionalImages(Images('numbered', 40 images of 2x3, 4 classes), places=3, label_scale=10.0, seen=0.5"
    assert repr(CompositionalImages(images=TINY)).startswith(text)
