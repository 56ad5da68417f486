"""What a closed form says that it neglects, over random problems: the true error is at most ten times that.

Where theory refuses a problem it says nothing that could be wrong. It refuses networks with fewer hidden units than
modes, whose modes compete for units, and contrastive rules that drive the weights of unexplained outputs without
bound. Where training diverges, what is neglected is infinite. All other problems have a finite value.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest

from linmod import (
    Deep,
    Descent,
    Divergence,
    Explicit,
    Flow,
    NoClosedForm,
    Problem,
    Rule,
    SmallRandom,
    SystematicityDataset,
    dynamics,
    theory,
)
from linmod.problem import STRENGTHS

FACTOR = 10.0
MOST_STEPS = 3000
WIDTHS = (1, 2, 4, 8, 16, 30, 60)
SCALES = (0.3, 0.5, 0.7, 1.0, 2.0, 3.0)


def _rule(generator):
    kinds = (
        Rule(),
        Rule(),
        Rule(contrastive=generator.uniform(-0.5, 0.5), hebbian=generator.uniform(-0.1, 0.3)),
        Rule.contrastive_hebbian(generator.uniform(0.1, 1.0)),
        Rule.predictive_coding(-generator.uniform(0.1, 1.0)),
        Rule(hebbian=generator.uniform(0.05, 0.5)),
    )
    return kinds[generator.integers(len(kinds))]


def _dataset(generator):
    """A dataset with a mode to learn, whose sign features are any bits."""
    while True:
        bits = int(generator.integers(1, 4))
        n_x, n_y = (int(generator.integers(bits + 1)) for _ in range(2))
        k_x, k_y = (int(generator.integers(4)) for _ in range(2))
        inputs, outputs = (tuple(int(bit) for bit in generator.permutation(bits)[:count]) for count in (n_x, n_y))
        if not ((n_x or k_x) and (n_y or k_y)):
            continue
        r = float(generator.choice(SCALES))
        dataset = SystematicityDataset(n_x, n_y, k_x, k_y, r, n_bits=bits, input_signs=inputs, output_signs=outputs)
        if theory.spectrum(dataset).learnable:
            return dataset


def _problem(seed):
    """Widths from 1, weights from 1e-5 to .3, all rules, steps up to nine tenths of the stable limit."""
    generator = np.random.default_rng(seed)
    dataset, network = _dataset(generator), Deep(int(generator.choice(WIDTHS)))
    std, rule = float(10 ** generator.uniform(-5, math.log10(0.3))), _rule(generator)
    step = theory.largest_stable_step(network, dataset) * float(generator.uniform(0.02, 0.9))
    classes = theory.spectrum(dataset).learnable
    end = 2 * math.log(1 / std) / min(c.lam for c in classes) + 10 / min(c.delta for c in classes)
    steps = int(np.clip(end / step, 20, MOST_STEPS))
    every = int(generator.choice([1, 1, 10, steps]))
    return Problem(dataset, network, SmallRandom(std, seed), Descent(step, steps, every, rule=rule))


@dataclass(frozen=True)
class Outcome:
    """One problem: whether training is stable and its network wide enough, what is neglected, and the error.

    `ratio` is the largest error in units of ten times what is neglected of the range, and rounding.
    """

    seed: int
    stable: bool
    wide: bool
    neglected: float = math.inf
    error: float = math.nan
    ratio: float = 0.0


def _outcome(seed, predict=theory.solve):
    problem = _problem(seed)
    wide = problem.network.hidden >= theory.spectrum(problem.dataset).n_modes
    try:
        prediction = predict(problem)
    except NoClosedForm as error:
        return Outcome(seed, "without bound" not in str(error), wide)
    except Divergence:
        return Outcome(seed, _simulated(problem) is not None, wide)
    neglected, simulation = prediction.neglected, _simulated(problem)
    if simulation is None:
        return Outcome(seed, False, wide, neglected, ratio=0.0 if neglected == math.inf else math.inf)
    parts, ranges = _errors(problem, _seen(prediction), _seen(simulation))
    moving = [parts[name] / ranges[name] for name in simulation.quantities if ranges[name] > 1e-9]
    rounding, shares = _rounding(problem, _seen(simulation)), prediction.neglected_shares
    beyond = _beyond(parts, ranges, shares, rounding)
    if beyond > 1:  # training may make rounding errors grow
        beyond = _beyond(parts, ranges, shares, _grown_rounding(problem, _seen(simulation), rounding))
    return Outcome(seed, True, wide, neglected, max(moving, default=math.nan), beyond)


def _seen(run):
    return {**run.quantities, STRENGTHS: run.strengths}


def _errors(problem, said, true):
    """Error and range of each quantity; of the signed strengths of each class of modes, relative to its own range."""
    errors = {name: np.max(np.abs(said[name] - values), axis=0) for name, values in true.items()}
    ranges = {name: np.ptp(values, axis=0) for name, values in true.items()}
    for block in problem.dataset.mode_basis.classes.values():
        ranges[STRENGTHS][block] = np.max(ranges[STRENGTHS][block])
    return errors, ranges


def _simulated(problem):
    try:
        return dynamics.solve(problem)
    except Divergence:
        return None


def _beyond(parts, ranges, shares, rounding):
    """Largest error in units of ten times what is neglected of that quantity, and rounding."""
    found = []
    for name, error in parts.items():
        share = FACTOR * shares.get(name, 0.0)
        bound = share * (ranges[name] + rounding[name]) + rounding[name] if share < math.inf else math.inf
        found.append(np.max(np.where(error > 0, error / bound, 0.0), initial=0.0))
    return max(found)


def _rounding(problem, values):
    """Rounding error of each quantity: each step and ten observations sum products of a limited number of terms."""
    longest = max(problem.dataset.n_items, *(max(shape) for shape in problem.network.shapes(problem.dataset)))
    relative = (problem.training.steps + 10) * longest * np.finfo(float).eps
    return {
        name: relative * max(np.max(np.abs(v)) for other, v in values.items() if other[:4] == name[:4])
        for name in values
    }


def _grown_rounding(problem, true, rounding):
    """The same with ten times the change by errors of a few roundings in the initial weights."""
    found = dict(rounding)
    for draw in range(3):
        generator = np.random.default_rng(draw)
        weights = [w + 1e-15 * np.max(np.abs(w)) * generator.standard_normal(w.shape) for w in problem.initial_weights]
        nearby = dynamics.solve(replace(problem, initial=Explicit(weights)))
        for name, values in _seen(nearby).items():
            change = 10 * np.max(np.abs(values - true[name]))
            found[name] = max(found[name], rounding[name] + change)
    return found


def _check(seeds):
    outcomes = [_outcome(seed) for seed in seeds]
    beyond = [outcome for outcome in outcomes if not outcome.ratio <= 1]
    assert not beyond
    covered = [outcome for outcome in outcomes if outcome.wide and outcome.stable]
    known = [outcome for outcome in covered if outcome.neglected < math.inf]
    assert len(covered) >= 0.5 * len(outcomes)
    assert len(known) >= 0.9 * len(covered)
    slack = [FACTOR * one.neglected / one.error for one in known if one.error > 1e-12]
    assert len(slack) > 0.5 * len(known)
    assert np.median(slack) <= 30


def test_sixty_problems():
    _check(range(60))


@pytest.mark.slow
@pytest.mark.parametrize("first", [1000, 1250, 1500, 1750])
def test_two_hundred_and_fifty_problems(first):
    _check(range(first, first + 250))


def test_a_prediction_that_is_wrong_exceeds_it():
    def late(problem):
        """The course from a start that is three times too large, which claims to neglect as little as the right one."""
        return replace(
            theory.solve(problem, strength_factor=3.0), make_neglected=lambda: theory.solve(problem).neglected_shares
        )

    # At the end of training a start is forgotten, so that only runs with reports on the way show it.
    outcomes = [_outcome(seed, late) for seed in range(24) if len(_problem(seed).times) > 2]
    small = [outcome for outcome in outcomes if outcome.neglected < 1e-3]
    assert len(small) >= 4
    assert sum(outcome.ratio > 1 for outcome in small) >= 0.8 * len(small)


@pytest.mark.parametrize("std", [1e-4, 1e-2])
def test_under_flow_it_is_the_error(std):
    dataset = SystematicityDataset(3, 1, 3, 1)
    problem = Problem(dataset, Deep(20), SmallRandom(std), Flow(np.linspace(0, 60, 61), rtol=1e-11, atol=1e-13))
    prediction, simulation = theory.solve(problem), dynamics.solve(problem)
    errors, ranges = _errors(problem, _seen(prediction), _seen(simulation))
    for name, share in prediction.neglected_shares.items():
        assert np.max(errors[name] / ranges[name]) == pytest.approx(share, rel=1e-3)


def test_narrow_networks_have_no_closed_form():
    dataset = SystematicityDataset(2, 1, 1, 1)
    problem = Problem(dataset, Deep(theory.spectrum(dataset).n_modes - 1), SmallRandom(1e-3), Descent(0.1, 10))
    with pytest.raises(NoClosedForm, match="compete for units"):
        theory.solve(problem)
