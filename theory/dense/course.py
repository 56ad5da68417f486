"""The course of modes in fixed directions, and the trajectory that it makes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...problem import NoClosedForm, Problem, Trajectory, Weights
from ...validation import FloatArray
from .evolution import origin


@dataclass(frozen=True, eq=False)
class Course:
    """Strengths pi, shape (T, modes), along the columns of U and V, by which method, and how much it neglects."""

    U: FloatArray
    V: FloatArray
    pi: FloatArray
    method: str
    neglected: float

    def maps(self) -> Iterator[FloatArray]:
        """The input-output map at each time."""
        return ((self.U * strengths) @ self.V.T for strengths in self.pi)

    def trajectory(self, problem: Problem) -> Trajectory:
        """What is seen of it."""
        return Trajectory.of_maps(
            problem,
            origin(problem, self.method),
            self.maps(),
            neglected=self.neglected,
            make_weights=not_predicted,
        )


def not_predicted() -> Weights:
    """Stand in for weights that a closed form leaves open."""
    raise NoClosedForm(
        "the closed form from given weights predicts modes, norms and loss, not the weights; dynamics.solve has them"
    )
