"""Finding modules in pairs of images: initial projections from which a network generalises to new combinations."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...dynamics.threads import one_thread
from ...verification.claims import Claim, Evidence, Settings
from ...verification.intervals import lower
from ..drawing.style import STROKES, Stroke, canvas, house_style, label_ends, title
from ..published import SCALING
from .trials import (
    COMPONENTS,
    DIMS,
    FOUND,
    PUBLISHED,
    RANDOM,
    TESTED,
    TRAIN,
    TRUE,
    WHOLE,
    Score,
    scores,
    task_of,
)

COVERED = (20, 40, 60, 80)
LOOKS: Mapping[str, Stroke] = {
    FOUND: STROKES[0],
    PUBLISHED: STROKES[1],
    RANDOM: STROKES[2],
    WHOLE: STROKES[3],
    TRUE: Stroke("0.45", (0, (1, 2)), "x"),
}


def _check(settings: Settings) -> Evidence:
    seeds = settings.seeds(full=5, quick=4)
    coverages = (TESTED,) if settings.quick else COVERED
    images = settings.source_images
    tasks = [task_of(images, covered, seed) for covered in coverages for seed in seeds]
    tasks += [task_of(images, TESTED, seed, shuffled=True) for seed in seeds]
    measured: list[dict[str, Score]] = []
    with one_thread():
        for task in tasks:
            measured.append(scores(task))
            settings.progress(len(measured) / len(tasks))
    *runs, null = [measured[first : first + len(seeds)] for first in range(0, len(tasks), len(seeds))]
    curves = dict(zip(coverages, runs, strict=True))
    findings = tuple(
        lower(
            f"error on unseen combinations, {FOUND} - {other}, {TESTED} of 100 seen",
            (_unseen(curves[TESTED], FOUND), _unseen(curves[TESTED], other)),
            (_unseen(null, FOUND), _unseen(null, other)),
        )
        for other in (PUBLISHED, RANDOM, WHOLE)
    )
    return Evidence(findings, {"curves": curves, "null": null})


def _unseen(runs: list[dict[str, Score]], name: str) -> list[float]:
    return [run[name].unseen for run in runs]


def _draw(evidence: Evidence) -> Figure:
    curves: Mapping[int, list[dict[str, Score]]] = evidence.data["curves"]
    panels = {
        "seen combinations": ("seen", "error per place"),
        "unseen combinations": ("unseen", "error per place"),
        "weights of the modules": ("overlap", "share on the main place"),
    }
    with house_style():
        figure, axes = canvas(1, 3, height=2.5)
        for index, (text, (quantity, label)) in enumerate(panels.items()):
            _draw_curves(axes[index], curves, quantity)
            axes[index].set(xlabel="combinations seen, of 100", ylabel=label, xticks=list(curves))
            title(axes[index], index, text)
        ends = {name: (_mean(curves[max(curves)], name, "overlap"), look.color) for name, look in LOOKS.items()}
        label_ends(axes[2], ends, at=max(curves))
        seeds = len(next(iter(curves.values())))
        figure.supxlabel(f"simulated, new images; means and standard errors over {seeds} seeds", fontsize=7)
    return figure


def _draw_curves(axes: Axes, curves: Mapping[int, list[dict[str, Score]]], quantity: str) -> None:
    for name, look in LOOKS.items():
        means = [_mean(runs, name, quantity) for runs in curves.values()]
        errors = [
            np.std([getattr(run[name], quantity) for run in runs], ddof=1) / np.sqrt(len(runs))
            for runs in curves.values()
        ]
        axes.errorbar(
            list(curves), means, yerr=errors, color=look.color, linestyle=look.linestyle, marker=look.marker,
            markersize=3.5, capsize=2, elinewidth=0.8,
        )  # fmt: skip
    axes.set_ylim(bottom=0)


def _mean(runs: list[dict[str, Score]], name: str, quantity: str) -> float:
    return float(np.mean([getattr(run[name], quantity) for run in runs]))


IMAGE_MODULES = Claim(
    name="image-modules",
    source=f"{SCALING}, modular networks for compositional images; joint search is an addition here",
    statement=f"On pairs of digits with {TESTED} of 100 combinations seen, a modular network whose initial projections "
    "are found jointly by the kernel rule has a smaller error on unseen combinations than networks with random "
    "projections, with those of the published rule, and with one module that sees both digits.",
    assumptions=(
        f"{TRAIN} training images in {COMPONENTS} principal components",
        f"two modules that see {DIMS} dimensions each",
        "most combinations are seen: with 20 of 100 the rule does not separate the places, and has no advantage",
    ),
    check=_check,
    draw=_draw,
    caption="Markers with error bars on lines: simulated, means and standard errors over seeds.",
)
