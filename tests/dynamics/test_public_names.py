"""What completion shows of the simulations, and the largest stable step with momentum."""

import subprocess
import sys

import pytest

from linmod import Aligned, Descent, Problem, Shallow, SystematicityDataset, dynamics


def test_public_names_alone_are_listed():
    assert set(dir(dynamics)) == {*dynamics.__all__, "module_finding", "nonlinear", "scaling"}
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = dynamics.nothing


def test_subpackages_are_attributes_loaded_when_asked_for():
    code = (
        "import sys, linmod; linmod.dynamics; assert 'linmod.dynamics.module_finding' not in sys.modules;"
        " linmod.dynamics.module_finding; assert 'linmod.dynamics.module_finding' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_heavy_ball_is_stable_below_the_limit_alone(momentum):
    dataset = SystematicityDataset(3, 1, 3, 1)
    limit = dynamics.largest_stable_step(Shallow(), dataset, momentum=momentum)

    def final_loss(share):
        training = Descent(share * limit, 1000, momentum=momentum)
        return dynamics.solve(Problem(dataset, Shallow(), Aligned(0.0), training)).loss[-1]

    assert final_loss(0.98) < 1e-12
    assert final_loss(1.02) > 1e6
