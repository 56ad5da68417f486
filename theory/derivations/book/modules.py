"""Modular networks: output split, full partition and imperfect partition."""

from __future__ import annotations

from sympy import Eq, Symbol, sqrt, symbols

from ...symbolic import modes as symbolic
from ...symbolic import symbols as s
from ..derivation import Derivation
from ..steps.checks import Algebra
from ..steps.lines import Given, Rejected, Step
from . import notation as n
from .spectrum import CLASSES, SPACE

sign, identity, last, plain = (
    CLASSES[name] for name in ("sign_to_sign", "sign_to_identity", "identity_to_identity", "identity_to_sign")
)
y_signs, y_copies, x_signs, x_copies = symbols("y_Omega y_Gamma x_Omega x_Gamma", nonnegative=True)
lam_o, lam_g, lam_i, delta_o, delta_g, delta_i = symbols(
    "lambda_Omega lambda_Gamma lambda_I delta_Omega delta_Gamma delta_I", positive=True
)
count, strength, strength_2, strength_3 = symbols("n_y pi_1 pi_2 pi_3", positive=True)
norm_oo, norm_go, ratio = symbols("n_oo n_go S", positive=True)
final, dense = symbols("pi_star pi_dense", positive=True)
leak = Symbol("rho", positive=True)
SOURCE = f"{n.PAPER}, modular networks"
SIDES = {
    x_signs: "squared length of the mode in the sign inputs",
    x_copies: "squared length of the mode in the identity inputs",
    y_signs: "squared length of the mode in the sign outputs",
    y_copies: "squared length of the mode in the identity outputs",
}
SIGN_INPUTS = Given("sign inputs", Eq(x_signs, s.N), "A sign feature has N entries of size 1.")
SIGN_OUTPUTS = Given("sign outputs", Eq(y_signs, s.N), "Likewise.")
IDENTITY_INPUTS = Given(
    "identity inputs",
    Eq(x_copies, s.k_x * s.r_x**2),
    "Every mode has squared length r^2 in each identity block.",
)
IDENTITY_OUTPUTS = Given("identity outputs", Eq(y_copies, s.k_y * s.r_y**2), "Likewise.")

SPLIT = Derivation(
    name="output-split",
    title="Output split: modules that share the inputs and write different outputs",
    source=SOURCE,
    about=(
        "Each module has the modes of its outputs. The module that writes the signs is slower than the dense network, "
        "ends with the same map, and is not more systematic."
    ),
    symbols={
        **SPACE,
        **{key: SIDES[key] for key in (x_signs, x_copies, y_signs, y_copies)},
        lam_o: "correlation of a sign feature's mode in the module of the sign outputs",
        lam_g: "correlation of a sign feature's mode in the module of the identity outputs",
        lam_i: "correlation of the other modes in the module of the identity outputs",
        delta_o: "input correlation of a sign feature's mode",
        delta_i: "input correlation of the other modes",
        n.lam: "correlation of the same mode in the dense network",
        count: "number of sign features among the outputs",
        strength: "strength of the mode",
        norm_oo: "squared norm of the block from signs to signs",
        norm_go: "squared norm of the block from identities to signs",
        ratio: "systematicity ratio",
    },
    lines=(
        SIGN_INPUTS,
        IDENTITY_INPUTS,
        SIGN_OUTPUTS,
        IDENTITY_OUTPUTS,
        Given(
            "correlation of the sign module",
            Eq(lam_o, sqrt((x_signs + x_copies) * y_signs) / s.N),
            "All inputs, sign outputs only.",
        ),
        Given(
            "correlation of the identity module",
            Eq(lam_g, sqrt((x_signs + x_copies) * y_copies) / s.N),
            "All inputs, identity outputs only.",
        ),
        Given(
            "correlation of the other modes",
            Eq(lam_i, sqrt(x_copies * y_copies) / s.N),
            "These modes have no sign feature.",
        ),
        Given("input correlation", Eq(delta_o, (x_signs + x_copies) / s.N), "All modules see all inputs."),
        Step(
            "sign module",
            Eq(lam_o, sqrt(delta_o)),
            "The length of the outputs cancels.",
            Algebra("correlation of the sign module", "input correlation", "sign outputs"),
        ),
        Step(
            "identity module",
            Eq(lam_g, identity.lam),
            "This is the class of sign inputs and identity outputs. It now contains all sign features.",
            Algebra("correlation of the identity module", "sign inputs", "identity inputs", "identity outputs"),
        ),
        Step(
            "other modes",
            Eq(lam_i, last.lam),
            "The split does not change these modes.",
            Algebra("correlation of the other modes", "identity inputs", "identity outputs"),
        ),
        Given("dense", Eq(n.lam, sign.lam), "From the spectrum of the dense network."),
        Step(
            "slower",
            Eq(n.lam**2 - lam_o**2, delta_o * s.k_y * s.r_y**2 / s.N),
            "The identity outputs no longer speed up the learning of the mode.",
            Algebra("dense", "sign module", "input correlation", "sign inputs", "identity inputs"),
        ),
        Given(
            "norm of signs",
            Eq(norm_oo, count * strength**2 * x_signs / (x_signs + x_copies)),
            "Share of the input vector on the sign inputs; the output vector lies on the sign outputs.",
        ),
        Given(
            "norm of identities",
            Eq(norm_go, count * strength**2 * x_copies / (x_signs + x_copies)),
            "The rest of the input vector.",
        ),
        Given("ratio", Eq(ratio, norm_oo / (norm_oo + norm_go)), "Definition."),
        Step(
            "systematicity",
            Eq(ratio, symbolic.systematicity_ratio(r_x=s.r_x)),
            "The same as in the dense network.",
            Algebra("ratio", "norm of signs", "norm of identities", "sign inputs", "identity inputs"),
        ),
    ),
)

