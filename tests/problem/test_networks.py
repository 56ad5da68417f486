"""Modules: what they read and write, how they start, how they train on any data, and what they refuse."""

from itertools import product

import numpy as np
import pytest

import linmod
from linmod import (
    Aligned,
    Dataset,
    Deep,
    Descent,
    Divergence,
    Explicit,
    Flow,
    Modular,
    Module,
    NoClosedForm,
    Problem,
    Rule,
    Shallow,
    SmallRandom,
    SystematicityDataset,
    dynamics,
    theory,
)
from linmod.problem import input_output_map, stored_map

ROUNDING = 1e-12
"""40 steps of sums of at most 40 products of O(1): 2e-13."""


def _data(seed=0):
    generator = np.random.default_rng(seed)
    return Dataset(
        generator.standard_normal((6, 9)),
        generator.standard_normal((4, 9)),
        input_blocks={"a": slice(0, 2), "b": slice(2, 3), "c": slice(3, 6)},
        output_blocks={"d": slice(0, 1), "e": slice(1, 4)},
    )


def _graph():
    """Three modules of different depths that share some outputs, one of them with leaks."""
    return Modular(
        [
            Module(["a", "c"], "d", Deep(hidden=3), input_scale={"c": 0.4}),
            Module("b", ["d", "e"], Shallow()),
            Module(["c", "b"], "e", Deep(hidden=2, layers=3), input_scale={"b": -2.0}),
        ]
    )


def _maps(data, weights):
    """The maps of _graph's modules, written out by hand from all inputs to all outputs."""
    first, second, third = weights[1] @ weights[0], weights[2], weights[5] @ weights[4] @ weights[3]
    total = np.zeros((4, 6))
    total[:1, [0, 1, 3, 4, 5]] += first * [1, 1, 0.4, 0.4, 0.4]
    total[:, [2]] += second
    total[1:, [2, 3, 4, 5]] += third * [-2.0, 1, 1, 1]
    return total


def _loss(data, weights):
    return np.sum((data.Y - _maps(data, weights) @ data.X) ** 2) / (2 * data.n_items)


def test_shapes_and_groups():
    data, graph = _data(), _graph()
    assert graph.shapes(data) == ((3, 5), (1, 3), (4, 1), (2, 4), (2, 2), (3, 2))
    assert graph.groups == ((0, 1, 2),)
    assert Modular.output_split().groups == ((0,), (1,))
    assert Modular([Module("a", "d"), Module("a", "e"), Module("b", "d")]).groups == ((0, 2), (1,))
    assert graph.layers == 3
    weights = SmallRandom(0.3).weights(graph, data)
    np.testing.assert_allclose(input_output_map(graph, data, weights), _maps(data, weights), atol=1e-15)
    stored = stored_map(graph, data, weights)
    np.testing.assert_allclose(stored[0, :2], _maps(data, weights)[0, :2], atol=1e-15)
    np.testing.assert_allclose(0.4 * stored[0, 3:], _maps(data, weights)[0, 3:], atol=1e-15)


def test_one_step_is_minus_the_gradient_of_the_loss():
    data, graph = _data(), _graph()
    weights = [matrix.copy() for matrix in SmallRandom(0.4, 1).weights(graph, data)]
    simulation = dynamics.solve(Problem(data, graph, Explicit(weights), Descent(1.0, 1)))
    assert simulation.loss[0] == pytest.approx(_loss(data, weights), rel=1e-13)
    # The loss is quadratic in any single weight, so that a central difference is exact up to rounding.
    for layer, matrix in enumerate(weights):
        step = simulation.weights[layer][1] - simulation.weights[layer][0]
        for index in np.ndindex(matrix.shape):
            losses = []
            for sign in (0.1, -0.1):
                moved = [other.copy() for other in weights]
                moved[layer][index] += sign
                losses.append(_loss(data, moved))
            assert step[index] == pytest.approx(-(losses[0] - losses[1]) / 0.2, rel=0, abs=ROUNDING)


def test_flow_conserves_the_balance_of_each_module():
    problem = Problem(_data(), _graph(), SmallRandom(0.4), Flow([2.0], rtol=1e-10, atol=1e-12))
    assert 0 < dynamics.solve(problem).statistics.conserved_drift < 1e-7
    coarse = Problem(_data(), _graph(), SmallRandom(0.4), Descent(0.05, 40))
    assert dynamics.solve(coarse).statistics.conserved_drift > 1e-4


