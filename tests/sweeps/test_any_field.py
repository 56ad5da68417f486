"""Sweeps vary any field of a problem, through TOML and NetCDF."""

import numpy as np
import pytest
from small_sweeps import BASE, base, in_threads

import linmod
from linmod.sweeps import problem_at, write_sweep

SPACE = BASE["dataset"]
ITEMS = np.linalg.qr(np.random.default_rng(0).standard_normal((6, 3)))[0].T
X, Y = np.diag([1.0, 2.0, 0.5]) @ ITEMS, np.diag([2.0, 1.0, 1.5]) @ ITEMS
OWN = {"kind": "dataset", "X": X, "Y": Y, "input_blocks": {"b": [0, 1], "a": [1, 3]}}
LEAKY = linmod.Problem(
    linmod.SystematicityDataset(**SPACE), linmod.Modular.leaky(0.3, linmod.Deep(5)), linmod.Aligned(), linmod.Flow([1])
).to_plain()["network"]
SPLIT = {"kind": "random_held_out", "size": 3, "dataset": SPACE}
SWEEPS = {
    "weights of a rule": (BASE, {"training.rule.hebbian": [0.0, 0.1], "training.rule.contrastive": [0.0, -1.0]}),
    "rules": (BASE, {"training.rule": ["gradient", "contrastive_hebbian", {"hebbian": 0.2}]}),
    "architectures": (
        {**BASE, "network": {}},
        {"network.kind": ["output_split", "race"], "network.network.hidden": [10, 20]},
    ),
    "a module": ({**BASE, "network": LEAKY}, {"network.modules.0.input_scale.gamma_x": [0.1, 0.3]}),
    "random modes": (base(initial={"kind": "random_modes"}), {"initial.seed": [0, 1]}),
    "own data": ({**BASE, "dataset": OWN}, {"network.hidden": [10, 20]}),
    "given weights": (
        {**BASE, "dataset": OWN, "network": {"kind": "shallow"}, "initial": {"kind": "explicit"}},
        {"initial.weights": [[np.full((3, 3), 0.1)], [np.full((3, 3), 1 / 3)]]},
    ),
    "held out": ({**BASE, "dataset": SPLIT}, {"dataset.seed": [0, 1], "dataset.dataset.r": [1.0, 2.0]}),
}


@pytest.mark.parametrize(("given", "grid"), SWEEPS.values(), ids=SWEEPS)
def test_the_results_are_those_of_the_problems_that_their_labels_mean(tmp_path, given, grid):
    sweep = linmod.Sweep(given, grid=grid, record=["modes", "norms", "loss"])
    write_sweep(sweep, tmp_path / "sweep.toml")
    read = linmod.read_sweep(tmp_path / "sweep.toml")
    assert read.definition == sweep.definition
    assert in_threads(read, tmp_path).identical(linmod.load_sweep(tmp_path))
    results, losses = linmod.load_sweep(tmp_path), set()
    for index in sweep.indices():
        point = results.isel({**dict(zip(sweep.axes, index, strict=True)), "solution": 0})
        run = linmod.dynamics.solve(problem_at(point))
        assert point.error.item() == ""
        assert point.loss.item() == run.loss[-1]
        assert {name: point.modes.sel(mode_class=name).item() for name in run.modes} == {
            name: values[-1] for name, values in run.modes.items()
        }
        losses.add(run.loss[-1])
    assert len(losses) == len(sweep)


def test_errors_on_items_held_out(tmp_path):
    given = {**BASE, "dataset": SPLIT, "network": {"kind": "shallow"}}
    sweep = linmod.Sweep(given, grid={"dataset.seed": [0, 4]}, record=["held_out_errors"], over_time=True)
    results = in_threads(sweep, tmp_path)
    for seed in (0, 4):
        split = linmod.HeldOut.random(linmod.SystematicityDataset(**SPACE), 3, seed=seed)
        problem = sweep.problem([(0, 4).index(seed)])
        errors = linmod.dynamics.held_out_errors(split, problem.network, problem.initial, problem.training)
        found = results.held_out_errors.sel(dataset_seed=seed, solution="simulation")
        for block, values in errors.items():
            np.testing.assert_array_equal(found.sel(output_block=block).values, values)
    assert not np.array_equal(*results.held_out_errors.isel(solution=0).values)


