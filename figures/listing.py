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
        "The input-output correlations of every dataset of the space have at most four distinct nonzero "
        "singular values, with known multiplicities.",
    ),
    Entry(
        "aligned-start",
        "specialization.space:ALIGNED",
        10,
        f"{JARVIS}, learning dynamics; Saxe, McClelland & Ganguli (2014)",
        "From aligned initial weights the closed forms of shallow and two-layer networks are exact for "
        "gradient flow and for gradient descent, at all edges of the dataset space.",
    ),
    Entry(
        "dense-deep",
        "specialization.dense:DENSE_DEEP",
        1,
        f"{JARVIS}, learning dynamics and Frobenius norms of the dense deep network",
        "The singular values, block norms and loss of a two-layer network trained from small random weights "
        "follow the closed form that starts from those weights and takes the same discrete steps.",
    ),
    Entry(
        "dense-shallow",
        "specialization.dense:DENSE_SHALLOW",
        4,
        f"{JARVIS}, learning dynamics and Frobenius norms of the dense shallow network",
        "The singular values, block norms and loss of a shallow network trained from random weights equal "
        "their closed form to rounding.",
    ),
    Entry(
        "initial-scale",
        "specialization.limits:INITIAL_SCALE",
        2,
        "Saxe, McClelland & Ganguli (2014), small initial weights; order measured here",
        "The error of the closed form for small random weights decreases with their standard deviation: in "
        "proportion to it if the singular values of the classes are well separated, and with a smaller "
        "known power if they are close.",
    ),
    Entry(
        "step-size",
        "specialization.limits:STEP_SIZE",
        1,
        f"{JARVIS}, gradient flow as the limit of descent",
        "Gradient flow predicts gradient descent with an error of first order in the step size; the exact "
        "discrete map predicts it to rounding.",
    ),
    Entry(
        "depth",
        "specialization.depth:DEPTH",
        2,
        "Saxe, McClelland & Ganguli (2014), equation for any depth; solved here",
        "A mode of a balanced network of L layers follows the inverse of one incomplete integral. As its "
        "initial strength decreases, its half-time grows logarithmically with two layers and as the power "
        "-(1 - 2/L) of the initial strength with more.",
    ),
    Entry(
        "systematicity-ratio",
        "specialization.space:SYSTEMATICITY",
        1,
        f"{JARVIS}, Frobenius norms; the ratio tends to 1 with scale",
        "In a shallow network trained from zero weights the systematicity ratio, the share of the sign "
        "inputs in the squared norm of the map to the sign outputs, is N/(N + k_x r^2) at all times.",
    ),
    Entry(
        "phase-ratio",
        "specialization.phase:RATIO_PHASES",
        1,
        f"{JARVIS}, Frobenius norms and the ratio's limit with scale; scatter derived here",
        "The final systematicity ratio of a two-layer network trained from small random weights has mean "
        "N/(N + k_x r^2) and standard deviation 2 s sqrt(ratio (1 - ratio) / pi*).",
    ),
    Entry(
        "phase-time",
        "specialization.phase:TIME_PHASES",
        4,
        f"{JARVIS}, learning dynamics; average over random starts derived here",
        "The mean half-times of sign modes and identity modes over small random initial weights follow from "
        "the mean logarithm of their initial strengths in closed form, and so does their scatter.",
    ),
    Entry(
        "output-split",
        "specialization.modules:OUTPUT_SPLIT",
        3,
        f"{JARVIS}, output-partitioned network",
        "A network of two modules that split the outputs follows its closed form from small random weights. "
        "Its final systematicity ratio is N/(N + k_x r^2), as in the dense network: splitting the outputs "
        "does not make the network more systematic.",
    ),
    Entry(
        "fully-partitioned",
        "specialization.modules:FULLY_PARTITIONED",
        2,
        f"{JARVIS}, fully partitioned network",
        "If inputs and outputs are both partitioned, the sign outputs depend on the sign inputs alone at "
        "all times. In the output-split and the dense network they also depend on the identity inputs.",
    ),
    Entry(
        "imperfect-partition",
        "specialization.modules:LEAK",
        1,
        f"{JARVIS}, imperfect partition; both readings derived here",
        "If identity inputs leak into the sign module with weight rho, the share of the sign inputs is N/(N "
        "+ rho^2 k_x r^2) in the stored weights and N/(N + rho^4 k_x r^2) in the effective map, at all "
        "times.",
    ),
    Entry(
        "race",
        "specialization.race:RACE",
        2,
        f"{JARVIS}, shared outputs; Saxe, Sodhani & Lewallen (ICML 2022); any depth derived here",
        "Two pathways that write the same outputs conserve one relation between their strengths, which "
        "fixes their final shares: by their gains if two-layer pathways start equal, and by their gains and "
        "the ratio of their initial strengths with three layers.",
    ),
    Entry(
        "learning-rules",
        "specialization.rules:RULES",
        6,
        f"{JARVIS}, learning rules: Hebbian, anti-Hebbian, contrastive Hebbian, predictive coding",
        "Under each of six learning rules the singular values and the loss follow the discrete map of their "
        "mode, started from the component of the initial weights that grows under the rule. The anti-Hebbian "
        "rule is that of the published run, and other forms of its term do not describe the run. The prediction "
        "for gradient descent, which leaves the rule out, describes none of the six.",
    ),
    Entry(
        "rule-order",
        "specialization.rule_order:RULE_ORDER",
        4,
        f"{JARVIS}, learning rules; growth rate from the linearised equations",
        "Modes grow from small weights at the rate mu of the learning rule, and are learned in decreasing "
        "order of mu. This order can differ from the order of the singular values lambda.",
    ),
    Entry(
        "motivating-example",
        "specialization.generalisation:MOTIVATING",
        3,
        f"{JARVIS}, motivating example",
        "Two-layer networks trained on 3 of 8 items converge to the held-out errors of the map of least "
        "norm. The error on non-compositional outputs does not decrease; the error on compositional outputs "
        "decreases, and is smallest without identity inputs.",
    ),
    Entry(
        "held-out-size",
        "specialization.generalisation:HELD_OUT_SIZE",
        4,
        f"{JARVIS}, held-out items; averages over training sets derived here",
        "The mean compositional error on held-out items decreases with the size of the training set and "
        "increases with the identity inputs, rho = k_x r^2. It vanishes only at rho = 0, for training sets "
        "whose items determine the sign outputs; their exact share is known.",
    ),
    Entry(
        "full-rank",
        "specialization.generalisation:FULL_RANK",
        1,
        f"{JARVIS}, probability of full rank; exact counts derived here",
        "The sign inputs of a random training set have full rank with a known rational probability: 4/7 for "
        "3 of 8 items, 232/455 for 4 of 16, and 1 for more than half of all items.",
    ),
)
SCALING: tuple[Entry, ...] = (
    Entry(
        "double-descent",
        "scaling.double_descent:DOUBLE_DESCENT",
        6,
        f"{BOOPATHY}, expected losses; Hastie et al. (2022), Belkin, Hsu & Xu (2020), Canatar et al. (2021)",
        "The test loss of least squares on random features falls, diverges as the number of features p "
        "approaches the number of rows N, and falls again, as predicted. The prediction is exact with fewer "
        "features than rows or features of equal size, and has an error of order 1/N with features of "
        "unequal size. Near the threshold the test loss has the tail index (|N - p| + 1)/2.",
    ),
    Entry(
        "feature-covariance",
        "scaling.double_descent:FEATURE_COVARIANCE",
        4,
        "Canatar et al. (2021), Simon et al. (2023); compared with the formula for features of equal size",
        "With more features than rows and features of unequal size, the test loss follows the deterministic "
        "equivalent within its declared error, and the relative error decreases about as 1/N. The formula "
        "with F(N, p), which assumes features of equal size, does not describe it.",
    ),
    Entry(
        "early-stopping",
        "scaling.early_stopping:EARLY_STOPPING",
        1,
        "Advani, Saxe & Sompolinsky (2020), Ali, Kolter & Tibshirani (2019); Ledoit & Peche (2011) for the limit",
        "The training and test losses of random features under gradient flow follow one contour integral "
        "over the effective ridge, and the test loss has a minimum at a finite time.",
    ),
    Entry(
        "loss-trends",
        "scaling.sample_complexity:LOSS_TRENDS",
        3,
        f"{BOOPATHY}, loss against dimension, size, samples and modules",
        "The test loss of one module increases with the dimension of the task, has a minimum at a finite "
        "number of features, and decreases with the number of rows. The loss of several modules does not "
        "depend on the dimension of the task; it increases with their number at fixed rows, and changes by "
        "less than a tenth at fixed rows per module.",
    ),
    Entry(
        "sample-complexity",
        "scaling.sample_complexity:SAMPLE_COMPLEXITY",
        5,
        f"{BOOPATHY}, sample complexity, re-derived",
        "At fixed relative error epsilon, the number of samples that one module needs grows to leading "
        "order as exp(Omega^m ln 1/epsilon), doubly exponentially in the dimension m, if m enters through "
        "the exponent of the eigenvalues. With K modules of known one-dimensional projections it grows "
        "linearly in K and does not depend on m.",
    ),
    Entry(
        "sample-criteria",
        "scaling.sample_criteria:SAMPLE_CRITERIA",
        2,
        f"{BOOPATHY}, sample complexity, re-derived under other criteria",
        "The number of rows with which a student does better than predicting 0, or gains half of what a "
        "fixed number of features can gain, grows as Omega^m; the number with which Omega^m features are "
        "the best size grows as Omega^2m. The relative loss with these rows tends to 1 as the dimension m "
        "increases.",
    ),
    Entry(
        "known-directions",
        "scaling.known_directions:KNOWN_DIRECTIONS",
        8,
        f"{BOOPATHY}, modular sample complexity; real features in place of normal ones",
        "With cosine features of known directions the test loss equals that of independent normal features "
        "for every number of inputs, for orthogonal and for correlated directions. The loss of a kernel on "
        "all inputs increases with their number.",
    ),
    Entry(
        "linear-modules",
        "scaling.linear_modules:LINEAR_MODULES",
        1,
        f"{BOOPATHY}, the rule for one module with a linear kernel; Izenman (1975)",
        "On linear modules the module-finding objective for one module is minimised by the leading solution "
        "of a generalised eigenproblem (for one output, the ridge direction). Descent from every random "
        "start finds it, and it is a mixture of the modules. Modules reduce the excess error only if their "
        "projections are known.",
    ),
    Entry(
        "module-mixture",
        "scaling.module_mixture:MODULE_MIXTURE",
        7,
        f"{BOOPATHY}, the rule for one module; its population optimum derived here (Mehler's formula)",
        "The variance of a modular target that one direction captures is known in closed form. The rule for "
        "one module finds a direction that captures as much as the best one. For a slow wave this direction "
        "is a mixture of the modules, and for a fast wave it is a true module. For waves 1, 3, 5 many "
        "directions capture almost as much, so that samples do not determine the overlap.",
    ),
    Entry(
        "module-finding",
        "scaling.module_finding:MODULE_FINDING",
        40,
        f"{BOOPATHY}, the rule that finds modules; deflation and joint search are additions here",
        "From 300 samples of a sine task with three modules in 8 dimensions, deflation followed by joint "
        "descent on the kernel objective finds all modules and predicts the held-out combination. The "
        "published rule, which fits one module at a time to the full target, does not.",
    ),
    Entry(
        "module-samples",
        "scaling.module_samples:MODULE_SAMPLES",
        59,
        f"{BOOPATHY}, sample complexity; here of the whole pipeline",
        "If the modules must be found, the number of samples that modular learning needs grows with the "
        "number of inputs and with the number of modules; if the projections are known, it does not grow "
        "with the number of inputs. Most failures with fewer samples are not failures of the search: the "
        "objective prefers other projections to the true ones.",
    ),
)
IMAGES: tuple[Entry, ...] = (
    Entry(
        "torch-linear",
        "images.torch_linear:TORCH_LINEAR",
        11,
        "Saxe, McClelland & Ganguli (ICLR 2014); Jarvis, Klein, Rosman & Saxe (ICLR 2023), dense deep network",
        "A linear network trained by PyTorch equals our simulation to rounding in double and in single "
        "precision, and follows the closed form.",
        extra="torch",
    ),
    Entry(
        "image-order",
        "images.order:IMAGE_ORDER",
        155,
        f"{JARVIS}, compositional images; times of linear networks on the second moments of the data",
        "On images the labels with the larger singular values are learned first: the compositional labels "
        "at small label scales, and the non-compositional labels at large ones. With tanh units the ratio "
        "of their half-times is about that of linear networks on the same second moments.",
        extra="torch",
    ),
    Entry(
        "image-split",
        "images.split:IMAGE_SPLIT",
        60,
        f"{JARVIS}, compositional MNIST; here three digits of five classes",
        "Giving the compositional labels their own module reduces the compositional test error of an MLP on "
        "unseen combinations, at label scales 10 and 1. With shuffled labels it does not.",
        extra="torch",
    ),
    Entry(
        "image-coverage",
        "images.coverage:IMAGE_COVERAGE",
        60,
        f"{JARVIS}, compositional MNIST; here three digits of five classes",
        "Giving the compositional labels their own module reduces the error on unseen combinations more if "
        "the scale of the non-compositional labels is larger. The errors of both networks decrease with the "
        "number of combinations seen.",
        extra="torch",
    ),
    Entry(
        "image-norms",
        "images.norms:IMAGE_NORMS",
        120,
        f"{JARVIS}, compositional images; norms of linear networks on the second moments of the data",
        "During training on images the block norms and the systematicity of the Jacobian of tanh networks, averaged "
        "over items, are those of linear networks that learn from the same second moments, up to an error of first "
        "order in the mean square of what the hidden units receive, for dense networks and for two modules.",
        extra="torch",
    ),
    Entry(
        "image-modules",
        "images.modules:IMAGE_MODULES",
        60,
        f"{BOOPATHY}, modular networks for compositional images; joint search is an addition here",
        "On pairs of digits with 60 of 100 combinations seen, a modular network whose initial projections "
        "are found jointly by the kernel rule has a smaller error on unseen combinations than networks with "
        "random projections, with those of the published rule, and with one module that sees both digits.",
        extra="torch",
    ),
)
CATALOGUE: tuple[Entry, ...] = (*SPECIALIZATION, *SCALING, *IMAGES)
