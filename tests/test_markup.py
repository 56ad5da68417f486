"""What notebooks show is well-formed HTML, and no name in it is taken for markup."""

from html.parser import HTMLParser

import numpy as np
import pytest

import linmod
from linmod import Aligned, Dataset, Deep, Descent, Problem, Shallow, SystematicityDataset, dynamics, theory
from linmod.markup import card, curve, facts, items, paragraph, table

HOSTILE = '<script>alert("1")</script>'
VOID = {"polyline"}


class Reader(HTMLParser):
    """Keeps the tags and the text; fails on a tag that is closed out of turn."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.text = [], set(), ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += f" {data}"


def read(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


def hostile_problem():
    blocks = {HOSTILE: slice(0, 4)}
    data = Dataset(np.eye(4), np.eye(4), input_blocks=blocks, output_blocks={"a & b": slice(0, 4)})
    return Problem(data, Shallow(), Aligned(0.0), Descent(0.5, 20))


def shown(problem):
    network = [[np.ones((problem.dataset.n_outputs, problem.dataset.n_inputs)) * scale] for scale in (0.1, 0.2)]
    return {
        "dataset": problem.dataset,
        "problem": problem,
        "spectrum": theory.spectrum(problem.dataset),
        "trajectory": dynamics.solve(problem),
        "agreement": linmod.verify(problem),
        "projection": linmod.project(network, problem.dataset),
    }


@pytest.mark.parametrize("kind", ["dataset", "problem", "spectrum", "trajectory", "agreement", "projection"])
def test_hostile_names_are_text(kind):
    reader = read(shown(hostile_problem())[kind]._repr_html_())
    assert "script" not in reader.tags
    assert "table" in reader.tags
    if kind != "spectrum":
        assert HOSTILE in reader.text


def test_unescaped_text_would_be_noticed():
    assert "script" in read(f"<div>{HOSTILE}</div>").tags


def test_what_a_reader_looks_for_is_there():
    problem = Problem(SystematicityDataset(3, 1, 3, 1), Deep(hidden=50), Aligned(1e-3), Descent(0.16, 300))
    texts = {kind: read(thing._repr_html_()).text for kind, thing in shown(problem).items()}
    assert "8 items" in texts["dataset"]
    assert "gamma_x" in texts["dataset"]
    assert "Deep(hidden=50" in texts["problem"]
    assert "0.904534" in texts["spectrum"]
    assert "two layers" not in texts["spectrum"]
    assert "mode sign_to_sign" in texts["trajectory"]
    assert "holds" in texts["agreement"]
    assert "linear map" in texts["projection"]


def test_a_dataset_far_beyond_memory_is_shown():
    data = SystematicityDataset(5000, 10, 3, 1)
    assert (
        "about 2**4999 items" in read(data._repr_html_()).text or "about 2**5000 items" in read(data._repr_html_()).text
    )
    assert len(data._repr_html_()) < 2000


@pytest.mark.parametrize("values", [[1.0], [0.0, 0.0], np.arange(1000.0), [np.nan, 1.0], [np.inf, 0.0]])
def test_a_curve_of_any_values_is_drawn_or_left_out(values):
    assert "nan" not in curve(np.asarray(values))
    assert read(curve(np.asarray(values))).tags <= {"svg", "polyline"}


def test_every_part_escapes():
    html = card(HOSTILE, paragraph(HOSTILE), items([HOSTILE]), facts({HOSTILE: HOSTILE}), table([HOSTILE], [[HOSTILE]]))
    assert "<script" not in html
    assert read(html).text.count(HOSTILE) == 7
