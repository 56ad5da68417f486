"""The error on held-out items while a network trains on the others."""

from __future__ import annotations

import numpy as np

from ..datasets import HeldOut
from ..problem import Initial, Network, Problem, Training, input_output_map
from ..validation import FloatArray, instance
from .coordinate_systems.listing import DATA, Group
from .running import states_of


@np.errstate(all="warn", under="ignore")
def held_out_errors(split: HeldOut, network: Network, initial: Initial, training: Training) -> dict[str, FloatArray]:
    r"""Train a network on some items, and measure its error on the held-out ones.

    Parameters
    ----------
    split : HeldOut
    network : Shallow or Deep
    initial : Aligned, SmallRandom or Explicit
    training : Flow or Descent

    Returns
    -------
    dict of str to ndarray, shape (T,)
        Mean of :math:`|y - Wx|^2` over held-out items, for each output block.

    Raises
    ------
    Divergence
        As :func:`solve`.

    See Also
    --------
    linmod.theory.held_out_errors : The same errors in closed form.

    Examples
    --------
    >>> import linmod
    >>> split = linmod.HeldOut(linmod.SystematicityDataset(n_x=3, n_y=3, k_x=0, k_y=1), train=[0, 1, 2, 4])
    >>> errors = held_out_errors(split, linmod.Shallow(), linmod.Aligned(0.0), linmod.Flow([0.0, 1.0, 50.0]))
    >>> errors["omega_y"].round(4)
    array([3.   , 0.406, 0.   ])
    """
    instance("split", split, (HeldOut,))
    problem = Problem(split.training, network, initial, training)
    system = DATA.build(Group((problem,), alone=True))
    states = states_of(problem, system, "RK45")
    return split.errors(input_output_map(network, split.training, system.weights(state)) for state in states)
