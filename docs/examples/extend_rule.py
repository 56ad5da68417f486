import numpy as np

import linmod

DECAY = 0.2
problem = linmod.Problem(
    linmod.SystematicityDataset(n_x=2, n_y=1, k_x=1, k_y=1),
    linmod.Shallow(),
    linmod.Aligned(0.0),
    linmod.Descent(step_size=0.1, steps=60),
)


def simulate(problem, decay=DECAY):
    """Descend with weight decay, a term that linmod does not have."""
    return linmod.dynamics.solve_added(problem, lambda weights, dataset: [-decay * W for W in weights])


def predict(problem, decay=DECAY):
    """Every mode ends at lambda / (delta + decay) and comes nearer by the same factor in each step."""
    step, steps = problem.training.step_size, np.arange(problem.training.steps + 1)
    return {
        f"mode {mode.name}": mode.lam / (mode.delta + decay) * (1 - (1 - step * (mode.delta + decay)) ** steps)
        for mode in linmod.theory.spectrum(problem.dataset).learnable
    }


agreement = linmod.verify(
    problem,
    predict=predict,
    simulate=simulate,
    tolerance=1e-12,
    controls={"without decay": lambda problem: predict(problem, 0.0)},
)
