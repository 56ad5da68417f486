import numpy as np

import linmod

START = 1e-4
problem = linmod.Problem(
    linmod.SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1),
    linmod.Deep(hidden=50),
    linmod.Aligned(START),
    linmod.Flow(np.linspace(0, 40, 81), rtol=1e-10, atol=1e-13),
)


def logistic(problem, lateness=1.0):
    """Every mode is a logistic curve about the time ln(pi*/pi0 - 1) / 2 lambda."""
    curves = {}
    for mode in linmod.theory.spectrum(problem.dataset).learnable:
        half_time = lateness * np.log(mode.pi_star / START - 1) / (2 * mode.lam)
        curves[f"mode {mode.name}"] = mode.pi_star / (1 + np.exp(-2 * mode.lam * (problem.times - half_time)))
    return curves


claim = linmod.Claim(
    name="half-time",
    source="my notebook, equation 3",
    statement="A two-layer mode is half learned at ln(pi*/pi0 - 1) / 2 lambda.",
    check=lambda settings: linmod.verify(
        problem, predict=logistic, controls={"one percent late": lambda problem: logistic(problem, 1.01)}
    ),
)
