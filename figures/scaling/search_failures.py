"""Why a rule missed the modules: its search was too small, or its samples prefer other projections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...datasets import SineTask
from ...dynamics.module_finding import descend, gaussian_objective, random_projections, recovered
from ...dynamics.module_finding.objective import Objective
from ...validation import FloatArray
from ...verification.claims import Finding

LENGTH_SCALE = RIDGE = 1.0
"""Length scale and ridge of the kernel with which the rules search."""
SMALL_SEARCHES = 8
MAJORITY = 0.5


@dataclass(frozen=True)
class Failure:
    """A rule that missed the modules: the objective of its search, per sample, at what it found and at the truth.

    Attributes
    ----------
    samples : int
    found : float
        After descent from the projections found, because the last steps of the rule use another kernel.
    true : float
        At the true projections.
    """

    samples: int
    found: float
    true: float

    @property
    def by_search(self) -> bool:
        """Whether the truth is better by the rule's objective, so that a better search would not have stopped here.

        Otherwise the samples prefer other projections to the truth. This is a limit of the objective that no search
        can overcome.
        """
        return self.true < self.found


def failure(task: SineTask, samples: int, projections: FloatArray) -> Failure:
    """Compare the projections that a rule found in a number of samples with the truth."""
    objective = _objective(task, samples)
    found = descend(objective, projections, scale=samples).value
    return Failure(samples, found / samples, objective(task.projections)[0] / samples)


def single_starts(task: SineTask, samples: int) -> tuple[Failure, ...]:
    """Return failures of deliberately small searches: joint descents, each from one random start."""
    rng, shape = np.random.default_rng([task.seed, 7]), (task.modules, task.inputs, task.dims)
    objective = _objective(task, samples)
    starts = [random_projections(rng, *shape) for _ in range(SMALL_SEARCHES)]
    ends = [descend(objective, start, scale=samples).projections for start in starts]
    return tuple(failure(task, samples, end) for end in ends if recovered(end, task.projections) < task.modules)


def _objective(task: SineTask, samples: int) -> Objective:
    """Return the objective of the search on standardised targets."""
    train = task.train(samples)
    Y = (train.y - train.y.mean(axis=0)) / train.y.std()
    return gaussian_objective(train.X, Y, ridge=RIDGE, length_scale=LENGTH_SCALE, dims=task.dims)


def share_by_search(failures: Sequence[Failure]) -> tuple[float, float]:
    """Return the share of failures that are due to the search, with its binomial standard error (Laplace, never 0)."""
    n, hits = len(failures), sum(one.by_search for one in failures)
    smooth = (hits + 1) / (n + 2)
    return hits / max(n, 1), float(np.sqrt(smooth * (1 - smooth) / (n + 2)))


def finding_of(failures: Sequence[Failure], small: Sequence[Failure], cost: float) -> Finding:
    """Check that most failures are not due to the search; the control is a deliberately small search.

    Parameters
    ----------
    failures, small : sequence of Failure
        Failures of the rule, and of the small search.
    cost : float
        Factor in the number of samples that the search costs, for the label.

    Returns
    -------
    Finding
    """
    share, error = share_by_search(failures)
    control, _ = share_by_search(small)
    rejected = bool(small) and control > MAJORITY
    label = (
        f"share of {len(failures)} failures due to the search, standard error {error:.2f}, at a cost of {cost:.2f}"
        f" times the samples; {control:.2f} of {len(small)} single starts with twice the samples needed"
    )
    return Finding(
        label, share, MAJORITY, bool(failures) and share <= MAJORITY and rejected, 1, int(rejected), unit="share"
    )
