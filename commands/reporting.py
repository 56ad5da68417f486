"""Reports of checked claims: tables, Markdown, JSON and pictures in a folder."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import matplotlib as mpl
from tabulate import tabulate

from ..figures.drawing.style import RC
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
    """One word: passed, FAILED or ERROR."""
    if outcome.error is not None:
        return "ERROR"
    return "passed" if outcome.passed else "FAILED"


def draw(outcome: Outcome, folder: Path) -> list[Path]:
    """Draw the picture of a checked claim as PNG and PDF; nothing if it has none."""
    if outcome.evidence is None or outcome.claim.draw is None:
        return []
    paths = [folder / f"{outcome.claim.name}.{suffix}" for suffix in ("png", "pdf")]
    with mpl.rc_context(RC):
        figure = outcome.claim.draw(outcome.evidence)
        for path in paths:
            figure.savefig(path)
    return paths


def write_report(outcomes: Sequence[Outcome], settings: Settings, folder: Path) -> None:
    """Write ``report.md`` and ``report.json`` for the outcomes so far, each replaced in one go."""
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
                "seconds": round(outcome.seconds, 3),
                "error_message": outcome.error,
                "findings": [
                    {key: _finite(value) for key, value in asdict(finding).items()}
                    for finding in (outcome.evidence.findings if outcome.evidence else ())
                ],
            }
            for outcome in outcomes
        ],
    }


def _finite(value: Any) -> Any:
    return repr(value) if isinstance(value, float) and not abs(value) < float("inf") else value


def _as_markdown(outcomes: Sequence[Outcome], settings: Settings) -> str:
    passed = sum(outcome.passed for outcome in outcomes)
    table = tabulate([summary_row(outcome) for outcome in outcomes], HEADER, tablefmt="github", disable_numparse=True)
    lines = [
        "# Claims, predicted and simulated",
        "",
        f"{passed} of {len(outcomes)} claims hold. Seed {settings.seed}{', quick run' if settings.quick else ''}"
        + (f", images: {settings.images.name}; " if settings.images else "; ")
        + ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
        + f", Python {platform.python_version()}.",
        "",
        table,
        "",
    ]
    for outcome in outcomes:
        lines += _section(outcome)
    return "\n".join(lines)


def _section(outcome: Outcome) -> list[str]:
    claim = outcome.claim
    lines = [f"## {claim.name}: {verdict(outcome)}", "", claim.statement, "", f"Source: {claim.source}.", ""]
    if claim.assumptions:
        lines += [f"Where it holds: {'; '.join(claim.assumptions)}.", ""]
    if outcome.error is not None:
        lines += [f"The check ended in an error: `{outcome.error}`", ""]
    if outcome.evidence is not None:
        rows = [
            (item.label, f"{item.error:.2e}", f"{item.tolerance:.2e}", f"{item.rejected}/{item.controls}")
            for item in outcome.evidence.findings
        ]
        header = ("measured", "error", "bound", "null controls rejected")
        lines += [tabulate(rows, header, tablefmt="github", disable_numparse=True), ""]
        if claim.draw is not None:
            lines += [f"![{claim.name}]({claim.name}.png)", ""]
    return lines


def _replace(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)
