"""Samples of a task of compositional images."""

from __future__ import annotations

from dataclasses import dataclass

from .combinations import Numbers
from .images import Pixels


@dataclass(frozen=True, eq=False)
class ImageSample:
    """Samples of a task of compositional images, one in each row.

    Attributes
    ----------
    images : ndarray of float32, shape (n, height, width * places) or (.., channels)
    targets : ndarray of float32, shape (n, outputs)
        The blocks named by ``CompositionalImages.output_blocks``, one after the other.
    classes : ndarray of int, shape (n, places)
        The label of each place, which the compositional block encodes. It is the class of the image there, unless
        labels are shuffled.
    combinations : ndarray of int, shape (n,)
        Number of the combination that is shown, which the non-compositional block encodes.

    See Also
    --------
    CompositionalImages : What the sample is drawn from.
    """

    images: Pixels
    targets: Pixels
    classes: Numbers
    combinations: Numbers
