r"""Modules in the dataset space from an aligned start: strengths by module and class.

All modules are diagonal in the same Walsh functions, so that each class of functions moves independently. A module
that shares no output follows the closed form of its layers, with :math:`\lambda` and :math:`\delta` of its inputs and
outputs; modules that write the same outputs race (:mod:`linmod.theory.modular.race`). The cost does not depend on the
number of items.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import numpy as np

from ...datasets import CLASS_NAMES, SystematicityDataset
from ...problem import (
    Aligned,
    BlockPair,
    Modular,
    Problem,
    Quantities,
    Trajectory,
    Weights,
    balanced_weights,
)
from ...validation import FloatArray
from ..dense.aligned_start import LISTABLE_MODES, scaled
from ..dense.evolution import evolve, finite, network_name, training_name
from ..refusals import Refusal
from ..spectrum import ModeClass, Spectrum
from ..spectrum import spectrum as spectrum_of
from .race import race_descent, race_flow

KINDS = ((True, True), (True, False), (False, False), (False, True))
"""Of each class of CLASS_NAMES, whether its modes are sign features of the inputs and of the outputs."""


@dataclass(frozen=True)
class Setting:
    """A problem of modules that all see parts of the dataset space."""

    problem: Problem
    dataset: SystematicityDataset
    network: Modular
    initial: Aligned
    views: tuple[SystematicityDataset, ...]


def in_the_space(problem: Problem, groups: Sequence[Sequence[int]]) -> Setting | None:
    """Return the problem in terms of classes of modes if it has this form."""
    dataset, initial, network = problem.dataset, problem.initial, cast(Modular, problem.network)
    same = all(len({frozenset(network.modules[i].outputs) for i in group}) == 1 for group in groups)
    views = tuple(view for part in network.parts(dataset) if (view := part.data.in_space) is not None)
    if not (same and initial.is_aligned and dataset.in_space is not None) or len(views) < len(network.modules):
        return None
    return Setting(problem, dataset.in_space, network, initial, views)


def covers(problem: Problem) -> bool:
    """Return whether this form is meant for a network of modules."""
    return in_the_space(problem, cast(Modular, problem.network).groups) is not None


def starts_below_zero(problem: Problem) -> Refusal | None:
    """Refuse a flow in which a deep pathway of a race starts below zero."""
    network = cast(Modular, problem.network)
    setting = in_the_space(problem, network.groups)
    if setting is None or problem.training.is_descent:
        return None
    racing = [index for group in network.groups if len(group) > 1 for index in group]
    if not any(_starts_below_zero(setting, index) for index in racing):
        return None
    return Refusal(
        "a deep pathway that shares outputs starts below zero, on its way into the saddle at zero: the race has"
        " a final state to be solved from only when all deep pathways start at zero or above",
        "use such a start, Descent, which is predicted by its exact map, or dynamics.solve",
    )


QUESTIONS = (starts_below_zero,)


def predict(problem: Problem, spectra: Sequence[Spectrum], factor: float) -> Trajectory:
    """Return the course of all classes in all modules, those that share outputs racing each other."""
    groups = cast(Modular, problem.network).groups
    return predict_groups(cast(Setting, in_the_space(problem, groups)), spectra, factor, groups)


def predict_groups(
    setting: Setting, spectra: Sequence[Spectrum], factor: float, groups: Sequence[Sequence[int]]
) -> Trajectory:
    """Return the course of all classes in all modules."""
    problem, network = setting.problem, setting.network
    pathways = [_Pathway(setting, i, spectrum, factor) for i, spectrum in enumerate(spectra)]
    classes = spectrum_of(setting.dataset).classes
    pi: dict[int, FloatArray] = {}
    for group in groups:
        members = [pathways[i] for i in group]
        found = [members[0].alone(classes)] if len(group) == 1 else _raced(problem, members, classes)
        pi.update(zip(group, found, strict=True))
    strengths = [pi[i] for i in range(len(pathways))]
    modes = _modes(pathways, classes, strengths)
    names = ", ".join(dict.fromkeys(network_name(module.network.layers) for module in network.modules))
    race = " race," if any(len(group) > 1 for group in groups) else ""
    return Trajectory.of_modes(
        problem,
        f"modules of {names},{race} {training_name(problem)}, aligned start",
        Quantities(
            modes={name: np.abs(values) for name, values in modes.items()},
            norms=_norms(pathways, classes, strengths),
            loss=_loss(setting, pathways, classes, strengths),
        ),
        make_strengths=partial(_listed, modes, [c.count for c in classes if c.learnable]),
        make_weights=partial(_weights, setting, pathways, classes, strengths),
    )


class _Pathway:
    """One module: its classes of modes, and those that the classes of the whole dataset are in."""

    def __init__(self, setting: Setting, index: int, spectrum: Spectrum, factor: float) -> None:
        self.view, self.module = setting.views[index], setting.network.modules[index]
        self.start = setting.initial.of_module(index, len(setting.views))
        self.problem = Problem(self.view, self.module.network, self.start, setting.problem.training)
        self.spectrum, self.own, self._factor = spectrum, spectrum_of(self.view), factor
        self.start.check(self.module.network, {c.name: c.count for c in self.own.learnable})

    def name_of(self, mode_class: ModeClass) -> str:
        """Return the module's class that a class of the whole dataset is in."""
        sign_in, sign_out = KINDS[CLASS_NAMES.index(mode_class.name)]
        kind = (sign_in and bool(self.view.input_signs), sign_out and bool(self.view.output_signs))
        return CLASS_NAMES[KINDS.index(kind)]

    def has(self, mode_class: ModeClass) -> bool:
        """Return whether the module can learn this class."""
        return self.own[self.name_of(mode_class)].learnable

    def initial(self, mode_class: ModeClass) -> float:
        """Return the strength at which a class starts in this module."""
        return self._factor * self.start.of_class(self.name_of(mode_class)) if self.has(mode_class) else 0.0

    def alone(self, classes: Sequence[ModeClass]) -> FloatArray:
        """Return the course of all classes of the dataset if no other module shares the outputs; shape (T, classes)."""
        pi0 = np.array([self.initial(c) for c in classes])
        mine = [self.spectrum[self.name_of(c)] for c in classes]
        lam, delta = (np.array([getattr(c, name) for c in mine]) for name in ("lam", "delta"))
        pi = evolve(self.problem, lam, delta, 4 * np.maximum(pi0, 0.0), 4 * np.maximum(-pi0, 0.0))
        return np.asarray(pi * np.array([self.has(c) for c in classes]))


