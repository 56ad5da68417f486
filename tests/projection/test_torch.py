"""Networks in PyTorch: trained there they follow simulation and closed form; modules are read as they are."""

import copy
import os
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import linmod
from linmod import Dataset, Deep, Descent, Problem, SmallRandom, SystematicityDataset, dynamics
from linmod.figures.images.torch_linear import TORCH_LINEAR, one_thread, rounding, torch_checkpoints
from linmod.verification.claims import run_claims

torch = pytest.importorskip("torch")
ROOT = Path(__file__).parents[2]
DATASET = SystematicityDataset(3, 1, 3, 1)
PROBLEM = Problem(DATASET, Deep(50), SmallRandom(0.05), Descent(0.125, 100))
THREE = Problem(SystematicityDataset(2, 1, 1, 1), Deep(8, layers=3), SmallRandom(0.3), Descent(0.125, 60))
GENERATOR = np.random.default_rng(2)
DATA = Dataset(GENERATOR.standard_normal((4, 20)), GENERATOR.standard_normal((3, 20)))
EPS = {"float64": float(np.finfo(np.float64).eps), "float32": float(np.finfo(np.float32).eps)}
TOLERANCE = {"float64": 1e-10, "float32": 1e-5}
ROUNDED = 64 * EPS["float64"]  # sums of at most 6 + 6 + 20 terms below 2


@pytest.fixture(autouse=True)
def _small_matrices_on_one_thread():
    with one_thread(torch), threadpool_limits(1):
        yield


def layered(*sizes, between=None, bias=False, dtype=torch.float64):
    """A chain of layers with a start of its own."""
    torch.manual_seed(3)
    parts = []
    for before, after in pairwise(sizes):
        parts += [torch.nn.Linear(before, after, bias=bias, dtype=dtype), *([between()] if between else [])]
    return torch.nn.Sequential(*(parts[:-1] if between else parts))


def trained(module, dataset, loss, steps, **options):
    """Copies of a module at every step of training by SGD on all items."""
    kind = next(module.parameters()).dtype
    X, Y = (torch.tensor(side.T.copy(), dtype=kind) for side in (dataset.X, dataset.Y))
    optimizer = torch.optim.SGD(module.parameters(), **options)
    copies = [copy.deepcopy(module)]
    for _ in range(steps):
        optimizer.zero_grad()
        loss(module(X), Y).backward()
        optimizer.step()
        copies.append(copy.deepcopy(module))
    return copies


def half_mean(predicted, wanted):
    return (predicted - wanted).square().sum(dim=1).mean() / 2


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("problem", [PROBLEM, THREE], ids=["two layers", "three layers"])
def test_training_in_torch_equals_our_simulation(problem, dtype):
    checkpoints = torch_checkpoints(problem, dtype)
    projection = linmod.project(checkpoints, problem.dataset, times=problem.times)
    assert projection.precision == EPS[dtype]
    bound = rounding(problem, EPS[dtype])
    assert bound <= TOLERANCE[dtype]
    stated = projection.problem(problem.training)
    own = dynamics.solve(stated)
    assert linmod.compare(own, projection, bound).passed
    slower = dynamics.solve(replace(stated, training=replace(problem.training, step_size=0.124)))
    assert linmod.compare(slower.quantities, projection, bound).max_error > 10 * bound
    order = np.random.default_rng(0).permutation(len(checkpoints))
    shuffled = linmod.project([checkpoints[i] for i in order], problem.dataset, times=problem.times)
    assert linmod.compare(own, shuffled, bound).max_error > 1e-2


LOSSES = {
    "half the mean over items": (half_mean, {"lr": 0.1}),
    "MSELoss": (torch.nn.MSELoss(), {"lr": 0.1 * 9 / 2}),
    "MSELoss, sum": (torch.nn.MSELoss(reduction="sum"), {"lr": 0.1 / (2 * 8)}),
    "momentum": (half_mean, {"lr": 0.1, "momentum": 0.5}),
}


@pytest.mark.parametrize(("loss", "options"), LOSSES.values(), ids=LOSSES)
def test_step_size_of_a_loss(loss, options):
    training = Descent(0.1, 80, momentum=options.get("momentum", 0.0))
    modules = trained(layered(27, 12, 9), DATASET, loss, 80, **options)
    projection = linmod.project(modules, DATASET, times=training.times)
    problem = projection.problem(training)
    assert problem.network == Deep(12)
    assert linmod.compare(dynamics.solve(problem), projection, rounding(problem, EPS["float64"])).passed
    for wrong in (replace(training, step_size=0.101), replace(training, momentum=training.momentum + 0.01)):
        other = dynamics.solve(replace(problem, training=wrong))
        assert linmod.compare(other.quantities, projection, 1e-10).max_error > 1e-4


