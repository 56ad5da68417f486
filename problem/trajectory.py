"""The course of learning in the observed quantities, which a prediction and a simulation both return."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile

import numpy as np

from ..validation import FloatArray, instance
from .dense import Weights
from .observation import OBSERVED, Observation, Quantities, observe
from .problem import Problem

__all__ = ["Known", "Shares", "Statistics", "Trajectory", "load_trajectory"]


@dataclass(frozen=True)
class Statistics:
    r"""What a simulation cost, and how well it kept what gradient flow conserves.

    Attributes
    ----------
    steps : int
        Steps taken (accepted ones, for an adaptive integrator).
    evaluations : int
        Evaluations of the gradient.
    conserved_drift : float
        Largest change of :math:`W_{l+1}^\top W_{l+1} - W_l W_l^\top` over training, in the Frobenius norm, relative
        to the largest :math:`|W_l|_F^2`. Gradient flow conserves it exactly, descent to first order in the step.

    See Also
    --------
    Trajectory : The course that it belongs to.
    """

    steps: int
    evaluations: int
    conserved_drift: float


Shares = Mapping[str, float]
"""What a prediction neglects of the range of each quantity, by name; what an exact one leaves out is not named."""


def nothing() -> Shares:
    """Return what an exact prediction neglects."""
    return {}


@dataclass(frozen=True, eq=False)
class Known:
    """Gives strengths that are known already, where others are made when asked for."""

    strengths: FloatArray

    def __call__(self) -> FloatArray:
        """The strengths."""
        return self.strengths


@dataclass(frozen=True, eq=False)
class Trajectory(Quantities):
    r"""The course of learning, predicted or simulated.

    Attributes
    ----------
    description : str
        The problem that was solved.
    origin : str
        Where the values come from: which closed form, or which integrator.
    times : ndarray, shape (T,)
        In units of tau.
    modes : mapping of str to ndarray, shape (T,)
        Effective singular value of each class c of :math:`n_c` modes, :math:`|(U^\top W V)_{cc}|_F / \sqrt{n_c}`.
    norms : mapping of (input block, output block) to ndarray, shape (T,)
        Frobenius norms of the blocks of the input-output map W.
    loss : ndarray, shape (T,)
        :math:`\frac{1}{2} \langle |y - W x|^2 \rangle` over the items.
    statistics : Statistics or None
        Cost and conserved quantities of a simulation; None for a prediction.

    See Also
    --------
    linmod.theory.solve, linmod.dynamics.solve : Functions that return it.
    load_trajectory : Read one that was saved.
    """

    description: str
    origin: str
    times: FloatArray
    statistics: Statistics | None = None
    make_neglected: Callable[[], Shares] = field(default=nothing, kw_only=True, repr=False)
    make_strengths: Callable[[], FloatArray] = field(kw_only=True, repr=False)
    make_weights: Callable[[], Weights] = field(kw_only=True, repr=False)

    @classmethod
    def of_maps(
        cls,
        problem: Problem,
        origin: str,
        maps: Iterable[FloatArray],
        *,
        make_weights: Callable[[], Weights],
        make_neglected: Callable[[Observation], Shares] | None = None,
    ) -> Trajectory:
        """Return what is seen of input-output maps, one for each time of a problem's training.

        Parameters
        ----------
        problem : Problem
        origin : str
        maps : iterable of ndarray, shape (output features, input features)
        make_weights : callable
            Makes the weights when they are asked for.
        make_neglected : callable, optional
            Maps what is seen to what a prediction neglects of each quantity; nothing unless given.

        Returns
        -------
        Trajectory

        See Also
        --------
        of_modes : From quantities that are known already.
        """
        seen = observe(problem.dataset, maps)
        return cls.of_modes(
            problem,
            origin,
            seen,
            make_neglected=nothing if make_neglected is None else partial(make_neglected, seen),
            make_strengths=Known(seen.strengths),
            make_weights=make_weights,
        )

    @classmethod
    def of_modes(
        cls,
        problem: Problem,
        origin: str,
        seen: Quantities,
        *,
        make_strengths: Callable[[], FloatArray],
        make_weights: Callable[[], Weights],
        make_neglected: Callable[[], Shares] = nothing,
        statistics: Statistics | None = None,
    ) -> Trajectory:
        """Return the quantities over the times of a problem's training.

        Parameters
        ----------
        problem : Problem
        origin : str
        seen : Quantities
            Modes, norms and loss.
        make_strengths, make_weights, make_neglected : callable
            Make these when they are asked for.
        statistics : Statistics, optional
            Of a simulation.

        Returns
        -------
        Trajectory

        See Also
        --------
        of_maps : From input-output maps that are still to be measured.
        """
        return cls(
            description=repr(problem),
            origin=origin,
            times=problem.times,
            **seen.by_field(),
            statistics=statistics,
            make_neglected=make_neglected,
            make_strengths=make_strengths,
            make_weights=make_weights,
        )

    def __repr__(self) -> str:
        span = f"{len(self.times)} times from {self.times[0]:g} to {self.times[-1]:g}"
        return f"{type(self).__name__}({self.origin}; {span}; modes: {', '.join(self.modes) or 'none'})"

    @cached_property
    def strengths(self) -> FloatArray:
        r"""Effective singular value :math:`u_\alpha^\top W v_\alpha` of every mode, shape (T, modes)."""
        with np.errstate(all="warn", under="ignore"):
            return self.make_strengths()

    @cached_property
    def weights(self) -> Weights:
        """All weights over time, one array of shape (T, units after, units before) for each layer."""
        with np.errstate(all="warn", under="ignore"):
            return self.make_weights()

    @cached_property
    def neglected_shares(self) -> Shares:
        """What a prediction neglects: error over range of each quantity and of the signed strengths of single modes.

        Infinite if unknown. It is empty if the prediction is exact.
        """
        with np.errstate(all="warn", under="ignore"):
            return self.make_neglected()

    @property
    def neglected(self) -> float:
        """Size of what a prediction neglects: the largest of its shares; 0 if exact, inf if unknown."""
        return max(self.neglected_shares.values(), default=0.0)

    @property
    def systematicity_ratio(self) -> FloatArray:
        r"""Share of the sign outputs' map that reads sign inputs, shape (T,).

        .. math:: |W_{\Omega_x \Omega_y}|_F^2 \,/\, (|W_{\Omega_x \Omega_y}|_F^2 + |W_{\Gamma_x \Omega_y}|_F^2)

        It is not a number (NaN) where the whole map to the sign outputs is zero.
        """
        for pair in (("omega_x", "omega_y"), ("gamma_x", "omega_y")):
            if pair not in self.norms:
                raise ValueError(
                    f"the systematicity ratio needs the blocks {pair}; this dataset has {list(self.norms)}"
                )
        signs, identities = self.norms["omega_x", "omega_y"], self.norms["gamma_x", "omega_y"]
        total = np.hypot(signs, identities)
        return np.square(np.divide(signs, total, out=np.full_like(total, np.nan), where=total > 0))

    def save(self, path: str | Path) -> Path:
        """Write everything but the weights to an ``.npz`` file that :func:`load_trajectory` reads."""
        seen = self.by_field()
        header = {
            "description": self.description,
            "origin": self.origin,
            "neglected": {name: repr(share) for name, share in self.neglected_shares.items()},
            **{name: list(values) for name, values in seen.items() if isinstance(values, Mapping)},
            "statistics": None if self.statistics is None else asdict(self.statistics),
        }
        arrays: dict[str, Any] = {
            name: np.array([*values.values()]) if isinstance(values, Mapping) else values
            for name, values in seen.items()
        }
        target = Path(path)
        if target.suffix != ".npz":
            target = target.with_name(f"{target.name}.npz")
        np.savez_compressed(
            target,
            header=np.array(json.dumps(header)),
            times=self.times,
            strengths=self.strengths,
            **arrays,
        )
        return target


def load_trajectory(path: str | Path) -> Trajectory:
    """Read a trajectory that :meth:`Trajectory.save` has written.

    Parameters
    ----------
    path : str or path
        An ``.npz`` file.

    Returns
    -------
    Trajectory
        Without the weights.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not a saved trajectory; on access to the weights, which are not saved.

    See Also
    --------
    Trajectory.save : Write the file.

    Examples
    --------
    >>> import tempfile, linmod
    >>> problem = linmod.Problem(linmod.SystematicityDataset(3, 1, 3, 1), linmod.Deep(),
    ...                          linmod.Aligned(1e-3), linmod.Descent(0.16, 300))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = linmod.theory.solve(problem).save(folder + "/prediction.npz")
    ...     print(linmod.load_trajectory(path).loss[-1] < 1e-6)
    True
    """
    instance("path", path, (str, os.PathLike))
    with open(path, "rb") as stream:
        try:
            return _read(stream)
        except (BadZipFile, zlib.error, EOFError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} is not a saved trajectory: {error}") from error


def _read(stream: BinaryIO) -> Trajectory:
    with np.load(stream, allow_pickle=False) as file:
        header = json.loads(str(file["header"]))
        strengths = file["strengths"]
        return Trajectory(
            description=header["description"],
            origin=header["origin"],
            times=file["times"],
            **{one.name: _by_label(header.get(one.name), file[one.name]) for one in OBSERVED},
            statistics=None if header["statistics"] is None else Statistics(**header["statistics"]),
            make_neglected=partial(dict, {name: float(share) for name, share in header["neglected"].items()}),
            make_strengths=Known(strengths),
            make_weights=_not_saved,
        )


def _by_label(labels: list[str | list[str]] | None, values: FloatArray) -> Any:
    """Return saved arrays by the labels that they had, or the array itself if it had none."""
    if labels is None:
        return values
    return dict(zip((label if isinstance(label, str) else tuple(label) for label in labels), values, strict=True))


def _not_saved() -> Weights:
    raise ValueError("the weights are not saved with a trajectory; solve the problem again to have them")
