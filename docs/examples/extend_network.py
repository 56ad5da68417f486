import linmod


def leaky_pair(hidden, leak):
    """Give the sign labels a two-layer module that hardly sees the identity inputs, and the rest a shallow one."""
    inputs = ("omega_x", "gamma_x")
    signs = linmod.Module(inputs, "omega_y", linmod.Deep(hidden=hidden), input_scale={"gamma_x": leak})
    rest = linmod.Module(inputs, "gamma_y", linmod.Shallow())
    return linmod.Modular([signs, rest])


problem = linmod.Problem(
    linmod.SystematicityDataset(n_x=2, n_y=1, k_x=1, k_y=1),
    leaky_pair(hidden=8, leak=0.1),
    linmod.Aligned(1e-2),
    linmod.Descent(step_size=0.05, steps=100),
)
agreement = linmod.verify(problem)
