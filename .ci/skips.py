"""Compare the tests that pytest skipped, read from its JUnit report, with a stored list."""

import re
import sys
from pathlib import Path
from xml.etree import ElementTree


def skipped(report: Path) -> set[str]:
    """One line for each file and reason."""
    found = set()
    for case in ElementTree.parse(report).iter("testcase"):
        for skip in case.iter("skipped"):
            file = ".".join(part for part in (case.get("classname", ""), case.get("name", "")) if part)
            module = re.match(r"tests[.\w]*?\.?(test_\w+)", file)
            reason = re.sub(r" in .*$|^.*?: (?=could not import)", "", (skip.get("message") or "").strip())
            found.add(f"{module[1] if module else file}: {reason}")
    return found


def main(report: Path, stored: Path) -> int:
    """Print what differs; 1 if a test was skipped that is not in the list, or the list names one that ran."""
    expected = {line for line in stored.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")}
    required = {line for line in expected if not line.endswith("(may run)")}
    allowed = {line.removesuffix(" (may run)") for line in expected}
    got = skipped(report)
    faults = [f"skipped, but not in {stored}: {line}" for line in sorted(got - allowed)]
    faults += [f"in {stored}, but not skipped: {line}" for line in sorted(required - got)]
    print(*faults, sep="\n")
    return len(faults) > 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