def _raced(problem: Problem, members: Sequence[_Pathway], classes: Sequence[ModeClass]) -> list[FloatArray]:
    """Return the course of all classes in each of the modules that write the same outputs."""
    pi = [np.zeros((len(problem.times), len(classes))) for _ in members]
    for column, mode_class in enumerate(classes):
        runners = [i for i, member in enumerate(members) if member.has(mode_class)]
        if runners:
            found = _race(problem, [members[i] for i in runners], mode_class)
            for i, values in zip(runners, finite(problem, found).T, strict=True):
                pi[i][:, column] = values
    return pi


def _race(problem: Problem, runners: Sequence[_Pathway], mode_class: ModeClass) -> FloatArray:
    mine = [runner.spectrum[runner.name_of(mode_class)] for runner in runners]
    gains, target = [math.sqrt(c.delta) for c in mine], math.sqrt(mine[0].sigma)
    pi0 = [runner.initial(mode_class) for runner in runners]
    layers = [runner.module.network.layers for runner in runners]
    if problem.training.is_descent:
        training = problem.training
        return race_descent(gains, target, pi0, training.step_size, training.recorded_steps, layers)
    return race_flow(gains, target, pi0, problem.training.times, layers)


def _starts_below_zero(setting: Setting, index: int) -> bool:
    start, view = setting.initial.of_module(index, len(setting.views)), setting.views[index]
    strengths = [start.of_class(c.name) for c in spectrum_of(view).learnable]
    return setting.network.modules[index].network.layers > 1 and min(strengths, default=0.0) < 0


def _modes(
    pathways: Sequence[_Pathway], classes: Sequence[ModeClass], strengths: Sequence[FloatArray]
) -> dict[str, FloatArray]:
    modes = {}
    for column, c in enumerate(classes):
        if c.learnable:
            parts = [_overlap(p, c) * pi[:, column] for p, pi in zip(pathways, strengths, strict=True) if p.has(c)]
            modes[c.name] = np.sum([np.zeros(len(strengths[0])), *parts], axis=0)
    return modes


def _overlap(pathway: _Pathway, mode_class: ModeClass) -> float:
    """Return the product of the overlaps of a module's input and output vectors (with leak) with the dataset's."""
    mine = pathway.own[pathway.name_of(mode_class)]
    per_mode = mode_class.count / mine.count
    inputs = _share(mine.total_delta, mode_class.total_delta)
    outputs = _share(mine.total_sigma, mode_class.total_sigma)
    return math.sqrt(inputs * per_mode) * math.sqrt(outputs * per_mode)


