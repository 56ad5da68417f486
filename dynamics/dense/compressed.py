r"""Compressed coordinates: a state whose size does not grow with the number of items.

Inside a class of modes that share :math:`\lambda` and :math:`\delta` the columns of :math:`[A_c; B_c^\top]` all
evolve by left multiplication with one operator, which sees them only through their Gram matrix. So the n columns are
replaced by the lower-triangular factor L of an LQ decomposition, at most as wide as it is high, and the orthonormal
Q is put back when weights are asked for. In the same way the null directions inside the identity blocks are replaced
by their factor, and the hidden units by an orthonormal basis of the span of all moving columns, where that is smaller.
All this is exact: for gradient flow, for descent, and with momentum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ...datasets import SystematicityDataset
from ...problem import Weights
from ...validation import FloatArray
from .factors import lower_factor, orthonormal_rows
from .layout import IDENTITY, PLAIN, layout
from .spectral import SpectralFrame
from .two_layer import TwoLayerParts


def narrow_static(dataset: SystematicityDataset, parts: TwoLayerParts) -> TwoLayerParts:
    """Replace the static columns inside the identity blocks by their factor; only block norms see them."""
    return _with(dataset, parts, static=lower_factor(segment(parts.inputs, parts.layout.columns, IDENTITY)))


def narrow(dataset: SystematicityDataset, parts: TwoLayerParts) -> TwoLayerParts:
    """Replace the wide class of modes, and the rows inside the identity blocks, by their factors."""
    return _with(
        dataset,
        parts,
        plain=lower_factor(plain_columns(parts)),
        moving=lower_factor(segment(parts.outputs, parts.layout.rows, IDENTITY)),
    )


def narrowed(
    dataset: SystematicityDataset, parts: TwoLayerParts, A: FloatArray, C: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the moving columns A and C of parts after the same replacements."""
    narrower = narrow(dataset, parts.moved(A, C))
    return narrower.moving, narrower.outputs


def hidden_span(parts: TwoLayerParts) -> FloatArray | None:
    """Return an orthonormal basis of the moving hidden directions, (..., hidden, dimensions); None if all move."""
    if parts.layout.n_moving + parts.layout.n_rows >= parts.inputs.shape[-2]:
        return None
    return np.linalg.qr(np.concatenate([parts.moving, parts.outputs], axis=-1)).Q


def within(parts: TwoLayerParts, span: FloatArray | None) -> TwoLayerParts:
    """Project the hidden units onto the span of all that moves; the second layer sees nothing else."""
    if span is None:
        return parts
    onto = span.swapaxes(-1, -2)
    return replace(parts, inputs=onto @ parts.inputs, outputs=onto @ parts.outputs)


def compress(dataset: SystematicityDataset, parts: TwoLayerParts) -> TwoLayerParts:
    """Apply all reductions."""
    reduced = within(parts, hidden_span(parts))
    return _with(
        dataset,
        reduced,
        plain=lower_factor(plain_columns(reduced)),
        static=lower_factor(segment(reduced.inputs, reduced.layout.columns, IDENTITY)),
        moving=lower_factor(segment(reduced.outputs, reduced.layout.rows, IDENTITY)),
    )


class CompressedFrame:
    """The way back from compressed parts to those of a network that starts from given weights."""

    def __init__(self, spectral: SpectralFrame, weights: Weights) -> None:
        start = spectral.two_layer(weights)
        self._spectral, self._start, self._span = spectral, start, hidden_span(start)
        reduced = within(start, self._span)
        self._plain = orthonormal_rows(plain_columns(reduced))
        self._moving = orthonormal_rows(segment(reduced.outputs, start.layout.rows, IDENTITY))

    def parts(self, parts: TwoLayerParts) -> TwoLayerParts:
        """Return the full parts that compressed ones stand for."""
        A = self._wide(parts.inputs, parts.layout.columns, self._start.layout.columns, self._start.layout.n_moving)
        C = self._wide(parts.outputs, parts.layout.rows, self._start.layout.rows, self._start.layout.n_rows)
        return self._start.moved(A, C)

    def weights(self, parts: TwoLayerParts) -> Weights:
        """Return all weights of the network."""
        return self._spectral.two_layer_weights(self.parts(parts))

    def _wide(
        self, columns: FloatArray, here: Mapping[str, slice], there: Mapping[str, slice], n_moving: int
    ) -> FloatArray:
        frames = {PLAIN: self._plain, IDENTITY: self._moving}
        hidden = self._start.inputs.shape[-2]
        wide = np.empty((*columns.shape[:-2], hidden, n_moving))
        for name, part in there.items():
            if part.stop <= n_moving:
                source, frame = columns[..., here[name]], frames.get(name)
                source = source if frame is None else source @ frame
                wide[..., part] = source if self._span is None else self._span @ source
        return wide


def segment(columns: FloatArray, parts: Mapping[str, slice], name: str) -> FloatArray:
    """Return the columns of one name, or none if the name has none."""
    return columns[..., parts.get(name, slice(0))]


def plain_columns(parts: TwoLayerParts) -> FloatArray:
    """Return the class without sign features, inputs above outputs."""
    pairs = ((parts.inputs, parts.layout.columns), (parts.outputs, parts.layout.rows))
    found = [columns[..., names[PLAIN]] for columns, names in pairs if PLAIN in names]
    return np.concatenate(found or [parts.inputs[..., :0]], axis=-2)


def _with(
    dataset: SystematicityDataset,
    parts: TwoLayerParts,
    plain: FloatArray | None = None,
    static: FloatArray | None = None,
    moving: FloatArray | None = None,
) -> TwoLayerParts:
    """Return the same parts with some segments replaced by others."""
    old, hidden = parts.layout, parts.inputs.shape[-2]
    plain = plain_columns(parts) if plain is None else plain
    static = segment(parts.inputs, old.columns, IDENTITY) if static is None else static
    moving = segment(parts.outputs, old.rows, IDENTITY) if moving is None else moving
    new = layout(dataset, plain.shape[-1], static.shape[-1], moving.shape[-1])
    inputs = {PLAIN: plain[..., :hidden, :], IDENTITY: static}
    outputs = {PLAIN: plain[..., -hidden:, :], IDENTITY: moving}
    return replace(
        parts,
        layout=new,
        inputs=_joined(parts.inputs, old.columns, inputs, new.columns),
        outputs=_joined(parts.outputs, old.rows, outputs, new.rows),
    )


def _joined(
    columns: FloatArray, old: Mapping[str, slice], replaced: Mapping[str, FloatArray], new: Mapping[str, slice]
) -> FloatArray:
    pieces = [replaced[name] if name in replaced else columns[..., old[name]] for name in new]
    return np.concatenate(pieces or [columns[..., :0]], axis=-1)
