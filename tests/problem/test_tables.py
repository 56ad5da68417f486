"""Trajectories as labelled arrays and tables."""

import numpy as np
import pytest

import linmod
from linmod import (
    Aligned,
    Dataset,
    Deep,
    Descent,
    Problem,
    Shallow,
    SmallRandom,
    SystematicityDataset,
    dynamics,
    theory,
)
from linmod.problem import Quantities

SPACE = Problem(SystematicityDataset(2, 1, 1, 1), Deep(hidden=6), Aligned(0.1), Descent(0.1, 30, record_every=10))
COUPLED = Problem(
    Dataset([[1.0, -1.0, 0.0], [0.0, 1.0, 2.0]], [[1.0, 0.0, 1.0]], input_blocks={"a": slice(0, 1), "b": slice(1, 2)}),
    Shallow(),
    SmallRandom(0.1),
    Descent(0.1, 5),
)


@pytest.mark.parametrize("problem", [SPACE, COUPLED], ids=["modes", "no mode"])
def test_both_forms_hold_every_quantity(problem):
    run = dynamics.solve(problem)
    array, frame = run.to_xarray(), run.to_dataframe()
    np.testing.assert_array_equal(array.time.values, run.times)
    np.testing.assert_array_equal(frame.index, run.times)
    for name, values in run.modes.items():
        np.testing.assert_array_equal(array.modes.sel(mode_class=name), values)
    for (source, target), values in run.norms.items():
        np.testing.assert_array_equal(array.norms.sel(input_block=source, output_block=target), values)
    np.testing.assert_array_equal(array.loss, run.loss)
    assert list(frame.columns) == list(run.quantities)
    for name, values in run.quantities.items():
        np.testing.assert_array_equal(frame[name], values)


def test_dimensions_and_units_are_named():
    run = theory.solve(SPACE)
    array, frame = run.to_xarray(), run.to_dataframe()
    assert array.modes.dims == ("time", "mode_class")
    assert array.norms.dims == ("time", "input_block", "output_block")
    assert array.loss.dims == ("time",)
    assert array.time.attrs["units"] == "tau"
    assert all("units" in array[name].attrs for name in ("modes", "norms", "loss"))
    assert frame.index.name == "time"
    assert set(frame.attrs["units"]) == {"time", *frame.columns}
    for attributes in (array.attrs, frame.attrs):
        assert attributes["origin"] == run.origin
        assert attributes["linmod"] == linmod.__version__


def test_a_pair_of_blocks_without_a_norm_is_not_a_number():
    run = dynamics.solve(SPACE)
    kept = {pair: values for pair, values in run.norms.items() if pair != ("gamma_x", "omega_y")}
    part = linmod.Trajectory.of_modes(
        SPACE, "part", Quantities(run.modes, kept, run.loss), make_strengths=run.make_strengths, make_weights=tuple
    ).to_xarray()
    assert np.isnan(part.norms.sel(input_block="gamma_x", output_block="omega_y")).all()
    assert np.isfinite(part.norms.sel(input_block="omega_x", output_block="omega_y")).all()


def test_a_labelled_array_is_written_and_read(tmp_path):
    array = dynamics.solve(SPACE).to_xarray()
    array.to_netcdf(tmp_path / "run.nc", engine="scipy")
    import xarray as xr

    xr.testing.assert_identical(xr.load_dataset(tmp_path / "run.nc", engine="scipy"), array)
