"""Which labels of compositional images are learned first: those with the larger singular values."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...datasets import Dataset, Images
from ...dynamics.nonlinear import MLP, BatchDescent, ImageNetwork, ImageSplits
from ...extras import require
from ...validation import FloatArray
from ...verification.claims import Claim, Evidence, Finding, Settings
from ...verification.intervals import mean_interval
from ..drawing.style import STROKES, canvas, house_style, title
from ..published import SPECIALIZATION
from .moments import (
    BLOCKS,
    LIMIT,
    NEGLECTED,
    UNLEARNABLE,
    block_dataset,
    crossing,
    extended,
    final_square,
    half_time,
    learnable,
    scaled,
    small_start,
    step_size,
    undecided,
)
from .tasks import HIDDEN, centred, draw, images_of

if TYPE_CHECKING:
    from ...dynamics.nonlinear import Ensemble

SCALES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Label scales, in units of that at which both blocks have the same largest singular value."""
NONLINEARITIES = ("tanh", "relu")
SLOWER = {"tanh": 1.0, "relu": 2.0}
"""A unit of a ReLU network passes half of centred inputs, so that modes grow half as fast from small weights."""
SQUARE = 0.1
"""Mean square of the hidden activations of linear networks after training, which scales all labels."""
BATCH, MARGIN, RECORDS = 16, 1.5, 16
"""Items of a batch, horizon in predicted half-times, and records in the shorter of these."""
EVALUATION = 20
"""Images of the other splits, which are not used."""
RATIO_BOUND, CLEAR = math.log(1.25), math.log(2)
MISORDERED = 0.05


@dataclass(frozen=True, eq=False)
class Half:
    """Half-times: when half of the covariances of labels and pixels is learned.

    Attributes
    ----------
    predicted : dict of str to float
        By block of outputs: of a linear network on the same second moments, in units of tau; infinite if not reached.
    measured : dict of (str, str) to ndarray, shape (seeds,)
        By nonlinearity and block; infinite where half is not reached.
    """

    predicted: dict[str, float]
    measured: dict[tuple[str, str], FloatArray]

    @property
    def log_ratio(self) -> float:
        """Predicted logarithm of the half-time of the non-compositional part / that of the compositional part."""
        return math.log(self.predicted[BLOCKS[1]] / self.predicted[BLOCKS[0]])

    def log_ratios(self, nonlinearity: str) -> FloatArray:
        """Return the measured logarithms for each seed."""
        return np.log(self.measured[nonlinearity, BLOCKS[1]] / self.measured[nonlinearity, BLOCKS[0]])

    def reached(self, nonlinearity: str) -> bool:
        """Whether linear networks and all of this nonlinearity reach half of both blocks."""
        measured = np.concatenate([self.measured[nonlinearity, block] for block in BLOCKS])
        return all(map(math.isfinite, self.predicted.values())) and bool(np.all(np.isfinite(measured)))


def draws(scale: float, seeds: list[int], images: Images) -> list[ImageSplits]:
    """Return a task for each seed."""
    return [centred(draw(seed, scale, images=images, evaluation=EVALUATION)) for seed in seeds]


def balance(drawn: list[ImageSplits]) -> float | None:
    """Return the label scale at which both blocks have the same largest singular value; None if pixels tell no labels.

    The tasks have the label scale 1.
    """
    if not learnable(block_dataset(one, block) for one in drawn for block in BLOCKS):
        return None
    of_places, of_combinations = (np.linalg.norm(block_dataset(drawn[0], block).sigma_yx, 2) for block in BLOCKS)
    return float(of_places / of_combinations)


def study(scale: float, seeds: list[int], images: Images) -> Half:
    """Predict from second moments, and train non-linear networks of two modules."""
    drawn = draws(scale, seeds, images)
    square = max(final_square(block_dataset(drawn[0], block), HIDDEN) for block in BLOCKS)
    splits = [scaled(one, SQUARE / square) for one in drawn]
    datasets = {block: [block_dataset(one, block) for one in splits] for block in BLOCKS}
    first = [each[0] for each in datasets.values()]
    step, std = step_size(first, BATCH), small_start(first, HIDDEN)
    predicted = {block: half_time(each[0], HIDDEN, std, step, seeds[0]) for block, each in datasets.items()}
    measured: dict[tuple[str, str], FloatArray] = {}
    for nonlinearity in NONLINEARITIES:
        found = dict.fromkeys(BLOCKS, np.full(len(seeds), math.inf))
        expected = [SLOWER[nonlinearity] * time for time in predicted.values()]
        if np.all(np.isfinite(expected)):
            found = train(nonlinearity, splits, seeds, datasets, BatchDescent(step, initial_std=std), expected)
        measured |= {(nonlinearity, block): times for block, times in found.items()}
    unit = SQUARE / square
    return Half(
        {block: unit * time for block, time in predicted.items()}, {key: unit * each for key, each in measured.items()}
    )


