"""Entries on the dataset space, the learned map, held-out items, learning rules and modules."""

from __future__ import annotations

from .courses import FORMS, MODES, OWN, PAPER
from .entry import Entry

SPACE = "a systematicity dataset whose output sign features are all input sign features, and one r"
ALIGNED = f"{SPACE}; a zero or aligned start"
SPECTRUM, NORMS = "linmod.theory.spectrum.spectrum", "linmod.theory.dense.aligned_start.block_norms"
RULES = "linmod.theory.rules.fixed_points"
MEANS = "linmod.theory.held_out.mean_errors"
HELD_OUT = "the shallow network from zero, or deep ones in the limit of a small start, after learning"
SIZES = {"pi_1": "strength of the modes sign to sign", "pi_2": "strength of the modes sign to identity"}
SIZES |= {"pi_3": "strength of the modes identity to identity", "pi_4": "strength of the modes identity to sign"}
OF_RULE = {
    "gamma": "factor of the contrastive term",
    "nabla": "factor of the Hebbian term",
    "a": "gain of the first layer in the mode",
}
NUMBERS = ("n_x", "n_y", "rho")


def _lambda(inputs: str, outputs: str) -> Entry:
    return Entry(
        f"lambda-{inputs}-to-{outputs}",
        f"Input-output correlation of the modes {inputs} to {outputs}",
        "spectrum",
        f"{FORMS}.lambda_{inputs}_to_{outputs}",
        SPACE if (inputs, outputs) != ("identity", "sign") else "a systematicity dataset with one r",
        f"{PAPER}, singular value decomposition of the dataset correlations",
        "spectrum",
        SPECTRUM,
    )


def _norm(inputs: str, outputs: str) -> Entry:
    return Entry(
        f"norm-{inputs}-to-{outputs}",
        f"Frobenius norm of the block of the map from {inputs} to {outputs}",
        "norm",
        f"{FORMS}.norm_{inputs}_to_{outputs}",
        ALIGNED,
        f"{PAPER}, Frobenius norms of the learned map",
        "block-norms",
        NORMS,
        meanings=SIZES,
    )


ENTRIES = (
    _lambda("sign", "sign"),
    _lambda("sign", "identity"),
    _lambda("identity", "identity"),
    _lambda("identity", "sign"),
    _norm("signs", "signs"),
    _norm("identities", "signs"),
    _norm("signs", "identities"),
    _norm("identities", "identities"),
    Entry(
        "aligned-loss",
        "Loss of a map that is diagonal in the modes",
        "loss",
        f"{MODES}.aligned_loss",
        ALIGNED,
        OWN,
        "aligned-loss",
        "linmod.theory.dense.aligned_start.aligned_loss",
        meanings=SIZES,
    ),
    Entry(
        "systematicity-ratio",
        "Share of the sign inputs in the map to the sign outputs",
        "systematicity",
        f"{MODES}.systematicity_ratio",
        f"{ALIGNED}; n_y > 0",
        f"{PAPER}, Frobenius norms of the learned map",
        "systematicity",
        "linmod.theory.spectrum.systematicity_ratio",
    ),
    Entry(
        "leaky-systematicity-ratio",
        "Systematicity ratio of a sign module into which identities leak, in its own weights",
        "systematicity of a leaky module",
        f"{FORMS}.leaky_systematicity_ratio",
        f"{ALIGNED}; n_y > 0",
        f"{PAPER}, imperfect output partition; derived here",
        "leak",
        "linmod.theory.modular.leak.leak_ratios",
        meanings={"leak": "share of their size with which the identity inputs enter the sign module"},
    ),
    Entry(
        "held-out-one",
        "Error on the sign outputs of an item, after learning all others",
        "held_out",
        f"{FORMS}.held_out_one",
        f"{HELD_OUT}; one item held out",
        OWN,
        "held-out-course",
        f"{MEANS}.mean_compositional_error",
    ),
    Entry(
        "held-out-one-trained",
        "Mean error on the sign outputs of all other items, after learning one",
        "held_out",
        f"{FORMS}.held_out_one_trained",
        f"{HELD_OUT}; one training item",
        OWN,
        "held-out-one-trained",
        f"{MEANS}.mean_compositional_error",
    ),
    Entry(
        "held-out-mean-set",
        "Error on the sign outputs of unseen items after the mean training set of j items, a lower bound",
        "held_out",
        f"{FORMS}.held_out_mean_set",
        f"{HELD_OUT}; exact for one item held out, else a lower bound of the mean error",
        OWN,
        "",
        f"{MEANS}.compositional_error_of_mean_set",
        (*NUMBERS, "j"),
    ),
    Entry(
        "growth-rate",
        "Rate at which a mode grows from a small start under a learning rule",
        "growth rate",
        f"{FORMS}.growth_rate",
        "two layers, small gains",
        f"{PAPER}, learning rules",
        "learning-rules",
        "linmod.theory.growth.growth_rate",
        meanings=OF_RULE,
    ),
    Entry(
        "transverse-rate",
        "Rate at which a mode returns to the learned map under the contrastive term",
        "rate",
        f"{FORMS}.transverse_rate",
        "two layers, at the point of gain a of the line of fixed points; no Hebbian term",
        f"{PAPER}, learning rules",
        "rule-transverse",
        f"{RULES}.transverse_rate",
        meanings=OF_RULE,
    ),
    Entry(
        "slow-velocity",
        "Velocity of the first gain along the learned map under Oja's term",
        "velocity",
        f"{FORMS}.slow_velocity",
        "two layers, a mode that has been learned; first order in nabla, no contrastive term",
        f"{PAPER}, learning rules",
        "rule-fixed-points",
        f"{RULES}.slow_velocity",
        meanings=OF_RULE,
    ),
)
