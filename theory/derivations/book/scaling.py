"""Expected losses of linear models of limited size, their optimal size and their sample complexity."""

from __future__ import annotations

from sympy import E, Eq, Function, Integral, Limit, Symbol, atan, cos, gamma, oo, pi, sin, sqrt, symbols, tan

from ..derivation import Derivation
from ..steps.checks import Algebra, AsLimit, Integration, Solves
from ..steps.lines import Given, Rejected, Step
from . import notation as n

N, p, s = symbols("N p s", positive=True)
used, unused, noise, total = symbols("t_1 t_2 v tau", nonnegative=True)
degrees, angle, a, b = symbols("k theta a b", positive=True)
mean_inverse, spread, test, train = symbols("m F L_test L_train", nonnegative=True)
gamma_integral, chi_inverse = Function("I"), Function("M")
SOURCE = f"{n.SCALING}, linear model"
SIZES = {
    N: "number of independent rows of data, samples times outputs",
    p: "number of parameters",
    total: "variance of what the used features cannot explain, noise included",
    unused: "variance of the unused features",
    noise: "variance of the noise",
    test: "expected test loss, against the target without noise",
    train: "expected training loss",
}

UNDER = Derivation(
    name="expected-loss",
    title="Expected losses with fewer parameters than data",
    source=SOURCE,
    about=(
        "The losses are exact for any spectrum of Gaussian features. The error of the fitted weights is the mean of "
        "an inverse Wishart matrix, which does not depend on the spectrum."
    ),
    symbols={
        **SIZES,
        degrees: "degrees of freedom",
        a: "exponent",
        gamma_integral: "the gamma integral",
        chi_inverse: "mean of 1/x for x chi squared with k degrees of freedom",
        mean_inverse: "mean of an entry of the diagonal of the inverse of Z'Z, Z standard Gaussian, N by p",
        spread: "mean squared norm of the pseudo-inverse of Z",
    },
    where=(p + 1 < N, degrees > 2),
    lines=(
        Given(
            "gamma integral", Eq(gamma_integral(a), 2**a * gamma(a)), "The integral of x^(a - 1) e^(-x/2) over x > 0."
        ),
        Step("exponential", Eq(gamma_integral(1), 2), "The integral of e^(-x/2).", Algebra("gamma integral")),
        Given(
            "inverse of chi squared",
            Eq(chi_inverse(degrees), gamma_integral(degrees / 2 - 1) / gamma_integral(degrees / 2)),
            "The integral of 1/x times the density of chi squared with k degrees of freedom.",
        ),
        Step(
            "mean",
            Eq(chi_inverse(degrees), 1 / (degrees - 2)),
            "The recursion of the gamma function.",
            Algebra("inverse of chi squared", "gamma integral"),
        ),
        Given(
            "one entry",
            Eq(mean_inverse, chi_inverse(N - p + 1)),
            (
                "A diagonal entry of the inverse is the inverse squared norm of the part of one column that is "
                "orthogonal to the others."
            ),
        ),
        Given("trace", Eq(spread, p * mean_inverse), "The trace has p equal entries."),
        Step("pseudo-inverse", Eq(spread, p / (N - p - 1)), "Put the mean in.", Algebra("trace", "one entry", "mean")),
        Given("unexplained", Eq(total, unused + noise), "Unused features act as noise."),
        Given(
            "test",
            Eq(test, unused + total * spread),
            "The test loss is that of the unused features and of the noise in the fitted weights.",
        ),
        Given("training", Eq(train, total * (N - p) / N), "The residual is a projection of rank N - p of the noise."),
        Step("training loss", Eq(train, (unused + noise) * (1 - p / N)), "Divide.", Algebra("training", "unexplained")),
        Step(
            "test loss",
            Eq(test, unused + (unused + noise) * p / (N - p - 1)),
            "Put the trace in.",
            Algebra("test", "pseudo-inverse", "unexplained"),
        ),
        Step(
            "without noise",
            Eq(Limit(test, noise, 0), unused * (N - 1) / (N - p - 1)),
            "The form used for the optimal size.",
            AsLimit("test loss"),
        ),
    ),
)

