"""The catalogue says what its claims say, and is read without loading them."""

import json
import os
import subprocess
import sys
import time

import pytest

from linmod.figures import CATALOGUE
from linmod.figures.catalogue import GROUPS


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
def test_an_entry_says_what_its_claim_says(entry):
    claim = entry.load()
    assert (entry.name, entry.source, entry.statement) == (claim.name, claim.source, claim.statement)


def test_every_entry_is_in_its_group():
    assert {entry.name for entry in CATALOGUE} == {name for names in GROUPS.values() for name in names}
    assert all(entry.name in GROUPS[entry.group] for entry in CATALOGUE)
    assert {entry.extra for entry in CATALOGUE if entry.group == "images"} == {"torch"}


@pytest.mark.parametrize("argument", ["list", "--help"])
def test_lists_load_no_claim(argument):
    code = (
        "import json, sys\nfrom linmod.commands.app import app\n"
        f"try: app(['{argument}'])\nexcept SystemExit: pass\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stderr))
    assert "linmod.commands.reproduce" in loaded
    assert not {"numpy", "sympy", "matplotlib", "scipy", "xarray", "linmod.verification"} & loaded
    assert not [name for name in loaded if name.startswith(("linmod.figures.specialization", "linmod.theory"))]


@pytest.mark.parametrize("argument", ["list", "--help"])
def test_lists_take_less_than_six_tenths_of_a_second_of_computing(argument):
    def seconds():
        start, begin = os.times(), time.perf_counter()
        subprocess.run([sys.executable, "-m", "linmod", argument], capture_output=True, check=True)
        end = os.times()
        spent = end.children_user + end.children_system - start.children_user - start.children_system
        return min(spent, time.perf_counter() - begin)

    assert min(seconds() for _ in range(3)) < 0.6


def test_the_list_names_seconds_sources_and_extras():
    done = subprocess.run([sys.executable, "-m", "linmod", "list"], capture_output=True, text=True, check=True)
    assert "Saxe, McClelland & Ganguli (2014)" in done.stdout
    assert "needs linmod[torch]" in done.stdout
