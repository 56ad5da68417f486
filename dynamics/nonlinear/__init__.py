"""Non-linear networks on images: dense, or in modules, trained by minibatch descent with torch."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ...extras import require
from .architectures import CNN, MLP, ImageLayout, ImageNetwork
from .records import LearningRecord, load_record
from .settings import BatchDescent, ImageSplits

if TYPE_CHECKING:
    from .checkpoints import Checkpoints
    from .layers import Ensemble, PlaceByPlace, trained_module
    from .training import train_networks

_NEED_TORCH = {
    "Checkpoints": "checkpoints",
    "Ensemble": "layers",
    "PlaceByPlace": "layers",
    "train_networks": "training",
    "trained_module": "layers",
}

__all__ = [
    "CNN",
    "MLP",
    "BatchDescent",
    "Checkpoints",
    "Ensemble",
    "ImageLayout",
    "ImageNetwork",
    "ImageSplits",
    "LearningRecord",
    "PlaceByPlace",
    "load_record",
    "train_networks",
    "trained_module",
]


def __getattr__(name: str) -> Any:
    if name in _NEED_TORCH:
        require("torch", extra="torch")
        return getattr(import_module(f".{_NEED_TORCH[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