def test_a_module_of_everything_is_the_dense_network():
    data = _data()
    for network in (Shallow(), Deep(hidden=3), Deep(hidden=3, layers=4)):
        whole = Modular([Module(["a", "b", "c"], ["e", "d"], network)])
        start = SmallRandom(0.3).weights(network, data)
        dense, modular = (
            dynamics.solve(Problem(data, net, Explicit(start), Descent(0.05, 40))) for net in (network, whole)
        )
        for name, values in dense.quantities.items():
            np.testing.assert_allclose(modular.quantities[name], values, rtol=0, atol=ROUNDING)


def test_independent_modules_train_as_if_alone():
    data = _data()
    network = Modular([Module("a", "e", Deep(hidden=3)), Module(["a", "b"], "d", Shallow())])
    training = Descent(0.05, 40, record_every=10)
    both = dynamics.solve(Problem(data, network, SmallRandom(0.3), training))
    start = SmallRandom(0.3).weights(network, data)
    alone = Dataset(data.X[:2], data.Y[1:])
    single = dynamics.solve(Problem(alone, Deep(hidden=3), Explicit(start[:2]), training))
    np.testing.assert_allclose(both.norms["a", "e"], single.norms["x", "y"], rtol=0, atol=ROUNDING)
    with_other = Modular([network.modules[0], Module("b", "e", Shallow())])
    coupled = dynamics.solve(Problem(data, with_other, SmallRandom(0.3), training))
    assert np.max(np.abs(coupled.norms["a", "e"] - single.norms["x", "y"])) > 1e-3


@pytest.mark.parametrize(
    "scale", [{}, {"gamma_x": 0.5}, {"gamma_x": 0.0}, {"omega_x": 2.0}, {"omega_x": -1, "gamma_x": 3}]
)
def test_views_hold_the_scaled_rows_of_the_blocks(scale):
    dataset = SystematicityDataset(n_x=3, n_y=1, k_x=2, k_y=1, r=0.7, r_y=0.3, input_signs=[0, 2, 1], output_signs=[2])
    for inputs, outputs in product(
        (["omega_x"], ["gamma_x", "omega_x"]), (["omega_y"], ["gamma_y"], ["gamma_y", "omega_y"])
    ):
        used = {name: value for name, value in scale.items() if name in inputs}
        module = Module(inputs, outputs, input_scale=used)
        view = module.view(dataset)
        rows = np.concatenate([dataset.Y[dataset.output_blocks[o]] for o in ("omega_y", "gamma_y") if o in outputs])
        parts = [used.get(i, 1) * dataset.X[dataset.input_blocks[i]] for i in ("omega_x", "gamma_x") if i in inputs]
        np.testing.assert_array_equal(view.Y, rows)
        np.testing.assert_allclose(view.X, np.concatenate(parts), rtol=1e-15)
        assert isinstance(view, SystematicityDataset) == (used.get("omega_x", 1) == 1)


def test_starts():
    dataset, network = SystematicityDataset(2, 1, 1, 1), Modular.output_split(Deep(hidden=6))
    strengths = Aligned([{"sign_to_sign": 0.25}, 1e-4])
    weights = strengths.weights(network, dataset)
    assert [w.shape for w in weights] == [(6, 6), (1, 6), (6, 6), (4, 6)]
    signs, identities = (
        np.linalg.svd(second @ first, compute_uv=False) for first, second in (weights[:2], weights[2:])
    )
    assert signs[0] == pytest.approx(0.25, rel=1e-13)
    np.testing.assert_allclose(identities, 1e-4, rtol=1e-12)
    drawn = SmallRandom(0.1, 3).weights(network, dataset)
    flat = np.random.default_rng(3).standard_normal(sum(w.size for w in drawn))
    np.testing.assert_array_equal(np.concatenate([w.ravel() for w in drawn]), 0.1 * flat)


def test_general_data_with_separate_modules_has_a_closed_form():
    generator = np.random.default_rng(0)
    items = np.linalg.qr(generator.standard_normal((6, 6)))[0]
    X, Y = np.diag([2.0, 1.5, 1.0, 0.8, 0.5, 0.4]) @ items.T, np.diag([1.0, 2.0, 0.5, 0.7, 0.9, 1.1]) @ items.T
    blocks = {
        "input_blocks": {"a": slice(0, 3), "b": slice(3, 6)},
        "output_blocks": {"c": slice(0, 3), "d": slice(3, 6)},
    }
    data = Dataset(X, Y, **blocks)
    for layers in (1, 2, 3):
        net = Shallow() if layers == 1 else Deep(hidden=7, layers=layers)
        network = Modular([Module("a", "c", net), Module(["a", "b"], "d", net, input_scale={"b": 0.5})])
        problem = Problem(data, network, Aligned([0.05, 0.1]), Descent(0.1, 40, record_every=8))
        prediction, simulation = theory.solve(problem), dynamics.solve(problem)
        for name, values in simulation.quantities.items():
            np.testing.assert_allclose(prediction.quantities[name], values, rtol=0, atol=ROUNDING)
        assert simulation.loss[0] - simulation.loss[-1] > 1e-3
    with pytest.raises(NoClosedForm, match="modules 0 and 1 share outputs"):
        theory.solve(Problem(data, Modular([Module("a", "c", net), Module("b", "c", net)]), Aligned(0.1), Flow([1.0])))


