"""Wrong calls: each is refused at the door with an error that names the argument and what is allowed."""

import numpy as np
import pytest

import linmod
from linmod import (
    Aligned,
    Dataset,
    Deep,
    Descent,
    Explicit,
    Flow,
    Problem,
    Shallow,
    SmallRandom,
    SystematicityDataset,
    dynamics,
    theory,
)
from linmod.datasets import sign_features, walsh_functions, walsh_transform

TRAINING = Descent(0.1, 3)


def _dataset():
    return SystematicityDataset(2, 1, 1, 1)


def _problem(network=None, initial=None, training=TRAINING, dataset=None):
    return Problem(dataset or _dataset(), network or Deep(hidden=6), initial or Aligned(1e-2), training)


def _coupled():
    generator = np.random.default_rng(0)
    return Dataset(generator.standard_normal((3, 5)), generator.standard_normal((2, 5)))


WRONG = {
    # datasets
    "n_x float": (lambda: SystematicityDataset(3.0, 1, 1, 1), TypeError, r"n_x must be an integer.*float"),
    "n_x bool": (lambda: SystematicityDataset(True, 1, 1, 1), TypeError, r"n_x must be an integer.*True"),
    "n_x text": (lambda: SystematicityDataset("3", 1, 1, 1), TypeError, r"n_x must be an integer.*str"),
    "n_x negative": (lambda: SystematicityDataset(-1, 1, 1, 1), ValueError, r"n_x must be at least 0, got -1"),
    "n_y none": (lambda: SystematicityDataset(2, None, 1, 1), TypeError, r"n_y must be an integer"),
    "k_x negative": (lambda: SystematicityDataset(2, 1, -3, 1), ValueError, r"k_x must be at least 0, got -3"),
    "k_y float": (lambda: SystematicityDataset(2, 1, 1, 0.5), TypeError, r"k_y must be an integer.*0\.5"),
    "r text": (lambda: SystematicityDataset(2, 1, 1, 1, "1"), TypeError, r"\br must be a real number"),
    "r complex": (lambda: SystematicityDataset(2, 1, 1, 1, 1j), TypeError, r"\br must be a real number"),
    "r bool": (lambda: SystematicityDataset(2, 1, 1, 1, True), TypeError, r"\br must be a real number"),
    "r nan": (lambda: SystematicityDataset(2, 1, 1, 1, np.nan), ValueError, r"\br must be finite, got nan"),
    "r_y infinite": (lambda: SystematicityDataset(2, 1, 1, 1, r_y=np.inf), ValueError, r"r_y must be finite, got inf"),
    "n_bits below n_x": (lambda: SystematicityDataset(3, 1, 1, 1, n_bits=2), ValueError, r"n_bits must be at least 3"),
    "n_bits zero": (lambda: SystematicityDataset(0, 0, 1, 1, n_bits=0), ValueError, r"n_bits must be at least 1"),
    "n_bits missing": (lambda: SystematicityDataset(0, 0, 1, 1), ValueError, r"n_bits must be given when"),
    "n_bits below bit": (
        lambda: SystematicityDataset(1, 0, 1, 1, n_bits=2, input_signs=(2,)),
        ValueError,
        r"n_bits must be at least 3",
    ),
    "signs number": (
        lambda: SystematicityDataset(1, 1, 1, 1, input_signs=0),
        TypeError,
        r"input_signs must be a sequence of bit numbers, got 0",
    ),
    "signs text": (
        lambda: SystematicityDataset(2, 1, 1, 1, output_signs="0"),
        TypeError,
        r"output_signs must be a sequence of bit numbers",
    ),
    "signs duplicate": (
        lambda: SystematicityDataset(2, 1, 1, 1, input_signs=(1, 1)),
        ValueError,
        r"input_signs must name n_x=2 different bits, got \(1, 1\)",
    ),
    "signs too few": (
        lambda: SystematicityDataset(2, 1, 1, 1, input_signs=(1,)),
        ValueError,
        r"input_signs must name n_x=2 different bits",
    ),
    "signs too many": (
        lambda: SystematicityDataset(2, 1, 1, 1, output_signs=(0, 1)),
        ValueError,
        r"output_signs must name n_y=1 different bits",
    ),
    "signs negative": (
        lambda: SystematicityDataset(2, 1, 1, 1, input_signs=(0, -1)),
        ValueError,
        r"input_signs entry must be at least 0, got -1",
    ),
    "no input": (lambda: SystematicityDataset(0, 2, 0, 1), ValueError, r"k_x must be at least 1 when n_x is 0"),
    "no output": (lambda: SystematicityDataset(2, 0, 1, 0), ValueError, r"k_y must be at least 1 when n_y is 0"),
    "dense_limit zero": (
        lambda: SystematicityDataset(2, 1, 1, 1, dense_limit=0),
        ValueError,
        r"dense_limit must be at least 1, got 0",
    ),
    "X too large": (lambda: SystematicityDataset(40, 1, 1, 1).X, ValueError, r"X of .*above dense_limit=67108864"),
    "modes too many": (lambda: SystematicityDataset(99, 1, 1, 1).mode_basis, ValueError, r"mode.*dense_limit"),
    "X one axis": (lambda: Dataset([1.0, 2.0], [[1.0, 2.0]]), ValueError, r"X must have 2 axes, got shape \(2,\)"),
    "X text": (lambda: Dataset([["a"]], [[1.0]]), TypeError, r"X must be a real array with 2 axes"),
    "X complex": (lambda: Dataset(np.array([[1j]]), [[1.0]]), TypeError, r"X must be a real array with 2 axes"),
    "X ragged": (lambda: Dataset([[1.0], [1.0, 2.0]], [[1.0]]), TypeError, r"X must be a real array with 2 axes"),
    "Y nan": (lambda: Dataset([[1.0]], [[np.nan]]), ValueError, r"Y must be finite, got 1 entries"),
    "X empty": (lambda: Dataset(np.zeros((0, 2)), [[1.0, 1.0]]), ValueError, r"X and Y must not be empty"),
    "X and Y items": (lambda: Dataset([[1.0]], [[1.0, 2.0]]), ValueError, r"same number of items.*1 and 2"),
    "blocks no mapping": (
        lambda: Dataset([[1.0]], [[1.0]], input_blocks=[slice(0, 1)]),
        TypeError,
        r"input_blocks must be Mapping, got list",
    ),
    "blocks no slice": (
        lambda: Dataset([[1.0]], [[1.0]], output_blocks={"y": 1}),
        TypeError,
        r"output_blocks\['y'\] must be a slice with step 1, got 1",
    ),
    "blocks step": (
        lambda: Dataset([[1.0], [2.0]], [[1.0]], input_blocks={"x": slice(0, 2, 2)}),
        TypeError,
        r"input_blocks\['x'\] must be a slice with step 1",
    ),
    "blocks text edge": (
        lambda: Dataset([[1.0]], [[1.0]], input_blocks={"x": slice(0, "1")}),
        TypeError,
        r"input_blocks\['x'\] must be a slice",
    ),
    "blocks gap": (
        lambda: Dataset([[1.0], [2.0]], [[1.0]], input_blocks={"a": slice(1, 2)}),
        ValueError,
        r"input_blocks\['a'\] must be a slice that starts at 0",
    ),
    "blocks short": (
        lambda: Dataset([[1.0], [2.0]], [[1.0]], input_blocks={"a": slice(0, 1)}),
        ValueError,
        r"input_blocks must cover all 2 features, got blocks up to 1",
    ),
    "walsh length": (lambda: walsh_transform([1.0, 2.0, 3.0]), ValueError, r"values must have a power of two.*got 3"),
    "walsh scalar": (lambda: walsh_transform(1.0), ValueError, r"values must have at least one axis"),
    "walsh n_bits": (lambda: walsh_functions(-1, [0]), ValueError, r"n_bits must be at least 0, got -1"),
    "walsh masks": (lambda: walsh_functions(2, [4]), ValueError, r"masks must be between 0 and 3"),
    "walsh masks float": (lambda: walsh_functions(2, [0.5]), TypeError, r"masks must be integers"),
    "sign n_bits": (lambda: sign_features(1.5, (0,)), TypeError, r"n_bits must be an integer"),
    "sign bits": (lambda: sign_features(2, (2,)), ValueError, r"bits must be below n_bits=2, got \(2,\)"),
    # networks and starts
    "hidden zero": (lambda: Deep(hidden=0), ValueError, r"hidden must be at least 1, got 0"),
    "hidden float": (lambda: Deep(hidden=5.0), TypeError, r"hidden must be an integer"),
    "hidden bool": (lambda: Deep(hidden=True), TypeError, r"hidden must be an integer"),
    "layers one": (lambda: Deep(layers=1), ValueError, r"layers must be at least 2, got 1"),
    "strength text": (lambda: Aligned("small"), TypeError, r"strength must be a real number"),
    "strength nan": (lambda: Aligned(np.nan), ValueError, r"strength must be finite, got nan"),
    "strength bool": (lambda: Aligned(True), TypeError, r"strength must be a real number"),
    "strength entry": (
        lambda: Aligned({"sign_to_sign": "1"}),
        TypeError,
        r"strength\['sign_to_sign'\] must be a real number",
    ),
    "strength infinite entry": (
        lambda: Aligned({"sign_to_sign": np.inf}),
        ValueError,
        r"strength\['sign_to_sign'\] must be finite",
    ),
    "strength unknown class": (
        lambda: dynamics.solve(_problem(initial=Aligned({"mode_1": 0.1}))),
        ValueError,
        r"strength names classes \['mode_1'\].*it has \['identity_to_identity'",
    ),
    "strength unknown class, theory": (
        lambda: theory.solve(_problem(initial=Aligned({"mode_1": 0.1}))),
        ValueError,
        r"strength names classes \['mode_1'\].*it has \['identity_to_identity'",
    ),
    "strength missing class": (
        lambda: theory.solve(_problem(initial=Aligned({"sign_to_sign": 0.1}))),
        ValueError,
        r"strength must name every class of modes; '\w+' is not in \['sign_to_sign'\]",
    ),
    "hidden too small": (
        lambda: dynamics.solve(_problem(network=Deep(hidden=3))),
        ValueError,
        r"hidden must be at least the number of modes with an initial strength, 4, got 3",
    ),
    "hidden too small, theory": (
        lambda: theory.solve(_problem(network=Deep(hidden=3))),
        ValueError,
        r"hidden must be at least the number of modes with an initial strength, 4, got 3",
    ),
    "std negative": (lambda: SmallRandom(std=-1e-3), ValueError, r"std must be at least 0\.0, got -0\.001"),
    "std nan": (lambda: SmallRandom(std=np.nan), ValueError, r"std must be finite"),
    "seed float": (lambda: SmallRandom(seed=1.0), TypeError, r"seed must be an integer"),
    "seed negative": (lambda: SmallRandom(seed=-1), ValueError, r"seed must be at least 0, got -1"),
    "weights one array": (lambda: Explicit(np.eye(2)), TypeError, r"weights must be a sequence of matrices.*one array"),
    "weights number": (lambda: Explicit(3), TypeError, r"weights must be a sequence of matrices, got int"),
    "weights text": (lambda: Explicit("W"), TypeError, r"weights must be a sequence of matrices, got str"),
    "weights none": (lambda: Explicit([]), ValueError, r"weights must hold one matrix for each layer, got none"),
    "weights vector": (lambda: Explicit([[1.0, 2.0]]), ValueError, r"weights\[0\] must have 2 axes"),
    "weights nan": (lambda: Explicit([[[np.nan]]]), ValueError, r"weights\[0\] must be finite"),
    "weights shape": (
        lambda: _problem(network=Shallow(), initial=Explicit([np.zeros((2, 2))])),
        ValueError,
        r"weights must have shapes \(\(5, 6\),\), from the input on, got \(\(2, 2\),\)",
    ),
    "weights too many": (
        lambda: _problem(network=Shallow(), initial=Explicit([np.zeros((5, 6)), np.zeros((5, 5))])),
        ValueError,
        r"weights must have shapes \(\(5, 6\),\), from the input on",
    ),
    # training
    "times number": (lambda: Flow(5.0), ValueError, r"times must have 1 axes, got shape \(\)"),
    "times text": (lambda: Flow(["a"]), TypeError, r"times must be a real array with 1 axes"),
    "times empty": (lambda: Flow([]), ValueError, r"times must hold at least one time, got none"),
    "times negative": (lambda: Flow([-1.0, 0.0]), ValueError, r"times must be increasing and not negative"),
    "times unsorted": (lambda: Flow([0.0, 2.0, 1.0]), ValueError, r"times must be increasing and not negative"),
    "times repeated": (lambda: Flow([0.0, 1.0, 1.0]), ValueError, r"times must be increasing and not negative"),
    "times infinite": (lambda: Flow([0.0, np.inf]), ValueError, r"times must be finite, got 1 entries"),
    "times nan": (lambda: Flow([0.0, np.nan]), ValueError, r"times must be finite, got 1 entries"),
    "times matrix": (lambda: Flow([[0.0, 1.0]]), ValueError, r"times must have 1 axes, got shape \(1, 2\)"),
    "rtol zero": (lambda: Flow([1.0], rtol=0.0), ValueError, r"rtol must be at least 2\.2\d*e-14, got 0\.0"),
    "rtol text": (lambda: Flow([1.0], rtol="1e-8"), TypeError, r"rtol must be a real number"),
    "atol negative": (lambda: Flow([1.0], atol=-1.0), ValueError, r"atol must be at least 0\.0, got -1\.0"),
    "step_size zero": (lambda: Descent(0.0, 3), ValueError, r"step_size must be positive, got 0\.0"),
    "step_size negative": (lambda: Descent(-0.1, 3), ValueError, r"step_size must be positive, got -0\.1"),
    "step_size infinite": (lambda: Descent(np.inf, 3), ValueError, r"step_size must be finite, got inf"),
    "step_size array": (lambda: Descent(np.ones(2), 3), TypeError, r"step_size must be a real number"),
    "steps float": (lambda: Descent(0.1, 3.0), TypeError, r"steps must be an integer"),
    "steps negative": (lambda: Descent(0.1, -3), ValueError, r"steps must be at least 0, got -3"),
    "record_every zero": (lambda: Descent(0.1, 3, 0), ValueError, r"record_every must be at least 1, got 0"),
    "record_every bool": (lambda: Descent(0.1, 3, True), TypeError, r"record_every must be an integer"),
    # problems and solvers
    "problem dataset": (
        lambda: Problem(np.eye(2), Shallow(), Aligned(), TRAINING),
        TypeError,
        r"dataset must be Data, got ndarray",
    ),
    "problem network": (
        lambda: Problem(_dataset(), Deep, Aligned(), TRAINING),
        TypeError,
        r"network must be Shallow or Deep or Modular, got type",
    ),
    "problem initial": (
        lambda: Problem(_dataset(), Shallow(), 1e-3, TRAINING),
        TypeError,
        r"initial must be Aligned or SmallRandom or .*Explicit, got float",
    ),
    "problem training": (
        lambda: Problem(_dataset(), Shallow(), Aligned(), [0.0, 1.0]),
        TypeError,
        r"training must be Flow or Descent, got list",
    ),
    "dynamics.solve": (lambda: dynamics.solve(_dataset()), TypeError, r"problem must be Problem, got Systematicity"),
    "dynamics.solve_modes": (lambda: dynamics.solve_modes(None), TypeError, r"problem must be Problem, got NoneType"),
    "dynamics.largest_stable_step": (
        lambda: dynamics.largest_stable_step(_problem(), _dataset()),
        TypeError,
        r"network must be .*Deep or .*Modular, got Problem",
    ),
    "dynamics.largest_stable_step momentum": (
        lambda: dynamics.largest_stable_step(Deep(), _dataset(), momentum=1.0),
        ValueError,
        r"momentum must be below 1, got 1.0",
    ),
    "theory.solve": (lambda: theory.solve([_problem()]), TypeError, r"problem must be Problem, got list"),
    "theory.largest_stable_step": (
        lambda: theory.largest_stable_step(_problem(), _dataset()),
        TypeError,
        r"network must be Shallow or Deep or Modular, got Problem",
    ),
    "predict spectrum": (
        lambda: theory.solve(_problem(), spectrum={"lam": 1.0}),
        TypeError,
        r"spectrum must be Spectrum, got dict",
    ),
    "predict factor": (
        lambda: theory.solve(_problem(), strength_factor="2"),
        TypeError,
        r"strength_factor must be a real number",
    ),
    "integrator name": (
        lambda: dynamics.solve(_problem(), integrator="Euler"),
        ValueError,
        r"integrator must be one of \['BDF', 'DOP853', 'LSODA', 'RK23', 'RK45', 'RKC', 'Radau'\], got 'Euler'",
    ),
    "integrator type": (
        lambda: dynamics.solve_modes(_problem(), integrator=4),
        TypeError,
        r"integrator must be a string, one of .*got int",
    ),
    "progress": (
        lambda: dynamics.solve(_problem(), progress=True),
        TypeError,
        r"progress must be callable, got bool",
    ),
    "modes of three layers": (
        lambda: dynamics.solve_modes(_problem(network=Deep(hidden=6, layers=3))),
        ValueError,
        r"one and two layers, got layers=3",
    ),
    "theory of three random layers": (
        lambda: theory.solve(_problem(network=Deep(hidden=6, layers=3), initial=SmallRandom())),
        linmod.NoClosedForm,
        r"with layers=3 there is a closed form only from an Aligned start: .* not balanced",
    ),
    "theory of coupled data": (
        lambda: theory.solve(_problem(dataset=_coupled())),
        linmod.NoClosedForm,
        r"do not commute",
    ),
    "theory of a narrow network": (
        lambda: theory.solve(_problem(network=Deep(hidden=3), initial=SmallRandom())),
        linmod.NoClosedForm,
        r"hidden=3 is below the number of modes, 4",
    ),
    "stable step of coupled data": (
        lambda: theory.largest_stable_step(Deep(), _coupled()),
        linmod.NoClosedForm,
        r"do not commute",
    ),
    # theory
    "spectrum of an array": (lambda: theory.spectrum(np.eye(2)), TypeError, r"dataset must be Data, got ndarray"),
    "spectrum class": (
        lambda: theory.spectrum(_dataset())["mode_1"],
        ValueError,
        r"class name must be one of \['identity_to_identity'",
    ),
    "spectrum quantity": (
        lambda: theory.spectrum(_dataset()).per_mode("lambda"),
        ValueError,
        r"quantity must be one of \[.*'lam'.*\], got 'lambda'",
    ),
    "singular vectors of other data": (
        lambda: theory.singular_vectors(_coupled()),
        TypeError,
        r"dataset must be SystematicityDataset, got Dataset",
    ),
    "ratio of other data": (
        lambda: theory.systematicity_ratio(_coupled()),
        TypeError,
        r"dataset must be SystematicityDataset, got Dataset",
    ),
    "ratio without sign outputs": (
        lambda: theory.systematicity_ratio(SystematicityDataset(2, 0, 1, 1)),
        ValueError,
        r"n_y must be at least 1",
    ),
    "ratio of dropped inputs": (
        lambda: theory.systematicity_ratio(SystematicityDataset(1, 2, 1, 1)),
        ValueError,
        r"output_signs must all be among input_signs",
    ),
    "descent steps order": (
        lambda: theory.two_layer_descent(1.0, 1.0, 0.1, 0.0, 0.1, [2, 1]),
        ValueError,
        r"steps must be increasing",
    ),
    "descent steps float": (
        lambda: theory.two_layer_descent(1.0, 1.0, 0.1, 0.0, 0.1, [0.5]),
        TypeError,
        r"steps entry must be an integer",
    ),
    "descent step_size": (
        lambda: theory.shallow_descent(1.0, 1.0, 0.0, 0.0, 3),
        ValueError,
        r"step_size must be positive, got 0\.0",
    ),
    "half time pi0 large": (
        lambda: theory.half_time_two_layer(1.0, 1.0, 0.5),
        ValueError,
        r"pi0 must be below half the final value 0\.5, got 0\.5",
    ),
    "half time pi0 zero": (
        lambda: theory.half_time_two_layer(1.0, 1.0, 0.0),
        ValueError,
        r"pi0 must be positive",
    ),
    "half time lam": (lambda: theory.half_time_shallow(0.0, 1.0, 0.0), ValueError, r"lam must be positive, got 0\.0"),
    "half time delta": (lambda: theory.half_time_shallow(1.0, -1.0, 0.0), ValueError, r"delta must be positive"),
    # trajectories
    "load number": (lambda: linmod.load_trajectory(5), TypeError, r"path must be str or PathLike, got int"),
    "ratio of unnamed blocks": (
        lambda: dynamics.solve(_problem(dataset=_coupled(), initial=SmallRandom())).systematicity_ratio,
        ValueError,
        r"needs the blocks \('omega_x', 'omega_y'\); this dataset has \[\('x', 'y'\)\]",
    ),
}


def test_the_table_is_long_enough():
    assert len(WRONG) >= 45


@pytest.mark.parametrize(("call", "error", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_call(call, error, message):
    with pytest.raises((ValueError, TypeError), match=message) as caught:
        call()
    assert type(caught.value) is error