PARTITION = Derivation(
    name="full-partition",
    title="Full partition: modules with separate inputs and outputs",
    source=SOURCE,
    about=(
        "The modes of the module from signs to signs have unit correlations for all identity blocks. No block crosses "
        "between signs and identities, so the map is systematic at all times."
    ),
    symbols={
        **SPACE,
        **SIDES,
        lam_o: "correlation of a mode of the sign module",
        delta_o: "its input correlation",
        lam_g: "correlation of a mode of the identity module",
        delta_g: "its input correlation",
        final: "final strength in the sign module",
        strength_3: "final strength in the identity module",
    },
    lines=(
        SIGN_INPUTS,
        SIGN_OUTPUTS,
        IDENTITY_INPUTS,
        IDENTITY_OUTPUTS,
        Given("correlation of signs", Eq(lam_o, sqrt(x_signs * y_signs) / s.N), "Sign inputs and sign outputs only."),
        Given("input correlation of signs", Eq(delta_o, x_signs / s.N), "Sign inputs only."),
        Given(
            "correlation of identities",
            Eq(lam_g, sqrt(x_copies * y_copies) / s.N),
            "Identity inputs and identity outputs only.",
        ),
        Given("input correlation of identities", Eq(delta_g, x_copies / s.N), "Identity inputs only."),
        Step(
            "sign module",
            Eq(lam_o, 1),
            "The lengths cancel.",
            Algebra("correlation of signs", "sign inputs", "sign outputs"),
        ),
        Step(
            "sign module, inputs",
            Eq(delta_o, 1),
            "The lengths cancel.",
            Algebra("input correlation of signs", "sign inputs"),
        ),
        Step(
            "identity module",
            Eq(lam_g, last.lam),
            "All N modes now have the correlations of the third class.",
            Algebra("correlation of identities", "identity inputs", "identity outputs"),
        ),
        Step(
            "identity module, inputs",
            Eq(delta_g, last.delta),
            "Likewise.",
            Algebra("input correlation of identities", "identity inputs"),
        ),
        Given("final strength", Eq(final, lam_o / delta_o), "Where learning ends."),
        Step(
            "final sign map",
            Eq(final, 1),
            "The module copies the sign features.",
            Algebra("final strength", "sign module", "sign module, inputs"),
        ),
        Given("final strength of identities", Eq(strength_3, lam_g / delta_g), "Where learning ends."),
        Step(
            "final identity map",
            Eq(strength_3**2, s.k_y * s.r_y**2 / (s.k_x * s.r_x**2)),
            "The strength does not depend on the number of items.",
            Algebra("final strength of identities", "identity module", "identity module, inputs"),
        ),
    ),
)

