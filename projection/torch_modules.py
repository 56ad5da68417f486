"""Modules of PyTorch, recognised by what they offer: whoever holds one has loaded PyTorch already."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..validation import FloatArray

METHODS = ("forward", "modules", "named_parameters", "state_dict")


def is_module(value: Any) -> bool:
    """Whether a value is a module of PyTorch, and PyTorch is loaded."""
    return (
        "torch" in sys.modules
        and not isinstance(value, type)
        and all(callable(getattr(value, name, None)) for name in METHODS)
    )


def evaluate(module: Any, rows: FloatArray) -> Any:
    """Outputs of a module, shape (items, output features), for inputs of shape (items, input features)."""
    with _evaluation(module), sys.modules["torch"].no_grad():
        return module(_inputs(module, rows))


def jacobians(module: Any, rows: FloatArray) -> Any:
    """Sum over items of the derivative of every output after its item's inputs, (output features, input features).

    One backward pass for each output: the items do not mix in evaluation mode, so that the gradient of an output
    summed over items is made of the rows of all their Jacobians.
    """
    torch = sys.modules["torch"]
    with _evaluation(module), torch.enable_grad():
        inputs = _inputs(module, rows).requires_grad_()
        outputs = module(inputs)
        totals = outputs.reshape(len(rows), -1).sum(dim=0)
        gradients = (torch.autograd.grad(total, inputs, retain_graph=True)[0] for total in totals)
        return torch.stack([gradient.sum(dim=0) for gradient in gradients])


def _inputs(module: Any, rows: FloatArray) -> Any:
    """Inputs as a tensor of the type and on the device of the module's parameters."""
    torch, first = sys.modules["torch"], next(iter(module.parameters()), None)
    if first is None:
        return torch.tensor(np.array(rows), dtype=torch.float64)
    return torch.tensor(np.array(rows), dtype=first.dtype, device=first.device)


@contextmanager
def _evaluation(module: Any) -> Iterator[None]:
    """Put a module into evaluation mode, as for dropout and batch normalisation, and back."""
    training = [part for part in module.modules() if part.training]
    module.eval()
    try:
        yield
    finally:
        for part in training:
            part.training = True
