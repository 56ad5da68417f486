"""The symbols that a formula may use: what each means, and how it may be spelled. Loads no sympy."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

MODE, TRAINING, NETWORK, DATASET, STATE, CLASSES = "mode", "training", "network", "dataset", "state", "classes"


@dataclass(frozen=True)
class Term:
    """One symbol.

    Attributes
    ----------
    name : str
        As the symbolic forms spell it.
    meaning : str
    group : str
        What it belongs to: a mode, the training, the network, the dataset, the state or the classes of modes.
    spellings : tuple of str
        Other ways to write it, in plain text.
    latex : str
    """

    name: str
    meaning: str
    group: str
    spellings: tuple[str, ...] = ()
    latex: str = ""


_MODE_TERMS = (
    Term(
        "lam",
        "input-output correlation of the mode, a singular value of Sigma_yx",
        MODE,
        ("lambda", "lamda", "s", "λ", "lambda_alpha", "lam_alpha", "s_alpha", "s_a", "λ_alpha"),
        r"\lambda",
    ),
    Term(
        "delta",
        "input correlation of the mode, an eigenvalue of Sigma_x",
        MODE,
        ("d", "δ", "delta_alpha", "d_alpha", "d_a", "δ_alpha"),
        r"\delta",
    ),
    Term("sigma", "output correlation of the mode, an eigenvalue of Sigma_y", MODE, ("σ", "sigma_alpha"), r"\sigma"),
    Term(
        "pi_star",
        "strength of the mode after learning, lambda/delta",
        MODE,
        ("pistar", "π_star", "pi_inf", "pi_infty"),
        r"\pi^*",
    ),
    Term(
        "pi0",
        "strength with which the mode starts",
        MODE,
        ("pi_0", "a0", "a_0", "π0", "π_0", "pi0_alpha"),
        r"\pi_0",
    ),
    Term("count", "number of modes in the class of the mode", MODE, ("n_c", "multiplicity"), "n_c"),
)
_TRAINING_TERMS = (
    Term("t", "time, in units of tau where tau does not occur in the formula", TRAINING, (), "t"),
    Term("tau", "time constant of learning", TRAINING, ("τ",), r"\tau"),
    Term("alpha", "step of gradient descent, 1/tau", TRAINING, ("eta", "α", "η", "step", "step_size"), r"\alpha"),
    Term("n", "number of steps of gradient descent", TRAINING, ("steps",), "n"),
)
_NETWORK_TERMS = (
    Term("L", "number of layers (weight matrices)", NETWORK, ("layers", "depth"), "L"),
    Term("h", "hidden units", NETWORK, ("hidden",), "h"),
)
_DATASET_TERMS = (
    Term("N", "number of items", DATASET, ("n_items",), "N"),
    Term("n_x", "sign features among the inputs", DATASET, (), "n_x"),
    Term("n_y", "sign features among the outputs", DATASET, (), "n_y"),
    Term("k_x", "identity blocks among the inputs", DATASET, (), "k_x"),
    Term("k_y", "identity blocks among the outputs", DATASET, (), "k_y"),
    Term("r", "scale of the identity blocks, without its sign", DATASET, (), "r"),
    Term("rho", "squared size of the identity inputs of one item, k_x r^2", DATASET, ("ρ",), r"\rho"),
    Term("j", "items that are trained on, where others are held out", DATASET, (), "j"),
)
_STATE_TERMS = (Term("pi", "strength of the mode at time t or after n steps", STATE, ("π", "pi_n", "a"), r"\pi"),)
_NUMBERED = (
    ("pi", "strength of the modes of class {} as simulated", r"\pi_{}"),
    ("lam", "input-output correlation of class {}", r"\lambda_{}"),
    ("delta", "input correlation of class {}", r"\delta_{}"),
    ("sigma", "output correlation of class {}", r"\sigma_{}"),
    ("count", "number of modes of class {}", "n_{}"),
)
_OTHER_NAMES = {"lam": ("lambda_{}", "s_{}", "λ_{}"), "delta": ("d_{}", "δ_{}"), "pi": ("π_{}",), "sigma": ("σ_{}",)}
_CLASS_TERMS = tuple(
    Term(
        f"{name}_{index}",
        meaning.format(index),
        CLASSES,
        tuple(other.format(index) for other in _OTHER_NAMES.get(name, ("n_{}",))),
        latex.replace("{}", str(index)),
    )
    for name, meaning, latex in _NUMBERED
    for index in (1, 2, 3, 4)
)

TERMS = (*_MODE_TERMS, *_TRAINING_TERMS, *_NETWORK_TERMS, *_DATASET_TERMS, *_STATE_TERMS, *_CLASS_TERMS)
"""Classes of modes are numbered in the order of ``datasets.CLASS_NAMES``."""

BY_NAME = {term.name: term for term in TERMS}
SPELLINGS = {spelling: term.name for term in TERMS for spelling in (term.name, *term.spellings)}


def canonical(spelling: str) -> str:
    """The name of the symbol that a spelling stands for.

    Raises
    ------
    ValueError
        If it stands for none; the message has near matches.

    Examples
    --------
    >>> canonical("lambda_alpha"), canonical("a_0")
    ('lam', 'pi0')
    """
    if spelling in SPELLINGS:
        return SPELLINGS[spelling]
    near = get_close_matches(spelling[:40], SPELLINGS, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "linmod symbols lists those that are known"
    raise ValueError(f"the symbol {spelling[:40]!r} is not known; {hint}")
