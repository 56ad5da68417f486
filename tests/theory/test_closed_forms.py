"""The list of closed forms: which one is used, why there is none, and whether the ways out lead out."""

from dataclasses import replace

import numpy as np
import pytest

from linmod import (
    Aligned,
    Dataset,
    Deep,
    Descent,
    Flow,
    Modular,
    Module,
    NoClosedForm,
    Problem,
    RandomModes,
    Rule,
    Shallow,
    SmallRandom,
    SystematicityDataset,
    dynamics,
    theory,
)

SPACE = SystematicityDataset(n_x=2, n_y=1, k_x=1, k_y=1)
TRAINING = Descent(0.05, 20)
UNDER_RULE = Descent(0.05, 20, rule=Rule(hebbian=0.1))
PAIR = Modular(
    [Module("omega_x", "omega_y", Deep(hidden=8)), Module("gamma_x", ("omega_y", "gamma_y"), Deep(hidden=8))]
)


def _coupled():
    generator = np.random.default_rng(0)
    return Dataset(generator.standard_normal((3, 5)), generator.standard_normal((2, 5)))


def _problem(network=None, initial=None, training=TRAINING, dataset=SPACE):
    return Problem(dataset, network or Deep(hidden=12), initial or SmallRandom(1e-3), training)


FORMS = {
    "aligned start": _problem(initial=Aligned(1e-3)),
    "shallow, any start": _problem(Shallow(), dataset=_coupled()),
    "two layers, given weights": _problem(),
    "three layers and more, aligned start": _problem(
        Deep(8, layers=3), Aligned(1e-3), dataset=Dataset(np.eye(2), np.eye(2))
    ),
    "learning rule, aligned start": _problem(initial=Aligned(1e-3), training=UNDER_RULE),
    "learning rule, given weights": _problem(training=UNDER_RULE),
    "modules, aligned start": _problem(Modular.race(Deep(hidden=12)), Aligned(1e-3)),
    "modules, each by its closed form": _problem(Modular.race(Shallow())),
}

RACE = _problem(Modular.race(Deep(hidden=8)))
REFUSED = {
    "momentum": (
        _problem(training=Descent(0.05, 20, momentum=0.5)),
        "momentum=0.5",
        "momentum=0",
        {"training": TRAINING},
    ),
    "drawn modes": (_problem(initial=RandomModes(1e-3)), "draws neither", "SmallRandom", {"initial": SmallRandom()}),
    "coupled": (_problem(dataset=_coupled()), "do not commute", "shallow", {"network": Shallow()}),
    "narrow": (_problem(Deep(hidden=3)), "number of modes, 4", "hidden=4", {"network": Deep(hidden=4)}),
    "three layers": (_problem(Deep(8, layers=3)), "layers=3", "Aligned start", {"initial": Aligned(1e-3)}),
    "flow under a rule": (
        _problem(training=Flow([0.0, 1.0], rule=Rule(hebbian=0.1))),
        "no elementary solution",
        "Descent",
        {"training": UNDER_RULE},
    ),
    "inverse norm": (
        _problem(initial=SmallRandom(0.5), training=Descent(0.05, 20, rule=Rule(hebbian=0.1, form="inverse_norm"))),
        "each hidden unit",
        "form 'oja'",
        {"training": Descent(0.05, 20, rule=Rule(hebbian=0.1))},
    ),
    "race": (RACE, "share outputs", "use both", {"initial": Aligned(1e-3)}),
    "race of shallow modules": (RACE, "share outputs", "or shallow", {"network": Modular.race(Shallow())}),
    "race from below zero": (
        _problem(Modular.race(Deep(hidden=8)), Aligned([1e-3, -1e-3]), Flow([0.0, 1.0])),
        "below zero",
        "Descent",
        {"training": TRAINING},
    ),
    "narrow module": (
        _problem(Modular.output_split(Deep(hidden=2))),
        "module 1, Module(.*): hidden=2",
        "hidden=4",
        {"network": Modular.output_split(Deep(hidden=4))},
    ),
}


@pytest.mark.parametrize(("name", "problem"), FORMS.items(), ids=FORMS.keys())
def test_the_answer_names_the_form_that_is_used(name, problem):
    answer = theory.closed_form(problem)
    assert answer.exists
    assert answer.name == name
    assert str(answer) == f"{name}. Assumptions: {answer.assumptions}."
    assert np.all(np.isfinite(theory.solve(problem).loss))


@pytest.mark.parametrize(("problem", "reason", "way_out", "change"), REFUSED.values(), ids=REFUSED.keys())
def test_every_refusal_names_a_reason_and_a_way_out_that_works(problem, reason, way_out, change):
    answer = theory.closed_form(problem)
    assert not answer.exists
    assert str(answer) == f"no closed form: {answer.reason}; {answer.way_out}"
    with pytest.raises(NoClosedForm, match=reason) as caught:
        theory.solve(problem)
    assert str(caught.value) == f"{answer.reason}; {answer.way_out}"
    assert way_out in answer.way_out
    changed = replace(problem, **change)
    assert theory.closed_form(changed).exists
    assert np.all(np.isfinite(theory.solve(changed).loss))
    assert np.all(np.isfinite(dynamics.solve(problem).loss))


def test_modules_that_share_some_outputs_are_left_to_their_equations():
    problem = _problem(PAIR, Aligned(1e-3))
    answer = theory.closed_form(problem)
    assert "some outputs but not all" in answer.reason
    assert "dynamics.solve_pathways" in answer.way_out
    assert np.all(np.isfinite(dynamics.solve_pathways(problem).loss))


def test_names_of_forms_differ():
    names = [form.name for form in theory.closed_forms.CLOSED_FORMS]
    assert len(set(names)) == len(names) == len(FORMS)


def test_a_wrong_problem_is_named():
    with pytest.raises(TypeError, match="problem must be Problem, got SystematicityDataset"):
        theory.closed_form(SPACE)


def test_completion_shows_public_names_alone():
    assert dir(theory) == sorted({*theory.__all__, "derivations", "scaling", "symbolic"})
    assert all(hasattr(theory, name) for name in dir(theory))
    assert "closed_forms" not in dir(theory)
