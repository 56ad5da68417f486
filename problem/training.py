"""Training by gradient flow or by descent."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from ..validation import FloatArray, array, instance, integer, real
from .rules import Rule

__all__ = ["Descent", "Flow", "Training"]

GRADIENT = Rule()


@dataclass(frozen=True, eq=False, init=False)
class Flow:
    r"""Gradient flow of the loss :math:`L = \frac{1}{2} \langle |y - W x|^2\rangle`, averaged over items.

    .. math:: \tau\, \dot W = -\partial L/\partial W

    Parameters
    ----------
    times : array_like, shape (T,)
        Times to report, in units of tau, not negative and increasing. Training starts at time 0.
    rtol, atol : float, default 1e-8 and 1e-10
        Relative and absolute tolerance of each integration step, per weight.
    rule : Rule, default Rule.gradient()
        What is added to the gradient in a two-layer network.

    See Also
    --------
    Descent : Training by finite steps.

    Examples
    --------
    >>> Flow([0.0, 1.0, 2.0])
    Flow(3 times from 0 to 2, rtol=1e-08, atol=1e-10)
    """

    is_descent: ClassVar[Literal[False]] = False
    momentum: ClassVar[float] = 0.0
    times: FloatArray
    rtol: float
    atol: float
    rule: Rule

    def __init__(self, times: ArrayLike, rtol: float = 1e-8, atol: float = 1e-10, *, rule: Rule = GRADIENT) -> None:
        instance("rule", rule, (Rule,))
        reported = array("times", times, 1)
        if len(reported) == 0:
            raise ValueError("times must hold at least one time, got none")
        if reported[0] < 0 or np.any(np.diff(reported) <= 0):
            raise ValueError("times must be increasing and not negative, in units of tau")
        real("rtol", rtol, 100 * np.finfo(float).eps)
        real("atol", atol, 0.0)
        for name, value in {"times": reported, "rtol": rtol, "atol": atol, "rule": rule}.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        span = f"{len(self.times)} times from {self.times[0]:g} to {self.times[-1]:g}"
        rule = "" if self.rule.is_gradient else f", rule={self.rule}"
        return f"Flow({span}, rtol={self.rtol}, atol={self.atol}{rule})"


@dataclass(frozen=True)
class Descent:
    r"""Full-batch gradient descent, :math:`W \leftarrow W - \alpha\, \partial L/\partial W`.

    Parameters
    ----------
    step_size : float
        The step :math:`\alpha = 1/\tau`, for the loss :math:`L = \frac{1}{2} \langle |y - W x|^2 \rangle` averaged
        over items. After n steps the time is :math:`\alpha n` in units of tau.
    steps : int
        Number of steps.
    record_every : int, default 1
        Number of steps between reports; the last step is reported too.
    momentum : float, default 0.0
        Factor :math:`\mu` of Polyak's heavy ball, at least 0 and below 1:
        :math:`V \leftarrow \mu V - \alpha\, \partial L/\partial W`, :math:`W \leftarrow W + V`. Far from
        stability limits it learns as descent with the step :math:`\alpha/(1 - \mu)` would.
    rule : Rule, default Rule.gradient()
        What is added to the gradient in a two-layer network.

    See Also
    --------
    Flow : The limit of small steps.

    Examples
    --------
    >>> Descent(step_size=0.16, steps=300, record_every=100).times
    array([ 0., 16., 32., 48.])
    """

    is_descent: ClassVar[Literal[True]] = True
    step_size: float
    steps: int
    record_every: int = 1
    momentum: float = 0.0
    rule: Rule = field(default=GRADIENT, kw_only=True)

    def __post_init__(self) -> None:
        instance("rule", self.rule, (Rule,))
        real("step_size", self.step_size, positive=True)
        integer("steps", self.steps, 0)
        integer("record_every", self.record_every, 1)
        if real("momentum", self.momentum, 0.0) >= 1:
            raise ValueError(f"momentum must be below 1, got {self.momentum}")

    @cached_property
    def recorded_steps(self) -> tuple[int, ...]:
        """The numbers of steps after which the state is reported."""
        recorded = list(range(0, self.steps + 1, self.record_every))
        return tuple(recorded if recorded[-1] == self.steps else [*recorded, self.steps])

    @property
    def times(self) -> FloatArray:
        """Times reported, in units of tau."""
        return self.step_size * np.array(self.recorded_steps, dtype=np.float64)


Training = Flow | Descent
