"""Datasets: the minimal space of systematicity datasets, any data with named blocks, and modular sine-wave tasks."""

from .data import Data, ModeBasis
from .dataset import Dataset
from .sine_tasks import SineSample, SineTask
from .systematicity import CLASS_NAMES, SystematicityDataset
from .walsh import sign_features, walsh_functions, walsh_transform

__all__ = [
    "CLASS_NAMES",
    "Data",
    "Dataset",
    "ModeBasis",
    "SineSample",
    "SineTask",
    "SystematicityDataset",
    "sign_features",
    "walsh_functions",
    "walsh_transform",
]
