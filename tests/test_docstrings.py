"""Docstrings of the public objects have the sections that a reader looks for."""

import inspect
import types
from importlib import import_module

import pytest

numpydoc_validate = pytest.importorskip("numpydoc.validate")

PACKAGES = (
    "linmod",
    "linmod.datasets",
    "linmod.dynamics",
    "linmod.dynamics.module_finding",
    "linmod.dynamics.nonlinear",
    "linmod.dynamics.scaling",
    "linmod.figures",
    "linmod.projection",
    "linmod.sweeps",
    "linmod.theory",
    "linmod.theory.derivations",
    "linmod.theory.module_finding",
    "linmod.theory.scaling",
    "linmod.verification",
)
CODES = {"GL08", "PR01", "PR02", "RT01", "SA01", "EX01"}
"""No docstring; parameters undescribed or unknown; no Returns, See Also, Examples."""


def public_objects():
    """Functions and classes that are offered, by the name of where they are defined."""
    found = {}
    for package in map(import_module, PACKAGES):
        for name in getattr(package, "__all__", ()):
            try:
                value = getattr(package, name)
            except ImportError as error:
                if error.name == "torch":
                    continue
                raise
            if not isinstance(value, types.ModuleType) and (inspect.isclass(value) or inspect.isfunction(value)):
                found[f"{value.__module__}.{value.__qualname__}"] = value
    return found


OBJECTS = public_objects()


def faults(name):
    """Codes of the sections that are wanting, with their explanation.

    The fields of a class are under Parameters or Attributes; a class that only holds results needs no example.
    """
    value = OBJECTS.get(name)
    excused = set()
    if inspect.isclass(value):
        holds_results = "Attributes\n" in (inspect.getdoc(value) or "")
        excused = {"PR01", "RT01"} | ({"EX01"} if holds_results else set())
        if issubclass(value, Exception):
            excused |= {"EX01", "SA01"}
    errors = numpydoc_validate.validate(name)["errors"]
    return {code: text for code, text in errors if code in CODES - excused}


@pytest.mark.parametrize("name", sorted(OBJECTS))
def test_sections(name):
    assert not faults(name)


def test_public_objects_are_found():
    assert len(OBJECTS) > 150
    assert {"linmod.problem.problem.Problem", "linmod.theory.spectrum.spectrum"} <= set(OBJECTS)


def undescribed(value):
    """Add one."""
    return value + 1


def test_a_docstring_without_sections_is_noticed():
    assert set(faults(f"{__name__}.undescribed")) == {"PR01", "RT01", "SA01", "EX01"}
