import numpy as np

import linmod


def ring(places, width=1.0):
    """Items on a ring: one input for each place, and outputs that are smooth bumps around it."""
    distance = np.abs(np.subtract.outer(np.arange(places), np.arange(places)))
    bump = np.exp(-((np.minimum(distance, places - distance) / width) ** 2) / 2)
    return linmod.Dataset(np.eye(places), bump, input_blocks={"place": slice(0, places)})


dataset = ring(8)
problem = linmod.Problem(dataset, linmod.Shallow(), linmod.Aligned(1e-3), linmod.Descent(step_size=0.5, steps=40))
agreement = linmod.verify(problem)
