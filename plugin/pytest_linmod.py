"""Test the claims of a paper's repository: ``pytest --linmod``, or ``linmod = true`` among the options of pytest.

Files named ``claim_*.py`` are collected. Each claim is a test, and each of its findings is reported as a test below
it, with its numbers. Until it is asked for, the plugin imports nothing of linmod and collects nothing.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from linmod.verification.claims import Claim, Evidence, Finding

PATTERN = "claim_*.py"
LONGEST = 60
HEADER = ("verdict", "claim", "error", "bound", "null controls rejected")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, all off unless given."""
    group = parser.getgroup("linmod", "claims about linear networks")
    group.addoption("--linmod", action="store_true", help=f"Test the claims that files named {PATTERN} make.")
    group.addoption("--linmod-quick", action="store_true", help="Check claims with fewer seeds and settings.")
    group.addoption("--linmod-seed", type=int, default=0, help="First seed of random starts in claims.")
    parser.addini("linmod", f"Test the claims that files named {PATTERN} make.", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Register what reports findings where claims are to be tested, in the process that prints."""
    if _wanted(config) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(FindingReporter(config), "linmod-findings")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ClaimFile | None:
    """Collect the files that make claims."""
    if _wanted(parent.config) and file_path.match(PATTERN):
        return ClaimFile.from_parent(parent, path=file_path)
    return None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the findings of a claim into its report, as plain values that pytest-xdist can send."""
    report = yield
    if isinstance(item, ClaimItem) and call.when == "call":
        vars(report)["linmod"] = item.measured
    return report


def _wanted(config: pytest.Config) -> bool:
    return bool(config.getoption("--linmod") or config.getini("linmod"))


class ClaimError(AssertionError):
    """A claim that fails, or that its check cannot decide."""


class ClaimFile(pytest.File):
    """A file that makes claims at its top level."""

    def collect(self) -> Iterator[ClaimItem]:
        """Run the file, and make a test of each claim."""
        from linmod.commands.claim_files import as_script, claims_of

        with as_script(self.path):
            try:
                claims = claims_of(self.path)
            except ValueError as error:
                raise self.CollectError(str(error)) from error
        for claim in claims:
            yield ClaimItem.from_parent(self, name=claim.name, claim=claim)


class ClaimItem(pytest.Item):
    """One claim as a test."""

    def __init__(self, *, claim: Claim, **others: Any) -> None:
        super().__init__(**others)
        self.claim = claim
        self.measured: dict[str, Any] = {}

    def runtest(self) -> None:
        """Check the claim."""
        from linmod.commands.claim_files import as_script
        from linmod.extras import MissingExtra
        from linmod.verification.claims import Settings

        settings = Settings(self.config.getoption("--linmod-seed"), self.config.getoption("--linmod-quick"))
        with as_script(self.path):
            try:
                evidence = self.claim.run(settings)
            except MissingExtra as error:
                pytest.skip(str(error))
        self.measured = _measured(self.claim, evidence)
        self.user_properties += _properties(self.measured)
        if not evidence.passed:
            raise ClaimError(f"{self.claim.name} {_in_words(evidence.verdict)}: {evidence.reason}")
        self.add_report_section("call", "linmod", "\n".join(_told(self.measured)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Say what fails and show all findings; an error in the check keeps its traceback."""
        if not isinstance(excinfo.value, ClaimError):
            return super().repr_failure(excinfo, style)
        about = [self.claim.statement, f"Source: {self.claim.source}", ""]
        return "\n".join([str(excinfo.value), *about, *_told(self.measured)])

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return the file, the line of the check if it is in that file, and the name."""
        code = getattr(self.claim.check, "__code__", None)
        here = code is not None and Path(code.co_filename) == self.path
        return self.path, code.co_firstlineno - 1 if code is not None and here else None, self.name


class FindingReporter:
    """Reports each finding as a test below its claim, and all numbers at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.session: pytest.Session | None = None
        self.claims: list[dict[str, Any]] = []

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Keep the session, which counts the tests."""
        self.session = session

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None]:
        """Report the findings after their claim."""
        measured = getattr(report, "linmod", None)
        findings = measured["findings"] if measured else []
        if self.session is not None:
            self.session.testscollected += len(findings)
        yield
        if measured:
            self.claims.append(measured)
        for found in findings:
            failure = None if found["verdict"] == "holds" else _failure(found)
            for part in (_report(report, found, "call", failure), _report(report, found, "teardown")):
                self.config.hook.pytest_runtest_logreport(report=part)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print one line for each claim."""
        if not self.claims:
            return
        rows = [HEADER, *(tuple(claim[name] for name in HEADER) for claim in self.claims)]
        terminalreporter.section("linmod claims")
        for line in _aligned(rows):
            terminalreporter.write_line(line)


def _measured(claim: Claim, evidence: Evidence) -> dict[str, Any]:
    """The numbers of a checked claim as plain values."""
    worst = evidence.worst if evidence.findings else None
    return {
        "claim": claim.name,
        "verdict": evidence.verdict,
        "reason": evidence.reason,
        "error": "-" if worst is None else f"{worst.error:.2e}",
        "bound": "-" if worst is None else f"{worst.tolerance:.2e}",
        "null controls rejected": _share(evidence.findings),
        "findings": [_found(number, finding) for number, finding in enumerate(evidence.findings, 1)],
    }


def _found(number: int, finding: Finding) -> dict[str, str]:
    label = finding.label if len(finding.label) <= LONGEST else f"{finding.label[: LONGEST - 3]}..."
    return {
        "name": f"{number} {label}",
        "claim": finding.label,
        "verdict": finding.verdict,
        "reason": finding.reason,
        "error": f"{finding.error:.2e}",
        "bound": f"{finding.tolerance:.2e}",
        "null controls rejected": _share([finding]),
    }


def _share(findings: Iterable[Finding]) -> str:
    found = list(findings)
    return f"{sum(one.rejected for one in found)} of {sum(one.controls for one in found)}"


def _properties(measured: dict[str, Any]) -> list[tuple[str, object]]:
    """Numbers and verdict, as JUnit reports hold them."""
    return [(name, measured[name]) for name in HEADER if name != "claim"]


def _in_words(verdict: str) -> str:
    return "is undecided" if verdict == "undecided" else verdict


def _told(measured: dict[str, Any]) -> list[str]:
    """The findings as the lines of a table, with the reasons of those that do not hold."""
    findings = measured["findings"]
    rows = [tuple(one[name] for name in HEADER) for one in findings]
    lines = _aligned([("verdict", "finding", *HEADER[2:]), *rows])
    return lines + [f"{one['name']}: {one['reason']}" for one in findings if one["verdict"] != "holds"]


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{text:{width}}" for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _report(
    claim: pytest.TestReport, found: dict[str, str], when: Literal["call", "teardown"], failure: str | None = None
) -> pytest.TestReport:
    """The report of a finding in one phase, from that of its claim."""
    file, line, name = claim.location
    where = {extra: getattr(claim, extra) for extra in ("node", "worker_id") if hasattr(claim, extra)}
    return pytest.TestReport(
        nodeid=f"{claim.nodeid}[{found['name']}]",
        location=(file, line, f"{name}[{found['name']}]"),
        keywords=claim.keywords,
        outcome="failed" if failure else "passed",
        longrepr=failure,
        when=when,
        user_properties=_properties(found),
        **where,
    )


def _failure(found: dict[str, str]) -> str:
    numbers = (
        f"error {found['error']}, bound {found['bound']}, {found['null controls rejected']} null controls rejected"
    )
    return f"{found['claim']} {_in_words(found['verdict'])}: {numbers}\n{found['reason']}"
