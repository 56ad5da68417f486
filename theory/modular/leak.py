r"""The imperfect partition: the systematicity ratio of a sign module that sees :math:`[\Omega_x; \rho\Gamma_x]`."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...datasets import SystematicityDataset
from ...validation import instance, real
from ..spectrum import systematicity_ratio


@dataclass(frozen=True)
class LeakRatios:
    """Share of the sign inputs in the map to the sign outputs, in the stored weights and in the effective map.

    Attributes
    ----------
    stored : float
        Of the weights as they are held.
    effective : float
        Of the map that they make, with the scale of the leak.

    See Also
    --------
    leak_ratios : Compute them for a dataset and a leak.
    """

    stored: float
    effective: float


def leak_ratios(dataset: SystematicityDataset, rho: float) -> LeakRatios:
    r"""Return the systematicity ratio of the leaky sign module, at all times from a zero or aligned start.

    .. math:: \frac{N}{N + \rho^2 k_x r^2} \text{ (stored)}, \qquad \frac{N}{N + \rho^4 k_x r^2} \text{ (effective)}

    *Stored* are the weights as the module holds them, which read the identity inputs already scaled by
    :math:`\rho`. *Effective* is the map from the dataset's own inputs, in which that scale enters once more: it is what
    ``Trajectory.systematicity_ratio`` reports. Domain: any real rho; every output sign feature an input sign feature.
    Source: "On The Specialization of Neural Modules", imperfect output partition (one reading); both derived here.

    Parameters
    ----------
    dataset : SystematicityDataset
    rho : float
        1 is no partition, 0 a perfect one.

    Returns
    -------
    LeakRatios

    Raises
    ------
    ValueError
        As :func:`systematicity_ratio`.

    See Also
    --------
    systematicity_ratio : The ratio without modules.

    Examples
    --------
    >>> from linmod import SystematicityDataset
    >>> leak_ratios(SystematicityDataset(n_x=3, n_y=1, k_x=4, k_y=1), 0.5)
    LeakRatios(stored=0.8888888888888888, effective=0.9696969696969697)
    """
    leak = real("rho", rho)
    instance("dataset", dataset, (SystematicityDataset,))
    systematicity_ratio(dataset)
    part = math.ldexp(dataset.k_x * dataset.r**2, -dataset.n_bits)
    return LeakRatios(stored=1 / (1 + leak**2 * part), effective=1 / (1 + leak**4 * part))
