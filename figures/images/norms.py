"""Average Jacobians of non-linear networks on images over training, compared with linear networks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ... import dynamics
from ...datasets import CompositionalImages, Dataset, ImageSample
from ...dynamics.nonlinear import MLP, BatchDescent, ImageNetwork, ImageSplits
from ...problem import BlockPair, Deep, Descent, Problem, SmallRandom
from ...projection import project
from ...validation import FloatArray
from ...verification.claims import Claim, Evidence, Finding, Settings
from ..drawing.style import STROKES, TIME, canvas, house_style, legend_below, title
from ..published import SPECIALIZATION
from .order import STD, STEP
from .tasks import DENSE, HIDDEN, SPLIT, centred, draw, images_of, same_moments, task

if TYPE_CHECKING:
    from ...dynamics.nonlinear import Ensemble

SCALE = 10.0
DURATION, RECORDS = 40.0, 10
ITEMS = 150
NONLINEARITIES = ("tanh", "relu")
BODIES = {DENSE: (2 * HIDDEN, "dense"), SPLIT: (HIDDEN, "output_split")}
NORM_BOUND, SHARE_BOUND = 0.2, 0.05
UNEXPLAINED = 0.25
"""Largest share of the outputs that the average Jacobian may miss for its norms to be judged."""
PLACES = 3
PARTS = ("compositional", "non-compositional")


@dataclass(frozen=True, eq=False)
class Course:
    """Norms of the blocks of a map over time.

    Attributes
    ----------
    norms : mapping of (str, str) to ndarray, shape (T,)
        By place seen, and labels of a place or combinations written.
    unexplained : ndarray, shape (T,)
        Share of the outputs of the network that the map misses.
    """

    norms: Mapping[BlockPair, FloatArray]
    unexplained: FloatArray

    def norm(self, part: str) -> FloatArray:
        """Return the norm of the map to all labels of places, or to the labels of combinations."""
        targets = [f"labels_{place + 1}" for place in range(PLACES)] if part == PARTS[0] else ["combinations"]
        return np.sqrt(sum(values**2 for (_, target), values in self.norms.items() if target in targets))

    @property
    def share(self) -> FloatArray:
        """Systematicity: the share of each place's pixels in the squared norm of the map to its labels."""
        own = sum(self.norms[f"place_{place + 1}", f"labels_{place + 1}"] ** 2 for place in range(PLACES))
        return np.asarray(own / self.norm(PARTS[0]) ** 2)


def by_place(source: CompositionalImages, sample: ImageSample, items: int | None = None) -> Dataset:
    """Return a sample for linear networks, with one block for the labels of each place."""
    whole = source.as_dataset(sample)
    labels = source.images.classes
    blocks = {f"labels_{place + 1}": slice(place * labels, (place + 1) * labels) for place in range(PLACES)}
    blocks["combinations"] = slice(PLACES * labels, source.n_outputs)
    return Dataset(whole.X[:, :items], whole.Y[:, :items], input_blocks=whole.input_blocks, output_blocks=blocks)


def predict(name: str, dataset: Dataset, training: Descent, seed: int) -> Course:
    """Return the norms of a linear network, dense or of two modules, that learns from the same second moments."""
    hidden, _ = BODIES[name]
    blocks = dataset.output_blocks
    rest = blocks["combinations"]
    whole = [dict(blocks)]
    modules = [{key: block for key, block in blocks.items() if block != rest}, {"combinations": rest}]
    norms: dict[BlockPair, FloatArray] = {}
    for part in whole if name == DENSE else modules:
        start, stop = min(b.start for b in part.values()), max(b.stop for b in part.values())
        moved = {key: slice(block.start - start, block.stop - start) for key, block in part.items()}
        own = Dataset(dataset.X, dataset.Y[start:stop], input_blocks=dataset.input_blocks, output_blocks=moved)
        norms |= dynamics.solve(Problem(own, Deep(hidden), SmallRandom(STD, seed), training)).norms
    return Course(norms, np.zeros(len(training.times)))


def weights_of(ensemble: Ensemble) -> dict[str, np.ndarray[Any, np.dtype[np.float32]]]:
    """Return copies of all weights for a record."""
    return {name: value.detach().cpu().numpy().copy() for name, value in ensemble.weights.items()}


def train(
    name: str,
    nonlinearity: str,
    splits: Sequence[ImageSplits],
    datasets: Sequence[Dataset],
    seeds: Sequence[int],
    training: BatchDescent,
) -> list[Course]:
    """Return the norms over training of the Jacobian averaged over test images, one course for each seed."""
    from ...dynamics.nonlinear import PlaceByPlace, train_networks, trained_module

    hidden, split = BODIES[name]
    network, layout = ImageNetwork(MLP((hidden,), nonlinearity, bias=False), split), splits[0].layout
    record = train_networks(network, splits, training, seeds, measure=weights_of)
    courses = []
    for index, dataset in enumerate(datasets):
        weights = ({key: values[t] for key, values in record.measured.items()} for t in range(len(record.steps)))
        checkpoints = [PlaceByPlace(trained_module(network, layout, each, index), layout) for each in weights]
        projection = project(checkpoints, dataset, map="jacobian")
        courses.append(Course(projection.norms, projection.unexplained))
    return courses


