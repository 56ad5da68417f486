"""The linear map that stands for a network, by name: product of weights, average Jacobian, least squares."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..datasets import Data
from ..problem import product
from ..validation import FloatArray, choice
from .arrays import DOUBLE, read_array
from .checkpoints import Checkpoint
from .torch_modules import evaluate, is_module, jacobians

LinearMap = Callable[[Checkpoint, Data], FloatArray]
CONVENTION = "a function takes X as (items, input features) and returns (items, output features)"


def product_map(checkpoint: Checkpoint, dataset: Data) -> FloatArray:
    r"""Return the product :math:`W_L \cdots W_1` of the matrices of a checkpoint.

    Parameters
    ----------
    checkpoint : Checkpoint
        It must hold matrices.
    dataset : Data

    Returns
    -------
    ndarray, shape (output features, input features)

    Raises
    ------
    ValueError
        If the checkpoint is no product of its matrices: it has none, they do not fit together or the dataset, it has
        offsets that are not zero, or as a module it returns something else on the data.

    See Also
    --------
    jacobian_map : The average Jacobian.
    least_squares_map : The map closest to the outputs.

    Examples
    --------
    >>> from linmod import Dataset
    >>> from linmod.projection import read_checkpoints
    >>> (checkpoint,) = read_checkpoints([np.array([[2.0], [0.0]]), np.array([[3.0, 1.0]])])
    >>> product_map(checkpoint, Dataset([[1.0]], [[1.0]]))
    array([[6.]])
    """
    objection = objection_to_product(checkpoint, dataset)
    if objection:
        raise ValueError(objection)
    return product(checkpoint.matrices)


def jacobian_map(checkpoint: Checkpoint, dataset: Data) -> FloatArray:
    r"""Jacobian of outputs after inputs, averaged over the items, :math:`\langle \partial f/\partial x \rangle`.

    Offsets drop out. It is the product of weights where only these are known, exact to rounding for a module of
    PyTorch, and found by central differences for other functions,

    .. math:: \partial_j f(x) \approx \frac{f(x + h e_j) - f(x - h e_j)}{2h}, \qquad
              h \approx \epsilon^{1/3} \max |X|,

    with :math:`\epsilon` the machine epsilon of what the function returns and h a power of two, so that it is off by
    about :math:`\epsilon |f|/h + h^2 |f'''|/6`: relative to the largest entry some :math:`\epsilon^{2/3}`, which is
    4e-11 in float64 and 2e-5 in float32.

    Parameters
    ----------
    checkpoint : Checkpoint
        A function or module; of matrices alone the product is returned.
    dataset : Data

    Returns
    -------
    ndarray, shape (output features, input features)
        The mean over the items.

    Raises
    ------
    ValueError
        If the outputs have the wrong shape, or a module of PyTorch cannot be differentiated.

    See Also
    --------
    product_map : The product of matrices.
    least_squares_map : The map closest to the outputs.

    Examples
    --------
    >>> from linmod import Dataset
    >>> from linmod.projection import read_checkpoints
    >>> (checkpoint,) = read_checkpoints(lambda X: X**2 + 1)
    >>> jacobian_map(checkpoint, Dataset([[1.0, 3.0]], [[1.0, 9.0]])).round(9)
    array([[4.]])
    """
    if not checkpoint.is_function:
        return product_map(checkpoint, dataset)
    rows = _rows(dataset)
    if is_module(checkpoint.given):
        outputs(checkpoint, dataset)
        total, _ = read_array(f"Jacobian of {checkpoint.name}", jacobians(checkpoint.given, rows), 2)
        return total / dataset.n_items
    _, precision = outputs(checkpoint, dataset)
    scale = float(np.max(np.abs(rows))) or 1.0
    step = 2.0 ** round(math.log2(precision ** (1 / 3) * scale))
    columns = [_difference(checkpoint, dataset, shift) for shift in step * np.eye(dataset.n_inputs)]
    return np.array(columns).T / (2 * step)


def least_squares_map(checkpoint: Checkpoint, dataset: Data) -> FloatArray:
    r"""Return the smallest map that comes closest to the outputs, :math:`f(X) X^+` with the pseudoinverse of X.

    Of a linear network it is the product of weights, restricted to the directions that the inputs span.

    Parameters
    ----------
    checkpoint : Checkpoint
        Of any kind; its outputs on the data are all that counts.
    dataset : Data

    Returns
    -------
    ndarray, shape (output features, input features)

    See Also
    --------
    jacobian_map : The average Jacobian.
    product_map : The product of matrices.

    Examples
    --------
    >>> from linmod import Dataset
    >>> from linmod.projection import read_checkpoints
    >>> (checkpoint,) = read_checkpoints([np.array([[3.0, 1.0]])])
    >>> least_squares_map(checkpoint, Dataset([[1.0], [0.0]], [[1.0]])).round(12) + 0.0
    array([[3., 0.]])
    """
    values, _ = outputs(checkpoint, dataset)
    return np.asarray(np.linalg.lstsq(dataset.X.T, values.T, rcond=None)[0].T)


MAPS: dict[str, LinearMap] = {
    "product": product_map,
    "jacobian": jacobian_map,
    "least_squares": least_squares_map,
}


def chosen_map(given: Any, checkpoints: Sequence[Checkpoint], dataset: Data) -> tuple[str, LinearMap]:
    """Return the name of a linear map, one for all checkpoints, and the function that forms it."""
    if callable(given):
        return "given map", own_map(given)
    name = choice("map", given, ["auto", *MAPS])
    if name == "auto":
        functions = [checkpoint for checkpoint in checkpoints if checkpoint.is_function]
        nonlinear = any(objection_to_product(checkpoint, dataset) for checkpoint in functions)
        name = "jacobian" if nonlinear else "product"
    return name.replace("_", " "), MAPS[name]


def own_map(function: Callable[[Any, FloatArray], Any]) -> LinearMap:
    """Form the map by a given function of network and inputs, which returns a map or the Jacobian of every item."""

    def form(checkpoint: Checkpoint, dataset: Data) -> FloatArray:
        result = function(checkpoint.given, _rows(dataset))
        name = f"map of {checkpoint.name}"
        per_item = len(getattr(result, "shape", ())) == 3
        entries, _ = read_array(name, result, 3 if per_item else 2)
        expected = (dataset.n_items,) * per_item + (dataset.n_outputs, dataset.n_inputs)
        if entries.shape != expected:
            raise ValueError(f"{name} must have shape {expected}, got {entries.shape}")
        return entries.mean(axis=0) if per_item else entries

    return form


def outputs(checkpoint: Checkpoint, dataset: Data) -> tuple[FloatArray, float]:
    """Return the outputs of a checkpoint, shape (output features, items), and their machine epsilon."""
    if not checkpoint.is_function:
        return product_map(checkpoint, dataset) @ dataset.X, checkpoint.precision
    return _called(checkpoint, dataset, _rows(dataset))


def objection_to_product(checkpoint: Checkpoint, dataset: Data) -> str:
    """Return why a checkpoint is not a product of its matrices; empty if it is one."""
    shapes = [matrix.shape for matrix in checkpoint.matrices]
    ends = [(dataset.n_inputs, 0), *shapes, (0, dataset.n_outputs)]
    if not shapes:
        return f"{checkpoint.name} has no matrices to multiply: use map='jacobian' or map='least_squares'"
    if any(before[0] != after[1] for before, after in pairwise(ends)):
        return (
            f"{checkpoint.name} must have matrices (units after, units before) from {dataset.n_inputs} inputs to"
            f" {dataset.n_outputs} outputs in order, got shapes {shapes}"
        )
    if checkpoint.offsets:
        return (
            f"{checkpoint.name} has non-zero parameters other than its matrices, {list(checkpoint.offsets)}:"
            " give it as a function or module and use map='jacobian', which drops offsets"
        )
    return _objection_of_function(checkpoint, dataset) if checkpoint.is_function else ""


def _objection_of_function(checkpoint: Checkpoint, dataset: Data) -> str:
    """Compare with the outputs: either side rounds by at most the sum of all widths, in units of |W_L|...|W_1||x|."""
    returned, precision = outputs(checkpoint, dataset)
    sizes = product([np.abs(matrix) for matrix in checkpoint.matrices]) @ np.abs(dataset.X)
    widths = sum(matrix.shape[1] for matrix in checkpoint.matrices)
    difference = np.abs(returned - product(checkpoint.matrices) @ dataset.X)
    if np.all(difference <= 2 * widths * max(precision, DOUBLE) * sizes):
        return ""
    return (
        f"{checkpoint.name} returns something else than the product of its matrices, by up to"
        f" {np.max(difference):.2g}: use map='jacobian' or map='least_squares'"
    )


def _rows(dataset: Data) -> FloatArray:
    return np.array(dataset.X.T, order="C")


def _difference(checkpoint: Checkpoint, dataset: Data, shift: FloatArray) -> FloatArray:
    """Return the mean over items of how much the outputs differ between the two sides of the inputs."""
    ahead, _ = _called(checkpoint, dataset, _rows(dataset) + shift)
    behind, _ = _called(checkpoint, dataset, _rows(dataset) - shift)
    return np.asarray(np.mean(ahead - behind, axis=1))


def _called(checkpoint: Checkpoint, dataset: Data, rows: FloatArray) -> tuple[FloatArray, float]:
    call = evaluate if is_module(checkpoint.given) else _plain_call
    name, expected = f"output of {checkpoint.name}", (dataset.n_items, dataset.n_outputs)
    try:
        returned = call(checkpoint.given, rows)
    except (TypeError, ValueError, RuntimeError, IndexError) as error:
        raise ValueError(f"{checkpoint.name} fails on X of shape {rows.shape}: {error}; {CONVENTION}") from error
    entries, precision = read_array(name, returned, 2)
    if entries.shape != expected:
        raise ValueError(f"{name} must have shape {expected}, got {entries.shape}: {CONVENTION}")
    return entries.T, precision


def _plain_call(function: Callable[[FloatArray], Any], rows: FloatArray) -> Any:
    return function(rows)
