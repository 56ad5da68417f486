"""Points of a phase diagram: simulated means over seeds, compared with a closed form and drawn on its contours."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, LogNorm

from ... import theory
from ...validation import FloatArray
from ...verification.claims import Finding
from .style import STROKES

SIGMAS = 5.0
SHADES = ListedColormap(colormaps["Blues"](np.linspace(0.02, 0.6, 256)))


@dataclass(frozen=True)
class Point:
    """A place in the diagram with the expected value and the values of single simulations.

    Attributes
    ----------
    bits : int
        Sign inputs n_x.
    part : float
        k_x r^2.
    expected : RandomStartMean
    measured : ndarray, shape (seeds,)
    wrong : mapping of str to float
        Values of deliberately wrong formulas.
    """

    bits: int
    part: float
    expected: theory.RandomStartMean
    measured: FloatArray
    wrong: Mapping[str, float]

    @property
    def mean(self) -> float:
        """Mean over seeds."""
        return float(np.mean(self.measured))

    @property
    def standard_error(self) -> float:
        """Standard error of the mean, from the scatter between seeds."""
        return float(np.std(self.measured, ddof=1)) / math.sqrt(len(self.measured))

    @property
    def bound(self) -> float:
        """Bound on the error of the mean: five of its expected standard errors plus the neglected terms."""
        return SIGMAS * self.expected.deviation / math.sqrt(len(self.measured)) + self.expected.neglected

    @property
    def scatter(self) -> FloatArray:
        """Deviations of the single simulations in units of the expected standard deviation."""
        return (self.measured - self.expected.mean) / self.expected.deviation


def mean_finding(label: str, points: Sequence[Point]) -> Finding:
    """Compare means over seeds with the closed form, in units of their bounds; wrong formulas must exceed them.

    Parameters
    ----------
    label : str
        Beginning of the label of the finding.
    points : sequence of Point

    Returns
    -------
    Finding

    See Also
    --------
    scatter_finding : Compares the scatter between seeds.
    """
    error = max(abs(point.mean - point.expected.mean) / point.bound for point in points)
    distinct = [
        bool(abs(point.mean - value) > point.bound)
        for point in points
        for value in point.wrong.values()
        if abs(value - point.expected.mean) > 2 * point.bound
    ]
    passed = error <= 1 and bool(distinct) and all(distinct)
    what = f"{label}: {len(points)} means, error / bound of each"
    return Finding(what, error, 1.0, passed, len(distinct), sum(distinct), unit="of bound")


def scatter_finding(label: str, points: Sequence[Point]) -> Finding:
    """Compare the scatter between seeds with its closed form; the controls are three times larger and smaller.

    Parameters
    ----------
    label : str
        Beginning of the label of the finding.
    points : sequence of Point

    Returns
    -------
    Finding

    See Also
    --------
    mean_finding : Compares the means.
    """
    scatter = np.concatenate([point.scatter for point in points])
    size, bound = float(np.sqrt(np.mean(scatter**2))), SIGMAS / math.sqrt(2 * len(scatter))
    rejected = sum(abs(size * factor - 1) > bound for factor in (1 / 3, 3))
    passed = abs(size - 1) <= bound and rejected == 2
    return Finding(f"{label}: scatter / closed form - 1", abs(size - 1), bound, passed, 2, rejected, unit="relative")


def draw_diagram(
    axes: Axes,
    points: Sequence[Point],
    closed_form: Callable[[int, float], float],
    form: str,
    levels: Sequence[float],
) -> None:
    """Draw contours of the closed form, and simulated means as points with their values, in the same shades.

    Parameters
    ----------
    axes : Axes
    points : sequence of Point
    closed_form : callable
        The value from the number of index bits and the part of the identity blocks.
    form : str
        Format of the values.
    levels : sequence of float
        Levels of the contours.

    See Also
    --------
    diagram_note : The note below the diagram.
    """
    bits = np.arange(1, max(point.bits for point in points) + 1)
    parts = np.geomspace(min(p.part for p in points) / 2, max(p.part for p in points) * 2, 60)
    values = np.array([[closed_form(int(b), float(part)) for b in bits] for part in parts])
    norm = LogNorm(values.min() / 2, values.max() * 2)
    axes.pcolormesh(bits, parts, values, cmap=SHADES, norm=norm, shading="gouraud", rasterized=True)
    lines = axes.contour(bits, parts, values, levels=levels, colors="0.25", linewidths=0.7)
    axes.set_yscale("log", base=2)
    between = (values[:, 1] + values[:, 2]) / 2  # labels stand between columns, where there are no points
    order = np.argsort(between)
    places = [
        (2.5, float(np.interp(level, between[order], parts[order])))
        for level in levels
        if between.min() < level < between.max()
    ]
    axes.clabel(lines, fmt="%g", fontsize=6, manual=places)
    for point in points:
        face = SHADES(norm(point.mean))
        axes.plot(point.bits, point.part, "o", color="0.1", markerfacecolor=face, markersize=5, markeredgewidth=0.7)
        axes.annotate(
            form.format(point.mean),
            (point.bits, point.part),
            xytext=(0, 4.5),
            textcoords="offset points",
            ha="center",
            fontsize=5.5,
            bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.4},
        )
    axes.set(xlim=(0.5, bits[-1] + 0.5), xlabel="sign inputs $n_x$", ylabel="$k_x r^2$")
    axes.set_xticks(bits)


def diagram_note(points: Sequence[Point]) -> str:
    """Say what a diagram shows: contours, and points that are means over a number of seeds.

    Parameters
    ----------
    points : sequence of Point

    Returns
    -------
    str

    See Also
    --------
    draw_diagram : Draw the diagram.
    """
    return f"contours and shades: closed form; points with values: means of {len(points[0].measured)} simulations"


def draw_deviations(axes: Axes, groups: Mapping[str, Sequence[Point]], unit: float | None) -> None:
    """Draw deviations of the means with standard errors and bounds; in units of the closed form by default.

    Parameters
    ----------
    axes : Axes
    groups : mapping of str to sequence of Point
        Points by label, each drawn with one stroke.
    unit : float or None
        Unit of the deviations; None for the closed form of each point.

    See Also
    --------
    mean_finding : Compare the means with their bounds.
    """
    for stroke, (label, points) in zip(STROKES, groups.items(), strict=False):
        scale = np.array([point.expected.mean if unit is None else unit for point in points])
        at = np.arange(len(points)) + (0.3 * (stroke is STROKES[1]))
        deviations = np.array([point.mean - point.expected.mean for point in points]) / scale
        errors = np.array([point.standard_error for point in points]) / scale
        bounds = np.array([point.bound for point in points]) / scale
        axes.errorbar(
            at,
            deviations,
            errors,
            color=stroke.color,
            marker=stroke.marker,
            linestyle="none",
            markersize=3.2,
            markerfacecolor="white",
            capsize=1.5,
            linewidth=0.8,
            label=f"{label}: simulated mean, standard error",
        )
        axes.plot(np.tile(at, 2), [*bounds, *-bounds], "_", color=stroke.color, markersize=5, label=f"{label}: bound")
    axes.axhline(0.0, color="0.4", linewidth=0.6)
    first = next(iter(groups.values()))
    columns = sorted({point.bits for point in first})
    middles = [np.mean([at for at, point in enumerate(first) if point.bits == bits]) for bits in columns]
    axes.set_xticks(middles, [str(bits) for bits in columns])
    axes.set_xlabel("$n_x$, then by increasing $N/(N + k_x r^2)$")
