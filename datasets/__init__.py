"""Datasets: the minimal space of systematicity datasets, any data with named blocks, sine-wave tasks, images.

The images and the labels of `digits`, `mnist` and `cifar10` come from this computer; nothing is ever downloaded.
"""

from .cifar import cifar10
from .combinations import Combinations
from .compositional import CompositionalImages
from .data import Blocks, Data, ModeBasis
from .dataset import Dataset
from .idx import mnist
from .image_sample import ImageSample
from .images import Images, digits
from .laws import PowerLaw
from .random_features import RandomFeatures
from .sine_tasks import SineSample, SineTask
from .subsets import HeldOut
from .systematicity import CLASS_NAMES, SystematicityDataset, consecutive
from .walsh import sign_features, walsh_functions, walsh_transform

__all__ = [
    "CLASS_NAMES",
    "Blocks",
    "Combinations",
    "CompositionalImages",
    "Data",
    "Dataset",
    "HeldOut",
    "ImageSample",
    "Images",
    "ModeBasis",
    "PowerLaw",
    "RandomFeatures",
    "SineSample",
    "SineTask",
    "SystematicityDataset",
    "cifar10",
    "consecutive",
    "digits",
    "mnist",
    "sign_features",
    "walsh_functions",
    "walsh_transform",
]
