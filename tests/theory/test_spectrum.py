"""The spectrum in closed form, against singular values and eigenvalues of the dense correlations."""

import math
import time
from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linmod import Aligned, Dataset, Flow, Modular, Problem, Shallow, SystematicityDataset, theory
from linmod.theory import Spectrum
from linmod.theory.spectrum import idle_inputs, input_directions

EPS = np.finfo(float).eps


def _cases():
    for b in (1, 2, 3, 4):
        for n_x, n_y, k_x, k_y in product(range(b + 1), range(b + 1), (0, 1, 3), (0, 1, 2)):
            for r in (0.0, 0.7, 2.0):
                if (n_x or k_x) and (n_y or k_y):
                    yield SystematicityDataset(n_x, n_y, k_x, k_y, r, n_bits=b)
    chosen = [
        (2, 2, (1, 0), (0, 1)),
        (2, 1, (0, 1), (2,)),
        (2, 2, (2, 0), (0, 1)),
        (0, 2, (), (0, 2)),
    ]
    for n_x, n_y, ins, outs in chosen:
        for k_x, k_y, (r, r_y) in product((1, 3), (0, 2), ((0.7, -2.0), (-1.0, 0.7), (2.0, 0.0))):
            yield SystematicityDataset(n_x, n_y, k_x, k_y, r, r_y=r_y, input_signs=ins, output_signs=outs)


CASES = list(_cases())


def _padded(values, length):
    return np.sort(np.concatenate([values, np.zeros(length - len(values))]))[::-1]


def _matches(dataset, spectrum, tolerance):
    """Whether a spectrum is that of the dense correlations, in values and multiplicities, up to zeros."""
    lam = np.linalg.svd(dataset.sigma_yx, compute_uv=False)
    delta, sigma = np.linalg.eigvalsh(dataset.sigma_x), np.linalg.eigvalsh(dataset.sigma_y)
    predicted = {
        name: np.concatenate([np.full(c.count, getattr(c, name)) for c in spectrum.classes])
        for name in ("lam", "delta", "sigma")
    }
    for name, measured in (("lam", lam), ("delta", delta), ("sigma", sigma)):
        length = max(len(measured), len(predicted[name]))
        gap = np.max(np.abs(_padded(predicted[name], length) - _padded(measured, length)))
        if not gap <= tolerance:
            return False
    return True


def _tolerance(dataset):
    """Eigenvalue solvers err by the matrix norm times eps, and less than ten times that here.

    Sums over N items add N eps/2 per entry.
    """
    largest = max(max(c.delta, c.sigma, c.lam) for c in theory.spectrum(dataset).classes)
    return 10 * dataset.n_items * EPS * max(1.0, largest)


def test_grid_is_large():
    assert len(CASES) > 1218


def test_spectrum_is_that_of_the_dense_correlations():
    for dataset in CASES:
        assert _matches(dataset, theory.spectrum(dataset), _tolerance(dataset)), dataset


def _wrong_spectra(spectrum):
    """Spectra with one wrong ingredient, where it changes a value by more than a hundredth."""
    classes = spectrum.classes
    for one, other in pairwise(classes):
        if abs(one.lam - other.lam) > 0.01 and one.count != other.count:
            values = {one.name: other.lam, other.name: one.lam}
            yield "lambda swapped", [replace(c, lam=values.get(c.name, c.lam)) for c in classes]
    for name in ("lam", "delta", "sigma"):
        if any(getattr(c, name) > 0.01 for c in classes):
            yield f"{name} missing", [replace(c, **{name: 0.0}) for c in classes]
            yield f"{name} too large", [replace(c, **{name: 1.02 * getattr(c, name)}) for c in classes]
        if any(abs(getattr(c, name) - 1) > 0.01 for c in classes):
            yield f"{name} is one", [replace(c, **{name: 1.0}) for c in classes]
    if max(classes[0].delta, classes[0].sigma) > 0.01:
        yield "one mode more", [replace(classes[0], count=classes[0].count + 1), *classes[1:]]


def test_wrong_spectra_are_rejected():
    seen = {}
    for dataset in CASES:
        for name, classes in _wrong_spectra(theory.spectrum(dataset)):
            assert not _matches(dataset, Spectrum(tuple(classes)), _tolerance(dataset)), (dataset, name)
            seen[name] = seen.get(name, 0) + 1
    assert len(seen) == 11
    assert min(seen.values()) > 200


