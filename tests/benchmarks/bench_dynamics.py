"""Flow, many items and other systems. Run by hand: pytest tests/benchmarks/bench_dynamics.py --benchmark-only."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
import pytest
from peers import is_plain, jax_loop, numpy_correlations, numpy_items
from scipy.integrate import solve_ivp
from threadpoolctl import threadpool_limits

from linmod import Deep, Descent, Flow, Modular, Problem, Shallow, SmallRandom, SystematicityDataset
from linmod.dynamics import solve
from linmod.dynamics.coordinate_systems.listing import COMPRESSED, Group
from linmod.dynamics.threads import threads_for
from linmod.problem import Network, RandomModes, Training
from linmod.validation import FloatArray

STEP, STEPS, HIDDEN = 0.16, 300, 50


def problem(n_x: int, training: Training | None = None, seed: int = 0) -> Problem:
    """A two-layer network on the dataset space with one sign output and identity blocks (3, 1)."""
    training = training or Descent(STEP, STEPS, STEPS)
    return Problem(SystematicityDataset(n_x, 1, 3, 1), Deep(HIDDEN), SmallRandom(2e-4, seed), training)


def flow_problem(n_x: int) -> Problem:
    """The same under gradient flow."""
    return problem(n_x, Flow(np.linspace(0.0, STEP * STEPS, 25), rtol=1e-6, atol=1e-8))


def scipy_flow(n_x: int) -> Callable[[], FloatArray]:
    """SciPy's integrator on the raw equations of all weights."""
    one = flow_problem(n_x)
    X, Y = one.dataset.X, one.dataset.Y
    shapes = one.network.shapes(one.dataset)
    split = int(np.prod(shapes[0]))
    start = np.concatenate([matrix.ravel() for matrix in one.initial_weights])

    def velocity(_: float, state: FloatArray) -> FloatArray:
        first, second = state[:split].reshape(shapes[0]), state[split:].reshape(shapes[1])
        hidden = first @ X
        error = (Y - second @ hidden) / X.shape[1]
        return np.concatenate([(second.T @ error @ X.T).ravel(), (error @ hidden.T).ravel()])

    def integrate() -> FloatArray:
        return np.asarray(solve_ivp(velocity, (0, one.times[-1]), start, "RK45", one.times, rtol=1e-6, atol=1e-8).y)

    return integrate


def seconds(run: Callable[[], object], repeats: int = 1) -> float:
    """Shortest time of some runs."""
    times = []
    for _ in range(repeats):
        start = perf_counter()
        run()
        times.append(perf_counter() - start)
    return min(times)


def ratio(benchmark: Any, ours: Callable[[], object], peer: Callable[[], object], repeats: int, rounds: int) -> float:
    """How many times faster `ours` is than `peer` with all threads or with one, whichever is faster."""
    reference = seconds(peer, repeats)
    benchmark.pedantic(ours, rounds=rounds, warmup_rounds=1)
    with threadpool_limits(1):
        reference = min(reference, seconds(peer, repeats))
    times = reference / benchmark.stats.stats.min
    benchmark.extra_info["times faster"] = round(times, 2)
    print(f"{times:.2f} times faster ({benchmark.stats.stats.min:.4f} s against {reference:.4f} s)")
    return float(times)


@pytest.mark.parametrize("network", [Shallow(), Deep(HIDDEN), Deep(8, layers=3), Modular.race(Deep(8))])
def test_peers_compute_the_same(network: Network) -> None:
    pytest.importorskip("jax")
    one = replace(problem(3), network=network, training=Descent(STEP, 20, 5))
    ours = solve(one)
    expected = np.array([*ours.norms.values(), ours.loss]).T
    np.testing.assert_allclose(jax_loop(one)()[1], expected[1:], rtol=0, atol=1e-12)
    if is_plain(one):
        for peer in (numpy_items, numpy_correlations):
            np.testing.assert_allclose(peer(one)(), expected, rtol=0, atol=1e-12)


def test_descent_against_torch(benchmark: Any) -> None:
    torch = pytest.importorskip("torch")
    one = problem(8)
    X, Y = (torch.from_numpy(np.array(side)) for side in (one.dataset.X, one.dataset.Y))

    def train() -> None:
        weights = [torch.from_numpy(np.array(matrix)).requires_grad_() for matrix in one.initial_weights]
        for _ in range(STEPS):
            loss = torch.sum((Y - weights[1] @ (weights[0] @ X)) ** 2) / (2 * X.shape[1])
            for matrix, gradient in zip(weights, torch.autograd.grad(loss, weights), strict=True):
                matrix.data -= STEP * gradient

    assert ratio(benchmark, lambda: solve(problem(8)), train, 3, 5) > 1


