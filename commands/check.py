"""Check your own predictions: the claims of a file, or a formula."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from .console import console, errors, wrong_usage
from .reproduce import QuickOption, SeedOption, TracebackOption, check_file

if TYPE_CHECKING:
    from ..problem import Deep, Problem, Shallow
    from ..verification import FormulaVerdict

STATUS = {"holds": 0, "fails": 1, "undecided": 3}
OF_FORMULA = "Formula"
Panel = {"rich_help_panel": OF_FORMULA}


def check(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE.py]", help="A Python file that makes linmod.Claim objects.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the report and the figures; results/FILE unless given.")
    ] = None,
    quick: QuickOption = False,
    seed: SeedOption = 0,
    traceback: TracebackOption = False,
    formula: Annotated[str | None, typer.Option(help="A formula as text or LaTeX, instead of a file.", **Panel)] = None,
    of: Annotated[
        str, typer.Option(help="mode, norm, loss, systematicity, half_time, held_out or final.", **Panel)
    ] = "mode",
    block: Annotated[str | None, typer.Option(help="Of a norm, such as omega_x:omega_y.", **Panel)] = None,
    network: Annotated[str, typer.Option(help="shallow or deep.", **Panel)] = "deep",
    layers: Annotated[int, typer.Option(help="Layers of a deep network.", **Panel)] = 2,
    hidden: Annotated[int, typer.Option(help="Hidden units.", **Panel)] = 50,
    start: Annotated[str, typer.Option(help="aligned:STRENGTH or small_random:STD.", **Panel)] = "aligned:1e-3",
    n_x: Annotated[int, typer.Option(help="Sign features among the inputs.", **Panel)] = 3,
    n_y: Annotated[int, typer.Option(help="Sign features among the outputs.", **Panel)] = 2,
    k_x: Annotated[int, typer.Option(help="Identity blocks among the inputs.", **Panel)] = 5,
    k_y: Annotated[int, typer.Option(help="Identity blocks among the outputs.", **Panel)] = 4,
    r: Annotated[float, typer.Option(help="Scale of the identity blocks.", **Panel)] = 0.8,
    step: Annotated[
        float | None, typer.Option(help="Step of gradient descent; gradient flow unless given.", **Panel)
    ] = None,
    only_here: Annotated[
        bool, typer.Option("--only-here", help="Only in this problem, without regions and mends.", **Panel)
    ] = False,
) -> None:
    """Check the claims that a file of yours makes, or a formula given by --formula.

    Exit status: 0 if all hold, 1 if one fails, 3 if none fails but one is undecided, 2 for wrong usage.
    """
    if (file is None) == (formula is None):
        wrong_usage("check needs either FILE.py or --formula")
    if file is not None:
        check_file(file, out, quick, seed, traceback)
    dataset = {"n_x": n_x, "n_y": n_y, "k_x": k_x, "k_y": k_y, "r": r}
    try:
        said = _read(str(formula), of, block)
        descent = step is not None or _is_descent(said)
        chain = _chain(network, layers, hidden)
        problem = _problem(dataset, chain, start, seed, descent, 0.1 if step is None else step)
        found = _checked(said, problem, only_here)
    except (TypeError, ValueError) as error:
        wrong_usage(error)
    raise typer.Exit(STATUS[found.verdict])


def _read(text: str, of: str, block: str | None) -> Any:
    from ..theory.symbolic.formula import Formula

    if block is None:
        return Formula(text, of=of)
    source, _, target = block.partition(":")
    return Formula(text, of=of, block=(source, target))


def _is_descent(formula: Any) -> bool:
    return bool({"n", "alpha"} & formula.symbols) or formula.form == "recursion"


def _chain(network: str, layers: int, hidden: int) -> Shallow | Deep:
    from ..problem import Deep, Shallow

    if network not in ("shallow", "deep"):
        raise ValueError(f"network must be shallow or deep, got {network!r}")
    return Shallow() if network == "shallow" else Deep(hidden, layers)


def _problem(
    dataset: dict[str, Any], network: Shallow | Deep, start: str, seed: int, descent: bool, step: float
) -> Problem:
    from ..datasets import SystematicityDataset
    from ..problem import Aligned, Flow, Problem, SmallRandom
    from ..verification.formulas.verdict import learned

    kind, _, given = start.partition(":")
    if kind not in ("aligned", "small_random") or not given:
        raise ValueError(f"start must be aligned:STRENGTH or small_random:STD, such as aligned:1e-4, got {start!r}")
    size = float(given)
    strength = size if kind == "aligned" else getattr(network, "hidden", 1) * size**2 / 2
    aligned = Problem(SystematicityDataset(**dataset), network, Aligned(strength), Flow([1.0]))
    lasting = learned(aligned, descent=descent, step=step)
    return lasting if kind == "aligned" else replace(lasting, initial=SmallRandom(size, seed))


def _checked(formula: Any, problem: Problem, only_here: bool) -> FormulaVerdict:
    from ..verification import check as check_formula

    with Progress(
        TextColumn("{task.description:12}"), BarColumn(), TimeElapsedColumn(), console=errors, transient=True
    ) as bar:
        tasks = {name: bar.add_task(name, total=1.0) for name in ("simulations", "changes")}
        found = check_formula(formula, problem, progress=lambda name, done: bar.update(tasks[name], completed=done))
        text = str(found) if only_here else found.whole()
    console.print(text, markup=False, highlight=False, soft_wrap=True)
    return found
