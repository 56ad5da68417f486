"""What `import linmod` loads, offers and costs."""

import json
import subprocess
import sys

import pytest

import linmod


def _run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "statement", ["import linmod", "import linmod; linmod.SystematicityDataset; linmod.Trajectory", "dir(linmod)"]
)
def test_import_is_lazy(statement):
    loaded = _run(f"import json, sys, linmod; {statement}; print(json.dumps(sorted(sys.modules)))")
    assert "linmod" in loaded
    assert not {"sympy", "matplotlib", "pandas", "xarray", "threadpoolctl", "rich", "typer"} & set(loaded)


def test_solving_loads_no_symbols():
    loaded = _run(
        "import json, sys, linmod;"
        "p = linmod.Problem(linmod.SystematicityDataset(2, 1, 1, 1), linmod.Deep(hidden=5),"
        " linmod.Aligned(1e-2), linmod.Descent(0.1, 2));"
        "linmod.theory.solve(p); linmod.dynamics.solve(p); print(json.dumps(sorted(sys.modules)))"
    )
    assert "linmod.theory.spectrum" in loaded
    assert not {"sympy", "matplotlib"} & set(loaded)


@pytest.mark.parametrize("name", linmod.__all__)
def test_public_name(name):
    value = getattr(linmod, name)
    assert getattr(value, "__name__", name).removeprefix("linmod.") == name
    assert value.__doc__


def test_public_names_are_listed_once_and_sorted():
    assert len(set(linmod.__all__)) == len(linmod.__all__)
    assert sorted(linmod.__all__) == linmod.__all__
    assert {*linmod.__all__, "__version__"} <= set(dir(linmod))


def test_version_is_text():
    assert linmod.__version__.count(".") == 2


@pytest.mark.parametrize("module", [linmod, linmod.theory])
def test_unknown_name(module):
    with pytest.raises(AttributeError, match=r"module 'linmod[.a-z]*' has no attribute 'nothing'"):
        _ = module.nothing


def test_import_costs_little_more_than_numpy():
    code = "import json, time; start = time.perf_counter(); import {};print(json.dumps(time.perf_counter() - start))"
    seconds = {name: min(_run(code.format(name)) for _ in range(5)) for name in ("numpy", "linmod")}
    assert seconds["linmod"] <= 1.6 * seconds["numpy"]


@pytest.mark.parametrize(
    "statement",
    [
        "import linmod; linmod.theory.spectrum(linmod.SystematicityDataset(3, 1, 3, 1))",
        "from linmod.theory.derivations.book.catalogue import ENTRIES",
    ],
)
def test_lists_and_spectra_need_numpy_alone(statement):
    loaded = _run(f"import json, sys; {statement}; print(json.dumps(sorted(sys.modules)))")
    assert "linmod.theory" in loaded
    assert not {"scipy", "sympy"} & set(loaded)
    assert "scipy" in _run("import json, sys, linmod; linmod.theory.solve; print(json.dumps(sorted(sys.modules)))")


def test_a_function_wins_over_the_module_of_its_name():
    statement = "import linmod.theory.spectrum, linmod.theory.growth, linmod; r = callable(linmod.theory.spectrum)"
    assert _run(f"import json; {statement}; print(json.dumps(r))") is True
