"""Simulated means as points with their standard errors."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes

from ...verification.standard_errors import Measured
from .style import Stroke


def draw_measured(axes: Axes, points: Mapping[int, Measured], stroke: Stroke) -> None:
    """Draw simulated means as markers with bars of three standard errors.

    Parameters
    ----------
    axes : Axes
    points : mapping of int to Measured
        Simulated means by their place on the horizontal axis.
    stroke : Stroke

    See Also
    --------
    linmod.figures.drawing.style.name_stroke : Adds an entry to the legend.
    """
    axes.errorbar(
        list(points),
        [point.simulated for point in points.values()],
        [3 * point.standard_error for point in points.values()],
        color=stroke.color,
        marker=stroke.marker,
        linestyle="",
        markersize=4,
        markerfacecolor="white",
    )