l1, l2 = symbols("l_1 l_2", positive=True)
primitive, average = Function("A"), Symbol("h", positive=True)
bias = Symbol("B", positive=True)
OVER = Derivation(
    name="over-parameterised",
    title="More parameters than data: the usual formula needs equal eigenvalues",
    source=f"{SOURCE}; the counter-example is the smallest case, one sample and two features",
    about=(
        "If the variances of the features are unequal, the part of the target that remains unlearned after one sample "
        "is the geometric mean of the variances, not the arithmetic one. The formula t_1 (1 - N/p) holds for equal "
        "variances."
    ),
    symbols={
        l1: "variance of the first feature",
        l2: "variance of the second feature",
        angle: "direction of the sample in whitened coordinates, uniform",
        a: "end of the range of angles",
        primitive: "integral of 1/(l_1 cos^2 + l_2 sin^2)",
        average: "mean of 1/(l_1 cos^2 + l_2 sin^2)",
        bias: "expected test loss without noise",
        used: "total variance of the features",
        p: "number of parameters",
        N: "number of samples",
    },
    where=(a < pi / 2, angle < pi / 2),
    lines=(
        Given(
            "primitive", Eq(primitive(a), atan(sqrt(l2 / l1) * tan(a)) / sqrt(l1 * l2)), "Candidate for the integral."
        ),
        Step(
            "integral",
            Eq(Integral(1 / (l1 * cos(angle) ** 2 + l2 * sin(angle) ** 2), (angle, 0, a)), primitive(a)),
            "Differentiate back.",
            Integration(a, 0, "primitive"),
        ),
        Given(
            "mean",
            Eq(average, Limit(primitive(a), a, pi / 2, "-") / (pi / 2)),
            "By symmetry a quarter of the circle is sufficient.",
        ),
        Step(
            "mean of the inverse",
            Eq(average, 1 / sqrt(l1 * l2)),
            "The inverse tangent ends at pi/2.",
            AsLimit("mean", "primitive"),
        ),
        Given(
            "left over",
            Eq(bias, l1 + l2 - (l1 + l2 - l1 * l2 * average)),
            "Total variance less the mean of (l_1^2 cos^2 + l_2^2 sin^2)/(l_1 cos^2 + l_2 sin^2).",
        ),
        Step("loss", Eq(bias, sqrt(l1 * l2)), "The geometric mean.", Algebra("left over", "mean of the inverse")),
        Given("total variance", Eq(used, l1 + l2), "Definition."),
        Given("one sample", Eq(N, 1), "The smallest case."),
        Given("two parameters", Eq(p, 2), "The smallest case."),
        Rejected(
            "arithmetic mean",
            Eq(bias, used * (1 - N / p)),
            "The usual formula does not hold for every spectrum.",
            Algebra("loss", "total variance", "one sample", "two parameters"),
        ),
        Given("equal variances", Eq(l2, l1), "This assumption is needed."),
        Step(
            "equal variances suffice",
            Eq(bias, used * (1 - N / p)),
            "Under this assumption the formula holds.",
            Algebra("loss", "total variance", "one sample", "two parameters", "equal variances"),
        ),
    ),
)

