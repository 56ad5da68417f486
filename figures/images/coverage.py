"""When a separate module for the compositional labels helps: label scale and number of combinations seen."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...validation import FloatArray
from ...verification.claims import Claim, Evidence, Finding, Settings
from ...verification.intervals import mean_interval
from ..drawing.style import STROKES, canvas, house_style, title
from ..published import SPECIALIZATION
from .split import Paired, compare_networks
from .tasks import CLASSES, DENSE, MLPS, SEEN, SPLIT, TRAIN, images_of

COMBINATIONS = CLASSES**3
SCALES = tuple(sorted(MLPS.choice))
COUNTS = (16, 31, SEEN, 94, 115)
LARGE = SCALES[-1]

Runs = dict[tuple[float, int], Paired]


def _check(settings: Settings) -> Evidence:
    seeds = settings.seeds(full=5, quick=3)
    scales, counts = (SCALES[:: len(SCALES) - 1], COUNTS[::2]) if settings.quick else (SCALES, COUNTS)
    todo = [*((scale, SEEN) for scale in scales), *((LARGE, count) for count in counts if count != SEEN)]
    runs: Runs = {}
    for done, (scale, count) in enumerate(todo):
        runs[scale, count] = compare_networks(
            MLPS, scale, seeds, images=images_of(settings), seen=count, quick=settings.quick
        )
        settings.progress((done + 1) / len(todo))
    by_scale = {scale: runs[scale, SEEN] for scale in scales}
    by_count = {count: runs[LARGE, count] for count in counts}
    findings = (_growth(by_scale), *(_fall(by_count, name) for name in (DENSE, SPLIT)))
    return Evidence(findings, {"by_scale": by_scale, "by_count": by_count})


def _growth(by_scale: dict[float, Paired]) -> Finding:
    """Check that the gap is larger at the largest scale than at the smallest, seed by seed."""
    gaps = [each.errors[DENSE] - each.errors[SPLIT] for each in by_scale.values()]
    return _above_zero(
        f"(dense - split) at scale {max(by_scale):g} - the same at scale {min(by_scale):g}", gaps[-1] - gaps[0]
    )


def _fall(by_count: dict[int, Paired], name: str) -> Finding:
    """Check that the error falls with the number of combinations seen."""
    first, last = min(by_count), max(by_count)
    fall = by_count[first].errors[name] - by_count[last].errors[name]
    return _above_zero(f"{name}: error at {first} - error at {last} combinations seen", fall)


def _above_zero(label: str, differences: FloatArray) -> Finding:
    """Check that the 95 % interval of the mean is above zero; the control is the opposite statement."""
    opposite, stated = mean_interval(differences), mean_interval(-differences)
    return Finding(
        label=f"{label}: {opposite}; half-width of the interval / mean",
        error=stated.uncertainty,
        tolerance=1.0,
        passed=stated.below_zero and not opposite.below_zero,
        controls=1,
        rejected=int(not opposite.below_zero),
        unit="of mean",
    )


def _draw(evidence: Evidence) -> Figure:
    with house_style():
        figure, axes = canvas(1, 2, height=3.1)
        _draw_errors(axes[0], evidence.data["by_scale"])
        axes[0].set(xscale="log", xlabel="label scale $r$", ylabel="compositional squared error, unseen")
        axes[0].set_xticks([*evidence.data["by_scale"]], [f"{scale:g}" for scale in evidence.data["by_scale"]])
        axes[0].minorticks_off()
        title(axes[0], 0, f"{SEEN} of {COMBINATIONS} combinations seen")
        _draw_errors(axes[1], evidence.data["by_count"])
        axes[1].set(xlabel=f"combinations seen, of {COMBINATIONS}", xticks=[*evidence.data["by_count"]])
        title(axes[1], 1, f"label scale {LARGE:g}")
        for panel in axes:
            panel.set_ylim(0, None)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2, handlelength=2.8)
    return figure


def _draw_errors(axes: Axes, runs: Mapping[float, Paired]) -> None:
    for stroke, name in zip(STROKES, (DENSE, SPLIT), strict=False):
        unseen = [mean_interval(each.errors[name]) for each in runs.values()]
        axes.errorbar(
            [*runs],
            [each.mean for each in unseen],
            [each.half_width for each in unseen],
            color=stroke.color,
            linestyle=stroke.linestyle,
            marker=stroke.marker,
            markersize=4,
            markerfacecolor="white",
            capsize=2,
            label=f"{name}, unseen combinations",
        )
        familiar = [each.seen[name].mean() for each in runs.values()]
        axes.plot([*runs], familiar, color=stroke.color, linestyle=stroke.linestyle, linewidth=0.6)
        axes.plot([*runs], familiar, ".", color=stroke.color, markersize=3, label=f"{name}, seen combinations")


IMAGE_COVERAGE = Claim(
    name="image-coverage",
    source=f"{SPECIALIZATION}, compositional MNIST; here three digits of five classes",
    statement="Giving the compositional labels their own module reduces the error on unseen combinations more if the "
    "scale of the non-compositional labels is larger. The errors of both networks decrease with the number of "
    "combinations seen.",
    assumptions=(
        f"{TRAIN} training images",
        "step size and steps chosen on validation images for each label scale, with half of the combinations seen",
        "intervals of 95 % over seeds",
    ),
    check=_check,
    draw=_draw,
    caption="Markers with error bars on lines: simulated errors on unseen combinations, means and 95 % intervals "
    "over seeds. Dots on thin lines: errors on seen combinations.",
)
