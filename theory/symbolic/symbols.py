"""The symbols of the theory, each with its domain, in one place.

``pi``, ``y`` and ``z`` are the unknown functions of the equations of motion: the effective singular value and
the squared lengths of the sum and of the difference of the two hidden vectors of a two-layer mode. They
print as they are written here; ``pi`` is not the number 3.14159.
"""

from __future__ import annotations

from sympy import Function, Symbol, symbols

# The dataset: items, sign features (in, out, both), identity blocks and their scales.
N = Symbol("N", positive=True)
n_x, n_y, n_shared = symbols("n_x n_y n_shared", integer=True, nonnegative=True)
k_x, k_y = symbols("k_x k_y", nonnegative=True)
r, r_x, r_y = symbols("r r_x r_y", real=True)

# One mode: its correlations, the time in units of tau, the step 1/tau and the number of steps.
lam, delta, sigma = symbols("lam delta sigma", nonnegative=True)
t = Symbol("t", nonnegative=True)
alpha = Symbol("alpha", positive=True)
n = Symbol("n", integer=True, nonnegative=True)

# Where a mode starts, and its state as a function of t or n.
pi0 = Symbol("pi0", real=True)
y0, z0 = symbols("y0 z0", nonnegative=True)
pi, y, z = Function("pi"), Function("y", nonnegative=True), Function("z", nonnegative=True)

# Effective singular values of the four classes of modes, in the order of ``datasets.CLASS_NAMES``.
class_strengths = pi_1, pi_2, pi_3, pi_4 = symbols("pi_1 pi_2 pi_3 pi_4", real=True)
