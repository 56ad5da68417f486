"""The checkpoints of a network, seen as a trajectory, and the problem that theory solves from the first of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..datasets import Data
from ..problem import Deep, Explicit, Known, Network, Problem, Shallow, Training, Trajectory, Weights, observe
from ..problem.tables import trajectory_html
from ..validation import FloatArray, array, instance
from .checkpoints import Checkpoint, read_checkpoints
from .maps import chosen_map, outputs


@dataclass(frozen=True, eq=False, repr=False)
class Projection(Trajectory):
    r"""The course of a network of another library, in the quantities of a :class:`Trajectory`.

    Modes, norms and loss are those of the linear map W that stands for the network (see :func:`linmod.project`); they
    are what :meth:`save` writes.

    Attributes
    ----------
    dataset : Data
    unexplained : ndarray, shape (T,)
        Share of the outputs that the linear map misses, :math:`|f(X) - W X|_F / |f(X)|_F`: rounding for a linear
        network without biases, NaN where all outputs are zero.
    network_loss : ndarray, shape (T,)
        Loss of the network itself, :math:`\frac{1}{2} \langle |y - f(x)|^2 \rangle` over the items.
    start : tuple of ndarray
        The matrices of the first checkpoint, none if only functions were given.
    precision : float
        Coarsest machine epsilon of parameters and outputs: 2.2e-16 for float64, 1.2e-7 for float32.

    See Also
    --------
    project : The function that returns it.
    """

    dataset: Data = field(kw_only=True)
    unexplained: FloatArray = field(kw_only=True)
    network_loss: FloatArray = field(kw_only=True)
    start: Weights = field(kw_only=True)
    precision: float = field(kw_only=True)

    def _repr_html_(self) -> str:
        lost = f"misses at most {np.max(np.nan_to_num(self.unexplained)):.2g} of the outputs"
        loss = f"{self.network_loss[0]:.4g} at first, {self.network_loss[-1]:.4g} at last"
        return trajectory_html(self, {"linear map": lost, "loss of the network": loss})

    def problem(self, training: Training, network: Network | None = None) -> Problem:
        """State the problem whose solution this network should follow, from the matrices of its first checkpoint.

        Parameters
        ----------
        training : Flow or Descent
            At the times of the checkpoints, which are best given to :func:`linmod.project` as ``training.times``.
        network : Shallow, Deep or Modular, optional
            A chain of as many layers as there are matrices, unless given.

        Raises
        ------
        ValueError
            If the first checkpoint has no matrices or they do not fit the network, or if the times differ.
        """
        if not self.start:
            raise ValueError("the first checkpoint is a function without matrices; state the Problem with a start")
        problem = Problem(self.dataset, network or _chain(self.start), Explicit(self.start), training)
        if problem.times.shape != self.times.shape or not np.allclose(problem.times, self.times):
            raise ValueError(
                f"training must report the times of the {len(self.times)} checkpoints, from {self.times[0]:g} to"
                f" {self.times[-1]:g}, got {training!r}; give project(..., times=training.times)"
            )
        return problem


def project(
    network: Any,
    dataset: Data,
    *,
    times: ArrayLike | None = None,
    map: str | Callable[[Any, FloatArray], Any] = "auto",  # noqa: A002
) -> Projection:
    r"""Convert a network of another library, or its checkpoints, to the layout of predictions and simulations.

    At each time a linear map W stands for the network, and its modes, block norms and loss are observed.

    Parameters
    ----------
    network : matrices, mapping, function, torch module, or a sequence of one of these
        One network, or a sequence of its checkpoints. A network is

        - a sequence of matrices (units after, units before) from the input on, of any library whose arrays offer
          ``__array__`` or ``__dlpack__``;
        - a mapping of names to arrays, such as a state-dict, with its matrices in order;
        - a function that takes X as (items, input features), float64, and returns (items, output features);
        - a module of PyTorch, called in evaluation mode with X in the type of its parameters.

        Arrays with three axes, one for each layer, are checkpoints as well: time is their first axis. A sequence of
        matrices is always the layers of one network.
    dataset : SystematicityDataset or Dataset
    times : array_like, shape (T,), optional
        Times of the checkpoints in units of tau, not negative and increasing; 0, 1, 2, ... unless given.
    map : {"auto", "product", "jacobian", "least_squares"} or callable, default "auto"
        How W is formed, in the same way for all checkpoints.

        - ``"product"``: of the matrices. Biases must be zero, and a module must return what the product does.
        - ``"jacobian"``: of outputs after inputs, averaged over the items. Biases drop out. A function that is no
          torch module is differentiated by central differences, relative error about 4e-11 (2e-5 in float32).
        - ``"least_squares"``: the smallest map that comes closest to the outputs.
        - a callable of the network and X, (items, input features), that returns W, or the Jacobian of every item,
          shape (items, output features, input features), to be averaged: ``lambda f, X: jax.vmap(jax.jacrev(f))(X)``.
        - ``"auto"``: the product of matrices; for functions and modules that are not one, the Jacobian.

    Returns
    -------
    Projection
        A :class:`Trajectory` that :func:`linmod.compare` takes as a simulation.

    Raises
    ------
    TypeError
        If an argument is of another kind, or entries are complex or of half precision.
    ValueError
        If shapes do not fit the dataset or times the checkpoints, if entries are not finite, if checkpoints share
        their memory, or if the network is no product of its matrices where that is asked for.

    See Also
    --------
    linmod.compare : Compare the projection with a prediction.

    Examples
    --------
    >>> import linmod
    >>> dataset = linmod.SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1)
    >>> training = linmod.Descent(step_size=0.04, steps=300)
    >>> W, checkpoints = np.zeros((9, 27)), []
    >>> for step in range(301):
    ...     checkpoints.append([W])
    ...     W = W + 0.04 * (dataset.sigma_yx - W @ dataset.sigma_x)
    >>> projection = linmod.project(checkpoints, dataset, times=training.times)
    >>> projection.origin
    'given network, product'
    >>> prediction = linmod.theory.solve(projection.problem(training))
    >>> linmod.compare(prediction, projection, tolerance=1e-12).passed
    True
    """
    instance("dataset", dataset, (Data,))
    checkpoints = read_checkpoints(network)
    at = _times(times, len(checkpoints))
    _require_one_form(checkpoints)
    name, form = chosen_map(map, checkpoints, dataset)
    maps, returned, precisions = [], [], []
    for checkpoint in checkpoints:
        maps.append(form(checkpoint, dataset))
        values, precision = outputs(checkpoint, dataset)
        returned.append(values)
        precisions += [precision, checkpoint.precision]
    seen = observe(dataset, maps)
    return Projection(
        description=f"given network on {dataset!r}",
        origin=f"given network, {name}",
        times=at,
        **seen.by_field(),
        make_strengths=Known(seen.strengths),
        make_weights=partial(_weights, [checkpoint.matrices for checkpoint in checkpoints]),
        dataset=dataset,
        unexplained=np.array([_missed(W @ dataset.X, values) for W, values in zip(maps, returned, strict=True)]),
        network_loss=np.array([np.sum(np.square(dataset.Y - values)) for values in returned]) / (2 * dataset.n_items),
        start=checkpoints[0].matrices,
        precision=max(precisions),
    )


def _times(times: ArrayLike | None, wanted: int) -> FloatArray:
    if times is None:
        return np.arange(wanted, dtype=np.float64)
    given = array("times", times, 1)
    if len(given) != wanted:
        raise ValueError(f"times must be one for each of {wanted} checkpoints, got {len(given)}")
    if given[0] < 0 or np.any(np.diff(given) <= 0):
        raise ValueError("times must be increasing and not negative, in units of tau")
    return given


def _require_one_form(checkpoints: Sequence[Checkpoint]) -> None:
    """Raise if the checkpoints are not those of one network."""
    first = checkpoints[0]
    for checkpoint in checkpoints[1:]:
        shapes = [[matrix.shape for matrix in each.matrices] for each in (first, checkpoint)]
        if shapes[0] != shapes[1] or checkpoint.is_function != first.is_function:
            raise ValueError(
                f"{checkpoint.name} must hold the same layers as {first.name}, {shapes[0]}, got {shapes[1]}"
            )


def _missed(explained: FloatArray, values: FloatArray) -> float:
    size = float(np.linalg.norm(values))
    return float(np.linalg.norm(values - explained)) / size if size > 0 else float("nan")


def _chain(start: Weights) -> Network:
    return Shallow() if len(start) == 1 else Deep(hidden=len(start[0]), layers=len(start))


def _weights(matrices: Sequence[Weights]) -> Weights:
    if not matrices[0]:
        raise ValueError("a function holds no weights; the checkpoints must be given as matrices or modules")
    return tuple(np.array(layer) for layer in zip(*matrices, strict=True))
