"""Steps, stacks of recorded states, and the forms in which two layers move."""

from __future__ import annotations

import numpy as np
import pytest

from linmod import Deep, Descent, Modular, Problem, Shallow, SmallRandom, SystematicityDataset
from linmod.dynamics import batches, solve, solve_batch
from linmod.dynamics.dense.forms import Correlations, ErrorForm, Form, HiddenForm, JointForm, cheapest
from linmod.dynamics.integrators import descent
from linmod.dynamics.integrators.descent import PlainSteps
from linmod.problem import Network

SPACE = SystematicityDataset(3, 1, 2, 1)
NETWORKS: dict[str, Network] = {
    "shallow": Shallow(),
    "two layers": Deep(20),
    "three layers": Deep(6, layers=3),
    "race": Modular.race(Deep(5)),
    "output split": Modular.output_split(Deep(5)),
}


@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize("entries", [1, 400, 2**15])
@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_what_is_recorded_does_not_depend_on_how_often(
    network: Network, entries: int, momentum: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(descent, "STACK_ENTRIES", entries)
    monkeypatch.setattr(descent, "SEVERAL", 1 + entries % 2)

    def run(every: int, steps: int = 23) -> dict[str, np.ndarray]:
        return solve(
            Problem(SPACE, network, SmallRandom(0.2, 0), Descent(0.05, steps, every, momentum=momentum))
        ).quantities

    whole = run(1)
    for every in (2, 5, 23, 50):
        recorded = [*range(0, 23, every), 23]
        for name, values in run(every).items():
            np.testing.assert_allclose(values, whole[name][recorded], rtol=0, atol=1e-14)
            assert len(values) == len(recorded)
    assert np.max(np.abs(run(1, 22)["loss"] - whole["loss"][1:])) > 1e-4


def test_no_steps_report_the_start() -> None:
    for network in NETWORKS.values():
        assert len(solve(Problem(SPACE, network, SmallRandom(0.2, 0), Descent(0.05, 0))).loss) == 1


@pytest.mark.parametrize("lead", [(), (3,)])
@pytest.mark.parametrize(("hidden", "columns", "rows"), [(4, 3, 5), (2, 6, 4), (7, 1, 1), (3, 4, 4)])
def test_all_forms_move_alike(hidden: int, columns: int, rows: int, lead: tuple[int, ...]) -> None:
    generator = np.random.default_rng(0)
    paired = min(columns, rows)
    seen = Correlations(generator.random(paired), generator.random(columns))
    A, C = generator.standard_normal((*lead, hidden, columns)), generator.standard_normal((*lead, hidden, rows))
    error = seen.targets(rows) - C.swapaxes(-1, -2) @ A * seen.delta
    expected = C @ error, A @ error.swapaxes(-1, -2)
    step: np.ndarray | float = generator.random((*lead, 1)) * 0.1 if lead else 0.1
    forms: list[type[Form]] = [JointForm, ErrorForm, HiddenForm]
    for kind in forms:
        form = kind(seen, lead, hidden, columns, rows)
        state = form.state(A, C)
        for found, wanted in zip(form.matrices(form.velocity(state)), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-13)
            assert np.max(np.abs(found + wanted)) > 1e-3
        walked = []
        for steps in (form.descent(step), PlainSteps(form.velocity, step, state.shape)):
            stack = np.zeros((3, *state.shape))
            stack[0] = state
            rows_of, between = steps.views(stack), steps.between()
            steps.walk([rows_of[0], between[0], rows_of[1], between[0], between[-1], rows_of[2]])
            walked.append(stack)
        np.testing.assert_allclose(walked[0], walked[1], rtol=0, atol=1e-13)


def test_the_cheapest_form_has_few_calls_for_small_matrices_and_few_multiplications_for_large_ones() -> None:
    assert cheapest(True, 17, 8, 9) is JointForm
    assert cheapest(True, 50, 64, 65) is not JointForm
    assert cheapest(True, 50, 110, 111) is HiddenForm
    assert cheapest(False, 50, 110, 111) is ErrorForm


@pytest.mark.parametrize("network", [Shallow(), Deep(20), Deep(6, layers=3)])
def test_blocks_of_a_batch_do_not_matter(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    problems = [Problem(SPACE, network, SmallRandom(0.2, seed), Descent(0.05, 9, 2)) for seed in range(5)]
    whole = solve_batch(problems)
    monkeypatch.setattr(batches, "BLOCK_ENTRIES", 1)
    for one, other in zip(solve_batch(problems), whole, strict=True):
        for name, values in one.quantities.items():
            np.testing.assert_allclose(values, other.quantities[name], rtol=0, atol=1e-14)
