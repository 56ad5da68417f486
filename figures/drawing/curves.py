"""Learning curves of the seed with the largest error, markers where they rise, and errors with their bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ...problem import Trajectory
from ...validation import FloatArray
from .style import STROKES, TIME, Stroke, label_ends

MARKERS = 13
KINDS = {"modes": "mode ", "norms": "norm ", "loss": "loss"}
Curves = Mapping[Any, tuple[str, Callable[[Trajectory], FloatArray]]]


def along_curve(times: FloatArray, values: FloatArray, count: int = MARKERS) -> list[int]:
    """Choose times for markers at equal distances along a curve, so that every rise carries several.

    Parameters
    ----------
    times, values : ndarray, shape (T,)
    count : int
        The most markers.

    Returns
    -------
    list of int
        Indices of times, each once.

    See Also
    --------
    draw_curves : Draws simulated values at these times.

    Examples
    --------
    >>> import numpy as np
    >>> along_curve(np.arange(101.0), np.tanh(np.arange(101.0) - 50), count=5)
    [0, 49, 50, 52, 100]
    """
    extent = float(np.ptp(values)) or 1.0
    steps = np.abs(np.diff(times)) / float(np.ptp(times)) + np.abs(np.diff(values)) / extent
    length = np.concatenate([[0.0], np.cumsum(steps)])
    return [int(index) for index in np.unique(np.searchsorted(length, np.linspace(0.0, length[-1], count)))]


def draw_curves(axes: Axes, predicted: Sequence[Trajectory], simulated: Sequence[Trajectory], curves: Curves) -> None:
    """Draw the seed with the largest error: the prediction as lines, the simulation as markers.

    Parameters
    ----------
    axes : Axes
    predicted, simulated : sequence of Trajectory
        One of each for every seed.
    curves : mapping
        Label of each curve, and how it is read from a trajectory.

    See Also
    --------
    draw_errors : The differences between the two.
    """
    prediction, simulation = max(zip(predicted, simulated, strict=True), key=lambda pair: _largest_error(*pair))
    times, labels = prediction.times, {}
    for (label, values), stroke in zip(curves.values(), STROKES, strict=False):
        line = values(prediction)
        draw_line(axes, times, line, stroke, label)
        draw_markers(axes, times, values(simulation), stroke, label)
        labels[label] = (float(line[-1]), stroke.color)
    finish_courses(axes, times, labels)


def draw_line(axes: Axes, times: FloatArray, values: FloatArray, stroke: Stroke, name: str) -> None:
    """Draw a predicted course as a line.

    Parameters
    ----------
    axes : Axes
    times, values : ndarray, shape (T,)
    stroke : Stroke
    name : str
        What the numbers are called where they are saved.

    See Also
    --------
    draw_markers : The simulated course.
    """
    axes.plot(times, values, color=stroke.color, linestyle=stroke.linestyle, gid=f"{name}, predicted")


def draw_markers(axes: Axes, times: FloatArray, values: FloatArray, stroke: Stroke, name: str) -> None:
    """Draw a simulated course as markers along the curve.

    Parameters
    ----------
    axes : Axes
    times, values : ndarray, shape (T,)
    stroke : Stroke
    name : str
        What the numbers are called where they are saved.

    See Also
    --------
    draw_line : The predicted course.
    """
    at = along_curve(times, values)
    (points,) = axes.plot(times[at], values[at], stroke.marker, color=stroke.color, gid=f"{name}, simulated")
    points.set(markersize=3.2, markeredgewidth=0.7, markerfacecolor="white")


def finish_courses(axes: Axes, times: FloatArray, labels: Mapping[str, tuple[float, str]]) -> None:
    """Set the limits of courses over time, label their ends, and say what lines and markers are.

    Parameters
    ----------
    axes : Axes
    times : ndarray, shape (T,)
    labels : mapping of str to (height, color)

    See Also
    --------
    draw_line, draw_markers : The courses.
    """
    axes.set(xlabel=TIME, xlim=(times[0], times[-1]), ylim=(0, None))
    label_ends(axes, labels, float(times[-1]))
    axes.plot([], [], color="0.3", label="predicted")
    axes.plot([], [], "o", color="0.3", markersize=3.2, markerfacecolor="white", label="simulated")


def draw_errors(
    axes: Axes, predicted: Sequence[Trajectory], simulated: Sequence[Trajectory], bound: float | None = None
) -> None:
    """Draw the largest error over seeds of modes, norms and loss, relative to the largest value of each kind.

    Parameters
    ----------
    axes : Axes
    predicted, simulated : sequence of Trajectory
        One of each for every seed.
    bound : float, optional
        The bound that the errors must keep. Times at which an error is exactly zero are left out.

    See Also
    --------
    draw_curves : The curves themselves.
    """
    times, labels = predicted[0].times, {}
    for (label, prefix), stroke in zip(KINDS.items(), STROKES, strict=False):
        pairs = zip(predicted, simulated, strict=True)
        error = np.max([relative_error(prediction, simulation, prefix) for prediction, simulation in pairs], axis=0)
        positive = np.where(error > 0, error, np.nan)
        axes.semilogy(times, positive, color=stroke.color, linestyle=stroke.linestyle, gid=f"{label}, error")
        labels[label] = (float(error[error > 0][-1]), stroke.color)
    if bound is not None:
        axes.axhline(bound, color="0.2", linewidth=0.9, gid="bound")
        labels["bound"] = (bound, "0.2")
    axes.set(xlabel=TIME, xlim=(times[0], times[-1]), ylabel="error / largest value of its kind")
    label_ends(axes, labels, float(times[-1]))


def _largest_error(prediction: Trajectory, simulation: Trajectory) -> float:
    return max(float(np.max(relative_error(prediction, simulation, prefix))) for prefix in KINDS.values())


def relative_error(prediction: Trajectory, simulation: Trajectory, prefix: str) -> FloatArray:
    """Return the largest difference at each time over quantities of one kind, relative to their largest value.

    Parameters
    ----------
    prediction, simulation : Trajectory
    prefix : str
        Beginning of the names of the quantities.

    Returns
    -------
    ndarray, shape (T,)

    See Also
    --------
    draw_errors : Draw the largest of these errors over seeds.
    """
    names = [name for name in prediction.quantities if name.startswith(prefix)]
    scale = max(float(np.max(np.abs(simulation.quantities[name]))) for name in names)
    differences = [np.abs(prediction.quantities[name] - simulation.quantities[name]) for name in names]
    return np.asarray(np.max(differences, axis=0) / scale)