def test_two_layers_from_small_random_weights():
    dataset, training = SystematicityDataset(3, 1, 1, 2), Descent(0.1, 600, record_every=5)
    errors = []
    for std in (1e-3, 1e-4):
        problem = Problem(dataset, Modular.output_split(Deep(hidden=50)), SmallRandom(std), training)
        agreement = linmod.verify(problem)
        assert agreement.passed, str(agreement)
        errors.append(agreement.max_error)
    assert errors[1] < 0.3 * errors[0]


@pytest.mark.parametrize("hidden", [1, 2, 5, 8])
@pytest.mark.parametrize("layers", [2, 3])
def test_a_narrow_network_ends_at_the_best_loss_of_its_rank(hidden, layers):
    dataset = SystematicityDataset(3, 1, 3, 1, 2.0)
    sigma = np.sort(theory.spectrum(dataset).per_mode("sigma"))[::-1]
    problem = Problem(dataset, Deep(hidden, layers), SmallRandom(0.2), Descent(0.1, 3000, record_every=3000))
    # The best map of rank h leaves the smallest sigma; descent approaches it exponentially.
    assert dynamics.solve(problem).loss[-1] == pytest.approx(np.sum(sigma[hidden:]) / 2, rel=0, abs=1e-5)
    if hidden < 8:
        with pytest.raises(NoClosedForm, match=f"hidden={hidden} is below|with layers=3"):
            theory.solve(problem)


def test_the_largest_stable_step_of_modules_is_that_of_the_strictest():
    dataset, start = SystematicityDataset(3, 1, 3, 1), (SmallRandom(), Descent(0.1, 1))
    for network in (Shallow(), Deep(hidden=9), Deep(hidden=9, layers=4)):
        problem = Problem(dataset, Modular.output_split(network), *start)
        limits = [theory.largest_stable_step(network, m.view(dataset)) for m in problem.network.modules]
        assert theory.largest_stable_step(problem.network, dataset) == min(limits)
        assert dynamics.largest_stable_step(problem.network, dataset) == pytest.approx(min(limits), rel=1e-12)
        assert dynamics.largest_stable_step(network, dataset) == pytest.approx(
            theory.largest_stable_step(network, dataset), rel=1e-12
        )
    limit = theory.largest_stable_step(problem.network, dataset)
    for solve in (theory.solve, dynamics.solve):
        with pytest.raises(Divergence, match=rf"the largest stable step for this dataset is {limit:.6g}$"):
            solve(Problem(dataset, problem.network, Aligned(0.1), Descent(10 * limit, 300)))


def _space():
    return SystematicityDataset(3, 1, 3, 1)


def _with(network, initial=None, dataset=None):
    return Problem(dataset or _space(), network, initial or SmallRandom(), Flow([0.0, 1.0]))


