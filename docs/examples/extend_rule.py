import numpy as np

import linmod

DECAY, STEP, STEPS = 0.2, 0.1, 60
dataset = linmod.SystematicityDataset(n_x=2, n_y=1, k_x=1, k_y=1)


def train():
    """Descend with weight decay, a rule that linmod does not have; the weights after every step."""
    W = np.zeros((dataset.n_outputs, dataset.n_inputs))
    for _ in range(STEPS + 1):
        yield [W]
        W = W + STEP * (dataset.sigma_yx - W @ dataset.sigma_x - DECAY * W)


def predict(decay):
    """Every mode ends at lambda / (delta + decay) and comes nearer by the same factor in each step."""
    time = np.arange(STEPS + 1)
    return {
        f"mode {mode.name}": mode.lam / (mode.delta + decay) * (1 - (1 - STEP * (mode.delta + decay)) ** time)
        for mode in linmod.theory.spectrum(dataset).learnable
    }


simulation = linmod.project(list(train()), dataset, times=STEP * np.arange(STEPS + 1))
agreement = linmod.compare(predict(DECAY), simulation, 1e-12, controls={"without decay": predict(0.0)})
