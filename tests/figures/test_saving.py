"""Figures are laid out once for all formats, and look as Matplotlib's own saving makes them."""

import matplotlib as mpl
import numpy as np
from matplotlib.image import imread

from linmod.figures.drawing.style import RC, canvas, legend_below, save, title


def picture(text):
    figure, axes = canvas(1, 2)
    for index, one in enumerate(axes):
        one.plot(np.arange(5.0), label=f"{text} {index}")
        title(one, index, text)
    legend_below(figure, *axes, ncols=2)
    return figure


def test_the_layout_is_computed_once_and_is_that_of_matplotlib(tmp_path):
    with mpl.rc_context(RC):
        picture("curves").savefig(tmp_path / "plain.png")
        picture("others").savefig(tmp_path / "other.png")
        figure = picture("curves")
        engine, runs = figure.get_layout_engine(), []
        execute = engine.execute
        engine.execute = lambda drawn: runs.append(1) or execute(drawn)
        save(figure, [tmp_path / "ours.png", tmp_path / "ours.pdf"])
    plain, other, ours = (imread(tmp_path / f"{name}.png") for name in ("plain", "other", "ours"))
    np.testing.assert_array_equal(ours, plain)
    assert other.shape != ours.shape or np.any(other != ours)
    assert len(runs) == 1
    assert (tmp_path / "ours.pdf").read_bytes().startswith(b"%PDF")
