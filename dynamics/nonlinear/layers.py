"""The networks of :mod:`.architectures` in torch, and several of them at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...validation import FloatArray, integer, real
from .architectures import CNN, MLP, ImageLayout, ImageNetwork, Part

Weights = dict[str, Tensor]

NONLINEARITIES: Mapping[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "linear": nn.Identity}


class PartModule(nn.Module):
    """One module: its layers on the columns of pixels that it sees."""

    def __init__(self, part: Part, layout: ImageLayout) -> None:
        super().__init__()
        self.columns = part.columns
        width = part.columns.stop - part.columns.start
        body = part.body
        self.layers = _convolutions(body, layout) if isinstance(body, CNN) else _connected(body, layout, width)
        features = body.features(layout.channels, layout.height, width)
        self.readout = nn.Linear(features, part.outputs, bias=body.bias)

    def forward(self, images: Tensor) -> Tensor:
        """Return the outputs of images of shape (items, channels, height, width)."""
        seen: Tensor = self.layers(images[..., self.columns])
        written: Tensor = self.readout(seen.flatten(1))
        return written


class ImageModule(nn.Module):
    """A network of one or several modules that share nothing.

    Examples
    --------
    >>> layout = ImageLayout(height=8, width=24, places=3, labels=10, combinations=1000)
    >>> module = ImageModule(ImageNetwork(MLP((5,)), "output_split"), layout)
    >>> module(torch.zeros(2, 1, 8, 24)).shape
    torch.Size([2, 1030])
    """

    def __init__(self, network: ImageNetwork, layout: ImageLayout) -> None:
        super().__init__()
        self.parts = nn.ModuleList(PartModule(part, layout) for part in network.parts(layout))

    def forward(self, images: Tensor) -> Tensor:
        """Return the outputs, shape (items, outputs), of images of shape (items, channels, height, width)."""
        return torch.cat([part(images) for part in self.parts], dim=-1)


def _convolutions(body: CNN, layout: ImageLayout) -> nn.Sequential:
    layers: list[nn.Module] = []
    before = layout.channels
    for channels, kernel in zip(body.channels, body.kernels, strict=True):
        layers += [nn.Conv2d(before, channels, kernel, bias=body.bias), NONLINEARITIES[body.nonlinearity]()]
        before = channels
    return nn.Sequential(*layers)


def _connected(body: MLP, layout: ImageLayout, width: int) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Flatten()]
    before = layout.channels * layout.height * width
    for units in body.hidden:
        layers += [nn.Linear(before, units, bias=body.bias), NONLINEARITIES[body.nonlinearity]()]
        before = units
    return nn.Sequential(*layers)


def initial_weights(network: ImageNetwork, layout: ImageLayout, std: float, seed: int) -> dict[str, FloatArray]:
    """Draw Gaussian weights of this standard deviation and return them with biases of zero, by name of the parameter.

    Module after module and layer after layer are drawn from ``numpy.random.default_rng([seed, 0])``, so that they do
    not depend on the device or on the other seeds of a run.
    """
    generator = np.random.default_rng([integer("seed", seed), 0])
    real("std", std, 0.0)
    with torch.device("meta"):
        shapes = {name: tuple(value.shape) for name, value in ImageModule(network, layout).named_parameters()}
    return {
        name: np.zeros(shape) if name.endswith("bias") else std * generator.standard_normal(shape)
        for name, shape in shapes.items()
    }


class PlaceByPlace(nn.Module):
    """A network that takes rows of pixels, the places one after the other, as ``CompositionalImages.as_dataset`` does.

    See Also
    --------
    ImageLayout : Where the places are.

    Examples
    --------
    >>> layout = ImageLayout(height=8, width=24, places=3, labels=10, combinations=1000)
    >>> PlaceByPlace(ImageModule(ImageNetwork(MLP((5,))), layout), layout)(torch.zeros(2, 192)).shape
    torch.Size([2, 1030])
    """

    def __init__(self, module: ImageModule, layout: ImageLayout) -> None:
        super().__init__()
        self.module, self.layout = module, layout

    def forward(self, rows: Tensor) -> Tensor:
        """Return the outputs of rows of shape (items, pixels)."""
        size = self.layout
        apart = rows.reshape(-1, size.places, size.height, size.width // size.places, size.channels)
        images = apart.movedim((4, 2, 1, 3), (1, 2, 3, 4)).reshape(-1, size.channels, size.height, size.width)
        outputs: Tensor = self.module(images)
        return outputs


def trained_module(
    network: ImageNetwork, layout: ImageLayout, weights: Mapping[str, NDArray[np.float32]], index: int
) -> ImageModule:
    """Return one of several trained networks, from the weights that a record holds, as a torch module.

    Parameters
    ----------
    network : ImageNetwork
    layout : ImageLayout
    weights : mapping of str to ndarray
        By the name of the parameter, each of shape (networks, ...).
    index : int
        Which of the networks.

    Returns
    -------
    ImageModule

    See Also
    --------
    train_networks : The training that gives the record.

    Examples
    --------
    >>> network, layout = ImageNetwork(MLP((5,))), ImageLayout(height=2, width=6, places=3, labels=2, combinations=8)
    >>> two = {name: np.stack([values, -values]) for name, values in initial_weights(network, layout, 0.1, 0).items()}
    >>> module = trained_module(network, layout, two, 1)
    >>> module(torch.zeros(4, 1, 2, 6)).shape
    torch.Size([4, 14])
    """
    module = ImageModule(network, layout)
    module.load_state_dict({name: torch.tensor(values[index]) for name, values in weights.items()})
    return module


class Ensemble:
    """Networks of one architecture with their own weights, evaluated together.

    Parameters
    ----------
    network : ImageNetwork
    layout : ImageLayout
    weights : mapping of str to Tensor
        By the name of the parameter, each of shape (networks, ...).

    See Also
    --------
    train_networks : Trains all members at once.

    Examples
    --------
    >>> network, layout = ImageNetwork(MLP((5,))), ImageLayout(height=2, width=6, places=3, labels=2, combinations=8)
    >>> drawn = [initial_weights(network, layout, 0.1, seed) for seed in (0, 1, 2)]
    >>> weights = {name: torch.tensor(np.stack([one[name] for one in drawn])).float() for name in drawn[0]}
    >>> Ensemble(network, layout, weights)(torch.zeros(3, 4, 1, 2, 6)).shape
    torch.Size([3, 4, 14])

    Notes
    -----
    Several networks are evaluated in one call (:func:`torch.vmap`). A step of five networks on images of 8 x 24 with
    batches of 16 takes 1.2 ms on one core then, and 2.3 ms one network after the other (hidden layer of 64 units), or
    7.7 ms and 12.4 ms (three convolutions of 16 channels); a single network is faster without: 0.6 ms against 0.9 ms.
    """

    def __init__(self, network: ImageNetwork, layout: ImageLayout, weights: Weights) -> None:
        self.weights = weights
        with torch.device("meta"):
            self._module = ImageModule(network, layout)
        networks = len(next(iter(weights.values())))
        self._outputs = self._together if networks > 1 else self._one_by_one

    def __call__(self, images: Tensor) -> Tensor:
        """Outputs, shape (networks, items, outputs), of images of shape (networks, items, channels, height, width)."""
        return self._outputs(images)

    def _together(self, images: Tensor) -> Tensor:
        outputs: Tensor = torch.vmap(self._single)(self.weights, images)
        return outputs

    def _one_by_one(self, images: Tensor) -> Tensor:
        each = (
            self._single({name: value[index] for name, value in self.weights.items()}, seen)
            for index, seen in enumerate(images)
        )
        return torch.stack(list(each))

    def _single(self, weights: Weights, images: Tensor) -> Tensor:
        outputs: Tensor = torch.func.functional_call(self._module, weights, (images,))
        return outputs
