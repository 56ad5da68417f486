"""Closed-form and simulated learning dynamics of linear neural modules, held against each other."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import datasets, dynamics, figures, sweeps, theory
    from .datasets import Dataset, HeldOut, SystematicityDataset
    from .problem import (
        Aligned,
        Deep,
        Descent,
        Divergence,
        Explicit,
        Flow,
        Modular,
        Module,
        NoClosedForm,
        Problem,
        RandomModes,
        Rule,
        Shallow,
        SmallRandom,
        Statistics,
        SubStructure,
        Systematicity,
        Trajectory,
        isolated_map,
        load_trajectory,
        sub_structure,
        sub_structures,
        systematicity,
        weak_systematicity,
    )
    from .projection import Projection, project
    from .sweeps import Sweep, load_sweep, read_sweep, sweep
    from .theory.derivations import Derivation, derive
    from .verification import (
        Agreement,
        Claim,
        ConvergenceOrder,
        Evidence,
        Finding,
        Settings,
        compare,
        convergence_order,
        verify,
    )

_HOMES = {
    "datasets": (
        "Dataset",
        "HeldOut",
        "SystematicityDataset",
    ),
    "problem": (
        "Aligned",
        "Deep",
        "Descent",
        "Divergence",
        "Explicit",
        "Flow",
        "Modular",
        "Module",
        "NoClosedForm",
        "Problem",
        "RandomModes",
        "Rule",
        "Shallow",
        "SmallRandom",
        "Statistics",
        "SubStructure",
        "Systematicity",
        "Trajectory",
        "isolated_map",
        "load_trajectory",
        "sub_structure",
        "sub_structures",
        "systematicity",
        "weak_systematicity",
    ),
    "projection": (
        "Projection",
        "project",
    ),
    "sweeps": (
        "Sweep",
        "load_sweep",
        "read_sweep",
        "sweep",
    ),
    "theory.derivations": (
        "Derivation",
        "derive",
    ),
    "verification": (
        "Agreement",
        "Claim",
        "ConvergenceOrder",
        "Evidence",
        "Finding",
        "Settings",
        "compare",
        "convergence_order",
        "verify",
    ),
}
_SUBPACKAGES = ("datasets", "dynamics", "figures", "sweeps", "theory")
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
    "HeldOut",
    "Modular",
    "Module",
    "NoClosedForm",
    "Problem",
    "Projection",
    "RandomModes",
    "Rule",
    "Settings",
    "Shallow",
    "SmallRandom",
    "Statistics",
    "SubStructure",
    "Sweep",
    "Systematicity",
    "SystematicityDataset",
    "Trajectory",
    "compare",
    "convergence_order",
    "datasets",
    "derive",
    "dynamics",
    "figures",
    "isolated_map",
    "load_sweep",
    "load_trajectory",
    "project",
    "read_sweep",
    "sub_structure",
    "sub_structures",
    "sweep",
    "sweeps",
    "systematicity",
    "theory",
    "verify",
    "weak_systematicity",
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
