"""Datasets: the minimal space of systematicity datasets, and any data with named blocks."""

from .data import Data, ModeBasis
from .dataset import Dataset
from .laws import PowerLaw
from .random_features import RandomFeatures
from .systematicity import CLASS_NAMES, SystematicityDataset
from .walsh import sign_features, walsh_functions, walsh_transform

__all__ = [
    "CLASS_NAMES",
    "Data",
    "Dataset",
    "ModeBasis",
    "PowerLaw",
    "RandomFeatures",
    "SystematicityDataset",
    "sign_features",
    "walsh_functions",
    "walsh_transform",
]