def test_multiplicities_and_traces():
    for dataset in CASES:
        spectrum = theory.spectrum(dataset)
        assert sum(c.count for c in spectrum.classes) == dataset.n_items
        assert all(c.count > 0 for c in spectrum.classes)
        assert spectrum.n_modes == dataset.mode_basis.n_modes == len(spectrum.per_mode("lam"))
        sizes = {name: part.stop - part.start for name, part in dataset.mode_basis.classes.items()}
        assert {c.name: c.count for c in spectrum.learnable} == sizes
        # Sums of at most 64 squares
        traces = np.trace(dataset.sigma_x), np.trace(dataset.sigma_y)
        totals = sum(c.total_delta for c in spectrum.classes), sum(c.total_sigma for c in spectrum.classes)
        np.testing.assert_allclose(totals, traces, rtol=64 * EPS, atol=0)
        for c in spectrum.classes:
            assert c.total_delta == pytest.approx(c.count * c.delta, rel=4 * EPS, abs=0)
            assert c.total_sigma == pytest.approx(c.count * c.sigma, rel=4 * EPS, abs=0)


@pytest.mark.parametrize("r", [0.7, -0.7])
def test_values_of_a_class_by_hand(r):
    # N = 8, k_x r^2 = 1.47, k_y r^2 = 0.49
    spectrum = theory.spectrum(SystematicityDataset(2, 2, 3, 1, r, n_bits=3, input_signs=(0, 1), output_signs=(1, 2)))
    c_x, c_y = 3 * 0.49, 0.49
    expected = {
        "sign_to_sign": (1, (8 + c_x) / 8, (8 + c_y) / 8),
        "sign_to_identity": (1, (8 + c_x) / 8, c_y / 8),
        "identity_to_identity": (5, c_x / 8, c_y / 8),
        "identity_to_sign": (1, c_x / 8, (8 + c_y) / 8),
    }
    assert [c.name for c in spectrum.classes] == list(expected)
    for name, (count, delta, sigma) in expected.items():
        c = spectrum[name]
        assert (c.name, c.count, c.learnable) == (name, count, True)
        values = c.delta, c.sigma, c.lam, c.pi_star
        by_hand = delta, sigma, math.sqrt(delta * sigma), math.sqrt(sigma / delta)
        np.testing.assert_allclose(values, by_hand, rtol=8 * EPS)


def test_lambda_squared_is_delta_sigma_and_final_strengths():
    for dataset in CASES:
        for c in theory.spectrum(dataset).classes:
            # Three roundings of factors of relative error eps
            assert c.lam**2 == pytest.approx(c.delta * c.sigma, rel=8 * EPS, abs=0)
            if c.learnable:
                assert c.pi_star == pytest.approx(c.lam / c.delta, rel=8 * EPS)
            else:
                assert c.lam == 0
                assert math.isnan(c.pi_star)


def test_order_of_classes():
    for dataset in CASES:
        signs = set(dataset.output_signs) <= set(dataset.input_signs)
        if signs and dataset.k_x and dataset.k_y and dataset.r and dataset.r_y:
            lam = [c.lam for c in theory.spectrum(dataset).classes]
            assert all(one > other for one, other in pairwise(lam))


def test_shares_of_blocks_are_those_of_the_singular_vectors():
    for dataset in CASES[::5]:
        U, V = theory.singular_vectors(dataset)
        spectrum = theory.spectrum(dataset)
        start = 0
        for c in spectrum.learnable:
            for mode in range(start, start + c.count):
                for (source, target), share in c.shares.items():
                    inside = V[dataset.input_blocks[source], mode] @ V[dataset.input_blocks[source], mode]
                    outside = U[dataset.output_blocks[target], mode] @ U[dataset.output_blocks[target], mode]
                    # Squares of at most 64 entries on each side
                    assert inside * outside == pytest.approx(share, rel=0, abs=64 * EPS)
            assert sum(c.shares.values()) == pytest.approx(1, rel=8 * EPS)
            start += c.count


