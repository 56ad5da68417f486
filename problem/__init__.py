"""Problems, which consist of a dataset, a network, a start and a training, and the trajectories of solutions."""

from .dense import Chain, Deep, Part, Shallow, Weights, balanced_weights, product
from .modular import Modular, Module, Network, input_output_map, stored_map
from .observation import BlockPair, Observation, observe
from .problem import Problem
from .refusals import Divergence, NoClosedForm
from .rules import Rule
from .saving import load_trajectory
from .starts import NO_WEIGHTS, Aligned, Explicit, Initial, RandomModes, SmallRandom
from .systematicity import (
    SubStructure,
    Systematicity,
    isolated_map,
    sub_structure,
    sub_structures,
    systematicity,
    weak_systematicity,
)
from .training import Descent, Flow, Training
from .trajectory import Known, Statistics, Trajectory

__all__ = [
    "NO_WEIGHTS",
    "Aligned",
    "BlockPair",
    "Chain",
    "Deep",
    "Descent",
    "Divergence",
    "Explicit",
    "Flow",
    "Initial",
    "Known",
    "Modular",
    "Module",
    "Network",
    "NoClosedForm",
    "Observation",
    "Part",
    "Problem",
    "RandomModes",
    "Rule",
    "Shallow",
    "SmallRandom",
    "Statistics",
    "SubStructure",
    "Systematicity",
    "Training",
    "Trajectory",
    "Weights",
    "balanced_weights",
    "input_output_map",
    "isolated_map",
    "load_trajectory",
    "observe",
    "product",
    "stored_map",
    "sub_structure",
    "sub_structures",
    "systematicity",
    "weak_systematicity",
]
