"""The two papers, and the settings of their figures that several claims share."""

from __future__ import annotations

from ..datasets import SystematicityDataset
from ..problem import Deep, Descent, Modular, Network, Problem, Shallow, SmallRandom

SPECIALIZATION = "Jarvis, Klein, Rosman & Saxe (ICLR 2023)"
"""On The Specialization of Neural Modules."""
SCALING = "Boopathy, Jiang, Yue, Hwang, Iyer & Fiete (ICLR 2025)"
"""Breaking Neural Network Scaling Laws with Modularity."""

DATASET = SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1, r=1.0)
"""The dataset of the learning curves in the first paper."""
NETWORK = Deep(hidden=50)
STD = 2e-4
DEEP_STEP, SHALLOW_STEP = 0.16, 0.04
HEBBIAN_STEP, CONTRASTIVE_STEP = 0.08, 0.04
"""Step sizes 1/tau of the Hebbian and predictive rules, and of the contrastive rule."""


def deep_problem(seed: int) -> Problem:
    """Return the published setting of the dense two-layer network.

    Examples
    --------
    >>> deep_problem(0).network
    Deep(hidden=50, layers=2)
    """
    return Problem(DATASET, NETWORK, SmallRandom(std=STD, seed=seed), Descent(step_size=DEEP_STEP, steps=300))


def shallow_problem(seed: int) -> Problem:
    """Return the published setting of the dense shallow network."""
    return Problem(DATASET, Shallow(), SmallRandom(std=STD, seed=seed), Descent(step_size=SHALLOW_STEP, steps=300))


def split_problem(seed: int, network: Network | None = None) -> Problem:
    """Return the published setting of the output-split network, or another network in that setting."""
    split = Modular.output_split(NETWORK) if network is None else network
    return Problem(DATASET, split, SmallRandom(std=2e-3, seed=seed), Descent(step_size=DEEP_STEP, steps=300))
