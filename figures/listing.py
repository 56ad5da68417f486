"""Every claim of the catalogue in one line, in the order in which they build on each other."""

from __future__ import annotations

from .entries import Entry

JARVIS = "Jarvis, Klein, Rosman & Saxe (ICLR 2023)"
BOOPATHY_TITLE = '"Breaking Neural Network Scaling Laws with Modularity" (Boopathy et al., ICLR 2025)'
BOOPATHY = "Boopathy, Jiang, Yue, Hwang, Iyer & Fiete (ICLR 2025)"

SPECIALIZATION: tuple[Entry, ...] = (
    Entry(
        "spectrum",
        "specialization.space:SPECTRUM",
        1,
        f"{JARVIS}, singular value decomposition of the dataset correlations",
        "The correlations of every dataset of the space have at most four distinct singular values, of "
        "known multiplicity.",
    ),
    Entry(
        "aligned-start",
        "specialization.space:ALIGNED",
        10,
        f"{JARVIS}, learning dynamics; Saxe, McClelland & Ganguli (2014)",
        "From an aligned start the closed forms are exact on all of the dataset space, for flow and for descent.",
    ),
    Entry(
        "dense-deep",
        "specialization.dense:DENSE_DEEP",
        1,
        f"{JARVIS}, learning dynamics and Frobenius norms of the dense deep network",
        "The singular values and block norms of a two-layer network follow their closed form, started from "
        "the actual small random weights and stepped by the exact discrete map.",
    ),
    Entry(
        "dense-shallow",
        "specialization.dense:DENSE_SHALLOW",
        4,
        f"{JARVIS}, learning dynamics and Frobenius norms of the dense shallow network",
        "The singular values and block norms of a shallow network follow their closed form to rounding, "
        "from any weights.",
    ),
    Entry(
        "initial-scale",
        "specialization.limits:INITIAL_SCALE",
        2,
        "Saxe, McClelland & Ganguli (2014), small initial weights; order measured here",
        "The error of the closed form from small random weights vanishes with their scale: in proportion to "
        "it when the lambda of the classes are well separated, more slowly when they are close.",
    ),
    Entry(
        "step-size",
        "specialization.limits:STEP_SIZE",
        1,
        f"{JARVIS}, gradient flow as the limit of descent",
        "Gradient flow predicts descent with an error of first order in the step, the discrete map exactly.",
    ),
    Entry(
        "depth",
        "specialization.depth:DEPTH",
        2,
        "Saxe, McClelland & Ganguli (2014), equation for any depth; solved here",
        "A mode of a balanced network of L layers follows one incomplete integral; from small starts the "
        "time to learn it grows as their logarithm with two layers, and as their power -(1 - 2/L) with "
        "more.",
    ),
    Entry(
        "systematicity-ratio",
        "specialization.space:SYSTEMATICITY",
        1,
        f"{JARVIS}, Frobenius norms; the ratio tends to 1 with scale",
        "The sign inputs' share of the map to the sign outputs is N/(N + k_x r^2) at all times.",
    ),
    Entry(
        "phase-ratio",
        "specialization.phase:RATIO_PHASES",
        1,
        f"{JARVIS}, Frobenius norms and the ratio's limit with scale; scatter derived here",
        "From small random weights a trained two-layer network ends with a systematicity ratio of N/(N + "
        "k_x r^2) on average, with a standard deviation of 2 s sqrt(ratio (1 - ratio) / pi*).",
    ),
    Entry(
        "phase-time",
        "specialization.phase:TIME_PHASES",
        4,
        f"{JARVIS}, learning dynamics; average over random starts derived here",
        "Sign modes and identity modes are half learned, on average over small random starts, at the time "
        "that the mean logarithm of their initial strengths gives.",
    ),
    Entry(
        "output-split",
        "specialization.modules:OUTPUT_SPLIT",
        3,
        f"{JARVIS}, output-partitioned network",
        "Splitting the outputs over two modules changes the speed of learning, but not the share of the "
        "sign inputs: the network ends no more systematic than the dense one.",
    ),
    Entry(
        "fully-partitioned",
        "specialization.modules:FULLY_PARTITIONED",
        2,
        f"{JARVIS}, fully partitioned network",
        "Only when inputs and outputs are both partitioned is the mapping of the sign features learned in "
        "isolation, from the first step on.",
    ),
    Entry(
        "imperfect-partition",
        "specialization.modules:LEAK",
        1,
        f"{JARVIS}, imperfect partition; both readings derived here",
        "A leak rho of the identity inputs into the sign module leaves the share N/(N + rho^2 k_x r^2) to "
        "the sign inputs in the stored weights, and N/(N + rho^4 k_x r^2) in the effective map, at all "
        "times.",
    ),
    Entry(
        "race",
        "specialization.race:RACE",
        2,
        f"{JARVIS}, shared outputs; Saxe, Sodhani & Lewallen (ICML 2022); any depth derived here",
        "Of two pathways into the same outputs the one with the larger gain wins as the start tends to "
        "zero; with three layers the ratio of the starts decides as well, at any scale. Both follow one "
        "common clock.",
    ),
    Entry(
        "learning-rules",
        "specialization.rules:RULES",
        6,
        f"{JARVIS}, learning rules: Hebbian, anti-Hebbian, contrastive Hebbian, predictive coding",
        "Under every rule the singular values follow the exact map of their mode, started in the direction "
        "that grows under the rule; the published prediction, which leaves the rule out, misses by .15 to "
        ".9.",
    ),
    Entry(
        "rule-order",
        "specialization.rule_order:RULE_ORDER",
        4,
        f"{JARVIS}, learning rules; growth rate from the linearised equations",
        "Modes grow from small weights at the rate mu of their rule and are learned in its order, which "
        "need not be the order of lambda.",
    ),
    Entry(
        "motivating-example",
        "specialization.generalisation:MOTIVATING",
        3,
        f"{JARVIS}, motivating example",
        "Trained on 3 of 8 items, two-layer networks end with the held-out errors of the map of least norm: "
        "the non-compositional part is never learned, the compositional part in full only without identity "
        "inputs.",
    ),
    Entry(
        "held-out-size",
        "specialization.generalisation:HELD_OUT_SIZE",
        4,
        f"{JARVIS}, held-out items; averages over training sets derived here",
        "The compositional error on held-out items falls with the training set and rises with the identity "
        "inputs; it vanishes only without them, for training sets whose sign inputs span those to be "
        "written.",
    ),
    Entry(
        "full-rank",
        "specialization.generalisation:FULL_RANK",
        1,
        f"{JARVIS}, probability of full rank; exact counts derived here",
        "Random training sets have sign inputs of full rank with known rational probability: 4/7 for 3 of 8 "
        "items, 232/455 for 4 of 16, and 1 for more than half of all.",
    ),
)
SCALING: tuple[Entry, ...] = (
    Entry(
        "double-descent",
        "scaling.double_descent:DOUBLE_DESCENT",
        6,
        f"{BOOPATHY}, expected losses; Hastie et al. (2022), Belkin, Hsu & Xu (2020), Canatar et al. (2021)",
        "The losses of least squares on random features fall, diverge at as many features as rows, and fall "
        "again, as predicted: exactly with fewer features than rows or features of equal size, to O(1/N) "
        "with features of unequal size. At the threshold the test loss has the tail index (|N - p| + 1)/2.",
    ),
    Entry(
        "feature-covariance",
        "scaling.double_descent:FEATURE_COVARIANCE",
        4,
        "Canatar et al. (2021), Simon et al. (2023), against the formula for features of equal size",
        "With more features than rows, and the eigenvalues in the features rather than in the weights, the "
        "formula by F(N, p) is too large by a factor of two to six; the deterministic equivalent holds "
        "within its declared error, which falls about as 1/N.",
    ),
    Entry(
        "early-stopping",
        "scaling.early_stopping:EARLY_STOPPING",
        1,
        "Advani, Saxe & Sompolinsky (2020), Ali, Kolter & Tibshirani (2019); Ledoit & Peche (2011) for the limit",
        "The losses during gradient flow on random features follow one contour integral of the effective "
        "ridge, and the test loss is smallest at a finite time.",
    ),
    Entry(
        "loss-trends",
        "scaling.sample_complexity:LOSS_TRENDS",
        3,
        f"{BOOPATHY}, loss against dimension, size, samples and modules",
        "The test loss rises with the dimension of the task, is smallest at a finite size of the student, "
        "falls with the rows, and rises with the number of modules at fixed rows; at fixed rows per module "
        "it hardly changes.",
    ),
    Entry(
        "sample-complexity",
        "scaling.sample_complexity:SAMPLE_COMPLEXITY",
        5,
        f"{BOOPATHY}, sample complexity, re-derived",
        "At fixed relative error the samples that a monolithic student needs grow as exp(Omega^m ln "
        "1/epsilon), doubly exponentially in the dimension m, if it enters through the exponent of the "
        "eigenvalues; those of modules with known projections do not depend on m and are proportional to "
        "their number.",
    ),
    Entry(
        "sample-criteria",
        "scaling.sample_criteria:SAMPLE_CRITERIA",
        2,
        f"{BOOPATHY}, sample complexity, re-derived under other criteria",
        "Rows in proportion to Omega^m make a student better than nothing, or as good as its fixed size "
        "allows, and Omega^2m rows pay for Omega^m features; but the relative loss that they reach goes to "
        "1 with the dimension, while a fixed relative loss takes doubly exponentially many.",
    ),
    Entry(
        "known-directions",
        "scaling.known_directions:KNOWN_DIRECTIONS",
        8,
        f"{BOOPATHY}, modular sample complexity; real features in place of normal ones",
        "With cosine features of known directions the test loss is that of independent normal features, "
        "whatever the number of inputs, also if the directions are correlated; that of a kernel on all "
        "inputs rises with them.",
    ),
    Entry(
        "linear-modules",
        "scaling.linear_modules:LINEAR_MODULES",
        1,
        f"{BOOPATHY_TITLE}, the rule for one module with a linear kernel; Izenman (1975)",
        "On linear modules the objective has one minimum, the top of a generalised eigenproblem (for one "
        "output the ridge direction), which every start finds and which is a mixture of the modules; all "
        "that modules gain is that their projections are known.",
    ),
    Entry(
        "module-mixture",
        "scaling.module_mixture:MODULE_MIXTURE",
        7,
        f"{BOOPATHY_TITLE}, the rule for one module; its population optimum derived here (Mehler's formula)",
        "What one direction can explain of a modular target is known in closed form; for slow waves its "
        "optimum, which the rule finds, is a mixture of modules, and only for fast waves a true module.",
    ),
    Entry(
        "module-finding",
        "scaling.module_finding:MODULE_FINDING",
        40,
        f"{BOOPATHY_TITLE}, the rule that finds modules; deflation and joint search are additions here",
        "From 300 samples of a three-module sine task in 8 dimensions, deflation and then joint descent on "
        "the kernel objective finds all modules and predicts the held-out combination; the published rule, "
        "one module at a time against the full target, does not.",
    ),
    Entry(
        "module-samples",
        "scaling.module_samples:MODULE_SAMPLES",
        59,
        f"{BOOPATHY_TITLE}, sample complexity; here of the whole pipeline",
        "The samples that modular learning needs grow with the number of inputs and of modules when the "
        "modules are to be found; they do not depend on the number of inputs only if the projections are "
        "known. Most of it is no fault of the search: with fewer samples the objective prefers other "
        "projections to the true ones.",
    ),
)
IMAGES: tuple[Entry, ...] = (
    Entry(
        "torch-linear",
        "images.torch_linear:TORCH_LINEAR",
        11,
        "Saxe, McClelland & Ganguli (ICLR 2014); Jarvis, Klein, Rosman & Saxe (ICLR 2023), dense deep network",
        "A linear network trained by PyTorch follows the closed form and equals our own simulation to "
        "rounding, in double and in single precision.",
        extra="torch",
    ),
    Entry(
        "image-order",
        "images.order:IMAGE_ORDER",
        155,
        f"{JARVIS}, compositional images; times of linear networks on the second moments of the data",
        "On images, too, the part with the larger singular values is learned first: the compositional part "
        "at small label scales, the other at large ones. With tanh both times are in the ratio that linear "
        "networks on the same second moments predict; with ReLU the order turns at a smaller scale.",
        extra="torch",
    ),
    Entry(
        "image-split",
        "images.split:IMAGE_SPLIT",
        60,
        f"{JARVIS}, compositional MNIST; here three digits of five classes",
        "An MLP with a module of its own for the compositional labels makes smaller compositional errors on "
        "combinations never seen than a dense one, at label scales 10 and 1; with shuffled labels it does "
        "not.",
        extra="torch",
    ),
    Entry(
        "image-coverage",
        "images.coverage:IMAGE_COVERAGE",
        60,
        f"{JARVIS}, compositional MNIST; here three digits of five classes",
        "What a module of its own for the compositional labels gains on unseen combinations grows with the "
        "scale of the non-compositional labels, which a split network does not feel; both networks gain "
        "from combinations seen.",
        extra="torch",
    ),
    Entry(
        "image-norms",
        "images.norms:IMAGE_NORMS",
        60,
        f"{JARVIS}, compositional images; norms of linear networks on the second moments of the data",
        "The Jacobian of tanh networks on images, averaged over items, has the block norms and the "
        "systematicity over training that linear networks on the same second moments have, dense and in two "
        "modules.",
        extra="torch",
    ),
    Entry(
        "image-modules",
        "images.modules:IMAGE_MODULES",
        60,
        f"{BOOPATHY_TITLE}, modular networks for compositional images; joint search is an addition here",
        "On pairs of digits with 60 of 100 combinations seen, a modular network that starts from "
        "projections found jointly by the kernel rule errs less on unseen combinations than from random "
        "ones, than from those of the published rule, and than one module that sees everything.",
        extra="torch",
    ),
)
CATALOGUE: tuple[Entry, ...] = (*SPECIALIZATION, *SCALING, *IMAGES)
