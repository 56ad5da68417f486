import linmod

problem = linmod.Problem(
    dataset=linmod.SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1, r=1.0),
    network=linmod.Deep(hidden=50),
    initial=linmod.SmallRandom(std=2e-4, seed=0),
    training=linmod.Descent(step_size=0.16, steps=300, record_every=100),
)
prediction, simulation = linmod.theory.solve(problem), linmod.dynamics.solve(problem)
for name in prediction.modes:
    print(f"{name:21}{prediction.modes[name].round(4)} predicted\n{'':21}{simulation.modes[name].round(4)} simulated")
print(linmod.verify(problem).passed)
