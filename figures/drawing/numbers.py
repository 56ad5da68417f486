"""The numbers that a figure shows, read from what is drawn."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection, LineCollection, PathCollection, PolyCollection, QuadMesh
from matplotlib.colors import to_hex, to_rgba_array
from matplotlib.container import BarContainer, Container, ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation

from ...validation import FloatArray

HEADER = ("panel", "curve", "drawn as", "x axis", "y axis", "x", "y", "low", "high", "value")
DASHES = {"-": "solid", "--": "dashes", ":": "dots", "-.": "dashes and dots"}
NUMBERS = 5
Numbers = Iterator[tuple[float, ...]]


def plotted_numbers(figure: Figure) -> str:
    """Return the numbers of all curves, points, bars, bands and shades of a figure as CSV.

    Parameters
    ----------
    figure : Figure

    Returns
    -------
    str
        One row for each point: its panel, its curve, how it is drawn, the labels of the axes, x and y, the ends of its
        error bar, and the value behind a shade. The name of a curve is its own, or that of the one label in the figure
        with its colour; it is empty where there are none or several.

    See Also
    --------
    linmod.figures.drawing.style.canvas : Make a figure.

    Examples
    --------
    >>> from linmod.figures.drawing.style import canvas
    >>> figure, (axes,) = canvas(1, 1)
    >>> _ = axes.plot([0.0, 1.0], [2.0, 3.0], color="black", label="rising")
    >>> print(plotted_numbers(figure).splitlines()[1])
    ,rising,"line, solid, #000000",,,0.0,2.0,,,
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    blank = (np.nan,) * NUMBERS
    for axes in figure.axes:
        names = _names_by_colour(figure, axes)
        about = (axes.get_xlabel(), axes.get_ylabel())
        panel = axes.get_title(loc="left") or axes.get_title()
        for artist, look, numbers in _drawn(axes):
            name = _name(artist) or names.get(_colour(artist), "")
            for point in numbers:
                writer.writerow((panel, name, look, *about, *map(_text, (*point, *blank)[:NUMBERS])))
    return text.getvalue()


def _drawn(axes: Axes) -> Iterator[tuple[Artist, str, Numbers]]:
    """Everything in the axes with numbers: the artist that names it, how it is drawn, and its numbers."""
    bars = [container for container in axes.containers if isinstance(container, ErrorbarContainer)]
    parts = {id(part) for container in bars for part in container.get_children()}
    for container in bars:
        artist = container.lines[0] if container.lines[0] is not None else container.lines[2][0]
        yield _named(artist, container), f"{_look(artist)}, error bar", _bar_numbers(container)
    for group in axes.containers:
        if isinstance(group, BarContainer) and group.patches:
            yield _named(group.patches[0], group), f"bars, {to_hex(group.patches[0].get_facecolor())}", _heights(group)
    for line in axes.lines:
        if id(line) not in parts:
            yield line, _look(line), _line_numbers(line)
    for collection in axes.collections:
        if id(collection) not in parts:
            yield collection, _look(collection), _collection_numbers(collection)
    for text in axes.texts:
        if isinstance(text, Annotation) and text.xycoords == "data":
            yield text, "number at a point", _written_number(text)


def _named(artist: Artist, container: Container) -> Artist:
    """The artist of an error bar or of bars under the label of the whole."""
    if not _name(artist) and not str(container.get_label()).startswith("_"):
        artist.set_gid(str(container.get_label()))
    return artist


def _line_numbers(line: Line2D) -> Numbers:
    """Points of a line; of one that spans the axes, only the coordinate that means something."""
    x, y = map(_floats, line.get_data(orig=False))
    axes = line.axes
    if axes is not None and line.get_transform() == axes.get_yaxis_transform(which="grid"):
        yield (np.nan, float(y[0]))
    elif axes is not None and line.get_transform() == axes.get_xaxis_transform(which="grid"):
        yield (float(x[0]), np.nan)
    else:
        yield from zip(x.tolist(), y.tolist(), strict=True)


