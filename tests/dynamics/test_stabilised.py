"""The stabilised method: its stability interval, its order, its errors, and the switch to it and back."""

import numpy as np
import pytest
from scipy.integrate import DOP853, RK45, solve_ivp

from linmod import (
    Aligned,
    Deep,
    Explicit,
    Flow,
    Modular,
    Problem,
    Rule,
    Shallow,
    SmallRandom,
    SystematicityDataset,
    dynamics,
    verify,
)
from linmod.dynamics.integrators.explicit import LeanRK45
from linmod.dynamics.integrators.stabilised import Stabilised, chebyshev_step, stability_interval, stages_for
from linmod.dynamics.integrators.switching import Switching

RATES = np.linspace(0.1, 40.0, 20)
START = np.random.default_rng(0).standard_normal(20)
SPACE = SystematicityDataset(3, 1, 3, 1)
LONG = Flow(np.geomspace(0.5, 3000, 41))


def curved(_, y):
    return -RATES * y - 0.1 * y**3


def reference(velocity, start, times, rtol=1e-13):
    return solve_ivp(velocity, (0.0, times[-1]), start, method="DOP853", t_eval=times, rtol=rtol, atol=1e-14).y.T


def amplification(stages, reach):
    """What one step multiplies a mode by, for many values of step times decay rate."""
    return chebyshev_step(lambda _, y: -reach * y, np.ones_like(reach), -reach, 1.0, stages)


def ended(solver):
    while solver.status == "running":
        solver.step()
    return solver


@pytest.mark.parametrize("stages", [2, 3, 5, 20, 200])
def test_steps_are_stable_up_to_the_stated_interval_and_not_far_beyond(stages):
    # The formula of the paper is 2 % too short at 2 stages, 18 % at 3, 6 % at 5, and below 1 % from 20 on.
    interval = 2 / 3 * (stages**2 - 1) * (1 - 4 / 195)
    assert stability_interval(stages) == pytest.approx(interval, rel=1e-14)
    assert np.all(np.abs(amplification(stages, np.linspace(0, interval, 4001))) <= 1 + 1e-9)
    # Damping: what has to die out dies out inside the interval.
    inside = np.linspace(min(2.0, interval / 4), 0.95 * interval, 4001)
    assert np.all(np.abs(amplification(stages, inside)) < 0.99)
    beyond = np.linspace(interval, (1.002 + 2 / stages**2) * interval, 2001)
    assert np.any(np.abs(amplification(stages, beyond)) > 1 + 1e-9)
    assert stages_for(interval * (1 - 1e-9)) == stages
    assert stages_for(interval * 1.001) == stages + 1


@pytest.mark.parametrize("stages", [4, 9, 30])
def test_a_step_is_of_second_order(stages):
    exact = reference(curved, START, [0.0, 0.4])[-1]
    errors = []
    for steps in (64, 128, 256):
        y = START
        for _ in range(steps):
            y = chebyshev_step(curved, y, curved(0, y), 0.4 / steps, stages)
        errors.append(np.max(np.abs(y - exact)))
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders == pytest.approx([2, 2], abs=0.1)


def largest_error(rtol):
    """The largest error at 101 times, most of them between the steps, and the number of steps."""
    times = np.linspace(0, 10, 101)
    solver, found, steps = Stabilised(curved, 0.0, START, 10.0, rtol=rtol, atol=rtol), [START], 0
    while solver.status == "running":
        solver.step()
        steps += 1
        inside = times[(times > solver.t_old) & (times <= solver.t)]
        found.extend(solver.dense_output()(inside).T)
    assert solver.radius == pytest.approx(1.2 * RATES.max(), rel=0.05)
    return np.max(np.abs(np.array(found) - reference(curved, START, times))), steps


def test_errors_follow_the_tolerance_between_the_steps_too():
    (coarse, few), (fine, many) = (largest_error(rtol) for rtol in (1e-5, 1e-7))
    # Each step errs by less than rtol (|y| + 1); the sum over the steps of a method of second order is rtol^(2/3).
    assert coarse < few * 1e-5
    assert fine < many * 1e-7
    assert coarse / fine == pytest.approx(100 ** (2 / 3), rel=0.3)