def _check(settings: Settings) -> Evidence:
    seeds = settings.seeds(full=3, quick=1)
    nonlinearities = NONLINEARITIES[:1] if settings.quick else NONLINEARITIES
    images = images_of(settings)
    sources = [task(seed, SCALE, images=images) for seed in seeds]
    splits = [centred(draw(seed, SCALE, images=images)) for seed in seeds]
    learned = [same_moments(by_place(source, one.train)) for source, one in zip(sources, splits, strict=True)]
    seen = [by_place(source, one.test_seen, ITEMS) for source, one in zip(sources, splits, strict=True)]
    step = STEP / float(np.linalg.norm(learned[0].sigma_yx, 2))
    steps = RECORDS * math.ceil(DURATION / step / RECORDS)
    full_batch = Descent(step, steps, steps // RECORDS)
    batches = BatchDescent(step, steps, record_every=steps // RECORDS, initial_std=STD)
    predicted, measured = {}, {}
    for done, name in enumerate(BODIES):
        predicted[name] = [predict(name, one, full_batch, seed) for one, seed in zip(learned, seeds, strict=True)]
        for nonlinearity in nonlinearities:
            measured[name, nonlinearity] = train(name, nonlinearity, splits, seen, seeds, batches)
        settings.progress((done + 1) / len(BODIES))
    findings = [_norms(name, part, predicted[name], measured[name, "tanh"]) for name in BODIES for part in PARTS]
    findings += [_shares(predicted[name], measured[name, "tanh"], name) for name in BODIES]
    data = {"times": batches.times, "predicted": predicted, "measured": measured}
    return Evidence(tuple(findings), data)


def _norms(name: str, part: str, predicted: list[Course], measured: list[Course]) -> Finding:
    """Compare norms, relative to the largest, while the Jacobian explains the network.

    The controls are a network that does not change, and one that has learned everything from the beginning.
    """
    right, found = (np.array([each.norm(part) for each in courses]) for courses in (predicted, measured))
    linear = np.array([each.unexplained <= UNEXPLAINED for each in measured])
    largest = float(np.max(right[linear]))
    wrong = (right[:, :1], right[:, -1:])
    errors = [float(np.max(np.abs(found - each)[linear])) / largest for each in (right, *wrong)]
    return _finding(f"{name}, tanh: {part} norm, error / largest norm", errors, NORM_BOUND, "of largest")


def _shares(predicted: list[Course], measured: list[Course], name: str) -> Finding:
    """Compare systematicity at all times; the controls are the share of chance, and full systematicity."""
    right, found = (np.array([each.share for each in courses]) for courses in (predicted, measured))
    errors = [float(np.max(np.abs(found - each))) for each in (right, 1 / PLACES, 1.0)]
    return _finding(f"{name}, tanh: systematicity", errors, SHARE_BOUND, "absolute")


def _finding(label: str, errors: list[float], bound: float, unit: str) -> Finding:
    rejected = sum(error > bound for error in errors[1:])
    passed = errors[0] <= bound and rejected == len(errors) - 1
    return Finding(label, errors[0], bound, passed, len(errors) - 1, rejected, unit=unit)


def _draw(evidence: Evidence) -> Figure:
    data = evidence.data
    with house_style():
        figure, axes = canvas(1, 3, height=2.7)
        for index, part in enumerate(PARTS):
            _draw_panel(axes[index], data, partial(Course.norm, part=part))
            axes[index].set_ylabel("norm of the map")
            title(axes[index], index, f"{part} labels")
        _draw_panel(axes[2], data, lambda course: course.share)
        axes[2].axhline(1 / PLACES, color="0.6", linewidth=0.8, linestyle=(0, (2, 2)))
        axes[2].set(ylim=(0.3, 1), ylabel="share of the pixels of the place")
        title(axes[2], 2, "systematicity")
        note = "lines: linear networks; markers: non-linear networks; means over seeds; only tanh is judged"
        legend_below(figure, axes[0], ncols=3, note=note, handlelength=2.8)
    return figure


def _draw_panel(axes: Axes, data: Mapping[str, Any], quantity: Callable[[Course], FloatArray]) -> None:
    for stroke, name in zip(STROKES, BODIES, strict=False):
        mean = np.mean([quantity(course) for course in data["predicted"][name]], axis=0)
        axes.plot(data["times"], mean, color=stroke.color, linestyle=stroke.linestyle, label=f"{name}, linear")
        for nonlinearity, face in zip(NONLINEARITIES, (stroke.color, "white"), strict=True):
            if (name, nonlinearity) in data["measured"]:
                mean = np.mean([quantity(course) for course in data["measured"][name, nonlinearity]], axis=0)
                (line,) = axes.plot(data["times"], mean, stroke.marker, color=stroke.color, markerfacecolor=face)
                line.set(markersize=3.5, label=f"{name}, {nonlinearity}")
    axes.set_xlabel(TIME)


IMAGE_NORMS = Claim(
    name="image-norms",
    source=f"{SPECIALIZATION}, compositional images; norms of linear networks on the second moments of the data",
    statement="During training on images the Jacobian of tanh networks, averaged over items, has about the block "
    "norms and the systematicity of linear networks that learn from the same second moments, for dense networks and "
    "for two modules.",
    assumptions=(
        f"label scale {SCALE:g}, up to time {DURATION:g}",
        "one hidden layer without biases, pixels and labels centred",
        "small initial weights",
        f"norms are compared while the Jacobian misses at most {UNEXPLAINED:.0%} of the outputs",
        "ReLU networks are drawn for comparison and are not judged",
    ),
    check=_check,
    draw=_draw,
    caption="Lines: linear networks on the same second moments. Filled markers: tanh networks; open markers: ReLU "
    "networks; means over seeds. Dashed line in (c): no preference for a place.",
)