def test_modules_of_a_custom_network_follow_our_simulation():
    class Split(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.signs, self.identities = layered(27, 6, 1), layered(27, 9, 8)

        def forward(self, x):
            return torch.cat([self.signs(x), self.identities(x)], dim=1)

    network = linmod.Modular(
        [
            linmod.Module(("omega_x", "gamma_x"), "omega_y", Deep(6)),
            linmod.Module(("omega_x", "gamma_x"), "gamma_y", Deep(9)),
        ]
    )
    training = Descent(0.1, 60)
    projection = linmod.project(trained(Split(), DATASET, half_mean, 60, lr=0.1), DATASET, times=training.times)
    assert projection.origin == "given network, jacobian"
    problem = projection.problem(training, network)
    assert linmod.compare(dynamics.solve(problem), projection, rounding(problem, EPS["float64"])).passed
    assert projection.unexplained.max() < ROUNDED
    exchanged = dynamics.solve(replace(problem, initial=SmallRandom(0.1)))
    assert linmod.compare(exchanged.quantities, projection, 1e-10).max_error > 1e-2


def test_modules_parameters_and_state_dicts_are_the_same():
    modules = trained(layered(4, 5, 3), DATA, half_mean, 5, lr=0.1)
    forms = {
        "modules": modules,
        "parameters": [list(module.parameters()) for module in modules],
        "state-dicts": [module.state_dict() for module in modules],
        "stacks": [torch.stack([list(module.parameters())[layer] for module in modules]) for layer in range(2)],
    }
    projections = {name: linmod.project(form, DATA) for name, form in forms.items()}
    for name, projection in projections.items():
        assert projection.origin == "given network, product", name
        np.testing.assert_array_equal(projection.strengths, projections["modules"].strengths)
    for name in ("jacobian", "least_squares"):
        strengths = linmod.project(modules, DATA, map=name).strengths
        np.testing.assert_allclose(strengths, projections["modules"].strengths, rtol=0, atol=ROUNDED)


def test_checkpoints_that_share_their_memory_are_refused():
    module = layered(4, 5, 3)
    for shared in ([module] * 2, [module.state_dict(), module.state_dict()], [list(module.parameters())] * 2):
        with pytest.raises(ValueError, match=r"network\[0\] and network\[1\] share their memory"):
            linmod.project(shared, DATA)


def test_jacobian_of_a_nonlinear_module():
    module = layered(4, 6, 3, between=torch.nn.Tanh, bias=True)
    W1, b1, W2, _ = (parameter.detach().numpy() for parameter in module.parameters())
    gains = 1 - np.tanh(W1 @ DATA.X + b1[:, None]) ** 2
    exact = W2 @ (gains.mean(axis=1)[:, None] * W1)
    expected = linmod.project([exact], DATA)
    projection = linmod.project(module, DATA)
    assert projection.origin == "given network, jacobian"
    np.testing.assert_allclose(projection.strengths, expected.strengths, rtol=0, atol=ROUNDED)
    assert projection.unexplained[0] > 0.1
    differences = linmod.project(lambda X: module(torch.tensor(X)), DATA)
    np.testing.assert_allclose(differences.strengths, expected.strengths, rtol=0, atol=1e-9)
    own = linmod.project(module, DATA, map=lambda f, X: torch.vmap(torch.func.jacrev(f))(torch.tensor(X)))
    np.testing.assert_allclose(own.strengths, expected.strengths, rtol=0, atol=ROUNDED)


def test_biases_drop_out_of_the_jacobian_and_are_refused_by_the_product():
    module = layered(4, 6, 3, bias=True)
    W1, _, W2, _ = (parameter.detach().numpy() for parameter in module.parameters())
    projection = linmod.project(module, DATA)
    assert projection.origin == "given network, jacobian"
    np.testing.assert_allclose(projection.strengths, linmod.project([W1, W2], DATA).strengths, rtol=0, atol=ROUNDED)
    with pytest.raises(ValueError, match=r"other than its matrices, \['0\.bias', '1\.bias'\]:.*map='jacobian'"):
        linmod.project(module, DATA, map="product")
    with pytest.raises(ValueError, match=r"other than its matrices, \['0\.bias', '1\.bias'\]"):
        linmod.project(module.state_dict(), DATA)
    for parameter in (module[0].bias, module[1].bias):
        torch.nn.init.zeros_(parameter)
    assert linmod.project(module, DATA).origin == "given network, product"


def test_the_product_of_a_module_that_does_more_is_refused():
    with pytest.raises(ValueError, match=r"returns something else than the product of its matrices, by up to"):
        linmod.project(layered(4, 6, 3, between=torch.nn.ReLU), DATA, map="product")


def test_a_module_is_left_as_it_was():
    module = layered(4, 6, 3, between=lambda: torch.nn.Dropout(0.5))
    module[1].eval()
    module.weight_seen = [parameter.clone() for parameter in module.parameters()]
    states = [part.training for part in module.modules()]
    first, second = (linmod.project(module, DATA, map="jacobian").strengths for _ in range(2))
    module[1].train()
    in_training = linmod.project(module, DATA, map="jacobian").strengths
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, in_training)
    module[1].eval()
    assert [part.training for part in module.modules()] == states
    assert all(parameter.grad is None for parameter in module.parameters())


