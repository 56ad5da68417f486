"""README's table of what is verified: written from measured numbers, rounded up."""

import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest

from linmod.figures import select

ROOT = Path(__file__).parents[1]
FAST = ["spectrum", "systematicity-ratio", "rule-order", "dense-deep"]


def script():
    spec = importlib.util.spec_from_file_location("verified", ROOT / "docs/verified.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["verified"] = module
    spec.loader.exec_module(module)
    return module


verified = script()
SUMMARY = json.loads(verified.SUMMARY.read_text(encoding="utf-8"))
README = verified.README.read_text(encoding="utf-8")


def test_readme_has_the_table_of_the_summary():
    assert verified.with_table(README, SUMMARY) == README


def test_a_changed_number_is_noticed():
    for key, one in SUMMARY.items():
        changed = {"error": 0.1 * one["error"] + 1e-20} if "error" in one else {"mean": one["mean"].replace("0", "1")}
        assert verified.with_table(README, SUMMARY | {key: one | changed}) != README


@pytest.mark.parametrize("row", verified.ROWS, ids=lambda row: row.key)
def test_every_row_holds_and_rejects_what_is_wrong(row):
    one = SUMMARY[row.key]
    assert one["error"] <= one["bound"]
    assert one["rejected"] == one["controls"] > 0


@pytest.mark.parametrize("value", [3.552713678800501e-15, 0.0021, 2.2351, 1.0, 9.96e-5, 0.9999])
def test_numbers_are_rounded_up_to_two_digits(value):
    assert value <= float(verified.rounded_up(value)) * (1 + 1e-9) <= 1.1 * value * (1 + 1e-9)


@pytest.mark.parametrize("claim", select(FAST), ids=lambda claim: claim.name)
def test_a_new_measurement_gives_the_printed_numbers(claim):
    findings = claim.run().findings
    for row in (row for row in verified.ROWS if row.claim == claim.name):
        matching = [one for one in findings if re.search(row.pattern, one.label)]
        error, printed = max(one.error for one in matching), float(verified.rounded_up(SUMMARY[row.key]["error"]))
        assert min(one.tolerance for one in matching) == pytest.approx(SUMMARY[row.key]["bound"], rel=1e-6)
        assert error <= (printed if error > 1e-12 else 10 * printed), "rounding errors depend on the machine"


def test_a_report_without_a_row_is_refused():
    with pytest.raises(ValueError, match="must contain findings that hold"):
        verified.summarise({"claims": []})