def test_without_the_spectral_radius_the_error_control_rejects_steps():
    # A radius that is ten times too small makes steps unstable: the error shows it, and the result stays right.
    class Blind(Stabilised):
        def _find_radius(self):
            super()._find_radius()
            self.radius /= 10

    exact = reference(curved, START, [0.0, 50.0])[-1]
    seeing, blind = (ended(method(curved, 0.0, START, 50.0, rtol=1e-6, atol=1e-8)) for method in (Stabilised, Blind))
    assert np.max(np.abs(blind.y - exact)) < 1e-4
    assert blind.nfev > 1.3 * seeing.nfev


def test_directions_that_the_state_never_takes_count_for_the_spectral_radius():
    # The second variable rests at an unreached zero and decays a thousand times as fast as the first moves.
    solver = Stabilised(lambda _, y: np.array([-y[0], -1000 * y[1]]), 0.0, np.array([1.0, 0.0]), 1.0)
    assert solver.radius == pytest.approx(1200, rel=0.05)


def flow(n_x, end, network=None, initial=None, rtol=1e-8, **options):
    times = np.linspace(0, end, 26)
    training = Flow(times, rtol=rtol, atol=rtol / 100, **options)
    return Problem(SystematicityDataset(n_x, 1, 3, 1), network or Deep(50), initial or SmallRandom(1e-3), training)


@pytest.mark.parametrize("network", [Shallow(), Deep(50), Deep(10, layers=3)], ids=str)
def test_a_long_flow_costs_at_most_three_times_a_short_one(network):
    start = SmallRandom(0.1)
    short, long = (dynamics.solve(flow(3, end, network, start)).statistics.evaluations for end in (100, 1e4))
    assert long < 3 * short


@pytest.mark.parametrize("integrator", ["RK45", "RK23", "DOP853"])
def test_a_long_flow_is_right_at_all_times(integrator):
    network, start = Deep(6), SmallRandom(0.1)
    problem = flow(3, 300, network, start)
    simulation = dynamics.solve(problem, coordinates="data", integrator=integrator)
    # The reference: SciPy's own DOP853 on the gradient of all weights, thousands of steps at the limit of stability.
    X, Y = problem.dataset.X, problem.dataset.Y
    sigma, cross = X @ X.T / X.shape[1], Y @ X.T / X.shape[1]
    split = network.hidden * len(X)

    def velocity(_, y):
        first, second = y[:split].reshape(-1, len(X)), y[split:].reshape(len(Y), -1)
        error = cross - second @ first @ sigma
        return np.concatenate([(second.T @ error).ravel(), (error @ first.T).ravel()])

    weights = np.concatenate([layer.ravel() for layer in problem.initial_weights])
    exact = reference(velocity, weights, problem.times, rtol=1e-12)
    ours = np.concatenate([layer.reshape(26, -1) for layer in simulation.weights], axis=1)
    # Fewer than 30 times the relative tolerance, of weights of O(1), and far from the null control below.
    assert np.max(np.abs(ours - exact)) < 3e-7
    assert np.max(np.abs(ours[1:] - exact[:-1])) > 1e-2


@pytest.mark.parametrize(
    "problem",
    [
        Problem(SPACE, Shallow(), SmallRandom(0.1), LONG),
        Problem(SPACE, Deep(20), Aligned(1e-3), LONG),
        Problem(SystematicityDataset(6, 1, 3, 1), Deep(70), Aligned(1e-3), LONG),
        Problem(SPACE, Deep(12, layers=3), Aligned(0.1), LONG),
        Problem(
            SPACE,
            Modular.output_split(Deep(12), inputs=["omega_x", "gamma_x"], outputs=["omega_y"]),
            Aligned(1e-3),
            LONG,
        ),
    ],
    ids=["shallow", "two layers", "64 items", "three layers", "modules"],
)
def test_long_flows_are_confirmed_by_the_closed_form(problem):
    agreement = verify(problem)
    assert agreement.verdict == "holds", str(agreement)


