"""One picture of a prediction and a simulation, in the style of the catalogue."""

from __future__ import annotations

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import get_font_names
from matplotlib.text import Text

from ...problem import Trajectory
from ...validation import FloatArray, choice, instance
from ...verification.errors import Prediction, read
from .curves import draw_line, draw_markers, finish_courses
from .style import RC, STROKES, Stroke, block_label, canvas, class_label, house_style, legend_below

KINDS = {"modes": "mode ", "norms": "norm ", "loss": "loss"}
HEIGHTS = {"modes": r"effective singular value $\pi$", "norms": "Frobenius norm", "loss": "loss"}
MORE_STROKES = (
    *STROKES,
    Stroke("#B8860B", (0, (8, 2)), "v"),
    Stroke("#4FA3D1", (0, (3, 1, 1, 1, 1, 1)), "P"),
    Stroke("#222222", (0, (1, 2.4)), "X"),
    Stroke("#B0406A", (0, (4, 3)), "*"),
)


def plot(prediction: Prediction, simulation: Trajectory, of: str = "modes", *, axes: Axes | None = None) -> Axes:
    """Draw a prediction as lines and a simulation as markers.

    Parameters
    ----------
    prediction : Trajectory, or mapping of str to array_like, shape (T,)
        As :func:`linmod.compare` takes it.
    simulation : Trajectory
    of : {"modes", "norms", "loss"}, default "modes"
        What is drawn. Of more than eight modes or norms, the eight that are largest at the end, with a note.
    axes : Axes, optional
        Where to draw; a new figure unless given.

    Returns
    -------
    Axes
        ``axes.figure.savefig(path)`` saves the picture.

    Raises
    ------
    TypeError, ValueError
        If times or names differ, or there is nothing of this kind to draw.

    See Also
    --------
    linmod.compare : The errors behind the picture.

    Examples
    --------
    >>> import linmod
    >>> problem = linmod.Problem(linmod.SystematicityDataset(3, 1, 3, 1), linmod.Deep(hidden=50),
    ...                          linmod.Aligned(1e-4), linmod.Descent(0.16, 300))
    >>> axes = linmod.plot(linmod.theory.solve(problem), linmod.dynamics.solve(problem), of="norms")
    >>> axes.get_ylabel(), len(axes.texts)
    ('Frobenius norm', 4)
    """
    choice("of", of, KINDS)
    instance("axes", axes, (Axes, type(None)))
    predicted = read(prediction, simulation)
    simulated = {name: values for name, values in simulation.quantities.items() if name.startswith(KINDS[of])}
    if not simulated:
        raise ValueError(f"of={of!r}: this trajectory has none; draw of='norms' or of='loss'")
    if not set(simulated) & set(predicted):
        raise ValueError(f"of={of!r}: the prediction names none of {list(simulated)}, it names {list(predicted)}")
    with house_style(), mpl.rc_context({"figure.dpi": RC["savefig.dpi"]}):
        return _drawn(predicted, simulated, simulation.times, of, axes)


def _drawn(
    predicted: dict[str, FloatArray], simulated: dict[str, FloatArray], times: FloatArray, of: str, given: Axes | None
) -> Axes:
    figure, (axes,) = (None, (given,)) if given is not None else canvas(1, 1, width=4.4, height=2.8)
    names = _chosen(simulated)
    labels = {}
    for name, stroke in zip(names, MORE_STROKES, strict=False):
        label = _label(name)
        if name in predicted:
            draw_line(axes, times, predicted[name], stroke, label)
        draw_markers(axes, times, simulated[name], stroke, label)
        labels[label] = (float(predicted.get(name, simulated[name])[-1]), stroke.color)
    axes.set_ylabel(HEIGHTS[of])
    finish_courses(axes, times, labels)
    note = None if len(names) == len(simulated) else f"the {len(names)} largest of {len(simulated)} {of} at the end"
    if figure is None:
        axes.legend(title=note)
    else:
        legend_below(figure, axes, ncols=2, note=note)
        _keep_fonts(axes, figure)
    return axes


def _keep_fonts(axes: Axes, figure: Figure) -> None:
    """Give every text the font of the house, which a figure saved outside the house style would lose."""
    installed = set(get_font_names())
    family = next(name for name in RC["font.serif"] if name in installed)
    axes.tick_params(labelfontfamily=family)
    for text in figure.findobj(Text):
        if isinstance(text, Text):
            text.set(fontfamily=family, math_fontfamily=RC["mathtext.fontset"])


def _chosen(simulated: dict[str, FloatArray]) -> list[str]:
    """As many names as there are strokes, those that are largest at the end, in their order."""
    largest = sorted(simulated, key=lambda name: -abs(simulated[name][-1]))[: len(MORE_STROKES)]
    return [name for name in simulated if name in largest]


def _label(name: str) -> str:
    kind, _, rest = name.partition(" ")
    if kind == "norm":
        return block_label(*rest.split(" -> "))
    return class_label(rest) if rest else name
