"""Non-linear networks on images, dense or in modules: descriptions that need no torch."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...validation import choice, instance, integer

NONLINEARITIES = ("relu", "tanh", "linear")
SPLITS = ("dense", "output_split", "fully_partitioned")


@dataclass(frozen=True)
class MLP:
    """Layers that are fully connected, on the pixels of an image as one vector.

    Parameters
    ----------
    hidden : tuple of int, default (64,)
        Units of each hidden layer.
    nonlinearity : {"relu", "tanh", "linear"}, default "relu"
    bias : bool, default True
        Whether every layer, the readout too, has biases; they start at zero.

    See Also
    --------
    CNN : A network with convolutions.
    ImageNetwork : The body with its division into modules.

    Examples
    --------
    >>> MLP((32,)).widened(2)
    MLP(hidden=(64,), nonlinearity='relu', bias=True)
    """

    hidden: tuple[int, ...] = (64,)
    nonlinearity: str = "relu"
    bias: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", _integers("hidden", self.hidden))
        choice("nonlinearity", self.nonlinearity, NONLINEARITIES)
        instance("bias", self.bias, (bool,))

    def widened(self, factor: int) -> MLP:
        """Return the network with its units multiplied by a factor."""
        return replace(self, hidden=tuple(units * integer("factor", factor, 1) for units in self.hidden))

    def narrowed(self, places: int) -> MLP:
        """Return the network for one of several places, which is the same network."""
        return self

    def features(self, channels: int, height: int, width: int) -> int:
        """Units that the readout reads."""
        return self.hidden[-1]


@dataclass(frozen=True)
class CNN:
    """Convolutions without padding, each followed by the nonlinearity, and a readout of all that is left.

    Parameters
    ----------
    channels : tuple of int, default (16, 16, 16)
        Channels of each convolution.
    kernels : tuple of (int, int), default ((9, 27), (7, 21), (5, 15))
        Height and width of each kernel; the default is the published network for images of 28 x 84.
    nonlinearity : {"relu", "tanh", "linear"}, default "relu"
    bias : bool, default True
        Whether every layer, the readout too, has biases; they start at zero.

    See Also
    --------
    MLP : A network without convolutions.
    ImageNetwork : The body with its division into modules.

    Examples
    --------
    >>> CNN().features(channels=1, height=28, width=84)
    3840
    >>> CNN.for_digits().features(channels=1, height=8, width=24)
    384
    """

    channels: tuple[int, ...] = (16, 16, 16)
    kernels: tuple[tuple[int, int], ...] = ((9, 27), (7, 21), (5, 15))
    nonlinearity: str = "relu"
    bias: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "channels", _integers("channels", self.channels))
        instance("kernels", self.kernels, (tuple, list))
        if len(self.kernels) != len(self.channels):
            raise ValueError(f"kernels must be one for each of {len(self.channels)} channels, got {len(self.kernels)}")
        sizes = tuple(_integers("kernel", kernel) for kernel in self.kernels)
        if any(len(size) != 2 for size in sizes):
            raise ValueError(f"kernels must be pairs of height and width, got {self.kernels}")
        object.__setattr__(self, "kernels", sizes)
        choice("nonlinearity", self.nonlinearity, NONLINEARITIES)
        instance("bias", self.bias, (bool,))

    @classmethod
    def for_digits(cls, nonlinearity: str = "relu") -> CNN:
        """Return the published network scaled to images of 8 x 24; its kernels keep their proportion of 1 to 3."""
        return cls(kernels=((3, 9), (2, 6), (2, 6)), nonlinearity=nonlinearity)

    def widened(self, factor: int) -> CNN:
        """Return the network with its channels multiplied by a factor."""
        return replace(self, channels=tuple(count * integer("factor", factor, 1) for count in self.channels))

    def narrowed(self, places: int) -> CNN:
        """Return the network for one of several places, whose kernels have that fraction of the width."""
        return replace(self, kernels=tuple((high, max(1, wide // places)) for high, wide in self.kernels))

    def features(self, channels: int, height: int, width: int) -> int:
        """Units that the readout reads; raises ValueError if the kernels are larger than the image."""
        high = height - sum(kernel[0] - 1 for kernel in self.kernels)
        wide = width - sum(kernel[1] - 1 for kernel in self.kernels)
        if high < 1 or wide < 1:
            raise ValueError(f"kernels {self.kernels} are too large for images of {height} x {width}")
        return self.channels[-1] * high * wide


Body = MLP | CNN


@dataclass(frozen=True)
class ImageLayout:
    """Shapes of images of several places and of their targets.

    Parameters
    ----------
    height, width : int
        Of the whole image, in pixels; places of equal width are adjacent.
    places : int
    labels : int
        Compositional outputs of each place; those of the first place come first.
    combinations : int
        Non-compositional outputs, after all compositional ones; 0 if there are none.
    channels : int, default 1
        Of a pixel.

    See Also
    --------
    ImageNetwork : The network for images of this layout.

    Examples
    --------
    >>> layout = ImageLayout(height=8, width=24, places=3, labels=10, combinations=1000)
    >>> layout.columns(1), layout.blocks
    (slice(8, 16, None), {'compositional': slice(0, 30, None), 'non_compositional': slice(30, 1030, None)})
    """

    height: int
    width: int
    places: int
    labels: int
    combinations: int
    channels: int = 1

    def __post_init__(self) -> None:
        for name in ("height", "width", "places", "labels", "channels"):
            integer(name, getattr(self, name), 1)
        integer("combinations", self.combinations)
        if self.width % self.places:
            raise ValueError(f"width must be a multiple of places={self.places}, got {self.width}")

    @property
    def outputs(self) -> int:
        """Number of outputs."""
        return self.places * self.labels + self.combinations

    @property
    def blocks(self) -> dict[str, slice]:
        """Outputs by name."""
        written = self.places * self.labels
        blocks = {"compositional": slice(0, written), "non_compositional": slice(written, self.outputs)}
        return {name: block for name, block in blocks.items() if block.stop > block.start}

    def columns(self, place: int) -> slice:
        """Return the columns of pixels of one place."""
        wide = self.width // self.places
        return slice(place * wide, (place + 1) * wide)


@dataclass(frozen=True)
class Part:
    """One module: the columns of pixels that it sees, the number of outputs that it writes, and its layers."""

    columns: slice
    outputs: int
    body: Body


@dataclass(frozen=True)
class ImageNetwork:
    """A network on images of several places: one dense module, or one for each kind of output.

    Parameters
    ----------
    body : MLP or CNN
        The layers of each module.
    split : {"dense", "output_split", "fully_partitioned"}, default "dense"
        One module; one for the compositional and one for the non-compositional outputs; or one for the outputs of
        each place, which sees that place's pixels alone, and one for the non-compositional outputs, which sees all.

    See Also
    --------
    MLP : Body of fully connected layers.
    CNN : Body of convolutions.

    Examples
    --------
    >>> layout = ImageLayout(height=8, width=24, places=3, labels=10, combinations=1000)
    >>> [(part.columns, part.outputs) for part in ImageNetwork(MLP(), "fully_partitioned").parts(layout)][1:]
    [(slice(8, 16, None), 10), (slice(16, 24, None), 10), (slice(0, 24, None), 1000)]
    """

    body: Body
    split: str = "dense"

    def __post_init__(self) -> None:
        instance("body", self.body, (MLP, CNN))
        choice("split", self.split, SPLITS)

    def parts(self, layout: ImageLayout) -> tuple[Part, ...]:
        """Return the modules in the order of the outputs that they write."""
        everything, written = slice(0, layout.width), layout.places * layout.labels
        if self.split == "dense":
            return (Part(everything, layout.outputs, self.body),)
        rest = (Part(everything, layout.combinations, self.body),) if layout.combinations else ()
        if self.split == "output_split":
            return (Part(everything, written, self.body), *rest)
        narrow = self.body.narrowed(layout.places)
        return (*(Part(layout.columns(i), layout.labels, narrow) for i in range(layout.places)), *rest)


def _integers(name: str, values: object) -> tuple[int, ...]:
    if not isinstance(values, tuple | list) or not values:
        raise ValueError(f"{name} must be a tuple of at least one integer, got {values!r}")
    return tuple(integer(f"{name} entry", value, 1) for value in values)
