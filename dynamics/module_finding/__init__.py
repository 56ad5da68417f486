"""Module finding with a kernel objective, and methods to compare it with.

Samples are rows here, as in scikit-learn. :class:`ModuleFinder` needs scikit-learn (``pip install linmod[learn]``).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .features import LinearFeatures, WaveFeatures
from .objective import FeatureObjective, KernelObjective, SingularKernel, gaussian_objective
from .recovery import alignment, recovered
from .regression import AdditiveFit, fit_additive
from .rules import RULES, FoundModules, find_modules
from .search import Minimum, descend, random_projections

if TYPE_CHECKING:
    from .estimator import ModuleFinder

__all__ = [
    "RULES",
    "AdditiveFit",
    "FeatureObjective",
    "FoundModules",
    "KernelObjective",
    "LinearFeatures",
    "Minimum",
    "ModuleFinder",
    "SingularKernel",
    "WaveFeatures",
    "alignment",
    "descend",
    "find_modules",
    "fit_additive",
    "gaussian_objective",
    "random_projections",
    "recovered",
]


def __getattr__(name: str) -> Any:
    """Load the estimator, and with it scikit-learn, when it is first used."""
    if name == "ModuleFinder":
        return import_module(".estimator", __name__).ModuleFinder
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
