"""Learning rules: their description, aligned starts on the edges of the space, growth, and divergence.

Tolerances
----------
Descent: prediction and training apply the same map, so that rounding alone separates them: as for the gradient, 1e-12.
Flow: all weights and the equations of modes are integrated to rtol 1e-10; in fewer than 1,000 steps errors of that size
shift a mode in time by less than 1e-7 of its own time scale: 1e-7.
"""

from dataclasses import replace
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
    NoClosedForm,
    Problem,
    Rule,
    Shallow,
    SmallRandom,
    SystematicityDataset,
    dynamics,
    theory,
)
from linmod.dynamics.dense.data_coordinates import DataCoordinates
from linmod.dynamics.rules.systems import RuleModes, RuleWeights
from linmod.verification.controls import RULE_IGNORED, null_controls

RULES = {
    "Hebbian": Rule(hebbian=0.3),
    "anti-Hebbian": Rule(hebbian=-0.1),
    "inverse norm": Rule.inverse_norm_anti_hebbian(-0.3),
    "inverse complement": Rule.inverse_complement_anti_hebbian(-0.3),
    "contrastive": Rule.contrastive_hebbian(),
    "predictive": Rule.predictive_coding(),
    "summed": Rule.summed_over_items(8, 0.08, contrastive=-1.0),
    "mixture": Rule(contrastive=-1.0, hebbian=0.5),
    "other mixture": Rule(contrastive=0.5, hebbian=-0.05),
}
# n_bits, n_x, n_y, k_x, k_y, r: the usual case, then one edge each, among them inputs with delta = 0
CASES = [
    (3, 3, 1, 3, 1, 1.0),
    (3, 3, 3, 1, 2, 0.7),
    (2, 2, 0, 1, 1, 0.7),
    (2, 0, 1, 3, 1, 0.7),
    (2, 0, 0, 1, 2, 1.0),
    (2, 1, 2, 1, 1, 0.7),
    (3, 1, 1, 0, 1, 1.0),
    (2, 2, 1, 3, 0, 1.0),
    (2, 2, 1, 0, 0, 0.7),
    (2, 2, 1, 1, 1, 0.0),
    (3, 2, 1, 1, 1, -1.0),
]
GENTLE = Descent(0.05, 100, record_every=20)


def _dataset(b, *sizes):
    return SystematicityDataset(*sizes, n_bits=b)


def _problem(case, rule, training=GENTLE, start=0.01, hidden=10):
    return Problem(_dataset(*case), Deep(hidden), Aligned(start), replace(training, rule=rule))


def _gap(first, second):
    return max(float(np.max(np.abs(first.quantities[name] - second.quantities[name]))) for name in first.quantities)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("start", [0.01, -0.02])
