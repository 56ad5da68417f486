"""Machine proofs of the closed forms, each step with the way in which it was settled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations_with_replacement

import sympy
from sympy import Eq, Expr, Symbol, expand, sqrt

from ..datasets import sign_features
from . import symbolic
from . import symbols as s
from .equality import Proof, verify_equal, verify_solution


def prove_spectrum() -> Proof:
    """Prove the spectrum of the dataset space for any N, k and r.

    X'X and Y'Y are combinations of four orthogonal projections of the items, onto the classes of modes; the
    coefficients are N delta and N sigma, and their products N^2 lambda^2 are the eigenvalues of X'X Y'Y. That the
    projections are what they should be is checked on integer matrices, for every choice of sign features among
    up to 3 bits (up to the names of the bits).

    Examples
    --------
    >>> prove_spectrum().holds
    True
    """
    classes = symbolic.spectrum(n_shared=s.n_shared, r_x=s.r_x, r_y=s.r_y).values()
    steps = [verify_equal("the counts add up to N", sum(c.count for c in classes), s.N)]
    for c, x, y in zip(classes, _coefficients("x"), _coefficients("y"), strict=True):
        steps += [
            verify_equal(f"{c.name}, N delta is the coefficient of X'X", s.N * c.delta, x),
            verify_equal(f"{c.name}, N sigma is the coefficient of Y'Y", s.N * c.sigma, y),
            verify_equal(f"{c.name}, N^2 lambda^2 is the coefficient of X'X Y'Y", s.N**2 * c.lam**2, x * y),
            verify_equal(f"{c.name}, pi* is lambda / delta", c.pi_star * c.delta, c.lam),
        ]
    for n_bits in (1, 2, 3):
        residuals = zip(*(_projection_residuals(n_bits, *signs) for signs in _sign_choices(n_bits)), strict=True)
        for name, residual in zip(("orthogonal projections", "ranks", "X'X and Y'Y"), residuals, strict=True):
            steps.append(verify_equal(f"{n_bits} bits, {name}", sum(residual)))
    return Proof("spectrum of the dataset space", tuple(steps))


def prove_aligned() -> Proof:
    r"""Prove block norms, loss and systematicity ratio of a map that is diagonal in the modes.

    With :math:`W = Y \sum_c \frac{\pi_c}{x_c y_c} P_c X^\top` all are traces of products of the projections.

    Examples
    --------
    >>> prove_aligned().holds
    True
    """
    given = {"n_shared": s.n_shared, "r_x": s.r_x, "r_y": s.r_y}
    counts = [c.count for c in symbolic.spectrum(**given).values()]
    x, y, pis = _coefficients("x"), _coefficients("y"), s.class_strengths
    steps = []
    for (source, target), block in symbolic.block_norms_squared(**given).items():
        parts = zip(counts, pis, _coefficients(source), _coefficients(target), x, y, strict=True)
        trace = sum(count * pi**2 * a * b / (c * d) for count, pi, a, b, c, d in parts)
        steps.append(verify_equal(f"squared norm of {source} -> {target}", block, trace))
    left = sum(count * (sqrt(d) - pi * sqrt(c)) ** 2 for count, pi, c, d in zip(counts, pis, x, y, strict=True))
    steps.append(verify_equal("loss", symbolic.aligned_loss(**given), left / (2 * s.N)))
    blocks = symbolic.block_norms_squared(r_x=s.r_x, r_y=s.r_y)
    signs, identities = blocks["omega_x", "omega_y"], blocks["gamma_x", "omega_y"]
    ratio = symbolic.systematicity_ratio(r_x=s.r_x)
    steps.append(verify_equal("systematicity ratio", ratio, signs / (signs + identities)))
    return Proof("block norms, loss and systematicity ratio of aligned maps", tuple(steps))


def prove_equations_of_motion() -> Proof:
    r"""Prove the equations of y, z and pi from those of the hidden vectors a and b of a two-layer mode.

    Flow :math:`\dot a = be, \dot b = ae` and descent :math:`a \leftarrow a + \alpha be, b \leftarrow b + \alpha ae`
    with :math:`e = \lambda - \delta\, a \cdot b`, in terms of :math:`|a|^2`, :math:`|b|^2` and :math:`a \cdot b`.

    Examples
    --------
    >>> prove_equations_of_motion().holds
    True
    """
    aa, bb, ab = sympy.symbols("aa bb ab", real=True)
    e = s.lam - s.delta * ab
    y, z = aa + bb + 2 * ab, aa + bb - 2 * ab
    d_ab, d_sum = (aa + bb) * e, 4 * ab * e
    d_y, d_z = d_sum + 2 * d_ab, d_sum - 2 * d_ab
    for_pi, for_y, for_z = symbolic.two_layer_vector_equations(y0=y, z0=z)
    root = for_pi.rhs.subs(s.pi(s.t), ab)
    stepped_sum = (1 + s.alpha**2 * e**2) * (aa + bb) + 4 * s.alpha * e * ab
    stepped_ab = (1 + s.alpha**2 * e**2) * ab + s.alpha * e * (aa + bb)
    next_y, next_z = symbolic.two_layer_descent_step(y=y, z=z)
    steps = (
        verify_equal("K^2 = yz is conserved", d_y * z + y * d_z),
        verify_equal("Riccati equation of y", d_y, for_y.rhs.subs(s.y(s.t), y)),
        verify_equal("Riccati equation of z", d_z, for_z.rhs.subs(s.z(s.t), z)),
        verify_equal("equation of pi, squared", d_ab**2, root**2),
        verify_equal("descent step of y", stepped_sum + 2 * stepped_ab, next_y),
        verify_equal("descent step of z", stepped_sum - 2 * stepped_ab, next_z),
    )
    return Proof("equations of motion of a two-layer mode", steps)


def prove_trajectories() -> Proof:
    """Prove each closed form over time by substitution into its equation of motion and initial condition.

    Examples
    --------
    >>> prove_trajectories().holds
    True
    """
    up, down = Symbol("pi0", positive=True), Symbol("pi0", negative=True)
    y, z = symbolic.two_layer_vector_squares()
    vector = symbolic.two_layer_vector_equations()
    parts: dict[str, tuple[Expr, Eq, Expr]] = {
        "shallow flow": (symbolic.shallow_flow(), symbolic.shallow_flow_equation(), s.pi0),
        "shallow descent": (symbolic.shallow_descent(), symbolic.shallow_descent_equation(), s.pi0),
        "two-layer vector flow, y": (y, vector[1], s.y0),
        "two-layer vector flow, z": (z, vector[2], s.z0),
        "two-layer vector flow, pi": (symbolic.two_layer_vector_flow(), vector[0], (s.y0 - s.z0) / 4),
    }
    for name, start in (("pi0 > 0", up), ("pi0 < 0", down)):
        form, equation = symbolic.two_layer_flow(pi0=start), symbolic.two_layer_flow_equation(pi0=start)
        parts[f"two-layer flow, {name}"] = (form, equation, start)
    steps = [
        replace(step, statement=f"{name}, {step.statement}")
        for name, part in parts.items()
        for step in verify_solution(*part).steps
    ]
    final = s.lam / s.delta
    published = final / (1 - (1 - final / up) * sympy.exp(-2 * s.lam * s.t))
    half_shallow = symbolic.shallow_flow(t=symbolic.half_time_shallow())
    half_deep = symbolic.two_layer_flow(pi0=up, t=symbolic.half_time_two_layer(pi0=up))
    steps += [
        verify_equal("y z = y0 z0 at all times", y * z, s.y0 * s.z0),
        verify_equal("two-layer flow, logistic form", symbolic.two_layer_flow(pi0=up), published),
        verify_equal(
            "balanced, a = b", symbolic.two_layer_vector_flow(y0=4 * up, z0=0), symbolic.two_layer_flow(pi0=up)
        ),
        verify_equal(
            "balanced, a = -b", symbolic.two_layer_vector_flow(y0=0, z0=-4 * down), symbolic.two_layer_flow(pi0=down)
        ),
        verify_equal("shallow half time", half_shallow, final / 2),
        verify_equal("two-layer half time", half_deep, final / 2),
    ]
    return Proof("closed forms over time", tuple(steps))


def prove_limits() -> Proof:
    """Prove that the forms for lambda = 0, delta = 0 and w = 0 are limits of the general ones, and the ends of time.

    Examples
    --------
    >>> prove_limits().holds
    True
    """
    up, lam, delta = sympy.symbols("pi0 lam delta", positive=True)
    vector, flow = symbolic.two_layer_vector_flow, symbolic.two_layer_flow
    y_end, z_end = (square.limit(s.t, sympy.oo) for square in symbolic.two_layer_vector_squares(lam, delta, up))
    parameters: dict[str, tuple[Callable[..., Expr], dict[str, Expr], Symbol, str]] = {
        "shallow flow, delta = 0": (symbolic.shallow_flow, {}, s.delta, "delta"),
        "shallow descent, delta = 0": (symbolic.shallow_descent, {}, s.delta, "delta"),
        "two-layer flow, lambda = 0, pi0 > 0": (flow, {"pi0": up}, s.lam, "lam"),
        "two-layer flow, lambda = 0, pi0 < 0": (flow, {"pi0": -up}, s.lam, "lam"),
        "two-layer flow, delta = 0": (flow, {"pi0": up}, s.delta, "delta"),
        "two-layer vector flow, delta = 0": (vector, {}, s.delta, "delta"),
        "two-layer vector flow, lambda = 0 after K = 0": (vector, {"z0": 0}, s.lam, "lam"),
        "two-layer vector flow, K = 0 after lambda = 0": (vector, {"lam": 0}, s.z0, "z0"),
    }
    steps = [
        verify_equal(name, form(**given).limit(symbol, 0), form(**given, **{parameter: 0}))
        for name, (form, given, symbol, parameter) in parameters.items()
    ]
    ends = {
        "shallow flow": (symbolic.shallow_flow(lam, delta), lam / delta),
        "two-layer flow, pi0 > 0": (flow(lam, delta, up), lam / delta),
        "two-layer flow, pi0 < 0": (flow(lam, delta, -up), 0),
        "two-layer flow, lambda = 0": (flow(0, delta, up), 0),
    }
    steps += [verify_equal(f"{name}, t = oo", form.limit(s.t, sympy.oo), end) for name, (form, end) in ends.items()]
    steps.append(verify_equal("two-layer vector flow, t = oo", (y_end - z_end) / 4, lam / delta))
    return Proof("limits of the closed forms", tuple(steps))


def _coefficients(features: str) -> tuple[Expr, ...]:
    """Coefficients of the Gram matrix of some features on the projections onto the four classes."""
    side, copies = (0, s.k_x * s.r_x**2) if features.endswith("x") else (1, s.k_y * s.r_y**2)
    has_signs, has_copies = int(not features.startswith("gamma")), int(not features.startswith("omega"))
    return tuple(has_signs * kind[side] * s.N + has_copies * copies for kind in symbolic.SIGN_FEATURES)


def _sign_choices(n_bits: int) -> Iterator[tuple[set[int], set[int]]]:
    """Yield input and output bits: each bit is shared, an input, an output or neither, in this order."""
    for kinds in combinations_with_replacement(((1, 1), (1, 0), (0, 1), (0, 0)), n_bits):
        yield {i for i, kind in enumerate(kinds) if kind[0]}, {i for i, kind in enumerate(kinds) if kind[1]}


def _projection_residuals(n_bits: int, bits_in: set[int], bits_out: set[int]) -> tuple[Expr, Expr, Expr]:
    """Sums of squares that vanish when the projections onto the classes are as claimed."""
    n_items, one = 2**n_bits, sympy.eye(2**n_bits)

    def gram(bits: set[int]) -> sympy.Matrix:
        signs = sympy.Matrix(sign_features(n_bits, tuple(sorted(bits))).astype(int).tolist() or sympy.zeros(0, n_items))
        return signs.T * signs

    members = (bits_in & bits_out, bits_in - bits_out, None, bits_out - bits_in)
    sign_projections = [None if bits is None else gram(bits) / n_items for bits in members]
    rest = one - sum((p for p in sign_projections if p is not None), sympy.zeros(n_items))
    projections = [rest if p is None else p for p in sign_projections]
    ranks = [n_items - len(bits_in | bits_out) if bits is None else len(bits) for bits in members]
    products = [p * q - (p if i == j else 0 * p) for i, p in enumerate(projections) for j, q in enumerate(projections)]
    grams = []
    for side, bits, copies in (("x", bits_in, s.k_x * s.r_x**2), ("y", bits_out, s.k_y * s.r_y**2)):
        claimed = sum(
            (c.subs(s.N, n_items) * p for c, p in zip(_coefficients(side), projections, strict=True)), 0 * one
        )
        grams.append(gram(bits) + copies * one - claimed)
    rank_errors = [(p.trace() - rank) ** 2 + (p.rank() - rank) ** 2 for p, rank in zip(projections, ranks, strict=True)]
    return _square(products), sum(rank_errors), _square(grams)


def _square(matrices: list[sympy.Matrix]) -> Expr:
    return sum(expand(entry) ** 2 for matrix in matrices for entry in matrix)
