"""The course of modes in fixed directions, and its trajectory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ...problem import (
    STACK_ENTRIES,
    Descent,
    NoClosedForm,
    Observation,
    Problem,
    Training,
    Trajectory,
    Weights,
    observe,
)
from ...validation import FloatArray
from .coupling import coupled_maps, left_out, nearby
from .evolution import origin

LARGE, WATCHED = 0.1, 50
MOST_GROWN = 0.01
"""Share of the range of a quantity by which rounding errors may change it."""


@dataclass(frozen=True, eq=False)
class Course:
    """Strengths over time of modes in fixed directions.

    Attributes
    ----------
    U, V : ndarray, shapes (output features, modes) and (input features, modes)
    pi : ndarray, shape (T, modes)
    method : str
    exact : bool
        Whether modes do not couple, so that nothing is neglected.
    idle : ndarray, shape (modes, input features)
        Weights from inputs without data to the hidden direction of each mode: they stay, and reach the outputs as the
        mode is learned.
    """

    U: FloatArray
    V: FloatArray
    pi: FloatArray
    method: str
    exact: bool
    idle: FloatArray

    def maps(self) -> Iterator[FloatArray]:
        """Return the input-output map at each time."""
        inputs = np.concatenate([self.V.T, self.idle])
        together = max(1, STACK_ENTRIES // max(1, len(self.U) * inputs.shape[1]))
        for first in range(0, len(self.pi), together):
            strengths = self.pi[first : first + together]
            both = np.concatenate([strengths, np.sqrt(np.maximum(strengths, 0.0))], axis=1)
            outputs = np.concatenate([self.U, self.U], axis=1) * both[:, None]
            rows = outputs.reshape(len(strengths) * len(self.U), len(inputs)) @ inputs
            yield from rows.reshape(len(strengths), len(self.U), inputs.shape[1])

    def trajectory(self, problem: Problem) -> Trajectory:
        """Return the observed quantities of the course."""
        return Trajectory.of_maps(
            problem,
            origin(problem, self.method),
            self.maps(),
            make_neglected=None if self.exact else partial(coupled_left_out, problem),
            make_weights=not_predicted,
        )


def coupled_left_out(problem: Problem, seen: Observation) -> dict[str, float]:
    """What a prediction leaves out of each quantity, from the coupled equations.

    It is infinite for a quantity whose course is decided by rounding errors in the initial weights. No closed form
    follows such a course, so that only large shares are examined.
    """
    shares = left_out(problem, seen, coupled_maps(problem))
    if max(shares.values()) <= LARGE:
        return shares
    watched = replace(problem, training=_watched(problem.training))
    with np.errstate(all="ignore"):
        near = observe(watched.dataset, coupled_maps(watched))
    grown = left_out(watched, near, coupled_maps(nearby(watched)))
    return {name: math.inf if share > LARGE and grown[name] > MOST_GROWN else share for name, share in shares.items()}


def _watched(training: Training) -> Training:
    """Training reported so often that courses which part between two reports and meet again are seen to part."""
    if isinstance(training, Descent):
        return replace(training, record_every=max(1, min(training.record_every, training.steps // WATCHED)))
    return replace(training, times=np.linspace(0.0, training.times[-1], WATCHED + 1))


def not_predicted() -> Weights:
    """Raise for weights that a closed form leaves open."""
    raise NoClosedForm(
        "the closed form from given weights predicts modes, norms and loss, not the weights; dynamics.solve has them"
    )