def _bar_numbers(container: ErrorbarContainer) -> Numbers:
    data, _, collections = container.lines
    along = 0 if container.has_xerr and not container.has_yerr else 1
    ends = [segment[:, along] for segment in collections[-1].get_segments()]
    if data is None:
        middles = [segment.mean(axis=0) for segment in collections[-1].get_segments()]
    else:
        middles = list(np.column_stack(data.get_data(orig=False)))
    for middle, end in zip(middles, ends, strict=True):
        yield (*map(float, middle), float(end.min()), float(end.max()))


def _heights(group: BarContainer) -> Numbers:
    """Middle and end of each bar, across and along it."""
    for patch in group.patches:
        (left, low), (right, high) = patch.get_bbox().get_points().tolist()
        yield ((left + right) / 2, high) if group.orientation != "horizontal" else (right, (low + high) / 2)


def _collection_numbers(collection: Collection) -> Numbers:
    if isinstance(collection, QuadMesh):
        places = _floats(collection.get_coordinates()).reshape(-1, 2)
        values = _floats(collection.get_array()).ravel()
        if len(values) == len(places):
            for (x, y), value in zip(places.tolist(), values.tolist(), strict=True):
                yield (x, y, np.nan, np.nan, value)
    elif isinstance(collection, PathCollection):
        yield from map(tuple, _floats(collection.get_offsets()).tolist())
    elif isinstance(collection, LineCollection | PolyCollection):
        for path in collection.get_paths():
            yield from map(tuple, _floats(path.vertices).tolist())


def _written_number(text: Annotation) -> Numbers:
    """The number that is written at a point; none if it is another text."""
    try:
        value = float(text.get_text())
    except ValueError:
        return
    x, y = text.xy
    yield (float(x), float(y), np.nan, np.nan, value)


def _look(artist: Artist) -> str:
    """Say how an artist is drawn."""
    if isinstance(artist, Line2D):
        style, marker = str(artist.get_linestyle()), str(artist.get_marker())
        parts = ["line", DASHES.get(style, style)] if style not in ("None", "none", "", " ") else []
        parts += [f"marker {marker}"] if marker not in ("None", "none", "", " ") else []
        return ", ".join([*parts, _colour(artist)])
    kinds = {QuadMesh: "shades", PathCollection: "points", LineCollection: "lines", PolyCollection: "band, outline"}
    word = next((text for kind, text in kinds.items() if isinstance(artist, kind)), type(artist).__name__)
    return f"{word}, {_colour(artist)}".removesuffix(", ")


def _name(artist: Artist) -> str:
    label = str(artist.get_label())
    return str(artist.get_gid() or ("" if label.startswith("_") else label))


def _colour(artist: Artist) -> str:
    if isinstance(artist, Line2D):
        return to_hex(artist.get_color())
    if isinstance(artist, Collection) and not isinstance(artist, QuadMesh):
        found = [*to_rgba_array(artist.get_facecolor()), *to_rgba_array(artist.get_edgecolor())]
        return to_hex(tuple(found[0])) if found else ""
    return ""


def _names_by_colour(figure: Figure, axes: Axes) -> dict[str, str]:
    """The labels in these axes by colour, and those in the others, where a colour has one label only."""
    names: dict[str, str] = {}
    for some in ([axes], [other for other in figure.axes if other is not axes]):
        labels: dict[str, set[str]] = {}
        for one in some:
            for text in one.texts:
                labels.setdefault(to_hex(text.get_color()), set()).add(text.get_text())
            for line in one.lines:
                if _name(line):
                    labels.setdefault(_colour(line), set()).add(_name(line))
        for colour, found in labels.items():
            if colour not in names:
                names[colour] = found.pop() if len(found) == 1 else ""
    return names


def _floats(values: Any) -> FloatArray:
    """Numbers as an array; those that a mask hides are NaN."""
    return np.asarray(np.ma.filled(np.ma.asarray(values, dtype=float), np.nan))


def _text(number: float) -> str:
    return "" if np.isnan(number) else repr(float(number))
