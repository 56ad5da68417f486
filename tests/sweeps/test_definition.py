"""What a sweep is: its points, its fields, and what is refused before anything is computed."""

import numpy as np
import pytest
from small_sweeps import BASE, SMALL, base, definition, toml_file

import linmod
from linmod.sweeps.description import build_parts


def test_points_are_numbered_in_the_order_of_the_grid():
    sweep = definition()
    assert len(sweep) == 8
    assert list(sweep.axes) == ["n_x", "r", "seed"]
    problem = sweep.problem([1, 0, 1])
    assert (problem.dataset.n_x, problem.dataset.r, problem.initial.seed) == (3, 0.5, 5)
    assert problem.network == linmod.Deep(20)


def test_a_number_of_seeds_counts_from_zero():
    assert linmod.Sweep(BASE, seeds=3).axes["seed"] == {"initial.seed": [0, 1, 2]}


def test_nested_tables_dotted_paths_and_numpy_values_mean_the_same():
    dotted = linmod.Sweep(BASE, grid={"dataset.n_x": np.array([1, 2]), "dataset.r": np.linspace(1, 2, 2)})
    nested = linmod.Sweep(BASE, grid={"dataset": {"n_x": (1, 2), "r": [1.0, 2.0]}})
    assert dotted.definition == nested.definition


def test_lists_vary_together_along_one_dimension():
    lists = {"setting": {"training.step_size": [0.1, 0.05], "training.steps": [10, 20]}}
    sweep = linmod.Sweep(BASE, lists=lists)
    assert [sweep.problem([i]).training.steps for i in range(2)] == [10, 20]
    assert sweep.shape == (2,)


def test_kinds_can_vary_with_fields_that_only_one_of_them_has():
    sweep = linmod.Sweep(BASE, grid={"network.kind": ["deep", "shallow"]})
    assert sweep.problem([0]).network == linmod.Deep(20)
    assert sweep.problem([1]).network == linmod.Shallow()


def test_defaults_are_part_of_the_definition():
    assert linmod.Sweep(BASE).base["network"]["layers"] == 2
    explicit = linmod.Sweep(base(network={"layers": 2}))
    assert explicit.definition == linmod.Sweep(BASE).definition


def test_a_fixed_value_of_a_field_that_varies_does_not_matter():
    sweeps = [linmod.Sweep(base(dataset={"n_x": n_x}), grid={"dataset.n_x": [1, 2]}) for n_x in (3, 4)]
    assert sweeps[0].definition == sweeps[1].definition


def test_times_can_be_a_list_or_a_span():
    spans = [{"stop": 4, "count": 5}, {"start": 1, "stop": 4, "count": 4}, [0, 1, 2, 3, 4]]
    flows = [build_parts({**_kinds(), "training": {"kind": "flow", "times": times}})[1].times for times in spans]
    assert [times.tolist() for times in flows] == [[0, 1, 2, 3, 4], [1, 2, 3, 4], [0, 1, 2, 3, 4]]


