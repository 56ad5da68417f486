"""The estimator under scikit-learn's own checks, and the rules on held-out seeds."""

import sys

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from linmod.datasets import SineTask
from linmod.dynamics import module_finding
from linmod.dynamics.module_finding import ModuleFinder
from linmod.dynamics.threads import one_thread
from linmod.figures.scaling.module_finding import BEST, PUBLISHED, scores

HELD_OUT_SEEDS = range(100, 120)
COMPARED = (BEST, PUBLISHED, "random projections", "true projections", "network, one run", "network, best of 5")


def _checks(finder):
    return {check["check_name"]: check for check in check_estimator(finder, on_fail=None, on_skip=None)}


def test_check_estimator_with_one_module():
    outcomes = _checks(ModuleFinder(n_modules=1, n_starts=1))
    assert len(outcomes) > 40
    assert {name for name, check in outcomes.items() if check["status"] != "passed"} <= {"check_array_api_input"}


@pytest.mark.slow
@pytest.mark.parametrize("rule", sorted(module_finding.RULES))
def test_check_estimator(rule):
    outcomes = _checks(ModuleFinder(n_starts=3, rule=rule))
    assert {name for name, check in outcomes.items() if check["status"] != "passed"} <= {"check_array_api_input"}


def test_inputs_in_other_units_change_nothing():
    task = SineTask(modules=2, inputs=4, frequencies=(2.0,), amplitudes=(1.0,), seed=1)
    train, test = task.train(150), task.test(200)
    units, offset = np.array([1.0, 1e3, 1e-3, 5.0]), np.array([0.0, 1e4, 1.0, -3.0])
    plain = ModuleFinder(n_starts=4).fit(train.X, train.y[:, 0])
    scaled = ModuleFinder(n_starts=4).fit(train.X * units + offset, train.y[:, 0])
    assert np.abs(plain.predict(test.X) - scaled.predict(test.X * units + offset)).max() < 1e-3
    back = scaled.directions_[:, 0] * units
    cosines = np.abs((back / np.linalg.norm(back, axis=1, keepdims=True)) @ plain.directions_[:, 0].T)
    assert cosines.max(axis=1) == pytest.approx(1.0, abs=1e-4)


def test_features_that_do_not_vary_have_no_part():
    task = SineTask(modules=2, inputs=4, frequencies=(2.0,), amplitudes=(1.0,), seed=1)
    train = task.train(100)
    X = np.insert(train.X, 2, 7.3, axis=1)
    finder = ModuleFinder(n_starts=3).fit(X, train.y)
    assert finder.directions_.shape == (2, 1, 5)
    assert np.all(finder.directions_[..., 2] == 0)
    assert np.isfinite(finder.predict(X)).all()


def test_it_works_in_pipelines_and_cross_validation():
    task = SineTask(modules=2, inputs=4, frequencies=(2.0,), amplitudes=(1.0,), noise=0.1, seed=1)
    train = task.train(150)
    pipeline = make_pipeline(StandardScaler(), ModuleFinder(n_starts=3))
    assert cross_val_score(pipeline, train.X, train.y[:, 0], cv=3).min() > 0.85
    shuffled = np.random.default_rng(0).permutation(train.y[:, 0])
    assert cross_val_score(pipeline, train.X, shuffled, cv=3).mean() < 0.3


def test_several_outputs_and_dimensions():
    task = SineTask(modules=2, inputs=5, dims=2, outputs=3, frequencies=(1.0,), amplitudes=(1.0,), seed=0)
    train, test = task.train(200), task.test(300)
    finder = ModuleFinder(n_modules=2, n_dims=2, rule="joint").fit(train.X, train.y)
    assert finder.predict(test.X).shape == (300, 3)
    assert finder.score(test.X, test.y) > 0.98
    assert finder.directions_.shape == (2, 2, 5)


WRONG = {
    "constant target": ({}, np.ones(20), r"Y must not be constant"),
    "dims": ({"n_dims": 4}, None, r"n_dims must be at most the number of features that vary, 3"),
    "modules": ({"n_modules": 0}, None, r"n_modules must be at least 1"),
    "ridge": ({"ridge": -1.0}, None, r"ridge must be positive"),
    "missing": ({}, np.array([np.nan] + [0.0] * 19), r"NaN"),
}


@pytest.mark.parametrize(("parameters", "y", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_call(parameters, y, message):
    X = np.random.default_rng(0).standard_normal((20, 3))
    with pytest.raises(ValueError, match=message):
        ModuleFinder(**parameters).fit(X, X[:, 0] if y is None else y)


def test_without_scikit_learn_the_error_names_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    monkeypatch.delitem(sys.modules, "linmod.dynamics.module_finding.estimator")
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'linmod\[learn\]'"):
        _ = module_finding.ModuleFinder


def test_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = module_finding.nothing


@pytest.mark.slow
def test_rules_on_held_out_seeds():
    runs = {name: [] for name in COMPARED}
    with one_thread():
        for seed in HELD_OUT_SEEDS:
            for name, score in scores(SineTask(seed=seed), methods=COMPARED):
                runs[name].append((score.recovered, score.test, score.held_out))
    means = {name: np.mean(values, axis=0) for name, values in runs.items()}
    errors = {name: np.std(values, axis=0, ddof=1) / len(values) ** 0.5 for name, values in runs.items()}
    low, high = ({name: means[name] + sign * 3 * errors[name] for name in runs} for sign in (-1, 1))
    assert low[BEST][0] >= 2.9
    assert high[BEST][2] < 0.02
    assert high[PUBLISHED][0] < 1.5
    assert low[PUBLISHED][2] > 0.5
    assert means["random projections"][0] == 0
    assert high["true projections"][2] < 0.02
    assert low["network, one run"][2] > high[BEST][2]
    tries = means["network, best of 5"][0]
    assert tries > high["network, one run"][0], "restarts explain much of what descent lacks"
    assert tries > high[PUBLISHED][0]
