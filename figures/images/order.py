"""Which labels of compositional images are learned first: those with the larger singular values."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ... import dynamics
from ...datasets import Dataset, Images
from ...dynamics.nonlinear import MLP, BatchDescent, ImageNetwork, ImageSplits
from ...problem import Deep, Descent, Problem, SmallRandom
from ...validation import FloatArray
from ...verification.claims import Claim, Evidence, Finding, Settings
from ...verification.intervals import mean_interval
from ..drawing.style import STROKES, canvas, house_style, title
from ..published import SPECIALIZATION
from .tasks import HIDDEN, centred, draw, images_of, same_moments

SCALES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
NONLINEARITIES = ("tanh", "relu")
SLOWER = {"tanh": 1.0, "relu": 2.0}
"""A unit of a ReLU network passes half of centred inputs, so that modes grow half as fast from small weights."""
STEP, STD = 0.04, 0.01
"""Step size in units of the inverse of the largest singular value, and scale of the initial weights."""
BLOCKS = ("compositional", "non_compositional")
RATIO_BOUND, CLEAR = math.log(1.25), math.log(2)
MISORDERED = 0.05


@dataclass(frozen=True, eq=False)
class Half:
    """Half-times: when half of what a linear map can explain is learned.

    Attributes
    ----------
    predicted : dict of str to float
        By block of outputs: of a linear network on the same second moments, in units of tau.
    measured : dict of (str, str) to ndarray, shape (seeds,)
        By nonlinearity and block, in units of tau.
    singular : dict of str to float
        Largest singular value of the covariances of each block with the pixels.
    """

    predicted: dict[str, float]
    measured: dict[tuple[str, str], FloatArray]
    singular: dict[str, float]

    @property
    def log_ratio(self) -> float:
        """Predicted logarithm of the half-time of the non-compositional part / that of the compositional part."""
        return math.log(self.predicted[BLOCKS[1]] / self.predicted[BLOCKS[0]])

    def log_ratios(self, nonlinearity: str) -> FloatArray:
        """Return the measured logarithms for each seed."""
        return np.log(self.measured[nonlinearity, BLOCKS[1]] / self.measured[nonlinearity, BLOCKS[0]])


def block_dataset(splits: ImageSplits, block: str) -> Dataset:
    """Return the training set of one block of outputs for linear networks."""
    pixels = splits.train.images.reshape(len(splits.train.images), -1)
    return Dataset(pixels.T, splits.train.targets[:, splits.layout.blocks[block]].T)


def half_level(dataset: Dataset) -> float:
    """Return the loss at which half of what a linear map can explain is learned."""
    explained = np.sum(dataset.sigma_yx * (dataset.sigma_yx @ np.linalg.pinv(dataset.sigma_x, hermitian=True)))
    return float(np.sum(dataset.Y**2) / dataset.n_items - explained / 2) / 2


def crossing(times: FloatArray, losses: FloatArray, level: float) -> float:
    """Return the first time at which the loss reaches a level, by linear interpolation; NaN if it never does."""
    below = np.flatnonzero(losses <= level)
    if not len(below) or below[0] == 0:
        return math.nan
    after = int(below[0])
    share = (losses[after - 1] - level) / (losses[after - 1] - losses[after])
    return float(times[after - 1] + share * (times[after] - times[after - 1]))


def predict_half_time(dataset: Dataset, seed: int, step: float) -> float:
    """Return the half-time of a linear network with as many hidden units and the same scale of initial weights."""
    largest = float(np.linalg.norm(dataset.sigma_yx, 2))
    training = Descent(step, math.ceil(2 * math.log(1 / STD**2) / largest / step), 5)
    moments = same_moments(dataset)
    run = dynamics.solve(Problem(moments, Deep(HIDDEN), SmallRandom(STD, seed), training))
    return crossing(run.times, run.loss, half_level(moments))


def study(scale: float, seeds: list[int], images: Images) -> Half:
    """Predict from second moments, and train non-linear networks of two modules."""
    from ...dynamics.nonlinear import train_networks

    splits = [centred(draw(seed, scale, images=images)) for seed in seeds]
    datasets = {block: [block_dataset(one, block) for one in splits] for block in BLOCKS}
    singular = {block: float(np.linalg.norm(each[0].sigma_yx, 2)) for block, each in datasets.items()}
    step = STEP / max(singular.values())
    predicted = {block: predict_half_time(each[0], seeds[0], step) for block, each in datasets.items()}
    measured = {}
    for nonlinearity in NONLINEARITIES:
        network = ImageNetwork(MLP((HIDDEN,), nonlinearity, bias=False), "output_split")
        steps = math.ceil(2 * SLOWER[nonlinearity] * max(predicted.values()) / step)
        training = BatchDescent(step, steps, record_every=20, initial_std=STD)
        record = train_networks(network, splits, training, seeds)
        for block, each in datasets.items():
            courses = record.losses["train", block].T
            measured[nonlinearity, block] = np.array(
                [crossing(record.times, c, half_level(one)) for c, one in zip(courses, each, strict=True)]
            )
    return Half(predicted, measured, singular)


def _check(settings: Settings) -> Evidence:
    seeds = settings.seeds(full=5, quick=2)
    scales = (SCALES[2], SCALES[-1]) if settings.quick else SCALES
    found = {}
    for done, scale in enumerate(scales):
        found[scale] = study(scale, seeds, images_of(settings))
        settings.progress((done + 1) / len(scales))
    return Evidence((_ratios(found), *(_orders(found, each) for each in NONLINEARITIES)), {"found": found})


def _ratios(found: dict[float, Half]) -> Finding:
    """Compare ratios of half-times; the controls are the ratio at the first scale for all scales, and a ratio of 1."""
    measured = np.array([half.log_ratios("tanh").mean() for half in found.values()])
    predicted = np.array([half.log_ratio for half in found.values()])
    misses = [
        float(np.max(np.abs(measured - each))) for each in (predicted, np.full_like(predicted, predicted[0]), 0.0)
    ]
    rejected = sum(miss > RATIO_BOUND for miss in misses[1:])
    return Finding(
        label="tanh: error of the logarithm of the ratio of half-times, all label scales",
        error=misses[0],
        tolerance=RATIO_BOUND,
        passed=misses[0] <= RATIO_BOUND and rejected == 2,
        controls=2,
        rejected=rejected,
        unit="log ratio",
    )


def _orders(found: dict[float, Half], nonlinearity: str) -> Finding:
    """Check the order where the predicted ratio is clear; the controls predict one order for all scales."""
    clear = [half for half in found.values() if abs(half.log_ratio) > CLEAR]
    signs = np.array([np.sign(half.log_ratios(nonlinearity)) for half in clear])
    predicted = np.array([np.sign(half.log_ratio) for half in clear])[:, None]
    error = float(np.mean(signs != predicted))
    rejected = sum(bool(np.mean(signs != always) > MISORDERED) for always in (1, -1))
    return Finding(
        label=f"{nonlinearity}: share of {signs.size} runs whose order differs from the prediction",
        error=error,
        tolerance=MISORDERED,
        passed=error <= MISORDERED and rejected == 2,
        controls=2,
        rejected=rejected,
        unit="share",
    )


def _draw(evidence: Evidence) -> Figure:
    found: dict[float, Half] = evidence.data["found"]
    with house_style():
        figure, axes = canvas(1, 2, height=2.8)
        _draw_times(axes[0], found)
        _draw_ratios(axes[1], found)
        handles, labels = axes[0].get_legend_handles_labels()
        order = np.arange(len(labels)).reshape(len(BLOCKS), -1).T.ravel()
        figure.legend(
            [handles[i] for i in order],
            [labels[i] for i in order],
            loc="outside lower center",
            ncols=len(order) // len(BLOCKS),
            handlelength=2.6,
        )
    return figure


def _draw_times(axes: Axes, found: dict[float, Half]) -> None:
    for stroke, block in zip(STROKES, BLOCKS, strict=False):
        name = block.replace("_", "-")
        predicted = [half.predicted[block] for half in found.values()]
        axes.plot([*found], predicted, color=stroke.color, linestyle=stroke.linestyle, label=f"{name}, linear")
        for nonlinearity, face in zip(NONLINEARITIES, (stroke.color, "white"), strict=True):
            means = [half.measured[nonlinearity, block].mean() for half in found.values()]
            axes.plot(
                [*found],
                means,
                stroke.marker,
                color=stroke.color,
                markersize=4.5,
                markerfacecolor=face,
                label=f"{name}, {nonlinearity}",
            )
    axes.set(xscale="log", yscale="log", xlabel="label scale $r$", ylabel=r"half-time (units of $\tau$)")
    _scale_ticks(axes, found)
    axes.set_yticks([2, 5, 10, 20, 50], ["2", "5", "10", "20", "50"])
    axes.minorticks_off()
    title(axes, 0, "lines: predicted; markers: simulated")


def _draw_ratios(axes: Axes, found: dict[float, Half]) -> None:
    axes.axhline(1, color="0.6", linewidth=0.8, linestyle=(0, (2, 2)))
    axes.plot([*found], [math.exp(half.log_ratio) for half in found.values()], color="0.2", label="linear, predicted")
    for stroke, nonlinearity in zip(STROKES[2:], NONLINEARITIES, strict=True):
        intervals = [mean_interval(half.log_ratios(nonlinearity)) for half in found.values()]
        means, reach = np.array([(each.mean, each.half_width) for each in intervals]).T
        low, middle, high = np.exp(means - reach), np.exp(means), np.exp(means + reach)
        axes.errorbar(
            [*found],
            middle,
            [middle - low, high - middle],
            color=stroke.color,
            linestyle=stroke.linestyle,
            marker=stroke.marker,
            markersize=4,
            markerfacecolor="white",
            capsize=2,
            label=nonlinearity,
        )
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="label scale $r$",
        ylabel="half-time, non-compositional /\ncompositional part",
    )
    _scale_ticks(axes, found)
    axes.set_yticks([0.25, 0.5, 1, 2, 4, 8], ["1/4", "1/2", "1", "2", "4", "8"])
    axes.minorticks_off()
    axes.annotate("compositional first", (0.98, 0.9), xycoords="axes fraction", ha="right", fontsize=7)
    axes.annotate("non-compositional first", (0.02, 0.05), xycoords="axes fraction", fontsize=7)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 0.1), handlelength=2.8)
    title(axes, 1, "95 % intervals over seeds")


def _scale_ticks(axes: Axes, found: dict[float, Half]) -> None:
    axes.set_xticks([*found], [f"{scale:g}" for scale in found])
    axes.minorticks_off()


IMAGE_ORDER = Claim(
    name="image-order",
    source=f"{SPECIALIZATION}, compositional images; times of linear networks on the second moments of the data",
    statement="On images the labels with the larger singular values are learned first: the compositional labels at "
    "small label scales, and the non-compositional labels at large ones. With tanh units the ratio of their "
    "half-times is about that of linear networks on the same second moments.",
    assumptions=(
        "output-split MLPs, one hidden layer",
        "pixels and labels centred",
        "small initial weights",
        "half-time: when half of what a linear map can explain is learned",
        "with ReLU units only the order is judged, where the predicted half-times differ by more than a factor of two",
    ),
    check=_check,
    draw=_draw,
    caption="(a) Lines: predicted by linear networks; filled markers: tanh networks; open markers: ReLU networks, "
    "means over seeds. (b) Dark line: predicted; markers with error bars on lines: simulated, 95 % "
    "intervals over seeds; dashed line: equal half-times.",
)
