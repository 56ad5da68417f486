"""What every network answers about its parts."""

import numpy as np
import pytest

from linmod import Aligned, Deep, Descent, Modular, Problem, Shallow, SystematicityDataset, dynamics
from linmod.problem import product


@pytest.mark.parametrize("network", [Shallow(), Deep(4), Deep(4, layers=3), Modular.race(Deep(4)), Modular.leaky(0.3)])
def test_networks_answer_for_their_parts(network):
    dataset = SystematicityDataset(2, 1, 2, 1, r=0.7)
    parts = network.parts(dataset)
    shapes = tuple(shape for part in parts for shape in part.network.shapes(part.data))
    assert shapes == network.shapes(dataset)
    assert sorted(index for group in network.groups for index in group) == list(range(len(parts)))
    generator = np.random.default_rng(0)
    weights = [generator.standard_normal(shape) for shape in shapes]
    split = network.split(weights)
    assert [len(chain) for chain in split] == [part.network.layers for part in parts]
    outputs = network.assemble(dataset, {i: product(chain) for i, chain in enumerate(split)}) @ dataset.X
    written = np.zeros_like(outputs)
    for part, chain in zip(parts, split, strict=True):
        rows = np.concatenate([np.r_[dataset.output_blocks[name]] for name in part.outputs]).astype(int)
        written[rows] += product(chain) @ part.data.X
    np.testing.assert_allclose(outputs, written, atol=1e-12)
    placed = network.place(dataset, {i: product(chain) for i, chain in enumerate(split)}) @ dataset.X
    assert (np.max(np.abs(placed - written)) > 0.1) == (network == Modular.leaky(0.3))
    assert network.is_chain == (not isinstance(network, Modular))
    assert not np.any(network.assemble(dataset, {}))


def test_pathways_of_a_chain_are_those_of_a_single_module():
    problem = Problem(SystematicityDataset(3, 1, 3, 1), Deep(20), Aligned(1e-2), Descent(0.1, 100))
    ours, weights = dynamics.solve_pathways(problem), dynamics.solve(problem)
    np.testing.assert_allclose(ours.loss, weights.loss, atol=1e-12)
