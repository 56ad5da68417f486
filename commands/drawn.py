"""Pictures of checked claims, with the numbers that they show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from ..figures.drawing.numbers import plotted_numbers
from ..figures.drawing.style import RC, save
from ..storage import write_atomically
from ..verification.claims import Outcome


@dataclass(frozen=True, eq=False)
class Drawn:
    """An outcome whose picture is drawn, and what went wrong with it.

    Attributes
    ----------
    outcome : Outcome
    problem : str
        What could not be written, and why; empty if nothing went wrong.
    remarks : tuple of str
        What else went wrong, without consequence for the verdict.
    """

    outcome: Outcome
    problem: str = ""
    remarks: tuple[str, ...] = ()


def drawn(outcome: Outcome, folder: Path) -> Drawn:
    """Draw the picture of an outcome; an error in drawing counts against the claim, a full disk does not."""
    name = outcome.claim.name
    try:
        figure = draw(outcome, folder)
    except OSError as error:
        return Drawn(outcome, unwritten(f"the figure of {name}", folder, error))
    except (Exception, SystemExit) as error:
        return Drawn(replace(outcome, error=f"its picture cannot be drawn: {type(error).__name__}: {error}"))
    if figure is None:
        return Drawn(outcome)
    file = folder / f"{name}.csv"
    try:
        file.unlink(missing_ok=True)
        write_atomically(file, plotted_numbers(figure).encode())
    except OSError as error:
        return Drawn(outcome, unwritten(f"the numbers of {name}", folder, error))
    except Exception as error:
        remark = f"{name}: the numbers of its figure cannot be read: {type(error).__name__}: {error}"
        return Drawn(outcome, remarks=(remark,))
    return Drawn(outcome)


def draw(outcome: Outcome, folder: Path) -> Figure | None:
    """Draw the picture of a checked claim as PNG and PDF, and return it; None if it has none."""
    if outcome.evidence is None or outcome.claim.draw is None:
        return None
    with mpl.rc_context(RC):
        figure = outcome.claim.draw(outcome.evidence)
        save(figure, [folder / f"{outcome.claim.name}.{suffix}" for suffix in ("png", "pdf")])
    return figure


def unwritten(what: str, folder: Path, error: OSError) -> str:
    """Say in one line what could not be written, and why."""
    return f"{what} cannot be written to {folder} ({error.strerror or error})"
