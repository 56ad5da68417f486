"""Compare the tests that pytest skipped, read from its JUnit report, with a stored list.

A line of the list that begins with ``?`` names what may or may not be at hand, such as LaTeX or a GPU.
"""

import re
import sys
from pathlib import Path
from xml.etree import ElementTree


def skipped(report: Path) -> set[str]:
    """One line for each file and reason."""
    found = set()
    for case in ElementTree.parse(report).iter("testcase"):
        place = re.search(r"tests[.\w]*?\.test_\w+|test_\w+", f"{case.get('classname')}.{case.get('name')}")
        for skip in case.iter("skipped"):
            said = skip.get("message") or ""
            if said == "collection skipped":
                said = (skip.text or "").partition("Skipped: ")[2].partition(": No module")[0]
            found.add(f"{place[0] if place else case.get('name')}: {said}")
    return found


def main(report: Path, stored: Path) -> int:
    """Print what differs; 1 if a test was skipped that is not in the list, or the list names one that ran."""
    lines = {line for line in stored.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")}
    optional = {line.removeprefix("? ") for line in lines if line.startswith("? ")}
    expected = {line for line in lines if not line.startswith("? ")}
    got = skipped(report)
    faults = [f"skipped, but not in {stored}: {line}" for line in sorted(got - expected - optional)]
    faults += [f"in {stored}, but not skipped: {line}" for line in sorted(expected - got)]
    print(*(f"skipped: {line}" for line in sorted(got & optional)), *faults, sep="\n")
    return len(faults) > 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
