"""Datasets: the minimal space of systematicity datasets, any data with named blocks, and modular sine-wave tasks."""

from .cosine_modules import CosineModules, cosine_features
from .data import Blocks, Data, ModeBasis
from .dataset import Dataset
from .laws import PowerLaw
from .random_features import RandomFeatures
from .sine_tasks import SineSample, SineTask
from .subsets import HeldOut
from .systematicity import CLASS_NAMES, SystematicityDataset, consecutive
from .walsh import sign_features, walsh_functions, walsh_transform

__all__ = [
    "CLASS_NAMES",
    "Blocks",
    "CosineModules",
    "Data",
    "Dataset",
    "HeldOut",
    "ModeBasis",
    "PowerLaw",
    "RandomFeatures",
    "SineSample",
    "SineTask",
    "SystematicityDataset",
    "consecutive",
    "cosine_features",
    "sign_features",
    "walsh_functions",
    "walsh_transform",
]
