"""Reports of checked claims: tables, Markdown, JSON and pictures in a folder."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from html import escape
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from tabulate import tabulate

from ..figures.drawing.numbers import plotted_numbers
from ..figures.drawing.style import RC
from ..storage import LIBRARIES, versions, write_atomically
from ..verification.claims import Finding, Outcome, Settings

HEADER = ("claim", "error", "bound", "unit", "controls", "s", "verdict")
MEASURED = ("measured", "error", "bound", "unit", "order", "null controls rejected", "verdict")
USED = (*LIBRARIES, "sympy", "matplotlib")
REPORT = "report.json"


def writable_folder(path: str | Path) -> Path:
    """Make a folder if need be, and make sure that files can be written there.

    Raises
    ------
    ValueError
        If the path is a file, or nothing can be written there.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".linmod-write-test"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ValueError(
            f"out must be a folder that can be written to, got {str(folder)!r} ({error.strerror})"
        ) from error
    return folder


def summary_row(outcome: Outcome) -> tuple[str, ...]:
    """One outcome as a row under HEADER: the finding that is closest to its bound speaks for the claim."""
    claim, seconds = outcome.claim, f"{outcome.seconds:.1f}"
    if outcome.evidence is None or not outcome.evidence.findings:
        return (claim.name, "-", "-", "-", "-", seconds, verdict(outcome))
    worst = outcome.evidence.worst
    controls = sum(finding.controls for finding in outcome.evidence.findings)
    rejected = sum(finding.rejected for finding in outcome.evidence.findings)
    return (
        claim.name,
        f"{worst.error:.1e}",
        f"{worst.tolerance:.1e}",
        worst.unit or "-",
        f"{rejected}/{controls}",
        seconds,
        verdict(outcome),
    )


def verdict(outcome: Outcome) -> str:
    """One word: holds, fails, undecided, error or skipped."""
    if outcome.skipped:
        return "skipped"
    return "error" if outcome.error is not None else outcome.verdict


def count(outcomes: Sequence[Outcome]) -> str:
    """How many claims hold, and what became of the others."""
    found = Counter(verdict(outcome) for outcome in outcomes)
    held = found.pop("holds", 0)
    others = "".join(f", {number} {word}" for word, number in sorted(found.items()))
    return f"{held} of {len(outcomes)} claims hold{others}"


class Report:
    """The outcomes so far, written to a folder after each; a folder that cannot be written does not stop the checks.

    Attributes
    ----------
    folder : Path
    outcomes : list of Outcome
    problem : str
        What could not be written, and why; empty if nothing went wrong.
    remarks : list of str
        What else went wrong, without consequence for verdicts or exit status.
    """

    def __init__(self, folder: Path, settings: Settings, of: str = "reproduce") -> None:
        self.folder, self.settings, self.of = folder, settings, of
        self.outcomes: list[Outcome] = []
        self.problem = ""
        self.remarks: list[str] = []

    @property
    def count(self) -> str:
        """How many claims hold, and what became of the others."""
        return count(self.outcomes)

    def add(self, outcome: Outcome) -> None:
        """Draw one more outcome, and write the report."""
        drawn, figure = outcome, None
        try:
            figure = draw(outcome, self.folder)
        except OSError as error:
            self._unwritten(f"the figure of {outcome.claim.name}", error)
        except (Exception, SystemExit) as error:
            drawn = replace(outcome, error=f"its picture cannot be drawn: {type(error).__name__}: {error}")
        if figure is not None:
            self._write_numbers(figure, outcome.claim.name)
        self.outcomes.append(drawn)
        try:
            write_report(self.outcomes, self.settings, self.folder, self.of)
        except OSError as error:
            self._unwritten("the report", error)

    def _write_numbers(self, figure: Figure, name: str) -> None:
        """Write the numbers of a figure; one whose numbers cannot be read costs a remark and not the verdict."""
        file = self.folder / f"{name}.csv"
        file.unlink(missing_ok=True)
        try:
            write_atomically(file, plotted_numbers(figure).encode())
        except OSError as error:
            self._unwritten(f"the numbers of {name}", error)
        except Exception as error:
            self.remarks.append(f"{name}: the numbers of its figure cannot be read: {type(error).__name__}: {error}")

    def _unwritten(self, what: str, error: OSError) -> None:
        self.problem = self.problem or f"{what} cannot be written to {self.folder} ({error.strerror or error})"


def draw(outcome: Outcome, folder: Path) -> Figure | None:
    """Draw the picture of a checked claim as PNG and PDF; nothing if it has none."""
    if outcome.evidence is None or outcome.claim.draw is None:
        return None
    paths = [folder / f"{outcome.claim.name}.{suffix}" for suffix in ("png", "pdf")]
    with mpl.rc_context(RC):
        figure = outcome.claim.draw(outcome.evidence)
        for path in paths:
            figure.savefig(path)
    return figure


