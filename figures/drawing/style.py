"""The style of the pictures: readable in print, in grey, and without a LaTeX installation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, get_font_names

from ...validation import FloatArray

COLUMN, FULL = 3.4, 7.0
TIME = r"time $t$ (units of $\tau$)"
RELATIVE = r"$\pi\,/\,\pi^{\ast}$"
BLOCK_SYMBOLS = {"omega_x": r"\Omega_x", "gamma_x": r"\Gamma_x", "omega_y": r"\Omega_y", "gamma_y": r"\Gamma_y"}
LABEL_SPACING = 0.065

FAMILIES = ("STIX Two Text", "STIXGeneral", "DejaVu Serif")
"""Those that are installed are used, the first before the others; one that is not would be reported at each text."""

RC: dict[Any, Any] = {
    "font.size": 8,
    "font.family": "serif",
    "font.serif": [name for name in FAMILIES if name in get_font_names()],
    "mathtext.fontset": "stix",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.titlesize": 8.5,
    "axes.titlelocation": "left",
    "lines.linewidth": 1.2,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 7,
    "figure.dpi": 110,
    "savefig.dpi": 220,
    "savefig.bbox": "tight",
    "savefig.pad_inches": 0.1,
    "pdf.fonttype": 42,
}


@dataclass(frozen=True)
class Stroke:
    """One way to draw a curve: colour, line style and marker, each of which identifies it."""

    color: str
    linestyle: str | tuple[int, tuple[float, ...]]
    marker: str

    @property
    def with_errors(self) -> dict[str, Any]:
        """Arguments of an errorbar with small open markers."""
        return {**asdict(self), "markersize": 4, "markerfacecolor": "white", "capsize": 2}


STROKES = (
    Stroke("#0072B2", "-", "o"),
    Stroke("#D55E00", (0, (5, 1.6)), "s"),
    Stroke("#009E73", (0, (1.4, 1.2)), "^"),
    Stroke("#8E4585", (0, (6, 1.5, 1.3, 1.5)), "D"),
)


@contextmanager
def house_style() -> Iterator[None]:
    """Use the common style for figures made inside.

    See Also
    --------
    canvas : Make a figure in this style.
    """
    with mpl.rc_context(RC):
        yield


def canvas(rows: int, columns: int, *, width: float = FULL, height: float = 2.4) -> tuple[Figure, list[Axes]]:
    """Make a figure with a grid of axes, titled (a), (b), ... by :func:`title`.

    The figure belongs to no window system and needs no closing.

    Parameters
    ----------
    rows, columns : int
        Shape of the grid.
    width, height : float
        Size of the figure in inches.

    Returns
    -------
    figure : Figure
    axes : list of Axes

    See Also
    --------
    house_style : The style of the figure.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    return figure, list(axes.ravel())


def save(figure: Figure, paths: Iterable[Path]) -> None:
    """Write a figure to files of several formats, in one layout that is computed once.

    Parameters
    ----------
    figure : Figure
        Its layout is fixed from here on.
    paths : iterable of Path
        The suffix of each names its format.

    See Also
    --------
    canvas : Make a figure.
    """
    FigureCanvasAgg(figure)
    figure.set_dpi(RC["savefig.dpi"])
    figure.draw_without_rendering()
    figure.set_layout_engine(None)
    around = figure.get_tightbbox().padded(RC["savefig.pad_inches"])
    for path in paths:
        figure.savefig(path, bbox_inches=around)


def title(axes: Axes, index: int, text: str) -> None:
    """Give a panel its letter and title.

    Parameters
    ----------
    axes : Axes
    index : int
        Number of the panel: 0 for (a).
    text : str
        The title without the letter.

    See Also
    --------
    canvas : Make the panels.
    """
    axes.set_title(f"({'abcdef'[index]}) {text}")


def name_stroke(axes: Axes, stroke: Stroke, label: str) -> None:
    """Add an entry to the legend that shows the line and the marker of a stroke together.

    Parameters
    ----------
    axes : Axes
    stroke : Stroke
    label : str

    See Also
    --------
    legend_below : A legend of all axes below a figure.
    """
    (line,) = axes.plot([], [], color=stroke.color, linestyle=stroke.linestyle, marker=stroke.marker, label=label)
    line.set(markersize=4, markerfacecolor="white")


def legend_below(figure: Figure, *axes: Axes, ncols: int, note: str | None = None, handlelength: float = 2.4) -> None:
    """Put one legend of all axes below a figure, each label once, under a note that says what lines and markers are.

    Parameters
    ----------
    figure : Figure
    *axes : Axes
        Whose labelled curves the legend names.
    ncols : int
    note : str, optional
    handlelength : float, default 2.4

    See Also
    --------
    label_ends : Labels at the curves themselves.
    """
    entries: dict[str, Artist] = {}
    for one in axes:
        handles, labels = one.get_legend_handles_labels()
        entries |= dict(zip(labels, handles, strict=True))
    legend = figure.legend(
        entries.values(), entries.keys(), loc="outside lower center", ncols=ncols, handlelength=handlelength
    )
    if note is not None:
        legend.set_title(note, prop=FontProperties(family=RC["font.serif"], size=7))


def label_ends(axes: Axes, labels: Mapping[str, tuple[float, str]], at: float) -> None:
    """Write labels to the right of the ends of curves, moved apart where they would overlap.

    Parameters
    ----------
    axes : Axes
        With its final limits.
    labels : mapping of str to (height, color)
        In data coordinates.
    at : float
        Where the curves end on the horizontal axis, in data coordinates.

    See Also
    --------
    legend_below : A legend of all axes below a figure.
    """
    transform = axes.transData + axes.transAxes.inverted()
    heights = [float(transform.transform((at, height))[1]) for height, _ in labels.values()]
    placed = spread(heights, LABEL_SPACING)
    for (text, (_, color)), height in zip(labels.items(), placed, strict=True):
        axes.annotate(
            text, (1.02, height), xycoords="axes fraction", va="center", color=color, fontsize=7, annotation_clip=False
        )


def spread(heights: Sequence[float], spacing: float) -> FloatArray:
    """Move heights apart to at least the given spacing, as little as possible and in their order.

    Parameters
    ----------
    heights : sequence of float
    spacing : float
        The least distance between two heights.

    Returns
    -------
    ndarray
        The new heights, in the order of the given ones.

    See Also
    --------
    label_ends : Places labels at these heights.
    """
    order = np.argsort(heights, kind="stable")
    placed = np.array(heights, dtype=np.float64)[order]
    for _ in range(200):
        gaps = np.diff(placed)
        crowded = gaps < spacing - 1e-9
        if not crowded.any():
            break
        push = np.where(crowded, (spacing - gaps) / 2, 0.0)
        placed[1:] += push
        placed[:-1] -= push
    result = np.empty_like(placed)
    result[order] = placed
    return result


def class_label(name: str) -> str:
    """Return the label of a class of modes in a picture.

    Parameters
    ----------
    name : str
        Name of the class, such as ``"sign_to_identity"``.

    Returns
    -------
    str

    See Also
    --------
    block_label : The label of a block.
    """
    return name.replace("_to_", r" $\to$ ").replace("_", " ")


def block_label(source: str, target: str) -> str:
    """Return the label of a block of the map in a picture.

    Parameters
    ----------
    source, target : str
        Names of the input block and of the output block.

    Returns
    -------
    str

    See Also
    --------
    class_label : The label of a class of modes.
    """
    return rf"${BLOCK_SYMBOLS.get(source, source)} \to {BLOCK_SYMBOLS.get(target, target)}$"
