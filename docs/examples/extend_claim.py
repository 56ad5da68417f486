import linmod

problem = linmod.Problem(
    linmod.SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1),
    linmod.Shallow(),
    linmod.Aligned(0.0),
    linmod.Descent(step_size=0.1, steps=200),
)


def exponential(problem, speed=1.0):
    """Every mode comes nearer to its limit by the factor 1 - step * delta in each step."""
    steps, step = problem.training.steps, problem.training.step_size
    return {
        f"mode {mode.name}": [mode.pi_star * (1 - (1 - step * speed * mode.delta) ** n) for n in range(steps + 1)]
        for mode in linmod.theory.spectrum(problem.dataset).learnable
    }


claim = linmod.Claim(
    name="exponential",
    source="my notebook, equation 1",
    statement="A mode of a shallow network decays exponentially to its limit, at a rate set by its input correlation.",
    check=lambda settings: linmod.verify(
        problem, predict=exponential, controls={"ten percent fast": lambda problem: exponential(problem, 1.1)}
    ),
)
