"""The numbers of a figure as CSV: all that is drawn, under names that are right or empty."""

import csv
import io

import numpy as np
import pytest

from linmod.figures.drawing.numbers import HEADER, plotted_numbers
from linmod.figures.drawing.style import STROKES, canvas, label_ends, legend_below, name_stroke, title


@pytest.fixture
def panel():
    figure, (axes,) = canvas(1, 1)
    return figure, axes


def rows(figure):
    return list(csv.DictReader(io.StringIO(plotted_numbers(figure))))


def test_lines_and_markers(panel):
    figure, axes = panel
    axes.plot([0.0, 1.0], [2.0, 3.0], color="#112233", label="rising")
    axes.plot([0.5], [2.5], "s", color="#445566", gid="measured")
    axes.set(xlabel="time", ylabel="size")
    title(axes, 0, "a panel")
    found = rows(figure)
    assert [(r["curve"], r["drawn as"], float(r["x"]), float(r["y"])) for r in found] == [
        ("rising", "line, solid, #112233", 0.0, 2.0),
        ("rising", "line, solid, #112233", 1.0, 3.0),
        ("measured", "marker s, #445566", 0.5, 2.5),
    ]
    assert {(r["panel"], r["x axis"], r["y axis"]) for r in found} == {("(a) a panel", "time", "size")}


def test_every_row_has_every_column(panel):
    figure, axes = panel
    axes.plot([0.0], [1.0], "o")
    axes.errorbar([0.0], [1.0], [0.5])
    lines = list(csv.reader(io.StringIO(plotted_numbers(figure))))
    assert tuple(lines[0]) == HEADER
    assert {len(line) for line in lines} == {len(HEADER)}


@pytest.mark.parametrize(("axis", "ends"), [("yerr", ("1.5", "2.5")), ("xerr", ("0.5", "1.5"))])
def test_error_bars_have_their_ends_and_are_there_once(panel, axis, ends):
    figure, axes = panel
    axes.errorbar([1.0], [2.0], **{axis: [0.5]}, capsize=2, fmt="o", color="black", label="mean")
    (found,) = rows(figure)
    assert (found["curve"], found["low"], found["high"]) == ("mean", *ends)
    assert found["drawn as"] == "marker o, #000000, error bar"


def test_error_bars_without_markers(panel):
    figure, axes = panel
    axes.errorbar([1.0, 2.0], [2.0, 3.0], [0.5, 0.25], fmt="none")
    assert [(r["y"], r["low"], r["high"]) for r in rows(figure)] == [("2.0", "1.5", "2.5"), ("3.0", "2.75", "3.25")]


def test_lines_across_the_axes_have_one_coordinate(panel):
    figure, axes = panel
    axes.axhline(0.25)
    axes.axvline(4.0)
    assert [(r["x"], r["y"]) for r in rows(figure)] == [("", "0.25"), ("4.0", "")]


def test_shades_points_bands_and_written_numbers(panel):
    figure, axes = panel
    axes.pcolormesh([0.0, 1.0], [0.0, 2.0], np.array([[1.0, 2.0], [3.0, 4.0]]), shading="gouraud")
    axes.scatter([5.0], [6.0], color="red", label="cloud")
    axes.fill_between([0.0, 1.0], [1.0, 1.0], [2.0, 2.0], color="blue")
    axes.annotate("7.5", (1.0, 2.0))
    axes.annotate("no number", (3.0, 4.0))
    found = rows(figure)
    assert [r["value"] for r in found if r["drawn as"] == "shades"] == ["1.0", "2.0", "3.0", "4.0"]
    assert [(r["x"], r["y"]) for r in found if r["curve"] == "cloud"] == [("5.0", "6.0")]
    assert len([r for r in found if r["drawn as"].startswith("band")]) >= 4
    assert [(r["x"], r["y"], r["value"]) for r in found if r["drawn as"] == "number at a point"] == [
        ("1.0", "2.0", "7.5")
    ]


def test_bars(panel):
    figure, axes = panel
    axes.bar([1.0, 2.0], [3.0, 4.0], label="counts")
    axes.barh([7.0], [5.0])
    assert [(float(r["x"]), float(r["y"])) for r in rows(figure)] == [(1.0, 3.0), (2.0, 4.0), (5.0, 7.0)]
    assert [r["curve"] for r in rows(figure)] == ["counts", "counts", ""]


def test_axes_of_other_kinds_are_read_or_left_out():
    from matplotlib.figure import Figure

    figure = Figure()
    figure.add_subplot(1, 3, 1, projection="polar").plot([0.0, 1.0], [1.0, 2.0])
    figure.add_subplot(1, 3, 2, projection="3d").plot([0.0, 1.0], [1.0, 2.0], [3.0, 4.0])
    figure.add_subplot(1, 3, 3).imshow(np.eye(2))
    assert ("0.0", "1.0") in [(r["x"], r["y"]) for r in rows(figure)]


def test_proxies_of_the_legend_are_no_numbers(panel):
    figure, axes = panel
    name_stroke(axes, STROKES[0], "predicted")
    assert rows(figure) == []


def test_a_curve_is_named_by_the_one_label_of_its_colour(panel):
    figure, axes = panel
    for stroke in STROKES[:2]:
        axes.plot([0.0, 1.0], [0.0, 1.0], color=stroke.color)
    label_ends(axes, {"first": (1.0, STROKES[0].color), "second": (1.0, STROKES[1].color)}, at=1.0)
    axes.annotate("a remark", (0.5, 0.5), color=STROKES[1].color)
    assert [r["curve"] for r in rows(figure)] == ["first", "first", "", ""]


def test_a_shared_legend_names_curves_of_other_panels():
    figure, axes = canvas(1, 2)
    for axis in axes:
        axis.plot([0.0], [1.0], STROKES[0].marker, color=STROKES[0].color)
    name_stroke(axes[0], STROKES[0], "two layers")
    legend_below(figure, axes[0], ncols=1)
    assert [r["curve"] for r in rows(figure)] == ["two layers", "two layers"]
