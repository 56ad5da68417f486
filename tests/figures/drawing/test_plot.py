"""One picture of a prediction and a simulation: all curves are in it, and what is left out is said."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import linmod
from linmod import (
    Aligned,
    Dataset,
    Deep,
    Descent,
    Problem,
    Shallow,
    SmallRandom,
    SystematicityDataset,
    dynamics,
    theory,
)

PROBLEM = Problem(SystematicityDataset(3, 1, 3, 1), Deep(hidden=10), Aligned(1e-3), Descent(0.16, 200))
RUNS = theory.solve(PROBLEM), dynamics.solve(PROBLEM)


def drawn(axes):
    """Curves with numbers, by what they are called."""
    return {line.get_gid(): line for line in axes.get_lines() if len(line.get_xdata())}


@pytest.mark.parametrize(("of", "prefix"), [("modes", "mode"), ("norms", "norm"), ("loss", "loss")])
def test_lines_are_predicted_and_markers_simulated(of, prefix):
    prediction, simulation = RUNS
    axes = linmod.plot(prediction, simulation, of=of)
    names = [name for name in prediction.quantities if name.startswith(prefix)]
    lines = [line for name, line in drawn(axes).items() if name.endswith("predicted")]
    markers = [line for name, line in drawn(axes).items() if name.endswith("simulated")]
    assert len(lines) == len(markers) == len(names)
    for name, line, points in zip(names, lines, markers, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), prediction.quantities[name])
        assert set(points.get_ydata()) <= set(simulation.quantities[name])
        assert line.get_marker() == "None" != points.get_marker()
        assert points.get_linestyle() == "None" != line.get_linestyle()
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == len(names)


def test_a_figure_can_be_saved(tmp_path):
    axes = linmod.plot(*RUNS)
    assert isinstance(axes.figure, Figure)
    axes.figure.savefig(tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 5000


def test_given_axes_are_used():
    axes = Figure().subplots()
    assert linmod.plot(*RUNS, axes=axes) is axes
    assert axes.get_legend() is not None


def test_more_curves_than_strokes_are_counted():
    data = Dataset(np.eye(12), np.random.default_rng(0).normal(size=(12, 12)))
    problem = Problem(data, Shallow(), Aligned(0.0), Descent(1.0, 30))
    axes = linmod.plot(theory.solve(problem), dynamics.solve(problem))
    assert len(axes.texts) == 8
    (legend,) = axes.figure.legends
    assert legend.get_title().get_text() == "the 8 largest of 12 modes at the end"


def test_a_prediction_of_some_modes_is_drawn_with_all_simulated():
    prediction, simulation = RUNS
    axes = linmod.plot({"mode sign_to_sign": prediction.modes["sign_to_sign"]}, simulation)
    assert sum(name.endswith("predicted") for name in drawn(axes)) == 1
    assert sum(name.endswith("simulated") for name in drawn(axes)) == 3


def test_what_cannot_be_drawn_is_refused():
    prediction, simulation = RUNS
    coupled = Problem(Dataset([[1.0, -1.0]], [[1.0, 1.0]]), Shallow(), SmallRandom(0.1), Descent(0.1, 5))
    without = dynamics.solve(coupled)
    with pytest.raises(ValueError, match="of must be one of"):
        linmod.plot(prediction, simulation, of="mode")
    with pytest.raises(ValueError, match="draw of='norms' or of='loss'"):
        linmod.plot(without, without)
    with pytest.raises(ValueError, match="the prediction names none of"):
        linmod.plot({"loss": prediction.loss}, simulation)
    with pytest.raises(ValueError, match="must report the same times"):
        linmod.plot(prediction, without)
    with pytest.raises(TypeError, match="axes must be Axes"):
        linmod.plot(prediction, simulation, axes=3)
