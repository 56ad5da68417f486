"""Packages that only some features need: without one there is one line that says how to get it."""

import sys

import pytest

from linmod.extras import MissingExtra, require
from linmod.figures.images.torch_linear import TORCH_LINEAR
from linmod.verification.claims import run_claims


def test_the_claim_ends_in_one_line_without_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    (outcome,) = run_claims([TORCH_LINEAR])
    assert not outcome.passed
    assert outcome.error == "MissingExtra: torch is not installed; install it with: pip install 'linmod[torch]'"


def test_an_error_inside_a_package_is_not_a_missing_extra(tmp_path, monkeypatch):
    (tmp_path / "half_there.py").write_text("import no_such_package_at_all")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_package_at_all") as caught:
        require("half_there", extra="torch")
    assert not isinstance(caught.value, MissingExtra)
