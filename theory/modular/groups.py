"""Networks of modules in closed form: which form fits which group of modules, and the sum of their maps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

import numpy as np

from ...datasets import Data, Dataset
from ...problem import (
    Aligned,
    Explicit,
    Modular,
    Module,
    Observation,
    Problem,
    Shallow,
    Trajectory,
)
from ...validation import FloatArray
from ..dense import any_start as shallow
from ..dense import deep_start as deep
from ..dense import small_start as two_layer
from ..dense.coupling import coupled_maps, left_out
from ..dense.course import not_predicted
from ..dense.evolution import finite, training_name
from ..refusals import Refusal, first_refusal, no_weights
from ..spectrum import Spectrum, spectrum
from . import aligned_start as aligned_modules

Groups = Sequence[Sequence[int]]


def module_spectra(network: Modular, dataset: Data) -> tuple[Spectrum, ...]:
    """Return the spectrum of what each module reads and writes.

    Parameters
    ----------
    network : Modular
    dataset : SystematicityDataset or Dataset

    Returns
    -------
    tuple of Spectrum
        One for each module.

    See Also
    --------
    spectrum : Of a single chain.
    solve : Takes such spectra in place of those of the data.

    Examples
    --------
    >>> from linmod import Modular, SystematicityDataset
    >>> signs, identities = module_spectra(Modular.fully_partitioned(), SystematicityDataset(3, 1, 3, 1))
    >>> [(c.name, c.lam) for c in signs.learnable], [(c.name, c.count) for c in identities.learnable]
    ([('sign_to_sign', 1.0)], [('identity_to_identity', 8)])
    """
    return tuple(spectrum(module.view(dataset)) for module in network.modules)


def some_outputs_shared(problem: Problem) -> Refusal | None:
    """Refuse deep modules that share some of their outputs."""
    network = cast(Modular, problem.network)
    return next((found for group in network.groups if (found := _some_outputs_shared(network, group))), None)


def of_each_group(problem: Problem) -> Refusal | None:
    """Refuse the first group of modules that has no closed form."""
    groups = cast(Modular, problem.network).groups
    return next((found for group in groups if (found := _of_group(problem, group))), None)


QUESTIONS = (no_weights, some_outputs_shared, of_each_group)


def predict(problem: Problem, spectra: Sequence[Spectrum], factor: float) -> Trajectory:
    """Return the course of a network of modules, each group of modules that share outputs by its own form."""
    network = cast(Modular, problem.network)
    return _predict_maps(problem, network, spectra, factor, network.groups)


def predict_unshared(problem: Problem, spectra: Sequence[Spectrum]) -> Trajectory:
    """Return the course of modules each of which learns as if it were alone: wrong if some share outputs."""
    network = cast(Modular, problem.network)
    alone = [(index,) for index in range(len(network.modules))]
    for group in alone:
        refusal = _of_group(problem, group)
        if refusal:
            raise refusal.error()
    setting = aligned_modules.in_the_space(problem, alone)
    if setting is not None:
        return aligned_modules.predict_groups(setting, spectra, 1.0, alone)
    return _predict_maps(problem, network, spectra, 1.0, alone)


def _some_outputs_shared(network: Modular, group: Sequence[int]) -> Refusal | None:
    members = [network.modules[i] for i in group]
    deep_ones = [module for module in members if module.network.layers > 1]
    if not deep_ones or len({frozenset(module.outputs) for module in members}) == 1:
        return None
    return Refusal(
        f"{_names(group)} share some outputs but not all: the last layer of a deep one is pulled in several"
        " directions, so that more than one scalar for each pathway is needed",
        "linmod.dynamics.solve_pathways integrates them",
    )


def _of_group(problem: Problem, group: Sequence[int]) -> Refusal | None:
    network = cast(Modular, problem.network)
    members = [network.modules[i] for i in group]
    if _shallow(members):
        return None
    if len(group) > 1:
        return Refusal(
            f"{_names(group)} share outputs: pathways that share their error have a closed form only from an Aligned"
            " start on a SystematicityDataset, where every pathway is diagonal in the same functions of the items",
            "use both, or shallow modules, or dynamics.solve",
        )
    (index,) = group
    alone = _alone(problem, network, index)
    found = first_refusal(alone, (two_layer if alone.network.layers == 2 else deep).QUESTIONS)
    return None if found is None else replace(found, reason=f"module {index}, {members[0]!r}: {found.reason}")


def _shallow(members: Sequence[Module]) -> bool:
    return all(module.network.layers == 1 for module in members)


@dataclass(frozen=True, eq=False)
class _Part:
    """Maps over time that a group of modules makes, by module, and those of equations that neglect nothing."""

    map_at: Mapping[int, Callable[[int], FloatArray]]
    method: str
    coupled: Callable[[], Mapping[int, Callable[[int], FloatArray]]] | None = None


def _predict_maps(
    problem: Problem, network: Modular, spectra: Sequence[Spectrum], factor: float, groups: Groups
) -> Trajectory:
    parts = [_part(problem, network, spectra, factor, group) for group in groups]
    maps = _assembled(problem, network, [part.map_at for part in parts])
    return Trajectory.of_maps(
        problem,
        f"modules, {training_name(problem)}, {' and '.join(dict.fromkeys(part.method for part in parts))}",
        (finite(problem, total[None], first=time)[0] for time, total in enumerate(maps)),
        make_neglected=partial(_neglected, problem, network, parts) if any(part.coupled for part in parts) else None,
        make_weights=not_predicted,
    )


def _assembled(
    problem: Problem, network: Modular, parts: Sequence[Mapping[int, Callable[[int], FloatArray]]]
) -> Iterator[FloatArray]:
    map_at = {index: at for maps in parts for index, at in maps.items()}
    for time in range(len(problem.times)):
        yield network.assemble(problem.dataset, {index: at(time) for index, at in map_at.items()})


def _neglected(problem: Problem, network: Modular, parts: Sequence[_Part], seen: Observation) -> dict[str, float]:
    maps = [part.coupled() if part.coupled else part.map_at for part in parts]
    return left_out(problem, seen, _assembled(problem, network, maps))


def _part(
    problem: Problem, network: Modular, spectra: Sequence[Spectrum], factor: float, group: Sequence[int]
) -> _Part:
    members = [network.modules[i] for i in group]
    if _shallow(members):
        return _shallow_group(problem, network, factor, group, spectra)
    (index,) = group
    alone = _alone(problem, network, index)
    course = (two_layer if alone.network.layers == 2 else deep).course(alone, spectra[index], factor)
    maps = list(course.maps())
    coupled = None if course.exact else partial(_coupled, alone, index)
    return _Part({index: maps.__getitem__}, course.method, coupled)


def _coupled(alone: Problem, index: int) -> Mapping[int, Callable[[int], FloatArray]]:
    return {index: list(coupled_maps(alone)).__getitem__}


def _alone(problem: Problem, network: Modular, index: int) -> Problem:
    """Return the problem of one module."""
    module, count = network.modules[index], len(network.modules)
    if problem.initial.is_aligned:
        start: Aligned | Explicit = problem.initial.of_module(index, count)
    else:
        start = Explicit(network.split(problem.initial_weights)[index])
    return Problem(module.view(problem.dataset), module.network, start, problem.training)


def _shallow_group(
    problem: Problem, network: Modular, factor: float, group: Sequence[int], spectra: Sequence[Spectrum]
) -> _Part:
    """Return shallow modules that share outputs: each output block learns from the stacked inputs of its modules."""
    if len(group) == 1:
        (index,) = group
        alone = _alone(problem, network, index)
        return _Part({index: shallow.map_over_time(alone, spectra[index], factor)}, "any start")
    members = {i: network.modules[i] for i in group}
    written = {block for module in members.values() for block in module.outputs}
    filled = [
        name for name, rows in problem.dataset.output_blocks.items() if name in written and rows.stop > rows.start
    ]
    stacks = {block: _Stack(problem, network, members, block, factor) for block in filled}
    own = {index: [stacks[name] for name in filled if name in module.outputs] for index, module in members.items()}
    return _Part({index: partial(_of_stacks, stacks, index) for index, stacks in own.items()}, "any start")


def _of_stacks(stacks: Sequence[_Stack], index: int, time: int) -> FloatArray:
    return np.concatenate([stack.map_at(index, time) for stack in stacks])


class _Stack:
    """One output block, learned by a shallow network from the stacked inputs of several modules."""

    def __init__(
        self, problem: Problem, network: Modular, members: Mapping[int, Module], block: str, factor: float
    ) -> None:
        dataset = problem.dataset
        writers = {index: module for index, module in members.items() if block in module.outputs}
        inputs = [m.scales(dataset)[:, None] * dataset.X[m.columns(dataset)] for m in writers.values()]
        stops = np.cumsum([0, *map(len, inputs)])
        self._columns = {index: slice(stops[i], stops[i + 1]) for i, index in enumerate(writers)}
        rows = dataset.output_blocks[block]
        data = Dataset(np.concatenate(inputs), dataset.Y[rows])
        weights = network.split(problem.initial_weights)
        start = [weights[i][0][np.isin(m.rows(dataset), np.r_[rows])] for i, m in writers.items()]
        stacked = Problem(data, Shallow(), Explicit([np.concatenate(start, axis=1)]), problem.training)
        self._at = shallow.map_over_time(stacked, spectrum(data), factor)

    def map_at(self, index: int, time: int) -> FloatArray:
        """Return the share of one module in the map."""
        return self._at(time)[:, self._columns[index]]


def _names(group: Sequence[int]) -> str:
    return f"modules {' and '.join(map(str, group))}"
