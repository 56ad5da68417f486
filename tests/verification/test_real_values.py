"""Every function that takes values from its caller refuses complex, masked and non-finite ones with a message."""

from dataclasses import replace

import numpy as np
import pytest

import linmod
from linmod.verification.claims import Evidence, Finding
from linmod.verification.intervals import lower, mean_interval
from linmod.verification.standard_errors import Measured

PROBLEM = linmod.Problem(
    linmod.SystematicityDataset(2, 1, 1, 1), linmod.Deep(8), linmod.Aligned(1e-3), linmod.Descent(0.1, 50, 5)
)
FAIR, RUN = linmod.theory.solve(PROBLEM), linmod.dynamics.solve(PROBLEM)
SEVERAL = [1.0, 2.0, 3.0]


def imaginary(values):
    return np.asarray(values) + 1e-9j


def imaginary_objects(values):
    return np.array([*np.asarray(values)], dtype=object) + 1e-9j


def masked(values):
    found = np.ma.masked_array(np.array(values, dtype=float))
    found[..., -1] = np.ma.masked
    return found


def without_number(values):
    found = np.array(values, dtype=float)
    found[..., -1] = np.nan
    return found


def study(values=(0.2, 0.1, 0.05), **given):
    usual = {
        "expected": (0.8, 1.2),
        "control": lambda p: {"loss": FAIR.loss + 0.1},
        "predict": lambda p: {"loss": FAIR.loss + 0.01},
        "simulate": lambda p: RUN,
    }
    return linmod.convergence_order("x", values, lambda x: [PROBLEM], **{**usual, **given})


def of_every(named, change):
    return {name: change(values) for name, values in named.items()}


DOORS = {
    "values": lambda bad: linmod.compare({"loss": bad(RUN.loss)}, RUN, 1e-3),
    "loss": lambda bad: linmod.compare(replace(FAIR, loss=bad(FAIR.loss)), RUN, 1e-3),
    "modes": lambda bad: linmod.compare(replace(FAIR, modes=of_every(FAIR.modes, bad)), RUN, 1e-3),
    "norms": lambda bad: linmod.compare(replace(FAIR, norms=of_every(FAIR.norms, bad)), RUN, 1e-3),
    "strengths": lambda bad: linmod.compare(replace(FAIR, make_strengths=lambda: bad(FAIR.strengths)), RUN, 1e-3),
    "weights": lambda bad: linmod.compare(replace(FAIR, make_weights=lambda: tuple(map(bad, FAIR.weights))), RUN, 1e-3),
    "simulated loss": lambda bad: linmod.compare(FAIR, replace(RUN, loss=bad(RUN.loss)), 1e-3),
    "simulated times": lambda bad: linmod.compare({"loss": FAIR.loss}, replace(RUN, times=bad(RUN.times)), 1e-3),
    "what is not compared": lambda bad: linmod.compare(
        {"loss": FAIR.loss}, replace(RUN, modes=of_every(RUN.modes, bad)), 1e-3
    ),
    "verify": lambda bad: linmod.verify(PROBLEM, predict=lambda p: {"loss": bad(FAIR.loss)}),
    "verify, simulation": lambda bad: linmod.verify(PROBLEM, simulate=lambda p: replace(RUN, loss=bad(RUN.loss))),
    "order, prediction": lambda bad: study(predict=lambda p: {"loss": bad(FAIR.loss)}),
    "order, simulation": lambda bad: study(simulate=lambda p: replace(RUN, loss=bad(RUN.loss))),
    "order, values": lambda bad: study(values=bad([0.2, 0.1, 0.05])),
    "order, range": lambda bad: study(expected=tuple(bad([0.8, 1.2]))),
    "interval": lambda bad: mean_interval(bad(SEVERAL)),
    "methods": lambda bad: lower("x", (SEVERAL, bad(SEVERAL)), (SEVERAL, SEVERAL)),
    "methods without effect": lambda bad: lower("x", (SEVERAL, SEVERAL), (bad(SEVERAL), SEVERAL)),
    "dataset": lambda bad: linmod.Dataset(bad(np.eye(2)), np.eye(2)),
    "times": lambda bad: linmod.Flow(bad([0.0, 1.0, 2.0])),
    "measured mean": lambda bad: Measured(3.5, bad([3.52])[0], 0.02, wrong=(3.0,)),
    "measured error": lambda bad: Measured(3.5, 3.52, bad([0.02])[0], wrong=(3.0,)),
    "predicted mean": lambda bad: Measured(bad([3.5])[0], 3.52, 0.02, wrong=(3.0,)),
    "declared error": lambda bad: Measured(3.5, 3.52, 0.02, bad([0.1])[0], wrong=(3.0,)),
    "wrong mean": lambda bad: Measured(3.5, 3.52, 0.02, wrong=(3.0, bad([3.0])[0])),
    "checkpoints": lambda bad: linmod.project([[bad(np.eye(3, 4))]], linmod.Dataset(np.eye(4), np.eye(3, 4))),
}
MAY_DIVERGE = {
    "control": lambda bad: linmod.compare(FAIR, RUN, 1e-3, controls={"wrong": {"loss": bad(RUN.loss)}}),
    "verify, control": lambda bad: linmod.verify(PROBLEM, controls={"wrong": lambda p: {"loss": bad(RUN.loss)}}),
    "order, control": lambda bad: study(control=lambda p: {"loss": bad(RUN.loss)}),
    "errors": lambda bad: linmod.ConvergenceOrder("x", SEVERAL, bad(SEVERAL), SEVERAL, SEVERAL, (0.8, 1.2)),
    "finding": lambda bad: Finding("x", bad([0.5])[0], 1.0, True, 1, 1),
    "bound": lambda bad: Finding("x", 0.5, bad([1.0])[0], True, 1, 1),
    "neglected": lambda bad: linmod.verify(
        PROBLEM, predict=lambda p: replace(FAIR, origin="mine", make_neglected=lambda: {"loss": bad([1e-3])[0]})
    ),
}


@pytest.mark.parametrize("bad", [imaginary, imaginary_objects, masked])
@pytest.mark.parametrize("door", [*DOORS.values(), *MAY_DIVERGE.values()], ids=[*DOORS, *MAY_DIVERGE])
def test_what_is_not_real_is_refused(door, bad):
    with pytest.raises(TypeError, match=r"must be (a real|real|an array without a mask)"):
        door(bad)


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_what_is_not_a_number_is_refused(door):
    with pytest.raises(ValueError, match=r"must be (finite|a number)"):
        door(without_number)


@pytest.mark.parametrize("door", MAY_DIVERGE.values(), ids=MAY_DIVERGE)
def test_a_control_or_an_error_that_is_not_a_number_never_holds(door):
    assert door(without_number).verdict != "holds"


def test_the_same_real_values_are_accepted():
    for door in (*DOORS.values(), *MAY_DIVERGE.values()):
        door(np.array)


def test_evidence_consists_of_findings():
    with pytest.raises(TypeError, match=r"findings\[0\] must be Finding, got float"):
        Evidence((0.5,))
