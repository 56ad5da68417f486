"""Reports of checked claims: tables, Markdown, JSON and pictures in a folder."""

from __future__ import annotations

import json
import math
import os
import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from tabulate import tabulate

from ..figures.drawing.style import RC, save
from ..verification.claims import Outcome, Settings

HEADER = ("claim", "source", "error", "bound", "order", "null controls", "seconds", "verdict")
LIBRARIES = ("linmod", "numpy", "scipy", "sympy", "matplotlib")


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
        return (claim.name, claim.source, "-", "-", "-", "-", seconds, verdict(outcome))
    worst = outcome.evidence.worst
    orders = [finding.order for finding in outcome.evidence.findings if finding.order is not None]
    controls = sum(finding.controls for finding in outcome.evidence.findings)
    rejected = sum(finding.rejected for finding in outcome.evidence.findings)
    return (
        claim.name,
        claim.source,
        f"{worst.error:.1e}",
        f"{worst.tolerance:.1e}",
        ", ".join(f"{order:.2f}" for order in orders) or "-",
        f"{rejected}/{controls} rejected",
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
    """

    def __init__(self, folder: Path, settings: Settings, names: Sequence[str]) -> None:
        self.folder, self.settings = folder, settings
        self._order = {name: place for place, name in enumerate(names)}
        self.outcomes: list[Outcome] = []
        self.problem = ""

    @property
    def count(self) -> str:
        """How many claims hold, and what became of the others."""
        return count(self.outcomes)

    def add(self, found: Drawn) -> None:
        """Write the report with one more outcome, in the order in which claims are listed."""
        self.problem = self.problem or found.problem
        self.outcomes.append(found.outcome)
        self.outcomes.sort(key=lambda outcome: self._order[outcome.claim.name])
        try:
            write_report(self.outcomes, self.settings, self.folder)
        except OSError as error:
            self.problem = self.problem or _unwritten("the report", self.folder, error)


@dataclass(frozen=True, eq=False)
class Drawn:
    """An outcome of which the picture is drawn, and what could not be written."""

    outcome: Outcome
    problem: str = ""


def drawn(outcome: Outcome, folder: Path) -> Drawn:
    """Draw the picture of an outcome; an error in drawing counts against the claim, a full disk does not."""
    try:
        draw(outcome, folder)
    except OSError as error:
        return Drawn(outcome, _unwritten(f"the figure of {outcome.claim.name}", folder, error))
    except (Exception, SystemExit) as error:
        return Drawn(replace(outcome, error=f"its picture cannot be drawn: {type(error).__name__}: {error}"))
    return Drawn(outcome)


def _unwritten(what: str, folder: Path, error: OSError) -> str:
    return f"{what} cannot be written to {folder} ({error.strerror or error})"


def draw(outcome: Outcome, folder: Path) -> list[Path]:
    """Draw the picture of a checked claim as PNG and PDF; nothing if it has none."""
    if outcome.evidence is None or outcome.claim.draw is None:
        return []
    paths = [folder / f"{outcome.claim.name}.{suffix}" for suffix in ("png", "pdf")]
    with mpl.rc_context(RC):
        save(outcome.claim.draw(outcome.evidence), paths)
    return paths


def write_report(outcomes: Sequence[Outcome], settings: Settings, folder: Path) -> None:
    """Write ``report.md`` and ``report.json`` for the outcomes so far, each replaced atomically."""
    _replace(folder / "report.json", json.dumps(_as_json(outcomes, settings), indent=2, allow_nan=False) + "\n")
    _replace(folder / "report.md", _as_markdown(outcomes, settings))


def _as_json(outcomes: Sequence[Outcome], settings: Settings) -> dict[str, Any]:
    return {
        "seed": settings.seed,
        "quick": settings.quick,
        "images": settings.images.name if settings.images else "bundled digits",
        "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
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


def _as_markdown(outcomes: Sequence[Outcome], settings: Settings) -> str:
    lines = [
        "# Claims, predicted and simulated",
        "",
        f"{count(outcomes)}. Seed {settings.seed}{', quick run' if settings.quick else ''}"
        + (f", images: {literal(settings.images.name)}; " if settings.images else "; ")
        + ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
        + f", Python {platform.python_version()}.",
        "",
        _table([summary_row(outcome) for outcome in outcomes], HEADER),
        "",
    ]
    for outcome in outcomes:
        lines += _section(outcome)
    return "\n".join(lines)


def _section(outcome: Outcome) -> list[str]:
    claim = outcome.claim
    lines = [f"## {claim.name}: {verdict(outcome)}", "", literal(claim.statement), ""]
    lines += [f"Source: {literal(claim.source)}.", ""]
    if claim.assumptions:
        lines += [f"Assumptions: {literal('; '.join(claim.assumptions))}.", ""]
    if outcome.error is not None:
        lines += ["The check ended in an error:", "", *(f"    {line}" for line in outcome.error.splitlines()), ""]
    elif not outcome.passed:
        lines += [f"Reason: {literal(outcome.reason)}.", ""]
    if outcome.evidence is not None:
        rows = [
            (item.label, f"{item.error:.2e}", f"{item.tolerance:.2e}", f"{item.rejected}/{item.controls}", item.verdict)
            for item in outcome.evidence.findings
        ]
        lines += [_table(rows, ("measured", "error", "bound", "null controls rejected", "verdict")), ""]
        if claim.draw is not None:
            lines += [f"![{claim.name}]({claim.name}.png)", ""]
    return lines


def _table(rows: Sequence[Sequence[str]], header: Sequence[str]) -> str:
    return tabulate([map(literal, row) for row in rows], header, tablefmt="github", disable_numparse=True)


def literal(text: str) -> str:
    """Text that Markdown shows as it is, in one line and in one cell of a table."""
    for mark in "\\`*_[]|":
        text = text.replace(mark, f"\\{mark}")
    return escape(" ".join(text.split()), quote=False)


def _replace(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
