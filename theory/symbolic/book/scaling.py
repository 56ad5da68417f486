"""Entries on losses of random features and the samples that they take."""

from __future__ import annotations

from .courses import FORMS
from .entry import Entry

SYMBOLIC = "linmod.theory.scaling.symbolic"
SCALING = "Breaking Neural Network Scaling Laws with Modularity (Boopathy et al., ICLR 2025)"
LOSSES = "linmod.theory.scaling.losses.isotropic_losses"
TRACE = "linmod.theory.scaling.traces.inverse_wishart_trace"
MEANINGS = {
    "N": "rows",
    "p": "used features, per module",
    "K": "modules",
    "t_1": "variance of the target in the used features",
    "t_2": "variance of the target outside the used features",
    "sigma2": "variance of the label noise",
    "a": "exponent of the power law",
    "q": "scale of the power law",
    "c": "total of the power law",
    "epsilon": "relative test loss",
    "eta": "share of what can be gained over predicting 0",
    "nu": "rows per module in units of the scale of the law, (N - 1)/(K q)",
    "m": "dimension of the task",
    "Omega": "base with which the effective dimension grows",
}


def _entry(name: str, title: str, form: str, where: str, derivation: str, numerical: str) -> Entry:
    return Entry(
        name,
        title,
        "scaling",
        form if "." in form else f"{SYMBOLIC}.{form}",
        where,
        SCALING,
        derivation,
        numerical,
        meanings=MEANINGS,
    )


SAMPLES = "linmod.theory.scaling.sample_complexity"
CRITERIA = "linmod.theory.scaling.criteria"

ENTRIES = (
    _entry(
        "inverse-wishart-trace",
        "Expected squared norm of the pseudo-inverse with more rows than features",
        "inverse_wishart_trace",
        "standard normal features, N >= p + 2",
        "expected-loss",
        TRACE,
    ),
    _entry(
        "inverse-wishart-trace-over",
        "Expected squared norm of the pseudo-inverse with more features than rows",
        f"{FORMS}.inverse_wishart_trace_over",
        "standard normal features, p >= N + 2",
        "over-parameterised",
        TRACE,
    ),
    _entry(
        "expected-test-loss",
        "Expected test loss with more rows than features",
        "expected_test_loss",
        "N >= p + 2",
        "expected-loss",
        LOSSES,
    ),
    _entry(
        "expected-test-loss-over",
        "Expected test loss with more features than rows",
        f"{FORMS}.expected_test_loss_over",
        "p >= N + 2, used features of equal variance",
        "over-parameterised",
        LOSSES,
    ),
    _entry("expected-train-loss", "Expected train loss", "expected_train_loss", "N >= p", "expected-loss", LOSSES),
    _entry(
        "modular-loss",
        "Test loss of K modules with p features each",
        "modular_loss",
        "N >= K p + 2, no label noise, a power law",
        "modular-samples",
        f"{SAMPLES}.smallest_loss",
    ),
    _entry(
        "optimal-size",
        "Real number of features per module that minimises the test loss",
        "optimal_size",
        "a power law, no label noise",
        "optimal-size",
        f"{CRITERIA}.samples_of_optimal_size",
    ),
    _entry(
        "samples-needed",
        "Rows with which p features per module reach the relative test loss epsilon",
        "samples_needed",
        "a power law whose tail beyond p is below epsilon, no label noise",
        "optimal-size",
        f"{SAMPLES}.sample_complexity",
    ),
    _entry(
        "smallest-relative-loss",
        "Relative test loss at the optimal real size",
        "smallest_relative_loss",
        "a power law, no label noise, nu >= 1/a",
        "optimal-size",
        f"{SAMPLES}.log_sample_complexity",
    ),
    _entry(
        "samples-of-optimal-size",
        "Rows at which p features per module are the best real size",
        "samples_of_optimal_size",
        "a power law, no label noise",
        "optimal-size",
        f"{CRITERIA}.samples_of_optimal_size",
    ),
    _entry(
        "useful-rows",
        "Rows above which p features per module predict better than 0",
        "useful_rows",
        "a power law",
        "optimal-size",
        f"{CRITERIA}.useful_sample_complexity",
    ),
    _entry(
        "samples-at-size",
        "Rows with which p features per module gain the share eta",
        "samples_at_size",
        "a power law, eta < 1",
        "optimal-size",
        f"{CRITERIA}.sample_complexity_at_size",
    ),
    _entry(
        "deterministic-equivalent-isotropic",
        "Test loss by the deterministic equivalent for equal variances",
        "deterministic_equivalent_isotropic",
        "p > N, no ridge; asymptotic",
        "over-parameterised",
        "linmod.theory.scaling.losses.deterministic_equivalent",
    ),
)