def test_descent_from_an_aligned_start_is_predicted_exactly(rule, start):
    for case in CASES:
        problem = _problem(case, RULES[rule], start=start)
        simulation, prediction = dynamics.solve(problem), theory.solve(problem)
        assert _gap(prediction, simulation) <= 1e-12, case
        assert _gap(dynamics.solve_modes(problem), simulation) <= 1e-12, case
        for ours, theirs in zip(prediction.weights, simulation.weights, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("rule", RULES)
def test_null_controls_are_rejected(rule):
    problem = _problem(CASES[0], RULES[rule], Descent(0.1, 150, record_every=10))
    agreement = linmod.verify(problem, tolerance=1e-6).require("constant", RULE_IGNORED)
    assert agreement.passed
    assert {"constant", RULE_IGNORED, "initial strengths x 3"} <= {c.name for c in agreement.controls if c.rejected}


@pytest.mark.parametrize("rule", RULES)
def test_flow_of_all_weights_follows_the_equations_of_modes(rule):
    times = Flow(np.linspace(0.0, 6.0, 4), rtol=1e-10, atol=1e-13)
    for case in CASES[::2]:
        problem = _problem(case, RULES[rule], times)
        full = dynamics.solve(problem)
        assert _gap(dynamics.solve_modes(problem), full) <= 1e-7, case
        without = dynamics.solve_modes(_problem(case, Rule.gradient(), times))
        if theory.spectrum(problem.dataset).learnable:
            assert _gap(without, full) > 1e-5, case


def test_flow_is_the_limit_of_the_predicted_map():
    rule = Rule(contrastive=0.5, hebbian=0.2)
    flow = dynamics.solve(_problem(CASES[0], rule, Flow([0.0, 6.0], rtol=1e-10, atol=1e-12)))
    gaps = []
    for steps in (60, 120, 240):
        descent = Descent(6.0 / steps, steps, record_every=steps)
        gaps.append(_gap(theory.solve(_problem(CASES[0], rule, descent)), flow))
    assert np.log2(np.array(gaps[:-1]) / gaps[1:]) == pytest.approx([1, 1], abs=0.1)


def test_rules_on_other_data_and_from_decoupled_vectors():
    generator = np.random.default_rng(3)
    U, V = (np.linalg.qr(generator.standard_normal((n, n)))[0][:, :2] for n in (4, 5))
    items = np.linalg.qr(generator.standard_normal((6, 6)))[0][:2]
    data = Dataset(V @ np.diag([2.0, 1.5]) @ items, U @ np.diag([3.0, 1.0]) @ items)
    basis = data.mode_basis
    hidden = np.linalg.qr(generator.standard_normal((8, 8)))[0]
    first = (hidden[:, :2] * [0.3, -0.1] + hidden[:, 2:4] * [0.1, 0.2]) @ basis.V.T
    last = basis.U @ (hidden[:, :2] * [0.1, 0.2] - hidden[:, 2:4] * [0.05, 0.1]).T
    for rule in (Rule(hebbian=0.3), Rule(contrastive=-0.5, hebbian=0.1)):
        training = Descent(0.05, 200, record_every=50, rule=rule)
        problem = Problem(data, Deep(8), Explicit([first, last]), training)
        prediction, simulation = theory.solve(problem), dynamics.solve(problem)
        assert prediction.origin.endswith("decoupled")
        assert _gap(prediction, simulation) <= 1e-12
        assert _gap(dynamics.solve_modes(problem), simulation) <= 1e-12
        assert _gap(null_controls(problem)[RULE_IGNORED](problem), simulation) > 1e-3
        start = Problem(data, Deep(8), Aligned(0.01), training)
        assert _gap(theory.solve(start), dynamics.solve(start)) <= 1e-12


@pytest.mark.parametrize("form", ["oja", "inverse_norm", "inverse_complement"])
def test_added_terms_as_they_are_written(form):
    problem = _problem(CASES[0], Rule(contrastive=0.7, hebbian=-0.4, form=form))
    problem = replace(problem, initial=SmallRandom(0.1 if form == "inverse_complement" else 0.3, seed=5))
    system, plain = RuleWeights(problem), DataCoordinates(problem)
    first, second = problem.initial_weights
    into_first, into_second = system.weights(system.velocity(system.start) - plain.velocity(plain.start))
    data, W = problem.dataset, second @ first
    if form == "oja":
        hebbian = first @ data.sigma_x - first @ data.sigma_x @ first.T @ first
    else:
        sign = 1 if form == "inverse_norm" else -1
        hebbian = first @ data.sigma_x / (1 + sign * np.sum(first**2, axis=1))[:, None]
    np.testing.assert_allclose(into_first, -0.4 * hebbian, atol=1e-14)
    np.testing.assert_allclose(into_second, 0.7 * (data.sigma_y - W @ data.sigma_x @ W.T) @ second, atol=1e-14)


def test_gradient_is_a_rule_that_adds_nothing():
    problem = _problem(CASES[0], Rule.gradient())
    for ruled, plain in ((RuleWeights, dynamics.solve), (RuleModes, dynamics.solve_modes)):
        system, state = ruled(problem), ruled(problem).start.copy()
        for _ in range(20):
            state += 0.05 * system.velocity(state)
        assert system.observe(system.maps(state[None])).loss[0] == pytest.approx(plain(problem).loss[1], abs=1e-15)
    assert Rule(form="inverse_norm").is_gradient


def test_sums_over_items_are_scaled_averages():
    rule = Rule.summed_over_items(8, 0.08, contrastive=-1.0, hebbian=0.001)
    assert rule == Rule(contrastive=-8.0, hebbian=0.1)
    problem = replace(_problem(CASES[0], rule), initial=SmallRandom(0.2, seed=1))
    data, (first, second) = problem.dataset, problem.initial_weights
    X, Y, W = data.X, data.Y, second @ first
    by_sum = 0.001 * (first @ X @ X.T - first @ X @ X.T @ first.T @ first)
    contrast = -0.08 * (Y @ Y.T - W @ X @ X.T @ W.T) @ second
    system, plain = RuleWeights(problem), DataCoordinates(problem)
    step = 0.08 * (system.velocity(system.start) - plain.velocity(plain.start))
    np.testing.assert_allclose(step, np.concatenate([by_sum.ravel(), contrast.ravel()]), atol=1e-14)


# growth


@pytest.mark.parametrize(("gamma", "nabla"), list(product((-1.0, 0.0, 1.0), (-0.2, 0.0, 1.0))))
def test_growth_rate_to_six_digits(gamma, nabla):
    rule, lam, delta = Rule(contrastive=gamma, hebbian=nabla), 1.2, 0.8
    data = Dataset([[np.sqrt(delta)]], [[lam / np.sqrt(delta)]])
    mu = float(theory.growth_rate(lam, delta, lam**2 / delta, rule))
    steps = round(60 / np.log1p(0.02 * mu))
    run = dynamics.solve(Problem(data, Deep(1), Aligned(1e-70), Descent(0.02, steps, steps // 2, rule=rule)))
    late = Descent(0.02, steps + 10, steps, rule=rule)
    more = dynamics.solve(Problem(data, Deep(1), Aligned(1e-70), late))
    growth = np.log(more.modes["mode_1"][-1] / run.modes["mode_1"][-1]) / 20
    assert np.expm1(growth) / 0.02 == pytest.approx(mu, rel=1e-6)
    a, b = (layer[-1].item() for layer in more.weights)
    p, q = theory.growth_direction(lam, delta, lam**2 / delta, rule)
    assert b / a == pytest.approx(float(q / p), rel=1e-6)
    assert float(q / p) == pytest.approx((mu - nabla * delta) / lam, rel=1e-12)
    if not rule.is_gradient:
        assert abs(mu / lam - 1) > 1e-3


def test_growth_rate_where_it_is_delicate():
    assert theory.growth_rate(1e-9, 1.0, 1e-18, Rule(contrastive=-1.0, hebbian=-1.0)) < 1e-17
    assert theory.growth_rate(0.0, 0.0, 0.25, Rule.contrastive_hebbian()) == 0.25
    assert theory.growth_rate(0.0, 0.0, 0.25, Rule.predictive_coding()) == 0.0
    assert theory.growth_rate(1e-4, 1e-4, 1e4, Rule.predictive_coding()) == pytest.approx(1e-12, rel=1e-6)


def test_outputs_without_inputs_grow_under_contrastive_learning():
    dataset = SystematicityDataset(2, 1, 0, 1)
    rule = Rule.contrastive_hebbian()
    problem = Problem(dataset, Deep(5), SmallRandom(1e-4, seed=0), Flow([0.0, 20.0, 24.0], rule=rule))
    second = dynamics.solve(problem).weights[1]
    U = dataset.mode_basis.U
    outside = second - U @ (U.T @ second)
    rates = np.log(np.linalg.norm(outside[2]) / np.linalg.norm(outside[1])) / 4
    assert rates == pytest.approx(0.25, rel=0.01)


@pytest.mark.parametrize(
    "rule", [Rule.contrastive_hebbian(), Rule.predictive_coding(), Rule(hebbian=0.1), Rule(0.5, 0.3)]
)
@pytest.mark.parametrize("sizes", [(3, 1, 3, 1, 2.0), (3, 1, 3, 1, 1.0)])
def test_order_of_convergence_in_the_initial_scale(rule, sizes):
    """Measured between std 1e-4 and 1e-6, against min(1, 2(1 - rho)) with mu in place of lambda."""
    dataset = SystematicityDataset(*sizes)
    rates = theory.growth_rate(*(theory.spectrum(dataset).per_mode(n) for n in ("lam", "delta", "sigma")), rule)
    step = 0.2 / max(rates)
    errors = []
    for std in (1e-4, 1e-5, 1e-6):
        steps = round((np.log(1 / std**2) + 6) / (2 * min(rates)) / step)
        problem = Problem(dataset, Deep(50), SmallRandom(std, seed=0), Descent(step, steps, 4, rule=rule))
        prediction, simulation = theory.solve(problem), dynamics.solve(problem)
        assert prediction.origin.endswith("small start")
        errors.append(max(float(np.max(np.abs(prediction.modes[n] - simulation.modes[n]))) for n in prediction.modes))
    order = np.log10(errors[0] / errors[2]) / 2
    assert order == pytest.approx(theory.small_start_order(theory.spectrum(dataset), rule), abs=0.2)
    assert errors[2] < 1e-3


def test_idle_inputs_grow_under_anti_hebbian_learning_and_are_predicted():
    training = Descent(0.08, 1500, record_every=100, rule=Rule(hebbian=-0.1))
    dataset = SystematicityDataset(3, 1, 3, 1)
    problem = Problem(dataset, Deep(50), SmallRandom(2e-4, seed=2), training)
    prediction, simulation = theory.solve(problem), dynamics.solve(problem)
    basis = dataset.mode_basis
    without = {
        pair: np.array([np.linalg.norm(W[dataset.output_blocks[pair[1]], dataset.input_blocks[pair[0]]]) for W in maps])
        for maps in [(basis.U * prediction.strengths[:, None]) @ basis.V.T]
        for pair in prediction.norms
    }
    assert _gap(prediction, simulation) < 1e-3
    assert max(np.max(np.abs(without[pair] - simulation.norms[pair])) for pair in without) > 0.05


# divergence, and what has no closed form


def test_anti_hebbian_divergence_says_when_and_why():
    problem = _problem((2, 2, 1, 1, 2, 2.0), Rule(hebbian=-0.5), Descent(0.05, 4000, 100))
    with pytest.raises(Divergence, match=r"by time \d+.*anti-Hebbian learning \(hebbian=-0.5\).*above 1"):
        dynamics.solve(problem)
    with pytest.raises(Divergence, match=r"by time \d+.*gain above 1.*anti-Hebbian learning, hebbian=-0.5"):
        theory.solve(problem)
    flow = _problem((2, 2, 1, 1, 2, 2.0), Rule(hebbian=-0.5), Flow([0.0, 200.0]))
    with pytest.raises(Divergence, match=r"stopped at time \d.*anti-Hebbian"):
        dynamics.solve(flow)
    bounded = replace(problem, training=replace(problem.training, rule=Rule.inverse_norm_anti_hebbian(-0.5)))
    assert np.isfinite(dynamics.solve(bounded).loss).all()


def test_contrastive_divergence_says_why():
    problem = Problem(
        SystematicityDataset(2, 1, 0, 1),
        Deep(5),
        SmallRandom(0.01),
        Descent(0.1, 20000, 500, rule=Rule(contrastive=1.0)),
    )
    with pytest.raises(
        Divergence, match=r"contrastive Hebbian learning \(contrastive=1\).*no input predicts.*exp\(gamma sig"
    ):
        dynamics.solve(problem)
    same = replace(problem, initial=Aligned(0.01))
    assert np.isfinite(dynamics.solve(same).loss).all()


def test_too_large_a_step_is_not_blamed_on_the_rule():
    problem = _problem(CASES[0], Rule(hebbian=0.1), Descent(3.0, 200))
    with pytest.raises(Divergence, match=r"largest stable step for this dataset is [\d.]+$"):
        dynamics.solve(problem)
    with pytest.raises(Divergence, match=r"the step is too large for Rule\(hebbian=0.1\)"):
        theory.solve(problem)


NO_FORM = {
    "flow": (lambda: _problem(CASES[0], Rule(contrastive=1.0), Flow([1.0])), r"no elementary solution.*solve_modes"),
    "inverse norm, random": (
        lambda: replace(_problem(CASES[0], RULES["inverse norm"]), initial=SmallRandom(0.3)),
        r"each hidden unit separately.*Aligned",
    ),
    "narrow": (
        lambda: replace(_problem(CASES[0], Rule(contrastive=1.0)), network=Deep(4), initial=SmallRandom()),
        r"hidden=4 is below the number of modes, 8",
    ),
    "coupled": (
        lambda: Problem(
            Dataset(np.random.default_rng(0).standard_normal((3, 5)), np.eye(5)[:2]),
            Deep(6),
            SmallRandom(),
            Descent(0.1, 2, rule=Rule(contrastive=1.0)),
        ),
        r"do not commute",
    ),
}


@pytest.mark.parametrize("name", NO_FORM)
def test_no_closed_form_says_why(name):
    make, message = NO_FORM[name]
    with pytest.raises(NoClosedForm, match=message):
        theory.solve(make())


WRONG = {
    "contrastive text": (lambda: Rule(contrastive="1"), TypeError, r"contrastive must be a real number, got '1'"),
    "hebbian nan": (lambda: Rule(hebbian=np.nan), ValueError, r"hebbian must be finite"),
    "form": (
        lambda: Rule(form="hebb"),
        ValueError,
        r"form must be one of \['inverse_.*', 'oja'\], got 'hebb'",
    ),
    "inverse complement sign": (
        lambda: Rule.inverse_complement_anti_hebbian(0.1),
        ValueError,
        r"hebbian must be negative",
    ),
    "inverse sign": (lambda: Rule.inverse_norm_anti_hebbian(0.0), ValueError, r"hebbian must be negative"),
    "contrastive sign": (lambda: Rule.contrastive_hebbian(-1), ValueError, r"contrastive must be positive"),
    "predictive sign": (lambda: Rule.predictive_coding(1), ValueError, r"contrastive must be negative, got 1.0"),
    "items": (lambda: Rule.summed_over_items(0, 0.1), ValueError, r"n_items must be at least 1"),
    "step": (lambda: Rule.summed_over_items(8, 0.0), ValueError, r"step_size must be positive"),
    "rule type": (lambda: Descent(0.1, 2, rule="oja"), TypeError, r"rule must be Rule, got str"),
    "flow rule type": (lambda: Flow([1.0], rule=1.0), TypeError, r"rule must be Rule, got float"),
    "shallow": (
        lambda: Problem(_dataset(*CASES[0]), Shallow(), Aligned(), Descent(0.1, 2, rule=Rule(contrastive=1))),
        ValueError,
        r"rule=Rule\(contrastive=1\) is for two layers, Deep\(layers=2\), got Shallow\(\)",
    ),
    "deeper": (
        lambda: Problem(_dataset(*CASES[0]), Deep(9, 3), Aligned(), Flow([1.0], rule=Rule(hebbian=1))),
        ValueError,
        r"for two layers",
    ),
    "growth rule": (lambda: theory.growth_rate(1.0, 1.0, 1.0, 0.5), TypeError, r"rule must be Rule"),
    "map step": (
        lambda: theory.rule_descent([1.0], [1.0], [1.0], [[1.0]], [[1.0]], Rule(), -1.0, [1]),
        ValueError,
        r"step_size must be positive",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_calls(name):
    call, kind, message = WRONG[name]
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.parametrize("rule", [Rule(), Rule(contrastive=1.0), Rule(hebbian=-0.1, form="inverse_norm")])
def test_repr_round_trip(rule):
    assert eval(repr(rule)) == rule
    assert (repr(rule) in repr(Flow([1.0], rule=rule))) != rule.is_gradient
