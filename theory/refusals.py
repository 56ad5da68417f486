"""Reasons for which a problem has no closed form, each with a way out; several forms share them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from ..datasets import Data
from ..problem import NoClosedForm, Problem
from ..validation import count_text
from .spectrum import spectrum

COUPLING = 1e-9
"""Share of Sigma_y that may couple modes, for rounding."""


@dataclass(frozen=True)
class Refusal:
    """A reason for which a closed form does not apply, and a way out."""

    reason: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.reason}; {self.way_out}"

    def error(self) -> NoClosedForm:
        """Return the exception that states the reason."""
        return NoClosedForm(str(self))


Question = Callable[[Problem], Refusal | None]
"""One condition of a closed form: None where a problem fulfils it."""


def first_refusal(problem: Problem, questions: Iterable[Question]) -> Refusal | None:
    """Ask several questions in order and return the first refusal."""
    answers = (question(problem) for question in questions)
    return next((answer for answer in answers if answer is not None), None)


def momentum(problem: Problem) -> Refusal | None:
    """Refuse descent with momentum."""
    if not problem.training.momentum:
        return None
    return Refusal(
        f"there is no closed form for momentum={problem.training.momentum}, only for momentum=0",
        "set momentum=0, or use dynamics.solve",
    )


def no_weights(problem: Problem) -> Refusal | None:
    """Refuse a start that has no weights to predict from."""
    if problem.initial.has_weights:
        return None
    return Refusal(
        "RandomModes draws neither full weights nor single modes of a class",
        "use SmallRandom to have them, or dynamics.solve",
    )


def coupled(data: Data) -> Refusal | None:
    """Refuse data that couple the modes of a deep network."""
    if data.is_decoupled_by_gradient:
        return None
    return Refusal(
        "Sigma_x and Sigma_yx' Sigma_yx of this dataset do not commute, so learning couples its modes",
        "whiten the inputs, use a shallow network, which has a closed form for any data, or use dynamics.solve",
    )


def coupled_modes(problem: Problem) -> Refusal | None:
    """Refuse a problem on such data, or one whose rule couples modes: a contrastive term sees Sigma_y as well."""
    refusal = coupled(problem.dataset)
    if refusal or not problem.training.rule.contrastive or has_output_modes(problem.dataset):
        return refusal
    return Refusal(
        "X'X and Y'Y of this dataset do not commute, and the output directions of a class of modes are not"
        f" eigenvectors of Sigma_y of one eigenvalue, so that {problem.training.rule} couples modes",
        "train by the gradient, or use dynamics.solve",
    )


def has_output_modes(dataset: Data) -> bool:
    r"""Whether :math:`\Sigma_y` maps each output direction of a class to itself, times one number.

    This is so if X'X and Y'Y commute, and also if what no input explains of the outputs is uncorrelated between the
    modes and with all other directions.
    """
    if dataset.is_decoupled:
        return True
    sigma_y, basis = dataset.sigma_y, dataset.mode_basis
    allowed = COUPLING * float(np.linalg.norm(sigma_y))
    for block in basis.classes.values():
        U = basis.U[:, block]
        mapped = sigma_y @ U
        variance = float(np.sum(U * mapped)) / U.shape[1]
        if np.linalg.norm(mapped - variance * U) > allowed:
            return False
    return True


def too_narrow(problem: Problem) -> Refusal | None:
    """Refuse a hidden layer with fewer units than there are modes."""
    (hidden, _), *_ = problem.network.shapes(problem.dataset)
    n_modes = spectrum(problem.dataset).n_modes
    if hidden >= n_modes:
        return None
    return Refusal(
        f"hidden={hidden} is below the number of modes, {count_text(n_modes)}, which compete for units",
        f"use at least hidden={count_text(n_modes)}, or dynamics.solve",
    )
