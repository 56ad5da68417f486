"""Print the modes of a dataset."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from .console import console, wrong_usage


def spectrum(
    n_x: Annotated[int, typer.Option(help="Sign features among the inputs.")],
    n_y: Annotated[int, typer.Option(help="Sign features among the outputs.")] = 1,
    k_x: Annotated[int, typer.Option(help="Identity blocks among the inputs.")] = 1,
    k_y: Annotated[int, typer.Option(help="Identity blocks among the outputs.")] = 1,
    r: Annotated[float, typer.Option(help="Scale of the identity blocks.")] = 1.0,
    n_bits: Annotated[int | None, typer.Option(help="Index bits; 2**n_bits items.")] = None,
) -> None:
    """Print the modes of a systematicity dataset."""
    from ..datasets import SystematicityDataset
    from ..theory import spectrum as spectrum_of

    try:
        dataset = SystematicityDataset(n_x, n_y, k_x, k_y, r, n_bits=n_bits)
    except (TypeError, ValueError) as error:
        wrong_usage(error)
    table = Table(
        "class of modes", "count", "lambda", "delta", "sigma", "pi*", title=repr(dataset), title_justify="left"
    )
    for mode_class in spectrum_of(dataset).classes:
        values = (mode_class.lam, mode_class.delta, mode_class.sigma, mode_class.pi_star)
        count = str(mode_class.count) if mode_class.count < 10**9 else f"about 2^{mode_class.count.bit_length() - 1}"
        numbers = [f"{value:.6g}" for value in values]
        table.add_row(mode_class.name, count, *(numbers if mode_class.learnable else [*numbers[:3], "not learned"]))
    console.print(table)
