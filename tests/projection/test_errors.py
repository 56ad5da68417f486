"""Wrong networks, maps and times: refused with an error that says which and what is allowed."""

import numpy as np
import pytest

import linmod
from linmod import Dataset, Deep, Descent, Explicit, Problem, SystematicityDataset, dynamics

DATA = Dataset(np.eye(3), np.ones((2, 3)))
W = np.ones((2, 3))
CHAIN = [np.ones((4, 3)), np.ones((2, 4))]


def project(network, **options):
    return lambda: linmod.project(network, DATA, **options)


def function(X):
    return X @ W.T


def bad(X):
    raise RuntimeError("layer 0 expects 5 features")


SHARED = [CHAIN, CHAIN]
WRONG = {
    "no dataset": (lambda: linmod.project([W], W), TypeError, r"dataset must be Data, got ndarray"),
    "number": (project(3), TypeError, r"network must be matrices in order, .*, got int"),
    "text": (project("W"), TypeError, r"network must be matrices in order, .*, got str"),
    "none": (project(None), TypeError, r"network must be .*, got NoneType"),
    "class": (project([dict]), TypeError, r"network\[0\] must be .*, got type"),
    "empty": (project([]), ValueError, r"network must hold at least one matrix or checkpoint, got none"),
    "empty checkpoint": (project([[]]), ValueError, r"network\[0\] must hold at least one matrix, got none"),
    "empty stack": (project(np.zeros((0, 2, 3))), ValueError, r"same number of times for every layer, at least one"),
    "stacks of two lengths": (
        project([np.ones((3, 4, 3)), np.ones((2, 2, 4))]),
        ValueError,
        r"same number of times for every layer, at least one, got \[3, 2\]",
    ),
    "empty mapping": (project({}), ValueError, r"network has no matrices to multiply"),
    "lists of numbers": (project([[[1.0, 2.0]]]), TypeError, r"network\[0\]\[0\] must be an array .*, got list"),
    "mixed": (project([W, [W]]), TypeError, r"network\[1\] must be an array .*, got list"),
    "vector": (project([np.ones(3)]), ValueError, r"network\[0\] must have 2 axes, got shape \(3,\)"),
    "transposed": (project([W.T]), ValueError, r"\(units after, units before\) from 3 inputs to 2 outputs.*\(3, 2\)"),
    "swapped": (project(CHAIN[::-1]), ValueError, r"in order, got shapes \[\(2, 4\), \(4, 3\)\]"),
    "sizes": (project([np.ones((4, 3)), np.ones((2, 5))]), ValueError, r"got shapes \[\(4, 3\), \(2, 5\)\]"),
    "nan": (project([W * np.nan]), ValueError, r"network\[0\] must be finite, got 6 entries"),
    "infinite later": (project([[W], [W / 0.5], [W + np.inf]]), ValueError, r"network\[2\]\[0\] must be finite"),
    "complex": (project([W + 1j]), TypeError, r"network\[0\] must be real, got complex128"),
    "half": (project([W.astype(np.float16)]), TypeError, r"network\[0\] must be float32 or float64, got float16"),
    "text entries": (project([np.array([["a"] * 3] * 2)]), TypeError, r"network\[0\] must be a real array"),
    "bias": (
        project({"W": W, "b": np.ones(2)}),
        ValueError,
        r"other than its matrices, \['b'\]: give it as a function or module and use map='jacobian'",
    ),
    "nan bias": (project({"W": W, "b": np.nan * np.ones(2)}), ValueError, r"network\['b'\] must be finite"),
    "kinds of checkpoint": (
        project([[W], CHAIN]),
        ValueError,
        r"network\[1\] must hold the same layers",
    ),
    "shared memory": (project(SHARED), ValueError, r"network\[0\] and network\[1\] share their memory.*record copies"),
    "times too few": (project([[W], [2 * W]], times=[0.0]), ValueError, r"one for each of 2 checkpoints, got 1"),
    "times for one": (project([W], times=[0.0, 1.0]), ValueError, r"one for each of 1 checkpoints, got 2"),
    "times falling": (project([[W], [2 * W]], times=[1.0, 0.0]), ValueError, r"times must be increasing"),
    "times negative": (project([W], times=[-1.0]), ValueError, r"times must be increasing and not negative"),
    "times nan": (project([W], times=[np.nan]), ValueError, r"times must be finite"),
    "times text": (project([W], times="now"), TypeError, r"times must be a real array with 1 axes"),
    "map unknown": (project([W], map="svd"), ValueError, r"map must be one of \['auto', 'jacobian', 'least_squares'"),
    "map number": (project([W], map=3), TypeError, r"map must be a string"),
    "product of function": (
        project(function, map="product"),
        ValueError,
        r"network has no matrices to multiply: use map='jacobian' or map='least_squares'",
    ),
    "function columns": (
        project(lambda X: function(X).T),
        ValueError,
        r"output of network must have shape \(3, 2\), got \(2, 3\): .*\(items, input features\)",
    ),
    "function vector": (project(lambda X: X[0]), ValueError, r"output of network must have 2 axes, got shape \(3,\)"),
    "function nothing": (project(lambda X: None), TypeError, r"output of network must be an array .*NoneType"),
    "function nan": (project(lambda X: function(X) * np.nan), ValueError, r"output of network must be finite"),
    "function complex": (project(lambda X: 1j * function(X)), TypeError, r"output of network must be real"),
    "function half": (
        project(lambda X: function(X).astype(np.float16)),
        TypeError,
        r"output of network must be float32 or float64, got float16",
    ),
    "function fails": (project(bad), ValueError, r"network fails on X of shape \(3, 3\): layer 0 expects 5"),
    "own map shape": (
        project(function, map=lambda f, X: W.T),
        ValueError,
        r"map of network must have shape \(2, 3\), got \(3, 2\)",
    ),
    "own Jacobian shape": (
        project(function, map=lambda f, X: np.ones((4, 2, 3))),
        ValueError,
        r"map of network must have shape \(3, 2, 3\), got \(4, 2, 3\)",
    ),
    "own map nothing": (project(function, map=lambda f, X: 1.0), TypeError, r"map of network must be an array"),
    "weights of function": (lambda: linmod.project(function, DATA).weights, ValueError, r"a function holds no weights"),
    "problem of function": (
        lambda: linmod.project(function, DATA).problem(Descent(0.1, 0)),
        ValueError,
        r"first checkpoint is a function without matrices",
    ),
    "problem of other times": (
        lambda: linmod.project([W], DATA).problem(Descent(0.1, 3)),
        ValueError,
        r"report the times of the 1 checkpoints, from 0 to 0, got Descent.*times=training\.times",
    ),
    "problem of other network": (
        lambda: linmod.project(CHAIN, DATA).problem(Descent(0.1, 0), Deep(5)),
        ValueError,
        r"weights must have shapes",
    ),
}


