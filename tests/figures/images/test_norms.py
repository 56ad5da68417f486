"""The order of the error of linear theory on images: what is right holds, and what is wrong is rejected."""

import math

import numpy as np
import pytest

import linmod
from linmod.figures.images import courses, linear_limit, moments, tasks
from linmod.figures.images.courses import Course
from linmod.figures.images.norms import Law, _domain
from linmod.figures.images.tasks import DENSE, SPLIT

VALUES = np.array([[0.1, 0.05, 0.025, 0.0125, 0.00625]])


def judged(errors, control=None):
    control = 0.5 + errors if control is None else control
    return linear_limit.linear_order("errors", VALUES, errors, control)


def test_first_order_with_a_correction_holds():
    found = judged(1.5 * VALUES * (1 - 1.5 * VALUES))
    assert found.verdict == "holds", found
    assert found.order == pytest.approx(1, abs=0.02)
    assert found.rejected == 1


@pytest.mark.parametrize("order", [0.0, 0.5, 0.8, 1.2, 2.0])
def test_other_orders_fail(order):
    found = judged(VALUES**order * (1 - 0.1 * VALUES + 0.2 * VALUES**2))
    assert found.verdict == "fails", found


def test_a_constant_error_below_the_law_is_no_first_order():
    assert judged(VALUES + 0.02).verdict != "holds"


def test_a_control_of_first_order_is_not_rejected():
    errors = 1.5 * VALUES * (1 - 1.5 * VALUES)
    assert judged(errors, 2 * errors).verdict == "fails"


def test_scatter_and_zeros_are_undecided():
    noise = np.exp([[1.0, -1.0, 1.0, -1.0, 1.0]])
    assert judged(VALUES * noise).verdict == "undecided"
    assert judged(0 * VALUES).verdict == "undecided"


def course(norm=1.0, own=2.0, square=0.0):
    time = np.linspace(0, 1, 5)
    norms = {(f"place_{i}", f"labels_{j}"): time * (own if i == j else 1.0) for i in (1, 2, 3) for j in (1, 2, 3)}
    norms |= {(f"place_{i}", "combinations"): norm * time for i in (1, 2, 3)}
    return Course({pair: values + 1e-3 for pair, values in norms.items()}, square)


def test_share_of_a_course():
    assert course(own=2.0).share[-1] == pytest.approx(4 / 6, rel=1e-2)
    assert course(own=1.0).share == pytest.approx(1 / 3)
    assert course(norm=2.0).norm("non-compositional")[-1] == pytest.approx(2 * math.sqrt(3), rel=1e-2)


def test_errors_of_courses():
    assert courses.norm_error(course(), course(1.1)) == pytest.approx(0.1, rel=1e-2)
    assert courses.norm_error(course(), course()) == courses.share_error(course(), course()) == 0
    assert courses.share_error(course(), course(own=1.0)) == pytest.approx(1 / 3, rel=1e-2)


def test_the_domain_ends_where_the_error_is_large():
    squares = VALUES[0]
    law = Law([course()], [[course(1 + value, square=value)] for value in squares])
    assert _domain(law, 1.0, 0.6).verdict == "holds"
    assert _domain(law, 1.0, 0.05).verdict == "fails"
    assert _domain(law, 0.01, 0.6).verdict == "fails"
    assert _domain(Law([course()], [[course(1.5, square=value)] for value in squares]), 1.0, 0.6).verdict == "fails"


@pytest.mark.parametrize("name", [DENSE, SPLIT])
def test_linear_networks_of_torch_learn_what_is_predicted(name):
    """At every label scale, to single precision; with other initial weights they do not."""
    pytest.importorskip("torch")
    splits = tasks.centred(tasks.draw(2000, 10.0, train=60, evaluation=5))
    source = tasks.task(2000, 10.0)
    learned, seen = courses.by_place(source, splits.train), courses.by_place(source, splits.test_seen)
    plan = courses.Plan(step=0.05, steps=60, every=20, std=0.05, items=60)
    right, wrong = (
        courses.predict(learned, courses.start_of(name, splits.layout, plan.std, seed), plan.linear)
        for seed in (2000, 2001)
    )
    network = courses.network_of(name, "linear")
    for epsilon in (1.0, 1e-3):
        scaled = [moments.scaled(splits, epsilon)]
        (found,) = courses.train(network, scaled, [seen], [2000], plan.at(epsilon))
        assert courses.norm_error(right, found.times(1 / epsilon)) < 1e-4
        assert courses.share_error(right, found.times(1 / epsilon)) < 1e-4
        assert courses.norm_error(wrong, found.times(1 / epsilon)) > 1e-2


def test_norms_of_a_linear_network_in_torch_are_those_of_its_product():
    """Jacobians in float32: 192 terms, each rounded, and the product of two layers as well."""
    pytest.importorskip("torch")
    from linmod.dynamics.nonlinear import PlaceByPlace, layers, trained_module

    splits = tasks.centred(tasks.draw(0, 10.0))
    network = courses.network_of(DENSE, "linear")
    weights = layers.initial_weights(network, splits.layout, 0.3, 0)
    data = courses.by_place(tasks.task(0, 10.0), splits.test_seen, 3)
    module = trained_module(network, splits.layout, {name: each[None] for name, each in weights.items()}, 0)
    found = linmod.project([PlaceByPlace(module, splits.layout)], data, map="jacobian")
    ((first, second),) = courses.layers_of(weights, splits.layout)
    unordered = next(iter(weights.values()))
    bound = 400 * float(np.finfo(np.float32).eps)
    for (place, target), values in found.norms.items():
        product, wrong = (
            np.linalg.norm((second @ each)[data.output_blocks[target], data.input_blocks[place]])
            for each in (first, unordered)
        )
        assert values[0] == pytest.approx(product, rel=bound)
        assert abs(values[0] / wrong - 1) > 10 * bound
