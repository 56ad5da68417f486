"""Networks of modules in closed form: which form fits which group of modules, and the sum of their maps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...datasets import Data, Dataset, SystematicityDataset
from ...problem import (
    Aligned,
    Explicit,
    Modular,
    Module,
    NoClosedForm,
    Problem,
    Shallow,
    Trajectory,
    observe,
)
from ...validation import FloatArray
from ..dense import any_start as shallow
from ..dense import deep_start as deep
from ..dense import small_start as two_layer
from ..dense.course import Course, not_predicted
from ..dense.evolution import finite, training_name
from ..spectrum import Spectrum, spectrum
from . import aligned_start as aligned_modules

Groups = Sequence[Sequence[int]]


def module_spectra(network: Modular, dataset: Data) -> tuple[Spectrum, ...]:
    """Spectrum of what each module reads and writes.

    Examples
    --------
    >>> from linmod import Modular, SystematicityDataset
    >>> signs, identities = module_spectra(Modular.fully_partitioned(), SystematicityDataset(3, 1, 3, 1))
    >>> [(c.name, c.lam) for c in signs.learnable], [(c.name, c.count) for c in identities.learnable]
    ([('sign_to_sign', 1.0)], [('identity_to_identity', 8)])
    """
    return tuple(spectrum(module.view(dataset)) for module in network.modules)


def predict(
    problem: Problem, network: Modular, spectra: Sequence[Spectrum], factor: float, groups: Groups | None = None
) -> Trajectory:
    """Course of a network of modules; groups of modules that share outputs are found unless given.

    Raises
    ------
    NoClosedForm
        If a group of modules has none; the message names the modules and the reason.
    """
    together = network.groups if groups is None else groups
    for group in together:
        _check_outputs(network, group)
    setting = _in_the_space(problem, network, together)
    if setting is not None:
        return aligned_modules.predict(setting, spectra, factor, together)
    return _predict_maps(problem, network, spectra, factor, together)


def _check_outputs(network: Modular, group: Sequence[int]) -> None:
    members = [network.modules[i] for i in group]
    deep_ones = [module for module in members if not isinstance(module.network, Shallow)]
    if deep_ones and len({frozenset(module.outputs) for module in members}) > 1:
        raise NoClosedForm(
            f"{_names(group)} share some outputs but not all: the last layer of a deep one is pulled in several"
            " directions, so that more than one scalar for each pathway is needed (linmod.dynamics.solve_pathways"
            " integrates them)"
        )


def _in_the_space(problem: Problem, network: Modular, groups: Groups) -> aligned_modules.Setting | None:
    """The problem as one of classes of modes, if it is one."""
    dataset, initial = problem.dataset, problem.initial
    alike = all(len({frozenset(network.modules[i].outputs) for i in group}) == 1 for group in groups)
    if not (alike and isinstance(initial, Aligned) and isinstance(dataset, SystematicityDataset)):
        return None
    views = tuple(v for module in network.modules if isinstance(v := module.view(dataset), SystematicityDataset))
    if len(views) < len(network.modules):
        return None
    return aligned_modules.Setting(problem, dataset, network, initial, views)


@dataclass(frozen=True, eq=False)
class _Part:
    """Maps over time that a group of modules makes, by module."""

    map_at: Mapping[int, Callable[[int], FloatArray]]
    rule: str
    neglected: float


def _predict_maps(
    problem: Problem, network: Modular, spectra: Sequence[Spectrum], factor: float, groups: Groups
) -> Trajectory:
    parts = [_part(problem, network, spectra, factor, group) for group in groups]
    map_at = {index: at for part in parts for index, at in part.map_at.items()}

    def maps() -> Iterator[FloatArray]:
        for time in range(len(problem.times)):
            total = network.assemble(problem.dataset, {index: at(time) for index, at in map_at.items()})
            yield finite(problem, total[None])[0]

    seen = observe(problem.dataset, maps())
    return Trajectory(
        description=repr(problem),
        origin=f"modules, {training_name(problem)}, {' and '.join(dict.fromkeys(part.rule for part in parts))}",
        times=problem.times,
        modes=seen.modes,
        norms=seen.norms,
        loss=seen.loss,
        neglected=float(np.max([part.neglected for part in parts])),
        make_strengths=lambda: seen.strengths,
        make_weights=not_predicted,
    )


def _part(
    problem: Problem, network: Modular, spectra: Sequence[Spectrum], factor: float, group: Sequence[int]
) -> _Part:
    members = [network.modules[i] for i in group]
    if all(isinstance(module.network, Shallow) for module in members):
        return _shallow_group(problem, network, factor, group, spectra)
    if len(group) > 1:
        raise NoClosedForm(
            f"{_names(group)} share outputs: pathways that share their error have a closed form only from an Aligned"
            " start on a SystematicityDataset, where every pathway is diagonal in the same functions of the items"
        )
    (index,) = group
    alone = _alone(problem, network, index)
    try:
        course = _course(alone, spectra[index], factor)
    except NoClosedForm as error:
        raise NoClosedForm(f"module {index}, {members[0]!r}: {error}") from error
    maps = list(course.maps())
    return _Part({index: maps.__getitem__}, course.rule, course.neglected)


def _course(alone: Problem, spectrum: Spectrum, factor: float) -> Course:
    if alone.network.layers == 2:
        return two_layer.course(alone, spectrum, factor)
    return deep.course(alone, spectrum, factor)


def _alone(problem: Problem, network: Modular, index: int) -> Problem:
    """The problem of one module by itself."""
    module, count = network.modules[index], len(network.modules)
    if isinstance(problem.initial, Aligned):
        start: Aligned | Explicit = problem.initial.of_module(index, count)
    else:
        start = Explicit(network.split(problem.initial_weights)[index])
    return Problem(module.view(problem.dataset), module.network, start, problem.training)


def _shallow_group(
    problem: Problem, network: Modular, factor: float, group: Sequence[int], spectra: Sequence[Spectrum]
) -> _Part:
    """Shallow modules that share outputs: each output block learns from all inputs of those that write it, stacked."""
    if len(group) == 1:
        (index,) = group
        alone = _alone(problem, network, index)
        return _Part({index: shallow.map_over_time(alone, spectra[index], factor)}, "any start", 0.0)
    members = {i: network.modules[i] for i in group}
    written = {block for module in members.values() for block in module.outputs}
    filled = [
        name for name, rows in problem.dataset.output_blocks.items() if name in written and rows.stop > rows.start
    ]
    stacks = {block: _Stack(problem, network, members, block, factor) for block in filled}

    def map_at(index: int) -> Callable[[int], FloatArray]:
        own = [block for block in filled if block in members[index].outputs]
        return lambda time: np.concatenate([stacks[block].map_at(index, time) for block in own])

    return _Part({index: map_at(index) for index in members}, "any start", 0.0)


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
        """The share of one module in the map."""
        return self._at(time)[:, self._columns[index]]


def _names(group: Sequence[int]) -> str:
    return f"modules {' and '.join(map(str, group))}"