@pytest.mark.parametrize(("n_x", "least"), [(8, 2.0), (10, 50.0)])
def test_flow_against_scipy_on_the_raw_equations(benchmark: Any, n_x: int, least: float) -> None:
    assert ratio(benchmark, lambda: solve(flow_problem(n_x)), scipy_flow(n_x), 1, 3) >= least


def test_flow_against_diffrax(benchmark: Any) -> None:
    diffrax, jax = pytest.importorskip("diffrax"), pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    one = flow_problem(10)
    X, Y = (jax.numpy.asarray(side) for side in (one.dataset.X, one.dataset.Y))
    start = tuple(jax.numpy.asarray(matrix) for matrix in one.initial_weights)

    def velocity(_: Any, weights: Any, __: Any) -> Any:
        hidden = weights[0] @ X
        error = (Y - weights[1] @ hidden) / X.shape[1]
        return weights[1].T @ error @ X.T, error @ hidden.T

    def integrate(weights: Any) -> Any:
        return diffrax.diffeqsolve(
            diffrax.ODETerm(velocity),
            diffrax.Tsit5(),
            0.0,
            one.times[-1],
            None,
            weights,
            saveat=diffrax.SaveAt(t1=True),
            stepsize_controller=diffrax.PIDController(rtol=1e-6, atol=1e-8),
        ).ys

    compiled = jax.jit(integrate)
    jax.block_until_ready(compiled(start))
    ours = partial(solve, flow_problem(10))
    assert ratio(benchmark, ours, lambda: jax.block_until_ready(compiled(start)), 1, 3) >= 50


def test_steps_cost_the_same_for_any_number_of_items(benchmark: Any) -> None:
    def seconds_per_step(n_x: int) -> float:
        one = Problem(SystematicityDataset(n_x, 1, 3, 1), Deep(HIDDEN), RandomModes(1e-7), Descent(STEP, 1))
        system = COMPRESSED.build(Group((one,), alone=True))
        state = system.start.copy()

        def steps() -> None:
            for _ in range(200):
                system.velocity(state)

        return seconds(steps, 15) / 200

    with threads_for("compressed"):
        costs = {n_x: seconds_per_step(n_x) for n_x in (8, 12, 16, 20)}
        benchmark.pedantic(lambda: seconds_per_step(20), rounds=1)
        left = np.random.default_rng(0).standard_normal((HIDDEN, HIDDEN))
        right = np.random.default_rng(0).standard_normal((HIDDEN, 110))
        product = seconds(lambda: [left @ right for _ in range(1000)], 15) / 1000
    benchmark.extra_info["microseconds"] = {n_x: round(1e6 * cost, 1) for n_x, cost in costs.items()}
    print({n_x: f"{1e6 * cost:.1f} us" for n_x, cost in costs.items()}, f"four products: {4e6 * product:.1f} us")
    assert max(costs.values()) < 1.2 * costs[8]


@pytest.mark.parametrize(
    ("n_x", "initial", "limit_s", "limit_gib"),
    [
        (16, "SmallRandom(2e-4, 0)", 5.0, 2.0),
        (20, "SmallRandom(2e-4, 0)", 60.0, 16.0),
        (40, "RandomModes(1e-9, 0)", 1.0, 1.0),
    ],
)
def test_many_items(n_x: int, initial: str, limit_s: float, limit_gib: float) -> None:
    program = f"""
import resource, time, linmod
from linmod.problem import RandomModes, SmallRandom
start = time.perf_counter()
linmod.dynamics.solve(linmod.Problem(linmod.SystematicityDataset({n_x}, 1, 3, 1), linmod.Deep(50), {initial},
                                     linmod.Descent(0.16, 300, 300)))
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    elapsed, memory = map(float, output.split())
    print(f"n_x={n_x}: {elapsed:.2f} s, {memory:.2f} GiB")
    assert elapsed < limit_s
    assert memory < limit_gib


def test_integrators(benchmark: Any) -> None:
    """Time and largest error of SciPy's explicit integrators, against the tightest tolerance."""
    times = np.linspace(0.0, 48.0, 25)
    one = problem(8, Flow(times, rtol=2.3e-14, atol=1e-15))
    exact = solve(one).quantities
    for rtol in (1e-6, 1e-8, 1e-10):
        for integrator in ("RK45", "DOP853", "LSODA"):
            training = Flow(times, rtol=rtol, atol=1e-2 * rtol)
            start = perf_counter()
            ours = solve(problem(8, training), integrator=integrator)
            elapsed = perf_counter() - start
            error = max(np.max(np.abs(values - exact[name])) for name, values in ours.quantities.items())
            print(f"rtol {rtol:.0e} {integrator:7}{1e3 * elapsed:6.0f} ms, error {error:.1e}")
    benchmark.pedantic(lambda: solve(problem(8, Flow(times)), integrator="RK45"), rounds=3)