@pytest.mark.parametrize(("call", "error", "message"), WRONG.values(), ids=WRONG)
def test_wrong_call(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_the_right_calls_beside_them_are_accepted():
    for network in ([W], CHAIN, [[W], [2 * W]], {"W": W, "b": np.zeros(2)}, function, np.ones((4, 2, 3))):
        assert np.all(np.isfinite(linmod.project(network, DATA).loss))


def test_copies_that_do_not_change_are_accepted():
    same = linmod.project([[W.copy()], [W.copy()]], DATA)
    assert same.loss[0] == same.loss[1]


def test_hidden_sizes_that_no_chain_has_need_a_network():
    start = [np.ones((4, 3)), np.ones((5, 4)), np.ones((2, 5))]
    projection = linmod.project(start, DATA)
    with pytest.raises(ValueError, match="weights must have shapes"):
        projection.problem(Descent(0.1, 0))


def test_modules_are_stated_from_matrices_in_order():
    dataset = SystematicityDataset(2, 1, 1, 1)
    network = linmod.Modular.output_split(Deep(5))
    problem = Problem(dataset, network, linmod.SmallRandom(0.1), Descent(0.1, 20))
    own = dynamics.solve(problem)
    layers = own.weights

    def modules(step):
        signs, identities = layers[1][step] @ layers[0][step], layers[3][step] @ layers[2][step]
        return lambda X: X @ np.concatenate([signs, identities]).T

    projection = linmod.project([modules(step) for step in range(21)], dataset, times=problem.times)
    stated = Problem(dataset, network, Explicit([layer[0] for layer in layers]), problem.training)
    assert linmod.compare(dynamics.solve(stated), projection, 1e-9).passed
