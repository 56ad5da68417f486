"""Closed-form and simulated learning dynamics of linear neural modules, held against each other."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import datasets, dynamics, figures, theory
    from .claims import Claim, Evidence, Finding, Settings
    from .convergence import ConvergenceOrder, convergence_order
    from .datasets import Dataset, SystematicityDataset
    from .problem import (
        Aligned,
        Deep,
        Descent,
        Divergence,
        Explicit,
        Flow,
        NoClosedForm,
        Problem,
        Shallow,
        SmallRandom,
    )
    from .theory.derivations import Derivation, derive
    from .trajectory import Statistics, Trajectory, load_trajectory
    from .verification import Agreement, compare, verify

_HOMES = {
    "datasets": ("Dataset", "SystematicityDataset"),
    "problem": (
        "Aligned",
        "Deep",
        "Descent",
        "Divergence",
        "Explicit",
        "Flow",
        "NoClosedForm",
        "Problem",
        "Shallow",
        "SmallRandom",
    ),
    "trajectory": ("Statistics", "Trajectory", "load_trajectory"),
    "verification": ("Agreement", "compare", "verify"),
    "convergence": ("ConvergenceOrder", "convergence_order"),
    "claims": ("Claim", "Evidence", "Finding", "Settings"),
    "theory.derivations": ("Derivation", "derive"),
}
_SUBPACKAGES = ("datasets", "dynamics", "figures", "theory")
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Agreement",
    "Aligned",
    "Claim",
    "ConvergenceOrder",
    "Dataset",
    "Deep",
    "Derivation",
    "Descent",
    "Divergence",
    "Evidence",
    "Explicit",
    "Finding",
    "Flow",
    "NoClosedForm",
    "Problem",
    "Settings",
    "Shallow",
    "SmallRandom",
    "Statistics",
    "SystematicityDataset",
    "Trajectory",
    "compare",
    "convergence_order",
    "datasets",
    "derive",
    "dynamics",
    "figures",
    "load_trajectory",
    "theory",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("linmod")
    if name in _SUBPACKAGES:
        return import_module(f".{name}", __name__)
    if name in _HOME_OF:
        return getattr(import_module(f".{_HOME_OF[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
