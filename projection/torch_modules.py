"""Modules of PyTorch, recognised by their interface: PyTorch is already loaded if there is one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..validation import FloatArray

METHODS = ("forward", "modules", "named_parameters", "state_dict")


def is_module(value: Any) -> bool:
    """Return whether a value is a module of PyTorch, and PyTorch is loaded."""
    return (
        "torch" in sys.modules
        and not isinstance(value, type)
        and all(callable(getattr(value, name, None)) for name in METHODS)
    )


def evaluate(module: Any, rows: FloatArray) -> Any:
    """Return the outputs of a module, shape (items, output features), for inputs of shape (items, input features)."""
    with _evaluation(module), sys.modules["torch"].no_grad():
        return module(_inputs(module, rows))


def jacobians(module: Any, rows: FloatArray) -> Any:
    """Sum the derivatives of outputs after their item's inputs over items, (output features, input features).

    One backward pass for each output: the items do not mix in evaluation mode, so that the gradient of an output
    summed over items is made of the rows of all their Jacobians.

    Raises
    ------
    ValueError
        If PyTorch cannot differentiate the module.
    """
    torch = sys.modules["torch"]
    with _evaluation(module), torch.enable_grad():
        inputs = _inputs(module, rows).requires_grad_()
        totals = module(inputs).sum(dim=0)
        try:
            gradients = [torch.autograd.grad(total, inputs, retain_graph=True)[0] for total in totals]
        except RuntimeError as error:
            raise ValueError(f"the module cannot be differentiated: {error}; give lambda X: ... of it") from error
    return torch.stack([gradient.sum(dim=0) for gradient in gradients])


def _inputs(module: Any, rows: FloatArray) -> Any:
    """Return the inputs as a tensor of the type and on the device of the module's parameters."""
    torch, parameters = sys.modules["torch"], list(module.parameters())
    kinds = {(parameter.dtype, parameter.device) for parameter in parameters} or {(torch.float64, None)}
    if len(kinds) > 1:
        raise ValueError(f"the parameters must share one type and device, got {sorted(map(str, kinds))}")
    ((dtype, device),) = kinds
    return torch.tensor(np.array(rows), dtype=dtype, device=device)


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