WRONG = {
    "inputs number": (lambda: Module(3, "y"), TypeError, r"inputs must be block names, got 3"),
    "inputs numbers": (lambda: Module([3], "y"), TypeError, r"inputs must be block names, got \[3\]"),
    "inputs none": (
        lambda: Module([], "y"),
        ValueError,
        r"inputs must name at least one block, .* got \(\)",
    ),
    "outputs twice": (
        lambda: Module("x", ["y", "y"]),
        ValueError,
        r"outputs must name .* none twice",
    ),
    "network": (lambda: Module("x", "y", Modular.race()), TypeError, r"network must be Shallow or Deep, got Modular"),
    "scale unread": (
        lambda: Module("x", "y", input_scale={"z": 1.0}),
        ValueError,
        r"input_scale must name blocks that the module reads, \('x',\), got \['z'\]",
    ),
    "scale text": (
        lambda: Module("x", "y", input_scale={"x": "1"}),
        TypeError,
        r"input_scale\['x'\] must be a real number",
    ),
    "scale number": (lambda: Module("x", "y", input_scale=0.5), TypeError, r"input_scale must be Mapping, got float"),
    "modules one": (lambda: Modular(Module("x", "y")), TypeError, r"modules must be a sequence of Module, got Module"),
    "modules none": (lambda: Modular([]), ValueError, r"modules must hold at least one Module, got none"),
    "modules network": (lambda: Modular([Deep()]), TypeError, r"modules\[0\] must be Module, got Deep"),
    "rho": (lambda: Modular.leaky(np.nan), ValueError, r"rho must be finite"),
    "unknown block": (
        lambda: _with(Modular.race(inputs=["omega"])),
        ValueError,
        r"inputs of a module must be blocks of the dataset, \['gamma_x', 'omega_x'\], got \['omega'\]",
    ),
    "unknown output": (
        lambda: _with(Modular.output_split(outputs=["omega_x"])),
        ValueError,
        r"outputs of a module must be blocks of the dataset, \['gamma_y', 'omega_y'\], got \['omega_x'\]",
    ),
    "empty block": (
        lambda: _with(Modular.race(), dataset=SystematicityDataset(2, 1, 0, 1)),
        ValueError,
        r"inputs of Module\(gamma_x -> omega_y, .*\) must hold features; they are empty in Systematicity",
    ),
    "weights": (
        lambda: _with(Modular.race(Shallow()), Explicit([np.zeros((1, 3))])),
        ValueError,
        r"weights must have shapes \(\(1, 3\), \(1, 24\)\), from the input on, got \(\(1, 3\),\)",
    ),
    "strengths": (
        lambda: dynamics.solve(_with(Modular.race(), Aligned([0.1]))),
        ValueError,
        r"strength must be one for all modules or one for each, 2, got 1",
    ),
    "strengths of a chain": (
        lambda: theory.solve(_with(Deep(), Aligned([0.1, 0.2]))),
        ValueError,
        r"strength must be one number or mapping for a single chain, got \(0\.1, 0\.2\)",
    ),
    "strength class": (
        lambda: theory.solve(_with(Modular.fully_partitioned(), Aligned({"sign_to_identity": 0.1}))),
        ValueError,
        r"strength names classes \['sign_to_identity'\] that the dataset lacks; it has \['sign_to_sign'\]",
    ),
    "hidden": (
        lambda: theory.solve(_with(Modular.fully_partitioned(Deep(hidden=4)), Aligned(0.1))),
        ValueError,
        r"hidden must be at least the number of modes with an initial strength, 8, got 4",
    ),
    "modes of modules": (
        lambda: dynamics.solve_modes(_with(Modular.race())),
        ValueError,
        r"see dynamics\.solve_pathways",
    ),
    "pathways under a rule": (
        lambda: dynamics.solve_pathways(
            Problem(_space(), Deep(), Aligned(), Flow([0.0, 1.0], rule=Rule(contrastive=0.1)))
        ),
        ValueError,
        r"rule=.* has no equations of pathways",
    ),
    "pathways start": (
        lambda: dynamics.solve_pathways(_with(Modular.race())),
        ValueError,
        r"initial must be Aligned .* SmallR",
    ),
    "pathways data": (
        lambda: dynamics.solve_pathways(_with(Modular([Module("a", "d")]), Aligned(), _data())),
        ValueError,
        r"dataset must be a SystematicityDataset",
    ),
    "pathways problem": (lambda: dynamics.solve_pathways(3), TypeError, r"problem must be Problem, got int"),
    "spectra": (
        lambda: theory.solve(_with(Modular.race(), Aligned()), spectrum=theory.spectrum(_space())),
        TypeError,
        r"spectrum must be one Spectrum for each of 2 modules",
    ),
    "stable step of a race": (
        lambda: theory.largest_stable_step(Modular.race(), _space()),
        NoClosedForm,
        r"modules that share outputs have no single solution",
    ),
    "stable step of a race, dynamics": (
        lambda: dynamics.largest_stable_step(Modular.race(), _space()),
        ValueError,
        r"network must not have modules that share outputs",
    ),
    "leak": (lambda: theory.leak_ratios(_space(), "1"), TypeError, r"rho must be a real number"),
    "leak data": (lambda: theory.leak_ratios(_data(), 1.0), TypeError, r"dataset must be SystematicityDataset"),
}


@pytest.mark.parametrize(("call", "error", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_call(call, error, message):
    with pytest.raises((ValueError, TypeError), match=message) as caught:
        call()
    assert type(caught.value) is error
