"""The limit of held-out errors at a vanishing ridge, in both of its forms."""

import pytest

import linmod
from linmod.theory import compositional_error_at_convergence, held_out_errors_at_convergence


@pytest.mark.parametrize("r", [1e-7, 1e-4, 1e-2, 1.0])
@pytest.mark.parametrize("items", [[0, 3], [0, 7], [1]])
def test_forms_in_training_and_held_out_items_agree(r, items):
    split = linmod.HeldOut(linmod.SystematicityDataset(3, 3, 1, 1, r=r), train=items)
    whole = held_out_errors_at_convergence(split)["omega_y"]
    assert compositional_error_at_convergence(split) == pytest.approx(whole, rel=1e-10, abs=0)
    doubled = linmod.HeldOut(linmod.SystematicityDataset(3, 3, 2, 1, r=2 * r + 1), train=items)
    assert compositional_error_at_convergence(doubled) != pytest.approx(whole, rel=1e-10, abs=0)