def test_spaces_and_own_data_in_one_sweep_have_all_labels(tmp_path):
    lists = {"data": {"dataset.kind": ["systematicity", "dataset"]}}
    results = in_threads(linmod.Sweep(base(dataset={"X": X, "Y": Y}), lists=lists, record=["modes"]), tmp_path)
    assert results.mode_class.values.tolist()[:4] == [
        "sign_to_sign",
        "sign_to_identity",
        "identity_to_identity",
        "mode_1",
    ]
    assert np.isnan(results.modes.isel(data=1).sel(mode_class="sign_to_sign")).all()


def test_paths_of_arrays_begin_in_the_folder_of_the_file(tmp_path):
    np.savez(tmp_path / "data.npz", X=X, Y=Y)
    text = """
    dataset = { kind = "dataset", X = { file = "data.npz", array = "X" }, Y = { file = "data.npz", array = "Y" } }
    network = { kind = "shallow" }
    initial = { kind = "aligned" }
    training = { kind = "descent", step_size = 0.1, steps = 3 }
    """
    (tmp_path / "sweep.toml").write_bytes(b"\xef\xbb\xbf" + text.encode())
    sweep = linmod.read_sweep(tmp_path / "sweep.toml")
    np.testing.assert_array_equal(sweep.problem([]).dataset.Y, Y)
    before = sweep.definition
    np.savez(tmp_path / "data.npz", X=X, Y=2 * Y)
    assert linmod.read_sweep(tmp_path / "sweep.toml").definition != before


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        (
            BASE,
            {"grid": {"training.rule.hebian": [0.1]}},
            "training.rule 'hebian' is not known; near it: hebbian",
        ),
        (BASE, {"grid": {"network.hidden.x": [1]}}, "network.hidden is 20, which has no field 'x'"),
        ({**BASE, "network": LEAKY}, {"grid": {"network.modules.5.inputs": ["a"]}}, "a number from 0 to 1"),
        (
            BASE,
            {"grid": {"training.rule": ["gradient"], "training.rule.hebbian": [0.1]}},
            "training.rule and training.rule.hebbian cannot both vary",
        ),
        (BASE, {"record": ["held_out_errors"]}, "held_out_errors needs a dataset of kind held_out"),
        (BASE, {"lists": {"hidden": {"dataset.n_x": [1, 2]}}}, "'hidden' must have another name.*network.hidden"),
        (BASE, {"lists": {"steps": {"dataset.n_x": [1, 2]}}}, "'steps' must have another name.*training.steps"),
        (BASE, {"lists": {"network": {"dataset.n_x": [1, 2]}}}, "'network' must have another name.*network.kind"),
        (BASE, {"lists": {"a/b": {"dataset.n_x": [1, 2]}}}, "NetCDF files cannot hold"),
        (BASE, {"lists": {"": {"dataset.n_x": [1, 2]}}}, "not empty"),
        (BASE, {"lists": {"gro\u0308\u00dfe": {"dataset.n_x": [1, 2]}}}, "NFC"),
    ],
)
def test_what_the_results_could_not_hold_is_refused_at_the_door(given, options, message):
    with pytest.raises(ValueError, match=message):
        linmod.Sweep(given, **options)


def test_a_dimension_may_have_the_name_of_the_one_field_that_varies_along_it(tmp_path):
    results = in_threads(linmod.Sweep(BASE, lists={"hidden": {"network.hidden": [5, 20]}}), tmp_path)
    assert results.hidden.values.tolist() == [5, 20]


def test_texts_beyond_ascii_come_back(tmp_path):
    lists = {"größe": {"network.kind": ["deep", "shallow"], "dataset.n_x": [1, 2]}}
    results = in_threads(linmod.Sweep(BASE, lists=lists, record=["loss"]), tmp_path)
    loaded = linmod.load_sweep(tmp_path)
    assert loaded.identical(results)
    assert loaded.sizes["größe"] == 2
    assert loaded.network.values.tolist() == ["deep", "shallow"]
