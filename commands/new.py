"""Write a file to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import console, wrong_usage

new = typer.Typer(no_args_is_help=True, help="Write a file to start from.")

CLAIM = '''"""The claim {name}. Check it with `linmod check {file}`, or with `pytest --linmod`."""

import numpy as np

import linmod

START = 1e-4  # initial strength of every mode

# What is learned, by which network, from which start, and how. `linmod check` trains exactly this.
problem = linmod.Problem(
    dataset=linmod.SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1),
    network=linmod.Deep(hidden=50),
    initial=linmod.Aligned(START),
    training=linmod.Flow(np.linspace(0, 40, 81), rtol=1e-10, atol=1e-13),
)


def predict(problem, lateness=1.0):
    """Replace this by your formula: the course of each quantity over problem.times.

    Quantities are "mode NAME", "norm INPUTS -> OUTPUTS" and "loss"; name those that you predict. For each class of
    modes, the spectrum holds lam, delta, sigma, pi_star and count.
    """
    curves = {{}}
    for mode in linmod.theory.spectrum(problem.dataset).learnable:
        half_time = lateness * np.log(mode.pi_star / START - 1) / (2 * mode.lam)
        curves[f"mode {{mode.name}}"] = mode.pi_star / (1 + np.exp(-2 * mode.lam * (problem.times - half_time)))
    return curves


def check(settings):
    """Compare the formula with training of all weights.

    A check must be able to fail: give wrong variants of your formula, which must be rejected. settings.seed is the
    first seed of random starts; settings.quick asks for fewer of them.
    """
    wrong = {{"one percent late": lambda problem: predict(problem, 1.01)}}
    return linmod.verify(problem, predict=predict, controls=wrong)


claim = linmod.Claim(
    name="{name}",
    source="my notebook, equation 1",
    statement="A two-layer mode is half learned at ln(pi*/pi0 - 1) / 2 lambda.",
    assumptions=("aligned initial weights", "gradient flow"),
    check=check,
)
'''


@new.command("claim")
def new_claim(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the claim: lower-case words joined by hyphens.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the file.")] = Path(),
) -> None:
    """Write claim_NAME.py, which runs, and says where your formula goes."""
    from ..verification.claims import NAME

    if not NAME.fullmatch(name):
        wrong_usage(f"NAME must be lower-case words joined by hyphens, got {name!r}")
    file = out / f"claim_{name.replace('-', '_')}.py"
    try:
        out.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as stream:
            stream.write(CLAIM.format(name=name, file=file.name))
    except FileExistsError:
        wrong_usage(f"{file} exists; it is not overwritten")
    except OSError as error:
        wrong_usage(f"{file} cannot be written ({error.strerror})")
    console.print(f"{file} is written; check it with: linmod check {file}", markup=False, soft_wrap=True)