def train(
    nonlinearity: str,
    splits: list[ImageSplits],
    seeds: list[int],
    datasets: dict[str, list[Dataset]],
    training: BatchDescent,
    expected: list[float],
) -> dict[str, FloatArray]:
    """Return the half-times of non-linear networks by block, with a longer horizon while one is missing."""
    from ...dynamics.nonlinear import train_networks

    network = ImageNetwork(MLP((HIDDEN,), nonlinearity, bias=False), "output_split")
    found: dict[str, FloatArray] = {}
    for horizon in extended(MARGIN * max(expected)):
        steps = math.ceil(horizon / training.step_size)
        every = max(1, int(min(expected) / training.step_size / RECORDS))
        longer = replace(training, steps=steps, batch=BATCH, record_every=every)
        record = train_networks(network, splits, longer, seeds, measure=shares_learned(splits, datasets))
        found = {
            block: np.array([crossing(record.times, values) for values in record.measured[block].T]) for block in BLOCKS
        }
        if np.all(np.isfinite(np.hstack([*found.values()]))):
            break
    return found


def shares_learned(
    splits: list[ImageSplits], datasets: dict[str, list[Dataset]]
) -> Callable[[Ensemble], dict[str, FloatArray]]:
    """Return the measure of how much of the covariances of labels and pixels the outputs have, for each network."""
    torch = require("torch", extra="torch")
    from ...dynamics.nonlinear.evaluation import Items

    images = torch.stack([Items.of(one.train, torch.device("cpu")).images for one in splits])
    at = splits[0].layout.blocks
    toward = {
        block: np.stack([each.sigma_yx @ each.X / (each.n_items * np.sum(each.sigma_yx**2)) for each in several])
        for block, several in datasets.items()
    }

    def measure(ensemble: Ensemble) -> dict[str, FloatArray]:
        with torch.no_grad():
            outputs = ensemble(images).double().numpy()
        return {block: np.einsum("sno,son->s", outputs[..., at[block]], each) for block, each in toward.items()}

    return measure


def _check(settings: Settings) -> Evidence:
    seeds = settings.seeds(full=5, quick=2)
    images = images_of(settings)
    scales = (SCALES[0], SCALES[-2]) if settings.quick else SCALES
    unit = balance(draws(1.0, seeds, images))
    found: dict[float, Half] = {}
    for done, scale in enumerate(scales):
        if unit is not None:
            found[scale] = study(scale * unit, seeds, images)
        settings.progress((done + 1) / len(scales))
    return Evidence((_ratios(found), *(_orders(found, each) for each in NONLINEARITIES)), {"found": found})


def _ratios(found: dict[float, Half]) -> Finding:
    """Compare ratios of half-times; the controls are the ratio at the first scale for all scales, and a ratio of 1."""
    label = "tanh: error of the logarithm of the ratio of half-times, all label scales"
    missing = _missing(found, "tanh")
    if missing:
        return undecided(label, RATIO_BOUND, missing)
    measured = np.array([half.log_ratios("tanh").mean() for half in found.values()])
    predicted = np.array([half.log_ratio for half in found.values()])
    misses = [
        float(np.max(np.abs(measured - each))) for each in (predicted, np.full_like(predicted, predicted[0]), 0.0)
    ]
    rejected = sum(miss > RATIO_BOUND for miss in misses[1:])
    return Finding(
        label, misses[0], RATIO_BOUND, misses[0] <= RATIO_BOUND and rejected == 2, 2, rejected, unit="log ratio"
    )


def _orders(found: dict[float, Half], nonlinearity: str) -> Finding:
    """Check the order where the predicted ratio is clear; the controls predict one order for all scales."""
    missing = _missing(found, nonlinearity)
    if missing:
        return undecided(f"{nonlinearity}: order of the half-times", MISORDERED, missing)
    clear = [half for half in found.values() if abs(half.log_ratio) > CLEAR]
    if not clear:
        reason = "no predicted half-times differ by a factor of two; other label scales would decide it"
        return undecided(f"{nonlinearity}: order of the half-times", MISORDERED, reason)
    signs = np.array([np.sign(half.log_ratios(nonlinearity)) for half in clear])
    predicted = np.array([np.sign(half.log_ratio) for half in clear])[:, None]
    error = float(np.mean(signs != predicted))
    rejected = sum(bool(np.mean(signs != always) > MISORDERED) for always in (1, -1))
    label = f"{nonlinearity}: share of {signs.size} runs whose order differs from the prediction"
    return Finding(label, error, MISORDERED, error <= MISORDERED and rejected == 2, 2, rejected, unit="share")


def _missing(found: dict[float, Half], nonlinearity: str) -> str:
    """Return why half-times cannot be compared, and what would decide; nothing if they can."""
    if not found:
        return UNLEARNABLE
    late = [f"{scale:g}" for scale, half in found.items() if not half.reached(nonlinearity)]
    if not late:
        return ""
    return (
        f"half is not reached at label scale {', '.join(late)} within {LIMIT} times the predicted time; "
        "longer training or more images would decide it"
    )