def _kinds():
    return {"dataset": {"kind": "systematicity", **BASE["dataset"]}, **{k: BASE[k] for k in ("network", "initial")}}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"base": {}}, ValueError, "section dataset is missing"),
        ({"base": {**BASE, "data": {}}}, ValueError, "'data' is not known; near it: dataset"),
        ({"base": {**BASE, "dataset": 3}}, TypeError, "dataset must be a table"),
        ({"base": base(dataset={"nx": 3})}, ValueError, "'nx' is not known; near it: n_x"),
        ({"base": base(dataset={"n_x": "3"})}, TypeError, "dataset: n_x must be an integer"),
        ({"base": base(dataset={"n_x": object()})}, TypeError, "base.dataset.n_x must be a number"),
        ({"base": base(dataset={"r": float("nan")})}, ValueError, "base.dataset.r must be finite"),
        ({"base": {**BASE, "network": {}}}, ValueError, "network.kind is missing; it is one of shallow, deep"),
        ({"base": base(network={"kind": "deap"})}, ValueError, "'deap' is not known; near it: deep"),
        ({"base": {**BASE, "dataset": {"n_x": 1}}}, TypeError, "dataset.n_y is missing"),
        ({"base": base(training={"kind": "flow"})}, ValueError, "'step_size' is not known"),
        ({"base": base(training={"step_size": -1.0})}, ValueError, "training: step_size must be positive"),
        ({"grid": {"n_x": [1]}}, ValueError, "section 'n_x' is not known"),
        ({"grid": {"dataset": [1]}}, ValueError, "dataset must be the path of a field"),
        ({"grid": {"dataset.nx": [1]}}, ValueError, "'nx' is not known; near it: n_x"),
        ({"grid": {"dataset.n_x": []}}, ValueError, "n_x must have at least one value"),
        ({"grid": {"dataset.n_x": 3}}, TypeError, "grid.dataset.n_x must be a list"),
        ({"grid": {"dataset.n_x": "12"}}, TypeError, "grid.dataset.n_x must be a list"),
        ({"grid": {"dataset.n_x": [1, "2"]}}, TypeError, "n_x must be an integer"),
        ({"grid": {"dataset.n_x": [1, 2, 1]}}, ValueError, "n_x must have different values"),
        ({"grid": {"network.kind": ["deep", "dense"]}}, ValueError, "'dense' is not known; near it: deep"),
        ({"grid": [1]}, TypeError, "grid must be a table"),
        ({"lists": {"a": {"dataset.n_x": [1], "dataset.k_x": [1, 2]}}}, ValueError, "lists of one length"),
        ({"lists": {"a": {}}}, ValueError, "lists of one length, got none"),
        ({"lists": {"error": {"dataset.n_x": [1]}}}, ValueError, "'error' must have another name"),
        (
            {"grid": {"dataset.n_x": [1]}, "lists": {"a": {"dataset.n_x": [1]}}},
            ValueError,
            "n_x varies along more than one dimension",
        ),
        ({"seeds": 0}, ValueError, "seeds must be at least 1"),
        ({"seeds": []}, ValueError, "seed must have at least one value"),
        ({"seeds": [1, 1]}, ValueError, "seed must have different values"),
        ({"seeds": [1.5]}, TypeError, "seeds entry must be an integer"),
        ({"seeds": [2**40]}, ValueError, "must be at most 2147483647"),
        (
            {"seeds": 2, "base": {**BASE, "initial": {"kind": "aligned"}}},
            ValueError,
            "field of initial 'seed' is not known",
        ),
        ({"record": ["mode"]}, ValueError, "'mode' is not known; near it: modes"),
        ({"record": []}, ValueError, "record must name at least one"),
        ({"record": "loss"}, TypeError, "record must be a list"),
        ({"solutions": ["simulations"]}, ValueError, "near it: simulation"),
        ({"over_time": 1}, TypeError, "over_time must be bool"),
    ],
)
def test_wrong_definitions_are_refused_at_the_door(arguments, error, message):
    with pytest.raises(error, match=message):
        linmod.Sweep(**{"base": BASE, **arguments})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[dataset", "is not a TOML file"),
        ("\n[gird]\ndataset.n_x = [1]", "'gird' is not known; near it: grid"),
        ("\ntimes = 3", "'times' is not known"),
    ],
)
def test_wrong_files_are_refused(tmp_path, text, message):
    file = tmp_path / "sweep.toml"
    file.write_text(text + SMALL if text.startswith("\ntimes") else SMALL + text)
    with pytest.raises(ValueError, match=message):
        linmod.read_sweep(file)


def test_a_file_means_what_its_arguments_mean(tmp_path):
    read = linmod.read_sweep(toml_file(tmp_path, SMALL))
    expected = linmod.Sweep(
        {**BASE, "training": {"kind": "descent", "step_size": 0.1, "steps": 60}},
        grid={"dataset.n_x": [1, 2]},
        seeds=[3, 5],
    )
    assert read.definition == expected.definition
