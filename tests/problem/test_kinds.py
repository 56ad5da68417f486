"""The list of kinds: problems from plain values and back, and errors that name the field."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

import linmod
from linmod import Aligned, Deep, Descent, Explicit, Flow, Modular, Problem, RandomModes, Rule, Shallow, SmallRandom
from linmod.problem.arrays import sealed
from linmod.problem.kinds import DATASETS, KINDS, NETWORKS, RULES, build, classes, plain_part
from linmod.sweeps.description import label
from linmod.sweeps.writing import toml

SPACE = linmod.SystematicityDataset(3, 1, 2, 1, r=0.5, r_y=2.0, n_bits=4)
X, Y = np.random.default_rng(0).standard_normal((2, 3, 5))
OWN = linmod.Dataset(X, Y, input_blocks={"b": slice(0, 1), "a": slice(1, 3)})
FLOW = Flow([0.0, 0.1, 1 / 3], rtol=1e-9)
STRENGTHS = {"sign_to_sign": 1e-3, "sign_to_identity": 1e-4, "identity_to_identity": 0.0}
PROBLEMS = {
    "space": Problem(
        SPACE, Deep(30), Aligned({"sign_to_sign": 1e-3, "sign_to_identity": 1e-4, "identity_to_identity": 0.0}), FLOW
    ),
    "own data": Problem(OWN, Shallow(), SmallRandom(0.1, seed=3), Descent(0.1, 7, momentum=0.5)),
    "explicit": Problem(OWN, Shallow(), Explicit([np.full((3, 3), 1 / 7)]), FLOW),
    "random modes": Problem(SPACE, Deep(9), RandomModes(1e-4, seed=2), FLOW),
    "rule": Problem(SPACE, Deep(19), Aligned(), Descent(0.1, 7, rule=Rule(0.5, -0.1, "inverse_norm"))),
    "leaky": Problem(SPACE, Modular.leaky(0.3, Deep(19)), Aligned([1e-3, 1e-4]), FLOW),
}


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
@pytest.mark.parametrize("through", [lambda tables: json.loads(json.dumps(tables)), lambda t: tomllib.loads(toml(t))])
def test_a_problem_survives_json_and_toml(problem, through):
    again = Problem.from_plain(through(problem.to_plain()))
    assert again.to_plain() == problem.to_plain()
    assert again.network == problem.network
    np.testing.assert_array_equal(again.dataset.X, problem.dataset.X)
    assert list(again.dataset.input_blocks.items()) == list(problem.dataset.input_blocks.items())
    np.testing.assert_array_equal(again.times, problem.times)
    np.testing.assert_array_equal(linmod.dynamics.solve(again).loss, linmod.dynamics.solve(problem).loss)


def test_plain_values_tell_different_problems_apart():
    texts = {json.dumps(problem.to_plain(), sort_keys=True) for problem in PROBLEMS.values()}
    assert len(texts) == len(PROBLEMS)


@pytest.mark.parametrize(
    ("values", "network"),
    [
        ("shallow", Shallow()),
        ({"kind": "race", "network": "shallow"}, Modular.race(Shallow())),
        ({"kind": "output_split", "network": {"kind": "deep", "hidden": 4}}, Modular.output_split(Deep(4))),
        ({"kind": "leaky", "rho": 0.2}, Modular.leaky(0.2)),
        ({"kind": "modular", "modules": [{"inputs": "a", "outputs": ["y"]}]}, Modular([linmod.Module("a", "y")])),
    ],
)
def test_networks_by_name(values, network):
    assert build("network", NETWORKS, values) == network


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"hebbian": 0.1}, Rule(hebbian=0.1)),
        ("gradient", Rule()),
        ("predictive_coding", Rule(contrastive=-1.0)),
        ({"kind": "summed_over_items", "n_items": 8, "step_size": 0.08, "hebbian": 0.001}, Rule(hebbian=0.1)),
    ],
)
def test_rules_by_name(values, rule):
    assert build("rule", RULES, values) == rule


def test_a_split_survives():
    split = linmod.HeldOut(SPACE, train=[0, 4, 2])
    assert build("dataset", DATASETS, plain_part("dataset", DATASETS, split)) == split


def test_of_items_held_out_the_problem_learns_the_others():
    tables = {**PROBLEMS["space"].to_plain(), "initial": "aligned"}
    tables["dataset"] = plain_part("dataset", DATASETS, linmod.HeldOut(SPACE, held_out=[1]))
    assert Problem.from_plain(tables).dataset.n_items == SPACE.n_items - 1


def test_arrays_come_from_files_and_their_changes_are_noticed(tmp_path):
    np.save(tmp_path / "x.npy", X)
    np.savez(tmp_path / "data.npz", Y=Y)
    values = {"kind": "dataset", "X": "x.npy", "Y": {"file": "data.npz", "array": "Y"}}
    table = sealed("dataset", values, tmp_path)
    np.testing.assert_array_equal(build("dataset", DATASETS, table).X, X)
    np.testing.assert_array_equal(build("dataset", DATASETS, table).Y, Y)
    np.save(tmp_path / "x.npy", X + 1e-16 * X)
    with pytest.raises(ValueError, match=r"dataset.X: .*x.npy has changed since"):
        build("dataset", DATASETS, table)


def _wrong(part, **fields):
    tables = PROBLEMS["space"].to_plain()
    return {**tables, part: fields if "kind" in fields else {**tables[part], **fields}}


WRONG = {
    "table": (
        {**PROBLEMS["space"].to_plain(), "inital": {}},
        ValueError,
        r"table 'inital' is not known; near it",
    ),
    "missing": ({"dataset": {}}, ValueError, r"the table network is missing"),
    "kind": (_wrong("network", kind="deap"), ValueError, r"network.kind 'deap' is not known; near it: deep"),
    "field": (_wrong("training", rtl=1), ValueError, r"field of training 'rtl' is not known; near it: rtol"),
    "type": (_wrong("network", hidden="3"), TypeError, r"network: hidden must be an integer"),
    "rule field": (
        _wrong("training", rule={"hebian": 1.0}),
        ValueError,
        r"field of training.rule 'hebian' is not known; near it: hebbian",
    ),
    "rule": (_wrong("training", rule=3), TypeError, r"training.rule must be a table of fields or the name of a kind"),
    "module": (
        {**PROBLEMS["space"].to_plain(), "network": {"kind": "modular", "modules": [{"inputs": "a"}]}},
        TypeError,
        r"network.modules\[0\].outputs is missing",
    ),
    "modules": ({**PROBLEMS["space"].to_plain(), "network": {"kind": "modular", "modules": "a"}}, TypeError, "a list"),
    "file": (
        {**PROBLEMS["space"].to_plain(), "dataset": {"kind": "dataset", "X": "nowhere.npy", "Y": [[1.0]]}},
        ValueError,
        r"dataset.X: nowhere.npy cannot be read: No such file",
    ),
    "block": (
        _wrong("dataset", kind="dataset", X=[[1]], Y=[[1]], input_blocks={"a": [0]}),
        ValueError,
        r"dataset.input_blocks.a must be \[start, stop\]",
    ),
}


@pytest.mark.parametrize(("tables", "error", "message"), WRONG.values(), ids=WRONG)
def test_errors_name_the_field(tables, error, message):
    with pytest.raises(error, match=message):
        Problem.from_plain(tables)


def test_no_two_fields_of_different_sections_have_one_label():
    owner = {}
    for section, kinds in KINDS.items():
        for path in {f"{section}.{field}" for kind in kinds for field in ("kind", *kind.fields)}:
            assert owner.setdefault(label(path), path) == path
    assert len(owner) > 30


def test_the_readme_names_every_kind():
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    rows = {"dataset": "dataset", "network": "network", "initial": "start", "training": "training"}
    for section, part in rows.items():
        (row,) = [line for line in readme.splitlines() if line.startswith(f"| {part} |")]
        names = [kind.__name__ for kind in classes(KINDS[section])]
        assert [name for name in names if f"{name}(" not in row and f"{name}." not in row] == []
