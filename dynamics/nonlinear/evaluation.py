"""Data as tensors, and the losses and accuracies of a network on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...datasets import ImageSample
from ...validation import FloatArray
from .architectures import ImageLayout
from .layers import Ensemble
from .settings import ImageSplits, batch_items

CHUNK = 512
"""Items evaluated in one call."""


@dataclass(frozen=True, eq=False)
class Items:
    """One split of one network: images (items, channels, height, width), targets and classes."""

    images: Tensor
    targets: Tensor
    classes: Tensor

    @classmethod
    def of(cls, sample: ImageSample, device: torch.device) -> Items:
        """Bring a sample to a device, channels first."""
        images = torch.tensor(sample.images, dtype=torch.float32)
        images = images[:, None] if images.ndim == 3 else images.movedim(-1, 1)
        targets = torch.tensor(sample.targets, dtype=torch.float32)
        classes = torch.tensor(sample.classes, dtype=torch.int64)
        return cls(images.contiguous().to(device), targets.to(device), classes.to(device))


class Material:
    """The four splits of every network on a device; networks that learn from the same splits share them."""

    def __init__(self, splits: Sequence[ImageSplits], device: torch.device) -> None:
        self.layout: ImageLayout = splits[0].layout
        distinct = {id(one): one for one in splits}
        tensors = {
            key: {name: Items.of(sample, device) for name, sample in one.samples.items()}
            for key, one in distinct.items()
        }
        self.splits = {name: [tensors[id(one)][name] for one in splits] for name in splits[0].samples}

    def batch(self, seeds: Sequence[int], size: int, step: int) -> tuple[Tensor, Tensor]:
        """Return the images and targets of one step, with an axis of networks in front."""
        learned = self.splits["train"]
        chosen = [
            (items, torch.from_numpy(batch_items(len(items.targets), size, seed, step)))
            for items, seed in zip(learned, seeds, strict=True)
        ]
        return torch.stack([one.images[at] for one, at in chosen]), torch.stack([one.targets[at] for one, at in chosen])

    def evaluate(self, ensemble: Ensemble) -> dict[str, FloatArray]:
        """Return the losses of each block of outputs and fractions of right answers, named as in a record."""
        found: dict[str, FloatArray] = {}
        for name, items in self.splits.items():
            outputs = _outputs(ensemble, items)
            errors = (outputs - torch.stack([one.targets for one in items])).double().square()
            for block, at in self.layout.blocks.items():
                found[f"losses/{name}/{block}"] = (errors[..., at].sum(-1).mean(-1) / 2).cpu().numpy()
            right = self._right(outputs, torch.stack([one.classes for one in items]))
            found[f"accuracy/{name}"] = right.double().mean(1).cpu().numpy()
            found[f"combination/{name}"] = right.all(-1).double().mean(1).cpu().numpy()
        return found

    def _right(self, outputs: Tensor, classes: Tensor) -> Tensor:
        written = outputs[..., self.layout.blocks["compositional"]]
        by_place = written.reshape(*written.shape[:-1], self.layout.places, self.layout.labels)
        return by_place.argmax(-1).eq(classes)


def _outputs(ensemble: Ensemble, items: Sequence[Items]) -> Tensor:
    count = len(items[0].targets)
    with torch.no_grad():
        chunks = [
            ensemble(torch.stack([one.images[start : start + CHUNK] for one in items]))
            for start in range(0, count, CHUNK)
        ]
    return torch.cat(chunks, dim=1)


def total_loss(row: dict[str, FloatArray], split: str) -> FloatArray:
    """Return the loss over all outputs of one split, for each network."""
    return np.asarray(np.sum([values for name, values in row.items() if name.startswith(f"losses/{split}/")], axis=0))
