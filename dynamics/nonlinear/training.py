"""Training of several networks at once, with records, early stopping and exact resumption."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ...problem import Divergence
from ...storage import Arrays
from ...validation import FloatArray, instance, integer
from .architectures import ImageNetwork
from .checkpoints import CheckpointFile, Checkpoints, State, fingerprint
from .evaluation import Material, total_loss
from .layers import Ensemble, Weights, initial_weights
from .records import LearningRecord, record_of
from .runtime import device_of, reproducible
from .settings import BatchDescent, ImageSplits

Measure = Callable[[Ensemble], Mapping[str, NDArray[Any]]]


def train_networks(
    network: ImageNetwork,
    splits: ImageSplits | Sequence[ImageSplits],
    training: BatchDescent,
    seeds: Sequence[int] = (0,),
    *,
    measure: Measure = lambda _: {},
    checkpoints: Checkpoints | None = None,
    device: str = "cpu",
    threads: int = 1,
    progress: Callable[[float], None] = lambda _: None,
) -> LearningRecord:
    """Train networks of one architecture, one for each seed, by minibatch descent.

    Parameters
    ----------
    network : ImageNetwork
    splits : ImageSplits or sequence of them
        One for all seeds, or one for each, of the same layout and sizes.
    training : BatchDescent
    seeds : sequence of int, default (0,)
        Of the initial weights and of the order of the items. The numbers of one seed do not depend on the others,
        but for rounding.
    measure : callable, optional
        Maps the :class:`~linmod.dynamics.nonlinear.layers.Ensemble` at each recorded step to named arrays of shape
        (networks, ...), which the record keeps.
    checkpoints : Checkpoints, optional
        Save the state to a file at intervals, and continue from this file if it exists.
    device : str, default "cpu"
        As torch names it, such as "cuda".
    threads : int, default 1
        Of the CPU.
    progress : callable, optional
        Called with the fraction done.

    Returns
    -------
    LearningRecord

    Raises
    ------
    TypeError, ValueError
        For a wrong argument, or a checkpoint that is damaged or of another training.
    Divergence
        If a loss is not finite.

    See Also
    --------
    BatchDescent : The settings of training.
    LearningRecord : What was measured.

    Examples
    --------
    >>> from linmod.datasets import CompositionalImages, Images
    >>> pixels, classes = np.random.default_rng(0).random((60, 2, 2)), np.arange(60) % 2
    >>> task = CompositionalImages(images=Images(pixels, classes, "noise"), seen=6)
    >>> from linmod.dynamics.nonlinear import MLP
    >>> splits = ImageSplits.draw(task, train=12, evaluation=6)
    >>> training = BatchDescent(steps=4, batch=4, record_every=2)
    >>> record = train_networks(ImageNetwork(MLP((4,))), splits, training, seeds=(0, 1))
    >>> record.steps.tolist(), record.losses["train", "compositional"].shape
    ([0, 2, 4], (3, 2))
    """
    instance("network", network, (ImageNetwork,))
    instance("training", training, (BatchDescent,))
    given = _seeds(seeds)
    each = _splits(splits, len(given))
    place = device_of(device)
    with reproducible(threads):
        run = _Run(network, training, given, Material(each, place), measure)
        file = CheckpointFile(checkpoints, fingerprint(network, training, given, each), place)
        state = file.load() or run.start(place)
        while not run.finished(state):
            run.advance(state, training.recorded_steps[len(state.rows)])
            run.record(state)
            file.save(state, now=run.finished(state))
            progress(state.step / training.steps if training.steps else 1.0)
        return run.result(state)


class _Run:
    """One training: how its state moves on."""

    def __init__(
        self,
        network: ImageNetwork,
        training: BatchDescent,
        seeds: tuple[int, ...],
        material: Material,
        measure: Measure,
    ) -> None:
        self.network, self.training, self.seeds = network, training, seeds
        self.material, self.measure = material, measure

    def start(self, device: torch.device) -> State:
        layout, std = self.material.layout, self.training.initial_std
        drawn = [initial_weights(self.network, layout, std, seed) for seed in self.seeds]
        stacked = {
            name: torch.tensor(np.stack([one[name] for one in drawn]), dtype=torch.float32, device=device)
            for name in drawn[0]
        }
        return State.initial(stacked, len(self.seeds))

    def advance(self, state: State, step: int) -> None:
        """Train up to this step."""
        for value in state.weights.values():
            value.requires_grad_(True)
        ensemble = self._ensemble(state.weights)
        parameters = list(state.weights.values())
        while state.step < step:
            images, targets = self.material.batch(self.seeds, self.training.batch, state.step)
            loss = (ensemble(images) - targets).square().sum() / (2 * targets.shape[1])
            gradients = torch.autograd.grad(loss, parameters)
            with torch.no_grad():
                for value, velocity, gradient in zip(parameters, state.velocity.values(), gradients, strict=True):
                    velocity.mul_(self.training.momentum).sub_(gradient, alpha=self.training.step_size)
                    value.add_(velocity)
            state.step += 1
        for value in parameters:
            value.requires_grad_(False)

    def record(self, state: State) -> None:
        """Evaluate, refuse what is not finite, and keep the weights that are to be kept."""
        ensemble = self._ensemble(state.weights)
        row = self.material.evaluate(ensemble)
        self._refuse_divergence(state, total_loss(row, "train"))
        row |= {f"measured/{name}": np.asarray(values) for name, values in self.measure(ensemble).items()}
        state.rows.append(row)
        loss = total_loss(row, "validation")
        running = self._running(state)
        better = running & ((loss < state.lowest) | (self.training.patience is None))
        state.lowest[better], state.kept[better] = loss[better], state.step
        state.waited = np.where(better, 0, state.waited + running)
        chosen = torch.from_numpy(better)
        for name, value in state.weights.items():
            at = chosen.to(value.device)
            state.kept_weights[name][at] = value[at]

    def finished(self, state: State) -> bool:
        return len(state.rows) == len(self.training.recorded_steps) or not self._running(state).any()

    def result(self, state: State) -> LearningRecord:
        steps = np.array(self.training.recorded_steps[: len(state.rows)])
        arrays: Arrays = {name: np.stack([row[name] for row in state.rows]) for name in state.rows[0]}
        held = np.searchsorted(steps, np.minimum(steps[:, None], state.kept))
        networks = np.arange(len(self.seeds))
        arrays = {name: values[held, networks] for name, values in arrays.items()}
        arrays |= {f"weights/{name}": value.cpu().numpy() for name, value in state.kept_weights.items()}
        arrays |= {"steps": steps, "times": self.training.step_size * steps, "kept": state.kept}
        return record_of(f"{self.network}, {self.training}", self.seeds, arrays)

    def _ensemble(self, weights: Weights) -> Ensemble:
        return Ensemble(self.network, self.material.layout, weights)

    def _running(self, state: State) -> NDArray[np.bool_]:
        patience = self.training.patience
        return np.ones(len(self.seeds), bool) if patience is None else state.waited < patience

    def _refuse_divergence(self, state: State, loss: FloatArray) -> None:
        lost = self._running(state) & ~np.isfinite(loss)
        if lost.any():
            seeds = [seed for seed, gone in zip(self.seeds, lost, strict=True) if gone]
            raise Divergence(
                f"the loss of seeds {seeds} is not finite after step {state.step}; choose a step_size below "
                f"{self.training.step_size:g}"
            )


def _seeds(seeds: Sequence[int]) -> tuple[int, ...]:
    given = tuple(integer("seeds entry", seed) for seed in seeds)
    if not given or len(set(given)) < len(given):
        raise ValueError(f"seeds must be distinct and at least one, got {list(given)}")
    return given


def _splits(splits: ImageSplits | Sequence[ImageSplits], networks: int) -> list[ImageSplits]:
    each = [splits] * networks if isinstance(splits, ImageSplits) else list(splits)
    for one in each:
        instance("splits entry", one, (ImageSplits,))
    if len(each) != networks:
        raise ValueError(f"splits must be one for all or one for each of {networks} seeds, got {len(each)}")
    sizes = {(one.layout, *(len(sample.targets) for sample in one.samples.values())) for one in each}
    if len(sizes) > 1:
        raise ValueError(f"splits must have the same layout and sizes for all seeds, got {len(sizes)} different ones")
    return each
