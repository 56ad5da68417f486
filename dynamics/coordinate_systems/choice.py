"""The choice of coordinates in which problems are trained: by name, or by what a step costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...problem import Problem
from ...validation import choice, instance
from ..systems import System
from .listing import COORDINATE_SYSTEMS, CoordinateSystem, Group

SYSTEMS = {system.name: system for system in COORDINATE_SYSTEMS}


def chosen(group: Group, name: str) -> CoordinateSystem:
    """The coordinates of that name; with ``"auto"`` those in which a step costs least.

    Raises
    ------
    TypeError, ValueError
        If the problem cannot be trained in these coordinates; the message says why.
    """
    choice("coordinates", name, ("auto", *SYSTEMS))
    asked = COORDINATE_SYSTEMS if name == "auto" else (SYSTEMS[name],)
    refusals = [system.refusal(group) for system in asked]
    possible = [system for system, reason in zip(asked, refusals, strict=True) if reason is None]
    if not possible:
        raise ValueError(f"coordinates={name!r} do not fit this problem: {refusals[-1]}")
    return _cheapest(possible, group)


def built(name: str, problem: Problem) -> System:
    """The system of a single problem in the coordinates of a name."""
    return SYSTEMS[name].build(Group((problem,), alone=True))


def _cheapest(systems: list[CoordinateSystem], group: Group) -> CoordinateSystem:
    """The first of the coordinates in which a step costs least."""
    return min(systems, key=lambda system: system.cost(group).of_networks(len(group.problems)))


@dataclass(frozen=True)
class CoordinatesAnswer:
    """The coordinates in which a problem is trained, and why.

    Attributes
    ----------
    name : str or None
        Name of the coordinates that :func:`linmod.dynamics.solve` uses; None if a problem cannot be trained.
    operations : dict of str to int
        Multiplications in one step, in each of the possible coordinates.
    refusals : dict of str to str
        Why the problem cannot be trained in the others.

    See Also
    --------
    coordinates : Ask for the answer on a problem.
    """

    name: str | None
    operations: Mapping[str, int]
    refusals: Mapping[str, str]

    def __str__(self) -> str:
        meanings = {name: f"{name} coordinates ({system.meaning})" for name, system in SYSTEMS.items()}
        lines = [f"trained in {meanings[self.name]}" if self.name else "cannot be trained"]
        for name, count in self.operations.items():
            lines.append(f"  {name}: {count:,} multiplications in one step")
        return "\n".join([*lines, *(f"  {name}: no, {reason}" for name, reason in self.refusals.items())])


def coordinates(problem: Problem) -> CoordinatesAnswer:
    """Name the coordinates that :func:`linmod.dynamics.solve` uses for a problem, without training it.

    Of the possible coordinates it takes those in which a step costs least: the multiplications, and the calls of NumPy
    in terms of multiplications.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    CoordinatesAnswer
        The name of the coordinates, the cost of a step in all that are possible, and the reasons against the others.

    See Also
    --------
    solve : Train all weights in these coordinates, or in those of a given name.
    linmod.theory.closed_form : The closed form of a problem.

    Examples
    --------
    >>> import linmod
    >>> dataset, start = linmod.SystematicityDataset(10, 1, 3, 1), linmod.SmallRandom()
    >>> training = linmod.Descent(step_size=0.16, steps=300)
    >>> print(coordinates(linmod.Problem(dataset, linmod.Deep(hidden=50), start, training)))
    trained in compressed coordinates (one triangular factor for each class of equal modes)
      spectral: 10,245,000 multiplications in one step
      compressed: 1,105,000 multiplications in one step
      principal: 157,440,000 multiplications in one step
      data: 473,036,800 multiplications in one step
    >>> answer = coordinates(linmod.Problem(dataset, linmod.Deep(hidden=50, layers=3), start, training))
    >>> answer.name, answer.refusals["compressed"]
    ('spectral', "with layers=3 every hidden layer mixes the modes; use 'principal'")
    """
    instance("problem", problem, (Problem,))
    group = Group((problem,), alone=True)
    refusals = {system.name: system.refusal(group) for system in COORDINATE_SYSTEMS}
    possible = [system for system in COORDINATE_SYSTEMS if refusals[system.name] is None]
    operations = {system.name: system.cost(group).products for system in possible}
    name = _cheapest(possible, group).name if possible else None
    return CoordinatesAnswer(name, operations, {one: reason for one, reason in refusals.items() if reason})