def test_batch_normalisation_is_evaluated_item_by_item():
    module = layered(4, 6, 3, between=lambda: torch.nn.BatchNorm1d(6, dtype=torch.float64))
    module(torch.randn(50, 4, dtype=torch.float64))
    function = copy.deepcopy(module).eval()
    differences = linmod.project(lambda X: function(torch.tensor(X)), DATA)
    np.testing.assert_allclose(linmod.project(module, DATA).strengths, differences.strengths, rtol=0, atol=1e-9)


class Detached(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = layered(4, 3, bias=True)

    def forward(self, x):
        return self.layer(x.detach())


WRONG = {
    "half": (lambda: layered(4, 3).half(), TypeError, r"must be float32 or float64, got torch\.float16"),
    "bfloat16": (lambda: layered(4, 3).bfloat16(), TypeError, r"must be float32 or float64, got torch\.bfloat16"),
    "complex": (lambda: layered(4, 3, dtype=torch.complex128), TypeError, r"must be real, got complex128"),
    "complex state": (
        lambda: layered(4, 3, dtype=torch.complex64).state_dict(),
        TypeError,
        r"network\['0\.weight'\] must be real, got complex64",
    ),
    "two types": (
        lambda: torch.nn.Sequential(layered(4, 5), layered(5, 3, dtype=torch.float32)),
        ValueError,
        r"network fails on X of shape \(20, 4\): the parameters must share one type and device.*float32.*float64",
    ),
    "inputs": (lambda: layered(5, 3), ValueError, r"network fails on X of shape \(20, 4\): mat1 and mat2"),
    "outputs": (lambda: layered(4, 2), ValueError, r"output of network must have shape \(20, 3\), got \(20, 2\)"),
    "nan": (
        lambda: (
            torch.nn.utils.vector_to_parameters(torch.full((12,), torch.nan), (m := layered(4, 3)).parameters()) or m
        ),
        ValueError,
        r"network\['0\.weight'\] must be finite",
    ),
    "detached": (Detached, ValueError, r"the module cannot be differentiated"),
    "sparse": (lambda: [torch.eye(4)[:3].double().to_sparse()], TypeError, r"cannot be read as a NumPy array"),
    "meta": (lambda: [torch.empty(3, 4, device="meta")], TypeError, r"cannot be read as a NumPy array"),
    "class": (lambda: torch.nn.Linear, TypeError, r"network must be matrices in order.*got type"),
}


@pytest.mark.parametrize(("make", "error", "message"), WRONG.values(), ids=WRONG)
def test_wrong_module(make, error, message):
    with pytest.raises(error, match=message):
        linmod.project(make(), DATA)


def test_a_module_without_parameters_gets_double_precision():
    data = Dataset(DATA.X, DATA.X)
    projection = linmod.project(torch.nn.Tanh(), data)
    exact = np.diag(np.mean(1 - np.tanh(DATA.X) ** 2, axis=1))
    np.testing.assert_allclose(projection.strengths, linmod.project([exact], data).strengths, rtol=0, atol=ROUNDED)
    assert projection.precision == EPS["float64"]


@pytest.mark.slow
def test_the_claim_holds():
    fractions = []
    (outcome,) = run_claims([TORCH_LINEAR], lambda _: linmod.Settings(quick=True, progress=fractions.append))
    assert outcome.passed
    assert fractions[-1] == 1.0
    assert [finding.rejected for finding in outcome.evidence.findings] == [3, 6] * 4
    assert len(TORCH_LINEAR.draw(outcome.evidence).axes) == 2


def test_the_guide_shows_the_example():
    guide = (ROOT / "docs/your_network.md").read_text(encoding="utf-8")
    code = re.search(r"<!-- (docs/examples/\S+) -->\n```python\n(.*?)```", guide, flags=re.DOTALL)
    assert code.group(2) == (ROOT / code.group(1)).read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_example_runs(tmp_path):
    example = ROOT / "docs/examples/torch_network.py"
    run = subprocess.run(
        [sys.executable, example],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "holds: all 9 quantities are within their bounds" in run.stdout
    assert (tmp_path / "torch_network.png").stat().st_size > 5000
