"""Training of any data, network and rule in principal coordinates, against every weight on all items.

Tolerance: a run of 20 steps of products of at most 40 terms rounds by about 1e-14 relative to the largest value.
"""

from __future__ import annotations

import numpy as np
import pytest

from linmod import Dataset, Deep, Descent, Modular, Module, Problem, Rule, Shallow, SmallRandom, SystematicityDataset
from linmod.datasets import Data
from linmod.dynamics import coordinates, solve, solve_batch
from linmod.dynamics.coordinate_systems import principal
from linmod.problem import Network
from linmod.validation import FloatArray

TOLERANCE = 1e-12
DESCENT, MOMENTUM = Descent(0.05, 20, 7), Descent(0.05, 20, 7, momentum=0.6)


def own(n_items: int, n_inputs: int = 5, seed: int = 0) -> Dataset:
    """Data whose modes the gradient couples, with targets that no input explains in part."""
    generator = np.random.default_rng(seed)
    X, Y = generator.standard_normal((n_inputs, n_items)), generator.standard_normal((3, n_items))
    return Dataset(
        X,
        Y,
        input_blocks={"omega_x": slice(0, 2), "gamma_x": slice(2, n_inputs)},
        output_blocks={"omega_y": slice(0, 1), "gamma_y": slice(1, 3)},
    )


DATA: dict[str, Data] = {
    "more items than features": own(200),
    "fewer items than inputs": own(4, 12),
    "the dataset space": SystematicityDataset(3, 1, 2, 1),
    "signs alone": SystematicityDataset(3, 2, 0, 0),
}
NETWORKS: dict[str, Network] = {
    "shallow": Shallow(),
    "two layers, h=2": Deep(2),
    "two layers, h=40": Deep(40),
    "four layers": Deep(6, layers=4),
    "output split": Modular.output_split(Deep(5)),
    "race": Modular.race(Deep(5)),
    "race of three and one": Modular(
        [Module("omega_x", "omega_y", Deep(4, layers=3)), Module("gamma_x", "omega_y", Shallow())]
    ),
    "overlapping": Modular.overlapping(Deep(20, layers=3)),
    "leaky": Modular.leaky(0.3, Deep(4)),
    "scattered blocks": Modular(
        [Module(("gamma_x", "omega_x"), "gamma_y", Deep(4)), Module("omega_x", ("omega_y", "gamma_y"), Shallow())]
    ),
}
RULES = {
    "Oja": Rule(hebbian=0.3),
    "inverse norm": Rule(hebbian=-0.3, form="inverse_norm"),
    "inverse complement": Rule(hebbian=-0.1, form="inverse_complement"),
    "predictive coding": Rule(contrastive=-0.5),
    "both": Rule(contrastive=-0.3, hebbian=0.2),
}


def difference(problem: Problem, other: Problem | None = None) -> float:
    """Largest difference of all that is reported, in data and principal coordinates."""
    one, two = solve(problem, coordinates="data"), solve(other or problem, coordinates="principal")
    pairs = [(values, two.quantities[name]) for name, values in one.quantities.items()]
    pairs += [(one.strengths, two.strengths), *zip(one.weights, two.weights, strict=True)]
    assert one.statistics is not None
    assert two.statistics is not None
    pairs.append(tuple(np.array([each.statistics.conserved_drift]) for each in (one, two)))
    return max(float(np.max(np.abs(a - b), initial=0) / max(1, np.max(np.abs(a), initial=0))) for a, b in pairs)


def fits(data: Data, network: Network) -> bool:
    """Whether no module reads or writes an empty block."""
    empty = [not (side.stop - side.start) for side in (*data.input_blocks.values(), *data.output_blocks.values())]
    return network.is_chain or not any(empty)


@pytest.mark.parametrize("training", [DESCENT, MOMENTUM], ids=["plain", "momentum"])
@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("data", DATA.values(), ids=DATA)
def test_every_network_on_any_data(data: Data, network: Network, training: Descent) -> None:
    if fits(data, network):
        problem = Problem(data, network, SmallRandom(0.3, 1), training)
        assert difference(problem) < TOLERANCE
        assert difference(problem, Problem(data, network, SmallRandom(0.3, 2), training)) > 1e-3


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("data", DATA.values(), ids=DATA)
def test_every_rule_on_any_data(data: Data, rule: Rule) -> None:
    problem = Problem(data, Deep(6), SmallRandom(0.1, 1), Descent(0.05, 20, 7, rule=rule))
    assert difference(problem) < TOLERANCE
    plain = Problem(data, Deep(6), SmallRandom(0.1, 1), Descent(0.05, 20, 7))
    assert difference(problem, plain) > 1e6 * TOLERANCE


def test_modules_that_share_outputs_share_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Problem(own(200), Modular.race(Deep(5)), SmallRandom(0.3, 1), DESCENT)
    assert difference(problem) < TOLERANCE
    coupling = principal.coupling_of

    def apart(group: list[principal.Place]) -> principal.Coupling:
        whole, count = coupling(group), len(group[0].axes.delta)
        inputs = whole.inputs.copy()
        inputs[:count, count:] = inputs[count:, :count] = 0.0
        return principal.Coupling(whole.targets, inputs, whole.rows)

    monkeypatch.setattr(principal, "coupling_of", apart)
    assert difference(problem) > 1e6 * TOLERANCE


def loop(X: FloatArray, Y: FloatArray, weights: tuple[FloatArray, ...], step: float, steps: int) -> FloatArray:
    """Losses of plain descent on all items."""
    first, second = (matrix.copy() for matrix in weights)
    losses = []
    for _ in range(steps + 1):
        error = Y - second @ (first @ X)
        losses.append(np.sum(error**2) / (2 * X.shape[1]))
        error *= step / X.shape[1]
        first, second = first + second.T @ error @ X.T, second + error @ (first @ X).T
    return np.array(losses)


@pytest.mark.parametrize("name", ["auto", "data", "principal"])
def test_many_items_are_trained_as_by_a_loop_over_all_of_them(name: str) -> None:
    data = own(3000)
    problem = Problem(data, Deep(6), SmallRandom(0.3, 0), Descent(0.05, 30))
    expected = loop(data.X, data.Y, problem.initial_weights, 0.05, 30)
    found = solve(problem, coordinates=name).loss
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE)
    unexplained = np.sum((data.Y - data.Y @ np.linalg.pinv(data.X) @ data.X) ** 2) / (2 * data.n_items)
    assert np.max(np.abs(found - unexplained - expected)) > 0.1


def test_the_cost_does_not_grow_with_the_number_of_items() -> None:
    few, many = (coordinates(Problem(own(n), Deep(6), SmallRandom(), DESCENT)) for n in (50, 5000))
    assert few == many


def test_a_batch_equals_its_networks_one_by_one() -> None:
    data = own(50)
    for network in (Shallow(), Deep(40), Deep(3), Deep(4, layers=3)):
        problems = [
            Problem(data, network, SmallRandom(0.3, seed), Descent(0.05 + seed / 100, 20, 7)) for seed in range(4)
        ]
        for problem, found in zip(problems, solve_batch(problems, coordinates="principal"), strict=True):
            alone = solve(problem, coordinates="principal")
            for name, values in alone.quantities.items():
                np.testing.assert_allclose(found.quantities[name], values, rtol=0, atol=TOLERANCE)