def test_a_rule_that_is_not_a_gradient_is_integrated_over_long_times():
    training = Flow([0.0, 300.0], rtol=1e-9, atol=1e-11, rule=Rule(hebbian=0.05))
    problem = Problem(SystematicityDataset(2, 1, 1, 1), Deep(6), SmallRandom(0.1), training)
    once, again = (dynamics.solve(problem, integrator=name) for name in ("RK45", "LSODA"))
    assert np.max(np.abs(once.loss - again.loss)) < 1e-7


def test_the_stabilised_method_is_left_where_modes_start_to_move_again():
    # A fast mode at rest (rate 100) and a slow logistic one, which starts to move at about t = 20.
    def velocity(_, y):
        return np.array([-100 * (y[0] - 1), y[1] * (1 - y[1])])

    start, end, tolerance = np.array([0.5, 1e-9]), 60.0, 1e-11
    solver = Switching(LeanRK45, velocity, start, end, rtol=tolerance, atol=tolerance)
    phases = []
    while solver.status == "running":
        solver.step()
        if not phases or phases[-1][0] != solver.is_stabilised:
            phases.append((solver.is_stabilised, solver.t))
    assert [stabilised for stabilised, _ in phases[:3]] == [False, True, False]
    moving = 1 / (1 + 1e9 * np.exp(-solver.t))
    assert solver.dense_output()(end) == pytest.approx([1.0, moving], abs=1e-8)
    plain = ended(RK45(velocity, 0.0, start, end, rtol=tolerance, atol=tolerance))
    assert solver.nfev < 1.1 * plain.nfev


def test_no_switch_while_accuracy_limits_the_steps():
    problem = Problem(SPACE, Deep(50), SmallRandom(1e-3), Flow([0.0, 30.0]))
    for method in (LeanRK45, DOP853):
        weights = np.concatenate([layer.ravel() for layer in problem.initial_weights])
        sizes = [layer.shape for layer in problem.initial_weights]
        split, X, Y = sizes[0][0] * sizes[0][1], problem.dataset.X, problem.dataset.Y

        def velocity(_, y, split=split, sizes=sizes, X=X, Y=Y):
            first, second = y[:split].reshape(sizes[0]), y[split:].reshape(sizes[1])
            error = (Y - second @ (first @ X)) / X.shape[1]
            return np.concatenate([(second.T @ error @ X.T).ravel(), (error @ (first @ X).T).ravel()])

        solver = Switching(method, velocity, weights, 30.0, rtol=1e-8, atol=1e-10)
        plain = ended(method(velocity, 0.0, weights, 30.0, rtol=1e-8, atol=1e-10))
        ended(solver)
        assert not solver.is_stabilised
        assert solver.nfev == plain.nfev


def test_explicit_weights_that_have_converged_cost_next_to_nothing():
    converged = dynamics.solve(flow(3, 1000)).weights
    problem = flow(3, 1e5, initial=Explicit([layer[-1] for layer in converged]))
    simulation = dynamics.solve(problem)
    assert simulation.statistics.evaluations < 4000
    assert np.ptp(simulation.loss) < 1e-9


@pytest.mark.parametrize("rtol", [1e-4, 1e-9])
def test_lean_steps_are_those_of_scipy(rtol):
    # Nothing but rounding, which the control of the steps passes on: times, states, and between them.
    theirs, ours = (method(curved, 0.0, START, 3.0, rtol=rtol, atol=rtol) for method in (RK45, LeanRK45))
    while theirs.status == "running":
        theirs.step()
        ours.step()
        assert ours.t == pytest.approx(theirs.t, rel=1e-9)
        middle = (theirs.t + theirs.t_old) / 2
        np.testing.assert_allclose(ours.y, theirs.y, rtol=0, atol=rtol)
        np.testing.assert_allclose(ours.dense_output()(middle), theirs.dense_output()(middle), rtol=0, atol=rtol)
    assert (ours.status, ours.nfev) == (theirs.status, theirs.nfev)


def test_lean_steps_stop_where_the_velocity_is_not_finite():
    with np.errstate(all="ignore"):
        solver = ended(LeanRK45(lambda _, y: y**2, 0.0, np.array([1.0]), 2.0, rtol=1e-3, atol=1e-6))
    assert solver.status == "failed"
    assert solver.t == pytest.approx(1.0, abs=1e-2)