def _draw(evidence: Evidence) -> Figure:
    found: dict[float, Half] = evidence.data["found"]
    with house_style():
        figure, axes = canvas(1, 2, height=2.8)
        for panel in axes:
            panel.set(xscale="log", yscale="log")
        _draw_times(axes[0], found)
        _draw_ratios(axes[1], found)
        for panel in axes:
            panel.set(xlabel="label scale / that of equal singular values")
            panel.set_xticks([*found], [_power(scale) for scale in found])
            _powers_of_two(panel)
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


def _powers_of_two(axes: Axes) -> None:
    """Label powers of two on the vertical axis, as far as it reaches."""
    low, high = np.log2(axes.get_ylim())
    powers = range(math.ceil(low), math.floor(high) + 1)
    axes.set_yticks([2.0**n for n in powers], [_power(2.0**n) for n in powers])
    axes.minorticks_off()


def _power(value: float) -> str:
    return f"{value:g}" if value >= 1 else f"1/{1 / value:g}"


def _finite(values: list[float]) -> FloatArray:
    """Leave gaps where half was not reached."""
    given = np.array(values, dtype=np.float64)
    return np.where(np.isfinite(given), given, np.nan)


def _draw_times(axes: Axes, found: dict[float, Half]) -> None:
    for stroke, block in zip(STROKES, BLOCKS, strict=False):
        name = block.replace("_", "-")
        predicted = _finite([half.predicted[block] for half in found.values()])
        axes.plot([*found], predicted, color=stroke.color, linestyle=stroke.linestyle, label=f"{name}, linear")
        for nonlinearity, face in zip(NONLINEARITIES, (stroke.color, "white"), strict=True):
            means = _finite([half.measured[nonlinearity, block].mean() for half in found.values()])
            axes.plot(
                [*found],
                means,
                stroke.marker,
                color=stroke.color,
                markersize=4.5,
                markerfacecolor=face,
                label=f"{name}, {nonlinearity}",
            )
    axes.set_ylabel(r"half-time (units of $\tau$)")
    title(axes, 0, "lines: predicted; markers: simulated")


def _draw_ratios(axes: Axes, found: dict[float, Half]) -> None:
    axes.axhline(1, color="0.6", linewidth=0.8, linestyle=(0, (2, 2)))
    expected = {scale: math.exp(half.log_ratio) for scale, half in found.items() if _predicts(half)}
    axes.plot([*expected], [*expected.values()], color="0.2", label="linear, predicted")
    for stroke, nonlinearity in zip(STROKES[2:], NONLINEARITIES, strict=True):
        seen = {scale: half.log_ratios(nonlinearity) for scale, half in found.items() if half.reached(nonlinearity)}
        intervals = [mean_interval(each) for each in seen.values()]
        means, reach = (np.array([getattr(each, name) for each in intervals]) for name in ("mean", "half_width"))
        low, middle, high = np.exp(means - reach), np.exp(means), np.exp(means + reach)
        axes.errorbar([*seen], middle, [middle - low, high - middle], **stroke.with_errors, label=nonlinearity)
    axes.set_ylabel("half-time, non-compositional /\ncompositional part")
    axes.annotate("compositional first", (0.98, 0.9), xycoords="axes fraction", ha="right", fontsize=7)
    axes.annotate("non-compositional first", (0.02, 0.05), xycoords="axes fraction", fontsize=7)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 0.1), handlelength=2.8)
    title(axes, 1, "95 % intervals over seeds")


def _predicts(half: Half) -> bool:
    return all(math.isfinite(time) for time in half.predicted.values())


IMAGE_ORDER = Claim(
    name="image-order",
    source=f"{SPECIALIZATION}, compositional images; times of linear networks on the second moments of the data",
    statement="On images the labels with the larger singular values are learned first: the compositional labels at "
    "small label scales, and the non-compositional labels at large ones. With tanh units the ratio of their "
    "half-times is about that of linear networks on the same second moments.",
    assumptions=(
        "output-split MLPs, one hidden layer",
        "label scales in units of that at which the largest singular values of both blocks are the same",
        "pixels and labels centred; labels scaled so that the hidden activations of linear networks that have learned "
        f"them have a mean square of {SQUARE:g}, times in units of unscaled labels",
        "step size, scale of the initial weights, horizon and records from the second moments of the training images",
        "half-time: when the covariances of outputs and pixels, projected onto those of labels and pixels, have "
        "reached half of these",
        "predicted from the principal components of the pixels with all but "
        f"{NEGLECTED:.0%} of the squared covariances",
        "rules for these settings were made with seeds from 2000 on, which no claim uses by default",
        "with ReLU units only the order is judged, where the predicted half-times differ by more than a factor of two",
    ),
    check=_check,
    draw=_draw,
    caption="(a) Lines: predicted by linear networks; filled markers: tanh networks; open markers: ReLU networks, "
    "means over seeds. (b) Dark line: predicted; markers with error bars on lines: simulated, 95 % "
    "intervals over seeds; dashed line: equal half-times.",
)
