"""Every architecture and depth from aligned starts: closed form against training of all weights.

Descent: both sides apply the same map, so that only rounding separates them; 40 steps of sums of at most 100 products
make 40 * 100 * 1.1e-16 = 5e-13. Flow: fewer than 500 steps of relative error 1e-11, each a shift in time; in three
layers and more a shift early on is amplified by at most final / initial gain = 1 / .05, hence 500 * 1e-11 * 20 = 1e-7.
"""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from contract import assert_keeps, gap

from linmod import (
    Aligned,
    Deep,
    Descent,
    Flow,
    Modular,
    Module,
    NoClosedForm,
    Problem,
    Shallow,
    SmallRandom,
    SystematicityDataset,
    dynamics,
    theory,
    verify,
)
from linmod.verification.controls import UNSHARED

DESCENT_TOLERANCE, FLOW_TOLERANCE = 1e-12, 1e-7
STARTS = (0.05, 0.12)
BOTH_X, BOTH_Y = ("omega_x", "gamma_x"), ("omega_y", "gamma_y")
ARCHITECTURES = {
    "dense": lambda net: net,
    "output split": Modular.output_split,
    "fully partitioned": Modular.fully_partitioned,
    "race": Modular.race,
    "race for everything": lambda net: Modular.race(net, outputs=BOTH_Y),
    "leak": lambda net: Modular.leaky(0.5, net),
    "scaled race": lambda net: Modular(
        [Module(BOTH_X, "omega_y", net, input_scale={"gamma_x": -0.6}), Module("gamma_x", "omega_y", net)]
    ),
    "mixed depths": lambda net: Modular(
        [Module("omega_x", "omega_y", net), Module(BOTH_X, "omega_y", Deep(hidden=20))]
    ),
}
# n_bits, n_x, n_y, k_x, k_y, r: the usual case, then one edge each
CASES = [
    (3, 3, 1, 3, 1, 1.0),
    (2, 2, 2, 1, 2, 2.0),
    (2, 1, 2, 1, 1, 0.7),
    (2, 1, 1, 2, 1, -1.0),
    (2, 2, 1, 1, 1, 0.0),
    (2, 2, 1, 1, 0, 0.7),
    (2, 2, 1, 0, 1, 0.7),
    (2, 0, 1, 2, 1, 0.7),
    (2, 2, 0, 1, 1, 0.7),
]


def _network(architecture, layers, dataset):
    net = Shallow() if layers == 1 else Deep(hidden=dataset.n_items + 2, layers=layers)
    return ARCHITECTURES[architecture](net)


def _problem(case, architecture, layers, training="descent"):
    """None where the dataset lacks a block that the architecture needs."""
    b, *sizes = case
    dataset = SystematicityDataset(*sizes, n_bits=b)
    blocks = {"omega_x": sizes[0], "gamma_x": sizes[2], "omega_y": sizes[1], "gamma_y": sizes[3]}
    network = _network(architecture, layers, dataset)
    modules = network.modules if isinstance(network, Modular) else ()
    if not all(any(blocks[name] for name in side) for m in modules for side in (m.inputs, m.outputs)):
        return None
    step = 0.2 / max(1.0, sum(c.delta + c.sigma for c in theory.spectrum(dataset).classes))
    start = Aligned(list(STARTS)) if modules else Aligned(STARTS[0])
    if training == "descent":
        return Problem(dataset, network, start, Descent(step, 40, record_every=10))
    return Problem(dataset, network, start, Flow(np.linspace(0, 200 * step, 4), rtol=1e-11, atol=1e-14))