def _share(part: float, whole: float) -> float:
    """Return part / whole, of total variances of modes."""
    if whole == 0:
        raise ValueError("n_bits must be at most 1000 for modules, for variances of modes in the range of floats")
    return part / whole


def _norms(
    pathways: Sequence[_Pathway], classes: Sequence[ModeClass], strengths: Sequence[FloatArray]
) -> dict[BlockPair, FloatArray]:
    r"""Return the Frobenius norms; in a block, parts of one mode are parallel and different modes are orthogonal."""
    pairs: list[BlockPair] = [(i, o) for o in ("omega_y", "gamma_y") for i in ("omega_x", "gamma_x")]
    norms = {}
    for pair in pairs:
        parts = [np.zeros(len(strengths[0]))]
        for column, c in enumerate(classes):
            amplitude = np.zeros(len(strengths[0]))
            for pathway, pi in zip(pathways, strengths, strict=True):
                share = pathway.own[pathway.name_of(c)].shares[pair] if pathway.has(c) else 0.0
                amplitude += abs(pathway.module.scale(pair[0])) * math.sqrt(share) * pi[:, column]
            parts.append(scaled(np.abs(amplitude), c.count, 1.0))
        norms[pair] = np.hypot.reduce(parts, axis=0)
    return norms


def _loss(
    setting: Setting, pathways: Sequence[_Pathway], classes: Sequence[ModeClass], strengths: Sequence[FloatArray]
) -> FloatArray:
    r"""Return the loss, :math:`\frac12 \sum_{o,c} n_c \eta_{oc}^2 (1 - \sum_{p \ni o} \pi_{pc}/\pi^*_{pc})^2`."""
    loss = np.zeros(len(strengths[0]))
    for column, c in enumerate(classes):
        for block, target in _targets(setting.dataset, c).items():
            left = np.ones_like(loss)
            for pathway, pi in zip(pathways, strengths, strict=True):
                if block in pathway.module.outputs and pathway.has(c):
                    left -= pi[:, column] / pathway.own[pathway.name_of(c)].pi_star
            loss += target / 2 * left**2
    return loss


def _targets(dataset: SystematicityDataset, mode_class: ModeClass) -> dict[str, float]:
    """Return the summed squared targets of a class in each output block."""
    sign_out = KINDS[CLASS_NAMES.index(mode_class.name)][1]
    share_of_items = mode_class.count / dataset.n_items
    return {
        "omega_y": float(mode_class.count) if sign_out else 0.0,
        "gamma_y": share_of_items * dataset.k_y * dataset.r_y**2,
    }


def _listed(modes: dict[str, FloatArray], counts: list[int]) -> FloatArray:
    pi = np.stack([*modes.values()], axis=1) if modes else np.zeros((0, 0))
    if sum(counts) * len(pi) > LISTABLE_MODES:
        raise ValueError(f"strengths of {sum(counts)} modes at {len(pi)} times are too many to list; use .modes")
    return np.repeat(pi, counts, axis=1)


def _weights(
    setting: Setting, pathways: Sequence[_Pathway], classes: Sequence[ModeClass], strengths: Sequence[FloatArray]
) -> Weights:
    over_time: list[list[FloatArray]] = []
    columns = [_columns(setting.dataset, pathway, classes) for pathway in pathways]
    for time in range(len(setting.problem.times)):
        layers: list[FloatArray] = []
        for pathway, pi, chosen in zip(pathways, strengths, columns, strict=True):
            layers.extend(balanced_weights(pathway.module.network, pathway.view.mode_basis, pi[time, chosen]))
        over_time.append(layers)
    return tuple(np.array(layer) for layer in zip(*over_time, strict=True))


def _columns(dataset: SystematicityDataset, pathway: _Pathway, classes: Sequence[ModeClass]) -> list[int]:
    """Return the class of the dataset, by number, of each mode of a module."""
    signs_in, signs_out = ({1 << bit for bit in bits} for bits in (dataset.input_signs, dataset.output_signs))
    names = [c.name for c in classes]
    masks = [int(mask) for members in pathway.view.class_masks.values() for mask in members]
    return [names.index(CLASS_NAMES[KINDS.index((mask in signs_in, mask in signs_out))]) for mask in masks]