w_o, w_g, effective_g, stored, effective = symbols("W_Omega W_Gamma V_Gamma S_stored S_effective", positive=True)
unit = Symbol("c", positive=True)
LEAK = Derivation(
    name="leak",
    title="Imperfect partition: identities leak into the module of the signs",
    source=f"after {n.PAPER}, imperfect partitions",
    about=(
        "The inputs of the module are [Omega; rho Gamma], so k_x r^2 is multiplied by rho^2 in all formulas. Two "
        "ratios must be distinguished: the ratio of the stored weights, and the ratio of the map from the original "
        "inputs."
    ),
    symbols={
        **{key: SPACE[key] for key in (s.N, s.k_x, s.r_x)},
        leak: "factor with which the identity blocks enter",
        x_signs: SIDES[x_signs],
        x_copies: "squared length of the mode in the identity inputs of the module",
        lam_o: "correlation of a mode of the module",
        delta_o: "its input correlation",
        delta_i: "input correlation of modes without a sign feature",
        unit: "scale of the weights",
        w_o: "squared norm of the weights from the sign inputs",
        w_g: "squared norm of the weights from the identity inputs as the module sees them",
        effective_g: "squared norm of the map from the original identity inputs",
        stored: "systematicity ratio of the weights",
        effective: "systematicity ratio of the map",
    },
    lines=(
        SIGN_INPUTS,
        Given("leaking inputs", Eq(x_copies, s.k_x * (leak * s.r_x) ** 2), "The identity blocks are scaled by rho."),
        Given("correlation", Eq(lam_o, sqrt((x_signs + x_copies) * s.N) / s.N), "Sign outputs only."),
        Given("input correlation", Eq(delta_o, (x_signs + x_copies) / s.N), "The module sees both kinds of inputs."),
        Given(
            "other input correlation",
            Eq(delta_i, x_copies / s.N),
            "Modes without a sign feature have nothing to learn.",
        ),
        Step(
            "spectrum",
            Eq(lam_o, symbolic.spectrum(r_x=leak * s.r_x)["sign_to_sign"].lam.subs(s.k_y, 0)),
            "The spectrum of the dense network with rho r for r, and without identity outputs.",
            Algebra("correlation", "sign inputs", "leaking inputs"),
        ),
        Step(
            "input spectrum",
            Eq(delta_o, 1 + leak**2 * s.k_x * s.r_x**2 / s.N),
            "Likewise.",
            Algebra("input correlation", "sign inputs", "leaking inputs"),
        ),
        Step(
            "other inputs",
            Eq(delta_i, leak**2 * s.k_x * s.r_x**2 / s.N),
            "Likewise.",
            Algebra("other input correlation", "leaking inputs"),
        ),
        Given("sign weights", Eq(w_o, unit * x_signs), "Weights lie along the singular vectors."),
        Given("leaking weights", Eq(w_g, unit * x_copies), "Likewise."),
        Given("stored ratio", Eq(stored, w_o / (w_o + w_g)), "Definition."),
        Step(
            "ratio of the weights",
            Eq(stored, symbolic.systematicity_ratio(r_x=leak * s.r_x)),
            "With rho squared.",
            Algebra("stored ratio", "sign weights", "leaking weights", "sign inputs", "leaking inputs"),
        ),
        Given(
            "effective weights",
            Eq(effective_g, leak**2 * w_g),
            "The map from the original inputs has a second factor rho.",
        ),
        Given("effective ratio", Eq(effective, w_o / (w_o + effective_g)), "Definition."),
        Rejected(
            "one ratio for both",
            Eq(effective, symbolic.systematicity_ratio(r_x=leak * s.r_x)),
            "The ratio of the weights is taken for that of the map.",
            Algebra(
                "effective ratio",
                "effective weights",
                "sign weights",
                "leaking weights",
                "sign inputs",
                "leaking inputs",
            ),
        ),
        Step(
            "ratio of the map",
            Eq(effective, symbolic.systematicity_ratio(r_x=leak**2 * s.r_x)),
            "The ratio of the map has the fourth power of rho.",
            Algebra(
                "effective ratio",
                "effective weights",
                "sign weights",
                "leaking weights",
                "sign inputs",
                "leaking inputs",
            ),
        ),
    ),
)

CATALOGUE = (SPLIT, PARTITION, LEAK)
