"""Descent against plain loops in NumPy and JAX: ratios in interleaved rounds, above 1 where linmod is faster.

Prints the tables of docs/performance.md. Run by hand, on one thread, all of it or the tables that are named:

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_descent.py [sizes] [networks] [own] [batches]
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import numpy as np
from peers import is_plain, jax_loop, numpy_correlations, numpy_items
from rounds import Ratio, ratio, table

from linmod import Dataset, Deep, Descent, Modular, Problem, Rule, Shallow, SmallRandom, SystematicityDataset
from linmod.dynamics import solve, solve_batch
from linmod.problem import Network

STEPS = 300
RECORDS = {"end": STEPS, "every 100": 100, "every step": 1}
NETWORKS: dict[str, tuple[Network, Rule]] = {
    "shallow": (Shallow(), Rule()),
    "3 layers": (Deep(50, layers=3), Rule()),
    "5 layers": (Deep(50, layers=5), Rule()),
    "output split": (Modular.output_split(Deep(50)), Rule()),
    "race": (Modular.race(Deep(50)), Rule()),
    "Hebbian": (Deep(50), Rule(hebbian=0.1)),
}
DENSE_LIMIT = 8
"""Peers hold all items: beyond this number of bits a run of theirs takes seconds to minutes."""


def problem(n_x: int, network: Network, every: int, rule: Rule | None = None, seed: int = 0) -> Problem:
    """A network on the dataset space with one sign output and identity blocks (3, 1)."""
    std = 0.05 if network.layers > 2 else 2e-4
    step = 0.16 if rule is None or rule.is_gradient else 0.08
    training = Descent(step, STEPS, every, rule=rule or Rule())
    return Problem(SystematicityDataset(n_x, 1, 3, 1), network, SmallRandom(std, seed), training)


def compared(one: Problem, rounds: int) -> Ratio:
    """Compare with all peers that can train a problem."""
    peers: dict[str, Callable[[], object]] = {"JAX": jax_loop(one)}
    if is_plain(one):
        peers |= {"NumPy": numpy_items(one), "NumPy, correlations": numpy_correlations(one)}
    parts = (one.dataset, one.network, one.initial, one.training)
    return ratio(lambda: solve(Problem(*parts)), peers, rounds)


def sizes() -> str:
    """Two layers: numbers of sign inputs, hidden units and records."""
    rows = []
    for n_x in (2, 3, 4, 5, 6, DENSE_LIMIT):
        for hidden in (10, 50, 200):
            cells = [compared(problem(n_x, Deep(hidden), every), 9 if n_x < 6 else 3) for every in RECORDS.values()]
            rows.append([str(n_x), str(hidden), *map(str, cells), f"{cells[0].ours_ms:.2f}"])
            print(rows[-1], file=sys.stderr)
    return table(["n_x", "hidden", *RECORDS, "linmod, end (ms)"], rows)


def networks() -> str:
    """Other networks and a rule."""
    rows = []
    for name, (network, rule) in NETWORKS.items():
        for n_x in (3, 6):
            cells = [compared(problem(n_x, network, every, rule), 9 if n_x < 6 else 3) for every in (STEPS, 1)]
            rows.append([name, str(n_x), *map(str, cells), f"{cells[0].ours_ms:.2f}"])
            print(rows[-1], file=sys.stderr)
    return table(["network", "n_x", "end", "every step", "linmod, end (ms)"], rows)


def own_data() -> str:
    """Data of any origin, against the correlations of the data, which both have before the clock starts."""
    generator, rows = np.random.default_rng(0), []
    for n_inputs in (20, 100):
        X = generator.standard_normal((n_inputs, 10_000))
        Y = generator.standard_normal((5, n_inputs)) @ X / np.sqrt(n_inputs) + generator.standard_normal((5, 10_000))
        blocks = {"first": slice(0, n_inputs // 2), "second": slice(n_inputs // 2, n_inputs)}
        data = Dataset(X, Y, input_blocks=blocks, output_blocks={"first": slice(0, 2), "second": slice(2, 5)})
        cells = []
        for every in (STEPS, 1):
            one = Problem(data, Deep(50), SmallRandom(0.01, 0), Descent(0.05, STEPS, every))
            parts = (one.dataset, one.network, one.initial, one.training)
            cells.append(ratio(lambda parts=parts: solve(Problem(*parts)), {"NumPy": numpy_correlations(one)}))
        rows.append(["10,000", str(n_inputs), *map(str, cells), f"{cells[0].ours_ms:.2f}"])
        print(rows[-1], file=sys.stderr)
    return table(["items", "inputs", "end", "every step", "linmod, end (ms)"], rows)


def batches() -> str:
    """Many networks at once, against JAX vectorised over them."""
    rows = []
    for count, every in ((1000, STEPS), (100, STEPS), (100, 1)):
        several = [problem(3, Deep(50), every, seed=seed) for seed in range(count)]
        cell = ratio(lambda several=several: solve_batch(several), {"JAX": jax_loop(several[0], several)}, 5)
        rows.append([f"{count:,}", "end" if every == STEPS else "every step", str(cell), f"{cell.ours_ms:.0f}"])
        print(rows[-1], file=sys.stderr)
    return table(["networks", "records", "ratio", "linmod (ms)"], rows)


TABLES: dict[str, Callable[[], str]] = {"sizes": sizes, "networks": networks, "own": own_data, "batches": batches}


if __name__ == "__main__":
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    for name in sys.argv[1:] or TABLES:
        print(f"{TABLES[name].__doc__}\n\n{TABLES[name]()}\n", flush=True)
