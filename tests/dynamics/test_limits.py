"""Integrations that cannot end, divergence at its true time, strict error states, and data with nothing to learn."""

from itertools import product

import numpy as np
import pytest

from linmod import (
    Aligned,
    Dataset,
    Deep,
    Descent,
    Divergence,
    Explicit,
    Flow,
    Modular,
    Problem,
    RandomModes,
    Shallow,
    SmallRandom,
    SystematicityDataset,
    dynamics,
    theory,
)

SPACE = SystematicityDataset(2, 1, 1, 1)


@pytest.mark.parametrize("scale", [1e20, 1e6])
@pytest.mark.parametrize("integrator", ["RK45", "DOP853", "RK23"])
def test_an_explicit_integrator_gives_up_where_the_span_takes_too_many_steps(scale, integrator):
    data = Dataset([[1.0, -1.0, 1.0], [1.0, 1.0, scale]], [[2.0, -2.0, 1.0]])
    problem = Problem(data, Shallow(), SmallRandom(1e-3), Flow([0.0, 1.0]))
    with pytest.raises(Divergence, match=rf"'{integrator}' would take more than 1,000,000 steps.*implicit|stopped at"):
        dynamics.solve(problem, integrator=integrator)


@pytest.mark.parametrize("scale", [100.0, 1e4])
def test_a_stiff_problem_within_the_limit_is_integrated(scale):
    data = Dataset([[1.0, -1.0, 1.0], [1.0, 1.0, scale]], [[2.0, -2.0, 1.0]])
    problem = Problem(data, Shallow(), SmallRandom(1e-3), Flow([0.0, 1.0]))
    simulation = dynamics.solve(problem)
    # A step of RK45 is stable up to 3.3 over the largest decay rate.
    assert simulation.statistics.evaluations < 0.8 * 6 * (scale**2 / 3) / 3.3
    assert abs(simulation.loss - theory.solve(problem).loss).max() < 1e-6


@pytest.mark.parametrize("end", [1e-200, 1e-250, 5e-324])
def test_lsoda_ends_on_the_shortest_spans(end):
    problem = Problem(SPACE, Shallow(), Aligned(0.1), Flow([0.0, end]))
    with pytest.raises(Divergence, match=r"steps|stopped"):
        dynamics.solve(problem, integrator="LSODA")
    start, stop = dynamics.solve(problem).loss
    assert stop == pytest.approx(start, rel=1e-15)


@pytest.mark.parametrize("integrator", ["RK45", "DOP853", "LSODA"])
@pytest.mark.parametrize(
    "times", [0.1 * np.arange(1, 12), np.cumsum(np.full(40, 0.1)), [0.0, 1e-16, 1.0], [0.0]], ids=["11", "40", "3", "1"]
)
def test_times_at_the_end_of_the_span_are_reported(times, integrator):
    problem = Problem(SPACE, Deep(8), Aligned(1e-2), Flow(times))
    simulation = dynamics.solve(problem, integrator=integrator)
    assert simulation.loss.shape == problem.times.shape
    assert abs(simulation.loss - theory.solve(problem).loss).max() < 1e-6


def test_divergence_names_the_time_at_which_it_happens():
    # The error grows by |1 - 5| in each step, and squares exceed 1.8e308 = 4**512 from step 256 on.
    problem = Problem(Dataset([[1.0], [2.0]], [[3.0]]), Shallow(), Aligned(1e-3), Descent(1.0, 400))
    for solve in (theory.solve, dynamics.solve):
        with pytest.raises(Divergence, match=r"by time 256;"):
            solve(problem)


def test_too_large_a_start_is_not_blamed_on_the_step():
    weights = [np.full((4, SPACE.n_inputs), 1e3), np.full((SPACE.n_outputs, 4), 1e3)]
    limit = dynamics.largest_stable_step(Deep(4), SPACE)
    start = Problem(SPACE, Deep(4), Explicit(weights), Descent(0.5 * limit, 100))
    with pytest.raises(Divergence, match="the initial weights are too large for this step"):
        dynamics.solve(start)
    step = Problem(SPACE, Deep(4), SmallRandom(0.1), Descent(20 * limit, 1000))
    with pytest.raises(Divergence, match=r"the largest stable step for this dataset is [\d.]+$"):
        dynamics.solve(step)


def test_a_program_that_raises_on_underflow_changes_nothing():
    problems = [
        Problem(SPACE, Deep(20, layers=2), Aligned(1e-3), Flow(np.linspace(0, 500, 11))),
        Problem(SPACE, Shallow(), Aligned(0.0), Descent(0.16, 20000, 1000)),
        Problem(SPACE, Deep(5), SmallRandom(1e-160), Descent(0.16, 20)),
    ]

    def losses():
        return [[theory.solve(p).loss, dynamics.solve(p).loss, dynamics.solve_batch([p])[0].loss] for p in problems]

    usual = losses()
    with np.errstate(all="raise"):
        with pytest.raises(FloatingPointError):
            np.exp(-1e4)
        strict = losses()
    assert all(np.array_equal(*pair) for pairs in zip(usual, strict, strict=True) for pair in zip(*pairs, strict=True))


NOTHING_TO_LEARN = {
    "different bits": SystematicityDataset(1, 1, 0, 0, input_signs=[0], output_signs=[1]),
    "uncorrelated": Dataset([[1.0, -1.0]], [[1.0, 1.0]]),
    "no inputs": Dataset([[0.0, 0.0]], [[1.0, 1.0]]),
}


@pytest.mark.parametrize("data", NOTHING_TO_LEARN.values(), ids=NOTHING_TO_LEARN)
def test_data_without_a_learnable_mode_are_solved(data):
    networks = (Shallow(), Deep(4), Deep(4, layers=3))
    for network, training in product(networks, (Descent(0.1, 3), Flow([0.0, 1.0]))):
        problem = Problem(data, network, SmallRandom(1e-3), training)
        simulation = dynamics.solve(problem)
        assert simulation.modes == {}
        assert simulation.strengths.shape == (len(problem.times), 0)
        assert simulation.loss == pytest.approx(np.mean(np.sum(data.Y**2, axis=0)) / 2, abs=1e-2)
        if network.layers < 3:
            assert abs(theory.solve(problem).loss - simulation.loss).max() < 1e-5


def test_random_modes_without_a_learnable_mode_are_solved():
    problem = Problem(NOTHING_TO_LEARN["different bits"], Deep(4), RandomModes(), Descent(0.1, 3))
    assert dynamics.solve(problem).loss == pytest.approx(0.5, abs=1e-3)
    network = Modular.output_split(Deep(4), inputs=["omega_x"], outputs=["omega_y"])
    problem = Problem(NOTHING_TO_LEARN["different bits"], network, SmallRandom(), Descent(0.1, 3))
    assert dynamics.solve(problem).loss == pytest.approx(0.5, abs=1e-3)
