"""Ways out that refusals of the simulation name, followed: they lead to a result that theory agrees with."""

import re
from dataclasses import replace

import numpy as np
import pytest

from linmod import (
    Dataset,
    Deep,
    Divergence,
    Flow,
    Problem,
    Shallow,
    SmallRandom,
    SystematicityDataset,
    dynamics,
    theory,
)
from linmod.problem import RandomModes

STIFF = Problem(
    Dataset([[1.0, -1.0, 1.0], [1.0, 1.0, 1e6]], [[2.0, -2.0, 1.0]]), Shallow(), SmallRandom(1e-3), Flow([0.0, 1.0])
)


def message(problem):
    with pytest.raises(Divergence, match="more than 1,000,000 steps") as caught:
        dynamics.solve(problem)
    return str(caught.value)


def gap(problem, **how):
    return float(np.max(np.abs(dynamics.solve(problem, **how).loss - theory.solve(problem).loss)))


def test_too_many_steps_of_an_explicit_integrator_name_implicit_ones_that_work():
    named = re.findall(r"'(\w+)'", message(STIFF).split("implicit integrator")[1])
    assert named == ["LSODA", "Radau"]
    assert max(gap(STIFF, integrator=name) for name in named) < 1e-6


def test_the_other_ways_out_of_too_many_steps_work():
    assert "scale the inputs down, end earlier" in message(STIFF)
    assert gap(replace(STIFF, training=Flow([0.0, 1e-9]))) < 1e-6 * 0.5
    scaled = Dataset(STIFF.dataset.X / 1e4, STIFF.dataset.Y)
    assert gap(replace(STIFF, dataset=scaled)) < 1e-6


@pytest.mark.parametrize("n_bits", [1100, 100_000])
def test_modes_are_not_drawn_for_more_features_than_floats_can_count(n_bits):
    problem = Problem(SystematicityDataset(3, 1, 3, 1, n_bits=n_bits), Deep(8), RandomModes(1e-3), Flow([0.0, 1.0]))
    with pytest.raises(ValueError, match=rf"fewer than 2\*\*1023 features.*about 2\*\*{n_bits + 1} .*a smaller n_bits"):
        dynamics.solve(problem)
    fewer = replace(problem, dataset=SystematicityDataset(3, 1, 3, 1, n_bits=1000), initial=RandomModes(1e-160))
    assert np.all(np.isfinite(dynamics.solve(fewer).loss))