def test_singular_vectors_are_the_mode_basis():
    for dataset in CASES:
        U, V = theory.singular_vectors(dataset)
        basis = dataset.mode_basis
        # Unit vectors: the fast transform rounds log2(N) <= 4 times, the norm at most 64 times half as much
        np.testing.assert_allclose(U, basis.U, rtol=0, atol=16 * EPS)
        np.testing.assert_allclose(V, basis.V, rtol=0, atol=16 * EPS)
        lam = theory.spectrum(dataset).per_mode("lam")
        np.testing.assert_allclose((U * lam) @ V.T, dataset.sigma_yx, rtol=0, atol=_tolerance(dataset))


def test_systematicity_ratio_is_that_of_the_learned_map():
    compared = 0
    for dataset in CASES:
        if not dataset.output_signs or not set(dataset.output_signs) <= set(dataset.input_signs):
            continue
        W = dataset.Y @ np.linalg.pinv(dataset.X)
        rows = W[dataset.output_blocks["omega_y"]]
        signs, identities = (np.sum(rows[:, dataset.input_blocks[name]] ** 2) for name in ("omega_x", "gamma_x"))
        expected = signs / (signs + identities)
        ratio = theory.systematicity_ratio(dataset)
        assert ratio == pytest.approx(expected, rel=0, abs=1e-14), dataset
        assert ratio == pytest.approx(
            dataset.n_items / (dataset.n_items + dataset.k_x * dataset.r**2), rel=4 * EPS, abs=0
        )
        compared += 1
    assert compared > 400


@given(
    st.integers(1, 5000),
    st.integers(0, 5000),
    st.integers(1, 1000),
    st.integers(0, 1000),
    st.floats(1e-3, 1e3),
)
@settings(max_examples=60, deadline=None)
def test_values_are_finite_whatever_the_size(n_x, n_y, k_x, k_y, r):
    if not n_y and not k_y:
        k_y = 1
    spectrum = theory.spectrum(SystematicityDataset(n_x, n_y, k_x, k_y, r))
    for c in spectrum.classes:
        assert c.count > 0
        values = (c.lam, c.delta, c.sigma, c.total_delta, c.total_sigma)
        assert all(math.isfinite(value) and value >= 0 for value in values)
        assert not c.learnable or c.pi_star > 0 or max(n_x, n_y) > 1000


def test_five_thousand_sign_features():
    start = time.perf_counter()
    dataset = SystematicityDataset(5000, 10, 3, 1, 0.7)
    spectrum = theory.spectrum(dataset)
    ratio = theory.systematicity_ratio(dataset)
    assert time.perf_counter() - start < 1
    assert [c.count for c in spectrum.classes] == [10, 4990, 2**5000 - 5000]
    assert (spectrum["sign_to_sign"].lam, spectrum["sign_to_sign"].delta, ratio) == (1.0, 1.0, 1.0)
    rest = spectrum["identity_to_identity"]
    assert rest.pi_star == pytest.approx(math.sqrt(1 / 3), rel=4 * EPS)
    assert rest.total_delta == pytest.approx(3 * 0.49, rel=4 * EPS)
    assert rest.total_sigma == pytest.approx(0.49, rel=4 * EPS)