@pytest.mark.parametrize("layers", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_descent(architecture, layers):
    checked = [
        assert_keeps(p, DESCENT_TOLERANCE) for c in CASES if (p := _problem(c, architecture, layers)) is not None
    ]
    assert len(checked) >= 5


@pytest.mark.parametrize("layers", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_flow(architecture, layers):
    for case in CASES[:3]:
        assert_keeps(_problem(case, architecture, layers, "flow"), FLOW_TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize("layers", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("training", ["descent", "flow"])
def test_the_whole_grid(architecture, layers, training):
    """Descent on all datasets; flow, which costs ten times as much, on all of them over four depths."""
    tolerance = DESCENT_TOLERANCE if training == "descent" else FLOW_TOLERANCE
    grid = product((1, 2), range(3), range(3), (0, 1, 3), (0, 2), (0.0, 0.7, 2.0))
    fitting = [
        (b, n_x, n_y, *sizes)
        for b, n_x, n_y, *sizes in grid
        if max(n_x, n_y) <= b and (n_x or sizes[0]) and (n_y or sizes[1])
    ]
    for case in fitting if training == "descent" else fitting[layers % 4 :: 4]:
        problem = _problem(case, architecture, layers, training)
        if problem is not None and theory.spectrum(problem.dataset).learnable:
            assert_keeps(problem, tolerance)


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("architecture", ["output split", "race", "leak"])
@pytest.mark.parametrize("training", ["descent", "flow"])
def test_weights(architecture, layers, training):
    simulation, prediction = assert_keeps(_problem(CASES[0], architecture, layers, training), FLOW_TOLERANCE)
    for ours, theirs in zip(prediction.weights, simulation.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=FLOW_TOLERANCE)
        assert np.max(np.abs(theirs[-1] - theirs[0])) > 1e-3


def _pathways_problem(architecture, layers, training):
    """A dense network, or one of modules that are all of one kind."""
    if architecture == "dense":
        return _problem(CASES[0], architecture, layers, training)
    template = _problem(CASES[0], "race", layers, training)
    net = template.network.modules[0].network
    network = Modular.overlapping(net) if architecture == "overlapping" else ARCHITECTURES[architecture](net)
    return replace(template, network=network)


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
@pytest.mark.parametrize("architecture", [*ARCHITECTURES, "overlapping"])
@pytest.mark.parametrize("training", ["descent", "flow"])
def test_the_equations_of_pathways_are_training_of_all_weights(architecture, layers, training):
    problem = _pathways_problem(architecture, layers, training)
    by_pathways, by_weights = dynamics.solve_pathways(problem), dynamics.solve(problem)
    assert gap(by_pathways, by_weights) <= (DESCENT_TOLERANCE if training == "descent" else FLOW_TOLERANCE)
    for ours, theirs in zip(by_pathways.weights, by_weights.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=FLOW_TOLERANCE)
    if problem.network.groups == ((0, 1),):
        first = Modular(problem.network.modules[:1])
        alone = replace(problem, network=first, initial=Aligned(STARTS[0]))
        assert gap(dynamics.solve(alone), by_weights) > 1e-3


@pytest.mark.parametrize("architecture", ["race", "scaled race", "mixed depths"])
def test_modules_that_share_outputs_are_held_against_modules_that_do_not(architecture):
    agreement = verify(_problem(CASES[0], architecture, 2), tolerance=1e-12)
    assert agreement.passed
    agreement.require("constant", UNSHARED)


@pytest.mark.parametrize("architecture", ["output split", "leak"])
def test_verify_derives_a_tolerance_for_modules(architecture):
    for training in ("descent", "flow"):
        agreement = verify(_problem(CASES[0], architecture, 3, training))
        assert agreement.passed, str(agreement)
        agreement.require("constant", "delta left out", "initial strengths x 3")


NO_FORM = {
    "overlapping": (
        Modular.overlapping(Deep(hidden=10)),
        Aligned(0.1),
        r"modules 0 and 1 share some outputs but not all: .* more than one scalar for each pathway",
    ),
    "random race": (
        Modular.race(Deep(hidden=10)),
        SmallRandom(),
        r"modules 0 and 1 share outputs: .* only from an Aligned",
    ),
    "deep random": (
        Modular.output_split(Deep(hidden=10, layers=3)),
        SmallRandom(),
        r"module 0, Module\(.*\): with layers=3 .* only from an Aligned start",
    ),
    "narrow": (
        Modular.output_split(Deep(hidden=5)),
        SmallRandom(),
        r"module 1, Module\(.*: hidden=5 is below the number of modes, 8",
    ),
    "negative race": (Modular.race(Deep(hidden=10)), Aligned(-0.1), r"a deep pathway .* starts below zero"),
}


@pytest.mark.parametrize(("network", "initial", "reason"), NO_FORM.values(), ids=NO_FORM)
def test_no_closed_form_says_why(network, initial, reason):
    problem = Problem(SystematicityDataset(3, 1, 3, 1), network, initial, Flow([0.0, 1.0]))
    with pytest.raises(NoClosedForm, match=reason):
        theory.solve(problem)
    assert dynamics.solve(problem).loss[1] < dynamics.solve(problem).loss[0]


@pytest.mark.parametrize("architecture", ["output split", "race", "race for everything", "leak", "scaled race"])
def test_shallow_modules_are_exact_from_any_start(architecture):
    for case in (CASES[0], CASES[2]):
        problem = replace(_problem(case, architecture, 1), initial=SmallRandom(0.3, 1))
        # As for descent above, on sums that are ten times larger.
        assert gap(theory.solve(problem), dynamics.solve(problem)) <= 1e-11
        assert gap(theory.solve(replace(problem, initial=SmallRandom(0.3, 2))), dynamics.solve(problem)) > 0.1


def test_the_shallow_race_is_the_dense_shallow_network():
    problem = _problem(CASES[0], "race for everything", 1)
    zero = replace(problem, initial=Aligned(0.0))
    dense = theory.solve(replace(zero, network=Shallow()))
    assert gap(theory.solve(zero), dense) <= 1e-12
    split = theory.solve(replace(zero, network=Modular.output_split(Shallow())))
    assert gap(split, dense) <= 1e-12
    apart = theory.solve(replace(zero, network=Modular.fully_partitioned(Shallow())))
    assert gap(apart, dense) > 0.01


def test_the_cost_does_not_grow_with_the_number_of_items():
    dataset = SystematicityDataset(n_x=40, n_y=3, k_x=2, k_y=1)
    for network in (Modular.output_split(Shallow()), Modular.race(Shallow())):
        prediction = theory.solve(Problem(dataset, network, Aligned(0.0), Flow([0.0, 1.0, 50.0])))
        assert prediction.norms["omega_x", "omega_y"][-1] == pytest.approx(np.sqrt(3), rel=1e-9)