size, factor, m, base, epsilon, samples = symbols("p_star f m Omega epsilon n", positive=True)
loss = Function("L")
OPTIMAL = Derivation(
    name="optimal-size",
    title="Optimal size of a model, and the samples needed for a loss",
    source=SOURCE,
    about=(
        "For eigenvalues i^-s - (i+1)^-s with s = Omega^-m the unused features have the variance (p+1)^-s. The number "
        "of samples for a given loss grows doubly exponentially in m."
    ),
    symbols={
        N: SIZES[N],
        p: SIZES[p],
        s: "exponent of the spectrum",
        m: "intrinsic dimension of the task",
        base: "base of the exponent",
        loss: "expected test loss without noise, as a function of p + 1",
        factor: "loss at the optimum over the variance of the unused features",
        size: "optimal p + 1",
        epsilon: "wanted loss",
        samples: "number of rows needed",
    },
    where=(p < N,),
    lines=(
        Given(
            "loss",
            Eq(loss(p), p ** (-s) * (N - 1) / (N - p)),
            "The expected loss without noise, with p in the place of p + 1; the sum of the unused eigenvalues "
            "telescopes to p^-s.",
        ),
        Step(
            "slope",
            Eq(loss(p).diff(p), p ** (-s - 1) * (N - 1) * ((1 + s) * p - s * N) / (N - p) ** 2),
            "Differentiate: the slope is negative below one size and positive above it.",
            Algebra("loss"),
        ),
        Given("turning point", Eq((1 + s) * size - s * N, 0), "The slope changes sign at this size."),
        Step("optimal size", Eq(size, N * s / (1 + s)), "Solve for the size.", Solves("turning point")),
        Given("exponent", Eq(s, base ** (-m)), "A smooth target in m dimensions."),
        Step(
            "optimal size in the dimension",
            Eq(size, N / (1 + base**m)),
            "Put the exponent in.",
            Algebra("optimal size", "exponent"),
        ),
        Given(
            "factor at the optimum",
            Eq(factor, loss(size) * size**s),
            "The loss in units of the variance of the unused features.",
        ),
        Step(
            "factor",
            Eq(factor, (1 + s) * (N - 1) / N),
            "Put the optimal size in.",
            Algebra("factor at the optimum", "loss", "optimal size"),
        ),
        Step(
            "factor for many rows",
            Eq(Limit(factor, N, oo), 1 + s),
            "The loss is (1 + s) times the variance of the unused features.",
            AsLimit("factor"),
        ),
        Given(
            "wanted loss",
            Eq(epsilon, (1 + s) * (s * samples / (1 + s)) ** (-s)),
            "To leading order, at the optimal size for n rows.",
        ),
        Step(
            "sample complexity",
            Eq(samples, (1 + s) / s * ((1 + s) / epsilon) ** (1 / s)),
            "Solve for the number of rows.",
            Solves("wanted loss"),
        ),
        Step(
            "sample complexity in the dimension",
            Eq(samples, (1 + base**m) * ((1 + base ** (-m)) / epsilon) ** (base**m)),
            "The logarithm of the number of rows grows as Omega^m, so the number is doubly exponential in m.",
            Algebra("sample complexity", "exponent"),
        ),
        Step(
            "asymptote",
            Eq(Limit(s * samples * epsilon ** (1 / s), s, 0), E),
            "For large m the number of rows is e Omega^m epsilon^(-Omega^m).",
            AsLimit("sample complexity"),
        ),
    ),
)

K, per_module, rows = symbols("K p_j N_K", positive=True)
MODULAR = Derivation(
    name="modular-samples",
    title="Modules with a known projection: samples in proportion to their number",
    source=SOURCE,
    about=(
        "K modules of intrinsic dimension 1 each share the rows. The number of rows depends on the number of modules, "
        "but not on the dimension m of the task."
    ),
    symbols={
        N: "number of rows that one module needs",
        rows: "number of rows that K modules need",
        K: "number of modules",
        per_module: "parameters of each module",
        unused: "variance of the unused features, the same for K equal modules together as for one",
        test: "expected test loss without noise",
        epsilon: "wanted loss",
    },
    lines=(
        Given("one module", Eq(epsilon, unused * (N - 1) / (N - per_module - 1)), "The expected loss for one module."),
        Given(
            "all modules",
            Eq(test, unused * (rows - 1) / (rows - K * per_module - 1)),
            "The expected loss with K times as many parameters.",
        ),
        Given("rows", Eq(rows, 1 + K * (N - 1)), "Candidate."),
        Step(
            "same loss", Eq(test, unused * (N - 1) / (N - per_module - 1)), "K cancels.", Algebra("all modules", "rows")
        ),
        Step(
            "samples",
            Eq(test, epsilon),
            "K modules reach the loss of one module with n(1) rows if n(K) - 1 = K (n(1) - 1).",
            Algebra("same loss", "one module"),
        ),
    ),
)

CATALOGUE = (UNDER, OVER, OPTIMAL, MODULAR)