@pytest.mark.parametrize("bits", [100, 400, 1000])
def test_values_approach_those_of_infinitely_many_items(bits):
    spectrum = theory.spectrum(SystematicityDataset(bits, 1, 1, 1, 2.0))
    # Exactly representable: 4 * 2**-bits is a power of two
    assert spectrum["sign_to_identity"].lam == math.ldexp(2.0, -bits // 2)
    assert spectrum["identity_to_identity"].delta == math.ldexp(4.0, -bits)


@pytest.mark.parametrize("seed", range(4))
def test_spectrum_of_any_data_is_measured(seed):
    generator = np.random.default_rng(seed)
    white = np.linalg.qr(generator.standard_normal((6, 4)))[0].T
    data = Dataset(white, generator.standard_normal((3, 6)))
    spectrum = theory.spectrum(data)
    np.testing.assert_allclose(
        spectrum.per_mode("lam"), np.linalg.svd(data.sigma_yx, compute_uv=False), rtol=0, atol=1e-13
    )
    dataset = SystematicityDataset(2, 1, 3, 1, 0.7)
    raw = theory.spectrum(Dataset(dataset.X, dataset.Y))
    for name in ("lam", "delta", "sigma", "pi_star"):
        np.testing.assert_allclose(raw.per_mode(name), theory.spectrum(dataset).per_mode(name), rtol=0, atol=1e-13)
    assert [c.count for c in raw.classes] == [c.count for c in theory.spectrum(dataset).classes]


@pytest.mark.parametrize(("r", "r_y"), [(1e-200, None), (-1e-320, None), (1e-200, 1e-180)])
def test_identity_blocks_of_extreme_scale(r, r_y):
    dataset = SystematicityDataset(2, 1, 3, 1, r, r_y=r_y)
    spectrum = theory.spectrum(dataset)
    assert spectrum.n_modes == sum(len(members) for members in dataset.class_masks.values()) == dataset.n_items
    rest = spectrum["identity_to_identity"]
    assert rest.pi_star == pytest.approx(math.sqrt(1 / 3) * abs(dataset.r_y / dataset.r), rel=4 * EPS)


@pytest.mark.parametrize(("n_x", "r"), [(3, 1e-6), (53, 1.0), (60, 1.0)])
def test_small_shares_of_blocks_keep_their_digits(n_x, r):
    shares = theory.spectrum(SystematicityDataset(n_x, 1, 3, 1, r=r))["sign_to_sign"].shares
    part_x, part_y = (math.ldexp(k * r**2, -n_x) for k in (3, 1))
    assert shares["gamma_x", "omega_y"] == pytest.approx(part_x / (1 + part_x) / (1 + part_y), rel=1e-14, abs=0)
    assert shares["omega_x", "gamma_y"] == pytest.approx(part_y / (1 + part_x) / (1 + part_y), rel=1e-14, abs=0)
    assert 1 - 1 / (1 + part_x) != pytest.approx(part_x / (1 + part_x), rel=1e-14, abs=0)  # the difference loses them


@pytest.mark.parametrize("n_bits", [1100, 100_000])
def test_more_items_than_floats_can_count(n_bits):
    huge, large = (SystematicityDataset(3, 1, 3, 1, n_bits=bits) for bits in (n_bits, 60))
    assert f"count=about 2**{n_bits - 1}" in repr(theory.spectrum(huge))
    assert theory.mean_systematicity_ratio(huge, 1e-3).neglected == math.inf
    assert theory.mean_systematicity_ratio(huge, 0.0).neglected == 0
    assert theory.mean_systematicity_ratio(large, 1e-3).neglected == pytest.approx(1e-6 * 2**61, rel=1e-12)
    with pytest.raises(ValueError, match=rf"directions must be at least about 2\*\*{n_bits - 1}, got 50"):
        theory.mean_half_time(theory.spectrum(huge)["identity_to_identity"], std=1e-3, directions=50)


@pytest.mark.parametrize("network", [Modular.output_split(Shallow()), Modular.fully_partitioned(Shallow())])
def test_modules_on_more_items_than_floats_can_count_are_refused(network):
    def loss(n_bits):
        dataset = SystematicityDataset(3, 1, 3, 1, n_bits=n_bits)
        return theory.solve(Problem(dataset, network, Aligned(1e-3), Flow([0.0, 1.0, 5.0]))).loss

    np.testing.assert_allclose(loss(1000)[-1], loss(900)[-1], rtol=1e-12)
    for n_bits in (1100, 100_000):
        with pytest.raises(ValueError, match="n_bits must be at most 1000 for modules"):
            loss(n_bits)


def test_idle_inputs_are_decided_on_the_inputs():
    """A direction of 3e-14 of the largest is an input as a whole; X times its pseudoinverse misses 1e-4 of it."""
    generator = np.random.default_rng(5)
    left, right = (np.linalg.qr(generator.standard_normal((size, 3)))[0] for size in (4, 9))
    data = Dataset(left * [1.0, 0.5, 3e-14] @ right.T, generator.standard_normal((2, 9)))
    idle = idle_inputs(data)
    assert abs(np.trace(np.eye(4) - data.X @ np.linalg.pinv(data.X)) - 1) > 1e-5
    np.testing.assert_allclose(idle @ input_directions(data)[0], 0, atol=1e-15)
    assert np.trace(idle) == pytest.approx(1, abs=1e-12)
    fewer = Dataset(left * [1.0, 0.5, 1e-17] @ right.T, data.Y)
    assert np.trace(idle_inputs(fewer)) == pytest.approx(2, abs=1e-12)
    np.testing.assert_allclose(idle @ idle, idle, atol=1e-14)
