"""Modular sine-wave tasks: a target that is a sum of modules, each of which sees a projection of the input."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..validation import FloatArray, array, integer, real

BATCH = 4096
MODULATION = 2.0
REJECTION_LIMIT = 1000
"""Batches, for each full batch wanted, after which a split that accepts next to nothing is given up."""


@dataclass(frozen=True, eq=False)
class SineSample:
    """Samples of a task.

    Attributes
    ----------
    X : ndarray, shape (samples, inputs)
    y : ndarray, shape (samples, outputs)
        Targets, with label noise where it was asked for.
    clean : ndarray, shape (samples, outputs)
        Targets without noise, which test losses are measured against.

    See Also
    --------
    SineTask : The task that the sample is drawn from.
    """

    X: FloatArray
    y: FloatArray
    clean: FloatArray


@dataclass(frozen=True)
class SineTask:
    r"""A sum of K modules, each a sum of sine waves of a b-dimensional projection of the input.

    .. math::
        y_d(x) = \sum_{j=1}^{K} f_{jd}(U_j^\top x), \qquad
        f_{jd}(z) = \sum_f a_f \sin \theta_{jfd1}, \quad
        \theta_{jfdi} = \omega_f z_i + \varphi_{jfdi} + 2 \sin \theta_{jfd,i+1}, \quad
        \theta_{jfd,b+1} = 0, \quad x \sim N(0, I_m)

    For b = 1 these are sine waves. For b > 1 each dimension modulates the phase of the one before: unlike products of
    sines, which are sums of plane waves that could be assigned to modules in several ways, the modules are then unique.

    All modules have the same frequencies and amplitudes; the phases differ between modules, frequencies and outputs.

    A combination of the first two modules is held out of the training distribution: that the first coordinates of both
    :math:`U_1^\top x` and :math:`U_2^\top x` exceed `held_out_above`. Each alone is seen in training.

    Parameters
    ----------
    modules : int, default 3
        K.
    inputs : int, default 8
        m.
    dims : int, default 1
        b, the dimension of what one module sees.
    outputs : int, default 1
        d; outputs share the projections.
    frequencies, amplitudes : tuple of float, default (1, 3, 5) and (1, .5, .2)
        As many of the one as of the other.
    noise : float, default 0
        Standard deviation of the label noise.
    orthonormal : bool, default True
        Whether the projections are orthogonal to each other; if not, each is drawn independently. The columns of
        one projection are always orthonormal.
    held_out_above : float, default 0.3
        Infinity holds nothing out.
    seed : int, default 0
        Of projections, phases, inputs and noise; each split has its own stream.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range, frequencies and amplitudes differ in length, or orthogonal projections do not fit
        into the inputs, K b > m.

    See Also
    --------
    SineSample : Samples of the task.
    CosineModules : A task of modules with known directions.

    Notes
    -----
    Samples are rows here, as in scikit-learn.

    The setting is that of the sine-wave tasks of "Breaking Neural Network Scaling Laws with Modularity" (Boopathy,
    Jiang, Yue, Hwang, Iyer & Fiete, ICLR 2025); the phases and the held-out combination are fixed here.

    Examples
    --------
    >>> task = SineTask(modules=3, inputs=8, seed=1)
    >>> train, odd = task.train(300), task.held_out(100)
    >>> train.X.shape, train.y.shape, task.projections.shape
    ((300, 8), (300, 1), (3, 8, 1))
    >>> bool(np.all(odd.X @ task.projections[0] > 0.3))
    True
    """

    modules: int = 3
    inputs: int = 8
    dims: int = 1
    outputs: int = 1
    frequencies: tuple[float, ...] = (1.0, 3.0, 5.0)
    amplitudes: tuple[float, ...] = (1.0, 0.5, 0.2)
    noise: float = 0.0
    orthonormal: bool = True
    held_out_above: float = 0.3
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("modules", "inputs", "dims", "outputs"):
            integer(name, getattr(self, name), 1)
        integer("seed", self.seed)
        real("noise", self.noise, 0.0)
        if math.isnan(self.held_out_above) or self.held_out_above != math.inf:
            real("held_out_above", self.held_out_above)
        for name in ("frequencies", "amplitudes"):
            object.__setattr__(self, name, tuple(array(name, getattr(self, name), 1).tolist()))
        if not self.frequencies or len(self.frequencies) != len(self.amplitudes):
            raise ValueError(
                "frequencies and amplitudes must have the same length, at least one, "
                f"got {len(self.frequencies)} and {len(self.amplitudes)}"
            )
        needed = self.dims * (self.modules if self.orthonormal else 1)
        if needed > self.inputs:
            raise ValueError(
                f"inputs must be at least {needed} for orthonormal projections of {self.modules} modules with "
                f"dims={self.dims}, got {self.inputs}"
            )

    @cached_property
    def projections(self) -> FloatArray:
        """The true projections, shape (modules, inputs, dims), each with orthonormal columns."""
        generator = self._stream(0)
        if self.orthonormal:
            together = np.linalg.qr(generator.standard_normal((self.inputs, self.modules * self.dims)))[0]
            return np.ascontiguousarray(together.T.reshape(self.modules, self.dims, self.inputs).swapaxes(1, 2))
        return np.asarray(np.linalg.qr(generator.standard_normal((self.modules, self.inputs, self.dims)))[0])

    @cached_property
    def phases(self) -> FloatArray:
        """Phases, shape (modules, frequencies, outputs, dims), uniform on the circle."""
        shape = (self.modules, len(self.frequencies), self.outputs, self.dims)
        return self._stream(1).uniform(0.0, 2 * math.pi, shape)

    def target(self, X: FloatArray) -> FloatArray:
        """Return the targets without noise, shape (samples, outputs)."""
        return np.asarray(self.module_targets(X).sum(axis=0))

    def module_targets(self, X: FloatArray) -> FloatArray:
        """Return what each module contributes to the target, shape (modules, samples, outputs)."""
        seen = np.einsum("sm,jmb->jsb", X, self.projections)
        total = np.zeros((self.modules, len(X), self.outputs))
        for index, (frequency, amplitude) in enumerate(zip(self.frequencies, self.amplitudes, strict=True)):
            angles = frequency * seen[:, :, None, :] + self.phases[:, None, index]
            wave = np.sin(angles[..., -1])
            for inner in range(self.dims - 2, -1, -1):
                wave = np.sin(angles[..., inner] + MODULATION * wave)
            total += amplitude * wave
        return total

    def is_held_out(self, X: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Return whether each row shows the combination that training never shows."""
        seen = [X @ projection[:, 0] > self.held_out_above for projection in self.projections[:2]]
        return np.logical_and.reduce(seen) if len(seen) == 2 else np.zeros(len(X), dtype=bool)

    def train(self, samples: int) -> SineSample:
        """Return the training samples, with label noise; the first n of a longer draw are those of a shorter one."""
        return self._draw(2, samples, held_out=False)

    def test(self, samples: int) -> SineSample:
        """Return the test samples of the training distribution."""
        return self._draw(3, samples, held_out=False)

    def held_out(self, samples: int) -> SineSample:
        """Return the samples of the held-out combination.

        Raises
        ------
        ValueError
            If nothing is held out, or what is held out is too rare to be drawn.
        """
        if self.modules < 2 or self.held_out_above == math.inf:
            raise ValueError("nothing is held out: modules must be at least 2 and held_out_above finite")
        return self._draw(4, samples, held_out=True)

    def _stream(self, purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, purpose])

    def _draw(self, purpose: int, samples: int, *, held_out: bool) -> SineSample:
        wanted = integer("samples", samples, 1)
        generator = self._stream(purpose)
        noise = np.random.default_rng([self.seed, purpose, 1])
        accepted: list[FloatArray] = []
        found = 0
        for _ in range(REJECTION_LIMIT * (1 + wanted // BATCH)):
            if found >= wanted:
                break
            X = generator.standard_normal((BATCH, self.inputs))
            accepted.append(X[self.is_held_out(X) == held_out])
            found += len(accepted[-1])
        if found < wanted:
            raise ValueError(f"held_out_above={self.held_out_above} leaves too few samples in this split: {found}")
        X = np.concatenate(accepted)[:wanted]
        clean = self.target(X)
        return SineSample(X, clean + self.noise * noise.standard_normal(clean.shape), clean)