def refuse_report_of_another(folder: Path, of: str) -> None:
    """Raise ValueError if the folder holds the report of another command, which must not be overwritten."""
    try:
        found = json.loads((folder / REPORT).read_bytes())["of"]
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError, KeyError, TypeError):
        found = "another program"
    if found != of:
        raise ValueError(f"out: {folder} holds the report of {found}, which is not overwritten; give another folder")


def write_report(outcomes: Sequence[Outcome], settings: Settings, folder: Path, of: str) -> None:
    """Write ``report.md`` and ``report.json`` for the outcomes so far, each replaced atomically."""
    plain = json.dumps({"of": of, **_as_json(outcomes, settings)}, indent=2, allow_nan=False)
    write_atomically(folder / REPORT, f"{plain}\n".encode())
    write_atomically(folder / "report.md", _as_markdown(outcomes, settings, folder).encode())


def _as_json(outcomes: Sequence[Outcome], settings: Settings) -> dict[str, Any]:
    return {
        "seed": settings.seed,
        "quick": settings.quick,
        "images": settings.images.name if settings.images else "bundled digits",
        "versions": versions(USED),
        "claims": [
            {
                "name": outcome.claim.name,
                "source": outcome.claim.source,
                "statement": outcome.claim.statement,
                "assumptions": list(outcome.claim.assumptions),
                "verdict": verdict(outcome),
                "reason": outcome.reason,
                "seconds": round(outcome.seconds, 3),
                "error_message": outcome.error,
                "where": outcome.where,
                "findings": [
                    {"verdict": finding.verdict, **{key: _plain(value) for key, value in asdict(finding).items()}}
                    for finding in (outcome.evidence.findings if outcome.evidence else ())
                ],
            }
            for outcome in outcomes
        ],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return repr(value) if isinstance(value, float) and not math.isfinite(value) else value


def _as_markdown(outcomes: Sequence[Outcome], settings: Settings, folder: Path) -> str:
    lines = [
        "# Claims, predicted and simulated",
        "",
        f"{count(outcomes)}. Seed {settings.seed}{', quick run' if settings.quick else ''}"
        + (f", images: {literal(settings.images.name)}; " if settings.images else "; ")
        + ", ".join(f"{name} {number}" for name, number in versions(USED).items())
        + ".",
        "",
        _table([summary_row(outcome) for outcome in outcomes], HEADER),
        "",
    ]
    for outcome in outcomes:
        lines += _section(outcome, folder)
    return "\n".join(lines)


def _section(outcome: Outcome, folder: Path) -> list[str]:
    claim = outcome.claim
    lines = [f"## {claim.name}: {verdict(outcome)}", "", literal(claim.statement), ""]
    lines += [f"Source: {literal(claim.source)}.", ""]
    if claim.assumptions:
        lines += [f"Assumptions: {literal('; '.join(claim.assumptions))}.", ""]
    if outcome.skipped:
        lines += [f"Skipped: {literal(outcome.reason)}.", ""]
    elif outcome.error is not None:
        text = outcome.traceback or outcome.reason
        lines += ["The check ended in an error:", "", *(f"    {line}" for line in text.splitlines()), ""]
    elif not outcome.passed:
        lines += [f"Reason: {literal(outcome.reason)}.", ""]
    if outcome.evidence is not None:
        lines += [_table([_measured(item) for item in outcome.evidence.findings], MEASURED), ""]
        lines += _beyond(outcome.evidence.findings)
        if claim.draw is not None:
            file = f"{claim.name}.csv"
            numbers = f"The numbers are in [{file}]({file})." if (folder / file).exists() else ""
            lines += [f"![{claim.name}]({claim.name}.png)", "", f"{literal(claim.caption)} {numbers}".strip(), ""]
    return lines


def _measured(item: Finding) -> tuple[str, ...]:
    """One finding as a row under MEASURED."""
    return (
        item.label,
        f"{item.error:.2e}",
        f"{item.tolerance:.2e}",
        item.unit or "-",
        "-" if item.order is None else f"{item.order:.2f}",
        f"{item.rejected}/{item.controls}",
        item.verdict,
    )


def _beyond(findings: Sequence[Finding]) -> list[str]:
    """The quantities beyond their bounds, by finding."""
    lines = []
    for item in findings:
        if item.beyond:
            lines += [f"Beyond their bounds in {literal(item.label)}:", ""]
            lines += [*(f"- {literal(text)}" for text in item.beyond), ""]
    return lines


def _table(rows: Sequence[Sequence[str]], header: Sequence[str]) -> str:
    return tabulate([map(literal, row) for row in rows], header, tablefmt="github", disable_numparse=True)


def literal(text: str) -> str:
    """Text that Markdown shows as it is, in one line and in one cell of a table."""
    for mark in "\\`*_[]|":
        text = text.replace(mark, f"\\{mark}")
    return escape(" ".join(text.split()), quote=False)
