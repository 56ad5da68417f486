"""The examples in the documentation of every module are executed."""

import doctest
import pkgutil
from importlib import import_module

import pytest

import linmod

EXTRAS = ("torch", "jax")
SKIPPED = ("linmod.commands.app", "linmod.build", "linmod.tests", "linmod.docs")


def _modules(package=linmod):
    yield package.__name__
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if found.name in SKIPPED:
            continue
        if found.ispkg:
            yield from _modules(import_module(found.name))
        else:
            yield found.name


def _imported(name):
    try:
        return import_module(name)
    except ImportError as error:
        if error.name in EXTRAS:
            pytest.skip(f"{error.name} is not installed")
        raise


@pytest.mark.parametrize("name", sorted(_modules()))
def test_examples(name):
    results = doctest.testmod(_imported(name))
    assert results.failed == 0


def test_modules_are_found():
    assert {"linmod", "linmod.problem", "linmod.datasets.walsh", "linmod.theory.spectrum"} <= set(_modules())


def test_a_wrong_example_is_rejected(capsys):
    examples = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, None)
    assert doctest.DocTestRunner().run(examples).failed == 1
    assert "Expected:" in capsys.readouterr().out
