"""Symbols that several derivations share, with the meaning that is shown to the reader."""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import Eq, ImmutableMatrix, MatrixSymbol, Rational, Symbol, symbols

from ...symbolic import symbols as s
from ..steps.lines import Given
from ..steps.matrices import Instance

PAPER = "On The Specialization of Neural Modules (Jarvis, Klein, Rosman & Saxe, ICLR 2023)"
SAXE = (
    "Exact solutions to the nonlinear dynamics of learning in deep linear networks (Saxe, McClelland & Ganguli, 2014)"
)
SCALING = "Breaking Neural Network Scaling Laws with Modularity (Boopathy et al., ICLR 2025)"

lam, delta, sigma = symbols("lam delta sigma", positive=True)
start = Symbol("pi0", positive=True)
t, pi, y, z, pi0, y0, z0 = s.t, s.pi, s.y, s.z, s.pi0, s.y0, s.z0

MODE = {
    lam: "input-output correlation of the mode, a singular value of Sigma_yx",
    delta: "input correlation of the mode, an eigenvalue of Sigma_x",
    t: "time in units of tau",
    pi: "effective singular value of the mode",
}

half = Symbol("t_half", positive=True)
HALF = Given(
    "half",
    Eq(pi(half), lam / (2 * delta)),
    "Definition of the half time. It exists if the initial strength is below half of the final one.",
)

n_in, n_out, n_hidden = symbols("d_x d_y h", integer=True, positive=True)
Sigma_yx, Sigma_x = MatrixSymbol("Sigma_yx", n_out, n_in), MatrixSymbol("Sigma_x", n_in, n_in)
W1, W2 = MatrixSymbol("W_1", n_hidden, n_in), MatrixSymbol("W_2", n_out, n_hidden)
W1_dot, W2_dot = MatrixSymbol("Wdot_1", n_hidden, n_in), MatrixSymbol("Wdot_2", n_out, n_hidden)
W, W_dot = MatrixSymbol("W", n_out, n_in), MatrixSymbol("Wdot", n_out, n_in)
u, v = MatrixSymbol("u", n_out, 1), MatrixSymbol("v", n_in, 1)

CORRELATIONS = {Sigma_yx: "input-output correlation of the data, Y X' / N", Sigma_x: "input correlation, X X' / N"}
VECTORS = {u: "left singular vector of the mode", v: "right singular vector of the mode"}


def rotation(numerator: int, denominator: int, hypotenuse: int) -> ImmutableMatrix:
    """A rational rotation of the plane, from a Pythagorean triple.

    Examples
    --------
    >>> rotation(3, 4, 5).det()
    1
    """
    c, sine = Rational(numerator, hypotenuse), Rational(denominator, hypotenuse)
    return ImmutableMatrix([[c, -sine], [sine, c]])


def general(name: str, rows: int, columns: int) -> ImmutableMatrix:
    """A matrix whose entries are independent real symbols."""
    return ImmutableMatrix(rows, columns, lambda i, j: Symbol(f"{name}_{i + 1}{j + 1}", real=True))


def two_modes() -> Sequence[Instance]:
    """Correlations with two modes, in rotated coordinates, and general weights of all layers."""
    left, right = rotation(3, 4, 5), rotation(5, 12, 13)
    other_lam, other_delta = symbols("lam_other delta_other", positive=True)
    values = {
        Sigma_yx: left * sympy.diag(lam, other_lam) * right.T,
        Sigma_x: right * sympy.diag(delta, other_delta) * right.T,
        u: left[:, 0],
        v: right[:, 0],
        W: general("W", 2, 2),
        W1: general("A", 2, 2),
        W2: general("B", 2, 2),
    }
    return (Instance("two modes in rotated coordinates", values),)
