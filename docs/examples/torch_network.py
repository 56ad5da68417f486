import copy

import matplotlib.pyplot as plt
import torch

import linmod

torch.manual_seed(0)
dataset = linmod.SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1)
X, Y = (torch.tensor(side.T.copy(), dtype=torch.float32) for side in (dataset.X, dataset.Y))
model = torch.nn.Sequential(torch.nn.Linear(27, 50, bias=False), torch.nn.Linear(50, 9, bias=False))
for weight in model.parameters():
    torch.nn.init.normal_(weight, std=2e-4)
optimizer = torch.optim.SGD(model.parameters(), lr=0.72)
checkpoints = [copy.deepcopy(model.state_dict())]
for _ in range(300):
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(model(X), Y).backward()
    optimizer.step()
    checkpoints.append(copy.deepcopy(model.state_dict()))

training = linmod.Descent(step_size=0.72 * 2 / dataset.n_outputs, steps=300)
projection = linmod.project(checkpoints, dataset, times=training.times)
problem = projection.problem(training)
prediction = linmod.theory.solve(problem)
print(linmod.verify(problem, simulate=lambda _: projection))

for name, (line, marker) in zip(prediction.modes, (("-", "o"), ("--", "s"), (":", "^")), strict=True):
    plt.plot(prediction.times, prediction.modes[name], line, color="0.3", label=f"{name}, predicted")
    plt.plot(projection.times[::15], projection.modes[name][::15], marker, color="k", mfc="none", label="in PyTorch")
plt.xlabel("time (units of tau)")
plt.ylabel("effective singular value")
plt.legend(loc="upper center", bbox_to_anchor=(0.5, 1.16), ncols=3, fontsize=8)
plt.savefig("torch_network.png", bbox_inches="tight")
