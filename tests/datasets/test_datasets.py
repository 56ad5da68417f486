"""The dataset space and data of any origin, against explicit loops and dense algebra."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import hadamard

from linmod import Dataset, SystematicityDataset
from linmod.datasets import CLASS_NAMES, sign_features, walsh_functions, walsh_transform

EPS = np.finfo(float).eps


def _grid(bits, copies=(0, 1, 3)):
    for b in bits:
        for n_x, n_y, k_x, k_y in product(range(b + 1), range(b + 1), copies, copies):
            if (n_x or k_x) and (n_y or k_y):
                yield {"n_x": n_x, "n_y": n_y, "k_x": k_x, "k_y": k_y, "n_bits": b}


CHOSEN_BITS = [
    {"n_x": 2, "n_y": 2, "k_x": 1, "k_y": 1, "input_signs": (1, 0), "output_signs": (0, 1)},
    {"n_x": 2, "n_y": 1, "k_x": 1, "k_y": 3, "input_signs": (0, 1), "output_signs": (2,)},
    {"n_x": 2, "n_y": 2, "k_x": 3, "k_y": 0, "input_signs": (2, 0), "output_signs": (0, 1)},
    {"n_x": 1, "n_y": 2, "k_x": 0, "k_y": 1, "input_signs": (1,), "output_signs": (1, 3)},
    {"n_x": 0, "n_y": 1, "k_x": 1, "k_y": 1, "output_signs": (1,), "n_bits": 4},
]


def _cases():
    for sizes in _grid((1, 2, 3, 4)):
        for r in (0.0, 0.7, 2.0, -1.0):
            yield SystematicityDataset(**sizes, r=r)
    for sizes, (r, r_y) in product(CHOSEN_BITS, ((0.7, None), (2.0, -1.0), (-1.0, 0.0), (0.0, 0.7))):
        yield SystematicityDataset(**sizes, r=r, r_y=r_y)


CASES = list(_cases())


@st.composite
def datasets(draw):
    """Any dataset of the space with at most 32 items."""
    bits = draw(st.integers(1, 5))
    signs = st.lists(st.integers(0, bits - 1), unique=True, max_size=bits)
    ins, outs = draw(signs), draw(signs)
    scales = st.one_of(st.just(0.0), st.floats(1e-2, 1e2), st.floats(-1e2, -1e-2))
    return SystematicityDataset(
        len(ins),
        len(outs),
        draw(st.integers(0 if ins else 1, 3)),
        draw(st.integers(0 if outs else 1, 3)),
        draw(scales),
        r_y=draw(st.one_of(st.none(), scales)),
        n_bits=bits,
        input_signs=ins,
        output_signs=outs,
    )


def _explicit(bits, copies, scale, n_bits):
    """Features item by item."""
    items = range(2**n_bits)
    signs = [[-1.0 if (item // 2**bit) % 2 else 1.0 for item in items] for bit in bits]
    names = [[scale if item == named else 0.0 for item in items] for _ in range(copies) for named in items]
    return np.array(signs + names)


def _rounding(dataset):
    """Bound on rounding of sums over features or items, of entries up to max(1, |r|) and vectors of O(1)."""
    size = max(dataset.n_inputs, dataset.n_outputs, dataset.n_items)
    return 8 * size * EPS * max(1.0, abs(dataset.r), abs(dataset.r_y))


def test_grid_is_large():
    assert len(CASES) > 1500


def test_dense_features_are_those_of_an_explicit_loop():
    for dataset in CASES:
        n = dataset.n_bits
        assert np.array_equal(dataset.X, _explicit(dataset.input_signs, dataset.k_x, dataset.r, n)), dataset
        assert np.array_equal(dataset.Y, _explicit(dataset.output_signs, dataset.k_y, dataset.r_y, n)), dataset
        assert dataset.n_items == 2**n
        assert dataset.X.shape == (dataset.n_inputs, dataset.n_items)
        assert dataset.Y.shape == (dataset.n_outputs, dataset.n_items)


def test_blocks_hold_sign_and_identity_features():
    dataset = SystematicityDataset(3, 1, 3, 1, 2.0, r_y=-0.5)
    assert list(dataset.input_blocks) == ["omega_x", "gamma_x"]
    assert list(dataset.output_blocks) == ["omega_y", "gamma_y"]
    assert np.array_equal(dataset.X[dataset.input_blocks["omega_x"]], sign_features(3, (0, 1, 2)))
    assert np.array_equal(dataset.X[dataset.input_blocks["gamma_x"]], 2.0 * np.tile(np.eye(8), (3, 1)))
    assert np.array_equal(dataset.Y[dataset.output_blocks["omega_y"]], sign_features(3, (0,)))
    assert np.array_equal(dataset.Y[dataset.output_blocks["gamma_y"]], -0.5 * np.eye(8))


def test_dense_arrays_are_read_only():
    dataset = SystematicityDataset(2, 1, 1, 1)
    for values in (dataset.X, dataset.Y, Dataset([[1.0]], [[2.0]]).X):
        with pytest.raises(ValueError, match="read-only"):
            values[0, 0] = 5.0


def test_data_are_copied():
    X = np.ones((1, 2))
    data = Dataset(X, [[1.0, 2.0]])
    X[:] = 7.0
    assert data.X.tolist() == [[1.0, 1.0]]


def test_correlations_are_averages_over_items():
    for dataset in CASES[::41]:
        X, Y, n = dataset.X, dataset.Y, dataset.n_items
        pairs = {"sigma_x": (X, X), "sigma_yx": (Y, X), "sigma_y": (Y, Y)}
        for name, (left, right) in pairs.items():
            average = sum(np.outer(left[:, j], right[:, j]) for j in range(n)) / n
            np.testing.assert_allclose(getattr(dataset, name), average, rtol=0, atol=_rounding(dataset) * 4)


def test_operators_are_the_dense_features():
    generator = np.random.default_rng(0)
    for dataset in CASES:
        for dense, operator in ((dataset.X, dataset.input_operator), (dataset.Y, dataset.output_operator)):
            assert operator.shape == dense.shape
            items, features = (generator.uniform(-1, 1, (size, 3)) for size in dense.shape[::-1])
            atol = _rounding(dataset)
            np.testing.assert_allclose(operator.matmat(items), dense @ items, rtol=0, atol=atol)
            np.testing.assert_allclose(operator.rmatmat(features), dense.T @ features, rtol=0, atol=atol)
            np.testing.assert_allclose(operator.matvec(items[:, 0]), dense @ items[:, 0], rtol=0, atol=atol)
            np.testing.assert_allclose(operator.rmatvec(features[:, 1]), dense.T @ features[:, 1], rtol=0, atol=atol)


@given(datasets())
@settings(max_examples=150, deadline=None)
def test_any_dataset(dataset):
    n = dataset.n_bits
    assert np.array_equal(dataset.X, _explicit(dataset.input_signs, dataset.k_x, dataset.r, n))
    assert np.array_equal(dataset.Y, _explicit(dataset.output_signs, dataset.k_y, dataset.r_y, n))
    identity = np.eye(dataset.n_items)
    atol = _rounding(dataset)
    np.testing.assert_allclose(dataset.input_operator.matmat(identity), dataset.X, rtol=0, atol=atol)
    np.testing.assert_allclose(dataset.output_operator.matmat(identity), dataset.Y, rtol=0, atol=atol)
    assert eval(repr(dataset)) == dataset
    assert hash(eval(repr(dataset))) == hash(dataset)
    _check_basis(dataset)


@pytest.mark.parametrize(
    "text",
    [
        "SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1, r=1.0)",
        "SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1, r=0.1, r_y=-2.5)",
        "SystematicityDataset(n_x=2, n_y=1, k_x=0, k_y=1, r=1.0, input_signs=(1, 0), output_signs=(3,))",
        "SystematicityDataset(n_x=0, n_y=0, k_x=1, k_y=1, r=1.0, n_bits=2)",
        "SystematicityDataset(n_x=1, n_y=1, k_x=1, k_y=1, r=1e-300, n_bits=7)",
    ],
)
def test_repr_is_the_call(text):
    assert repr(eval(text)) == text


def test_equality_is_by_value():
    dataset = SystematicityDataset(2, 1, 1, 1, 0.5)
    assert dataset == SystematicityDataset(2, 1, 1, 1, 0.5, r_y=0.5, n_bits=2, input_signs=[0, 1], dense_limit=9)
    assert dataset != SystematicityDataset(2, 1, 1, 1, 0.5, r_y=-0.5)
    assert dataset != SystematicityDataset(2, 1, 1, 1, 0.5, input_signs=(1, 0))
    assert dataset != SystematicityDataset(2, 1, 1, 1, 0.5, n_bits=3)


def test_dense_limit_guards_every_dense_array():
    small = {"n_x": 3, "n_y": 1, "k_x": 1, "k_y": 1}
    allowed = SystematicityDataset(**small, dense_limit=11 * 11)
    assert allowed.sigma_x.shape == (11, 11)
    assert SystematicityDataset(**small, dense_limit=88).X.size == 88
    for name in ("X", "sigma_x", "sigma_yx", "sigma_y", "Y", "mode_basis"):
        with pytest.raises(ValueError, match=rf"{name.split('_')[0]}.*dense_limit=10 entries"):
            getattr(SystematicityDataset(**small, dense_limit=10), name)
    assert SystematicityDataset(5000, 10, 3, 1).n_items == 2**5000
    assert SystematicityDataset(5000, 10, 3, 1).is_decoupled


@pytest.mark.parametrize("bits", range(8))
def test_walsh_transform_is_the_sylvester_matrix(bits):
    n = 2**bits
    dense = hadamard(n) / np.sqrt(n) if n > 1 else np.ones((1, 1))
    values = np.random.default_rng(bits).uniform(-1, 1, (2, 3, n))
    given_values = values.copy()
    transformed = walsh_transform(values)
    # bits additions of numbers up to sqrt(n), against sums of n products
    atol = 8 * n * EPS
    np.testing.assert_allclose(transformed, values @ dense, rtol=0, atol=atol)
    np.testing.assert_allclose(walsh_transform(transformed), values, rtol=0, atol=atol)
    np.testing.assert_allclose(walsh_functions(bits, np.arange(n)), dense, rtol=0, atol=4 * EPS)
    assert np.array_equal(values, given_values)


@pytest.mark.parametrize("shape", [(0, 4), (3, 0, 8), (0, 1)])
def test_walsh_transform_of_no_rows(shape):
    assert walsh_transform(np.zeros(shape)).shape == shape


def test_walsh_transform_of_columns():
    values = np.asfortranarray(np.random.default_rng(0).uniform(-1, 1, (3, 8)))
    np.testing.assert_array_equal(walsh_transform(values), walsh_transform(np.ascontiguousarray(values)))


def test_sign_features_are_walsh_functions():
    masks = 1 << np.arange(4)
    np.testing.assert_allclose(sign_features(4, (0, 1, 2, 3)) / 4, walsh_functions(4, masks).T, rtol=0, atol=EPS)


def _check_basis(dataset):
    """Orthonormal vectors that diagonalise both correlations, one value for each class."""
    basis = dataset.mode_basis
    identity = np.eye(basis.n_modes)
    scale = max(1.0, abs(dataset.r), abs(dataset.r_y)) ** 2 if isinstance(dataset, SystematicityDataset) else 1.0
    size = max(dataset.n_inputs, dataset.n_outputs)
    atol = 32 * size * EPS
    np.testing.assert_allclose(basis.U.T @ basis.U, identity, rtol=0, atol=atol)
    np.testing.assert_allclose(basis.V.T @ basis.V, identity, rtol=0, atol=atol)
    assert [part.start for part in basis.classes.values()] == [
        0,
        *[part.stop for part in basis.classes.values()],
    ][: len(basis.classes)]
    assert (list(basis.classes.values()) or [slice(0, 0)])[-1].stop == basis.n_modes
    for correlation, left, right in ((dataset.sigma_yx, basis.U, basis.V), (dataset.sigma_x, basis.V, basis.V)):
        inside = left.T @ correlation @ right
        values = np.diag(inside)
        np.testing.assert_allclose(inside, np.diag(values), rtol=0, atol=atol * scale * size)
        assert np.all(values >= -atol * scale)
        for members in basis.classes.values():
            assert np.ptp(values[members]) <= atol * scale * size
    rebuilt = (basis.U * np.diag(basis.U.T @ dataset.sigma_yx @ basis.V)) @ basis.V.T
    np.testing.assert_allclose(rebuilt, dataset.sigma_yx, rtol=0, atol=atol * scale * size)


def test_mode_basis_diagonalises_the_correlations():
    for dataset in CASES:
        assert dataset.mode_basis.decoupled
        assert dataset.is_decoupled
        assert set(dataset.mode_basis.classes) <= set(CLASS_NAMES)
        _check_basis(dataset)


def test_a_wrong_basis_is_rejected():
    dataset = SystematicityDataset(3, 1, 3, 1)
    basis = dataset.mode_basis
    turned = Dataset(dataset.X, dataset.Y)
    object.__setattr__(turned, "mode_basis", type(basis)(basis.U, basis.V[:, ::-1], basis.classes, True))
    with pytest.raises(AssertionError):
        _check_basis(turned)


def _correlations(data):
    basis = data.mode_basis
    lam = np.diag(basis.U.T @ data.sigma_yx @ basis.V)
    delta = np.diag(basis.V.T @ data.sigma_x @ basis.V)
    return np.sort_complex(lam + 1j * delta)


@pytest.mark.parametrize("sizes", [*CHOSEN_BITS, {"n_x": 3, "n_y": 1, "k_x": 3, "k_y": 1}])
@pytest.mark.parametrize("r", [0.7, -2.0])
def test_raw_data_have_the_modes_of_the_dataset_space(sizes, r):
    dataset = SystematicityDataset(**sizes, r=r)
    data = Dataset(dataset.X, dataset.Y, input_blocks=dataset.input_blocks, output_blocks=dataset.output_blocks)
    assert data.is_decoupled
    assert data.mode_basis.n_modes == dataset.mode_basis.n_modes
    # Values of Gram matrices of O(10), through an eigenvalue solver on at most 16 rows.
    np.testing.assert_allclose(_correlations(data), _correlations(dataset), rtol=0, atol=1e-13)
    sizes_of = [sorted(s.stop - s.start for s in d.mode_basis.classes.values()) for d in (data, dataset)]
    assert sizes_of[0] == sizes_of[1]
    _check_basis(data)
    classes = list(data.mode_basis.classes.values())
    for members in classes:
        projector = data.mode_basis.U[:, members] @ data.mode_basis.V[:, members].T
        matches = [
            np.max(np.abs(dataset.mode_basis.U[:, part] @ dataset.mode_basis.V[:, part].T - projector))
            for part in dataset.mode_basis.classes.values()
        ]
        assert min(matches) < 1e-12


def test_blocks_of_any_data():
    data = Dataset(np.ones((3, 2)), np.ones((2, 2)), input_blocks={"a": slice(0, 1), "b": slice(1, 3)})
    assert data.input_blocks == {"a": slice(0, 1), "b": slice(1, 3)}
    assert data.output_blocks == {"y": slice(0, 2)}
    assert (data.n_inputs, data.n_outputs, data.n_items) == (3, 2, 2)
    assert repr(data) == "Dataset(2 items, inputs: a (1), b (2), outputs: y (2))"


def test_data_that_do_not_commute_are_coupled():
    generator = np.random.default_rng(0)
    data = Dataset(generator.standard_normal((4, 6)), generator.standard_normal((3, 6)))
    basis = data.mode_basis
    assert not basis.decoupled
    assert not data.is_decoupled
    assert not data.is_decoupled_by_gradient
    assert (basis.U.shape, basis.V.shape, basis.classes) == ((3, 0), (4, 0), {})


@pytest.mark.parametrize("items", [3, 40, 3000])
def test_more_items_than_features_keep_their_relations(items):
    generator = np.random.default_rng(1)
    axes = np.linalg.qr(generator.standard_normal((items, 3)))[0] * np.sqrt(items)
    left, right = (np.linalg.qr(generator.standard_normal((3, 3)))[0] for _ in range(2))
    data = Dataset(left * [3.0, 2.0, 1.0] @ axes.T, right * [1.0, 0.5, 2.0] @ axes.T)
    assert data.is_decoupled
    # Correlations of O(10); sums over the items and an eigenvalue solver on their three directions.
    expected = np.sort_complex(np.array([3.0 + 9.0j, 1.0 + 4.0j, 2.0 + 1.0j]))
    np.testing.assert_allclose(_correlations(data), expected, rtol=0, atol=items * 10 * EPS + 1e-13)
    coupled = Dataset(data.X, data.Y + 0.1 * generator.standard_normal((3, items)) + data.X)
    assert not coupled.is_decoupled


def test_data_without_any_mode():
    data = Dataset([[1.0, -1.0]], [[1.0, 1.0]])
    assert data.is_decoupled
    assert data.mode_basis.n_modes == 0
    assert Dataset([[0.0, 0.0]], [[1.0, 2.0]]).mode_basis.n_modes == 0
