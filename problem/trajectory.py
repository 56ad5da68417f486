"""The course of learning in the observed quantities, which a prediction and a simulation both return."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..storage import versions
from ..validation import FloatArray
from .dense import Weights
from .observation import Observation, Quantities, observe
from .problem import Problem

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["Known", "Shares", "Statistics", "Trajectory"]


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
    solved_problem : Problem or None
        The problem itself, where it is known.
    made_with : mapping of str to str
        Versions that made a loaded trajectory; empty for one that was made here.

    See Also
    --------
    linmod.theory.solve, linmod.dynamics.solve : Functions that return it.
    load_trajectory : Read one that was saved.
    """

    description: str
    origin: str
    times: FloatArray
    statistics: Statistics | None = None
    solved_problem: Problem | None = field(default=None, kw_only=True, repr=False)
    made_with: Mapping[str, str] = field(default_factory=dict, kw_only=True, repr=False)
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
            solved_problem=problem,
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

    @property
    def provenance(self) -> dict[str, str]:
        """What was solved, how, and with which versions: those of the file for a trajectory that was loaded."""
        return {"problem": self.description, "origin": self.origin, **(self.made_with or versions())}

    def save(self, path: str | Path, *, weights: bool = False) -> Path:
        """Write everything, with the weights only if asked for, to a file that :func:`load_trajectory` reads."""
        from .saving import save_trajectory

        return save_trajectory(self, path, weights=weights)

    def to_xarray(self) -> xr.Dataset:
        """Return the quantities as an xarray dataset with named dimensions and units (:func:`to_xarray`)."""
        from .tables import to_xarray

        return to_xarray(self)

    def to_dataframe(self) -> pd.DataFrame:
        """Return the quantities as a pandas table over time, with units (:func:`to_dataframe`)."""
        from .tables import to_dataframe

        return to_dataframe(self)

    def _repr_html_(self) -> str:
        from .tables import trajectory_html

        return trajectory_html(self)
