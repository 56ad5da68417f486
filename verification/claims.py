"""A claim: a statement with its source, the check that can refute it, and its picture."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..datasets import Images, digits
from ..extras import MissingExtra
from ..validation import instance, integer
from .agreement import Agreement
from .convergence import ConvergenceOrder
from .errors import QuantityError, ratio
from .places import place, told
from .verdicts import FAILS, HOLDS, UNDECIDED, combined

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Settings:
    """How a claim is to be checked.

    Attributes
    ----------
    seed : int, default 0
        First of the seeds that random starts use.
    quick : bool, default False
        Fewer seeds and settings, for a first look.
    progress : callable
        Called with the fraction done.
    images : Images, optional
        What claims on images use; :func:`linmod.datasets.digits` unless given.

    See Also
    --------
    Claim.run : Check a claim with these settings.
    """

    seed: int = 0
    quick: bool = False
    progress: Callable[[float], None] = field(default=lambda _: None, repr=False, compare=False)
    images: Images | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        integer("seed", self.seed)
        instance("images", self.images, (Images, type(None)))

    @property
    def source_images(self) -> Images:
        """The images that claims on images use."""
        return self.images or digits()

    def seeds(self, full: int, quick: int) -> list[int]:
        """The seeds to use, `full` of them or `quick`."""
        return list(range(self.seed, self.seed + (quick if self.quick else full)))


@dataclass(frozen=True)
class Finding:
    """One measured number with the range that it must lie in.

    Attributes
    ----------
    label : str
        What was measured.
    error : float
    tolerance : float
        Bound of the error.
    passed : bool
        Whether what must be rejected was rejected. It becomes false if the error is beyond its bound or not a
        number, or if the finding is undecided.
    controls, rejected : int
        How many null controls there were, and how many were rejected.
    order : float or None
        Fitted order of convergence, where one was measured.
    reason : str
        Why the finding holds, fails or is undecided, where that is known.
    undecided : bool, default False
        Whether nothing could be found out.
    unit : str, default ""
        What error and bound are measured in; a plain number unless given.
    beyond : tuple of str, default ()
        The quantities beyond their bounds, each with its error and its bound.

    See Also
    --------
    Evidence : All findings of a claim.
    Claim : The statement that they decide.
    """

    label: str
    error: float
    tolerance: float
    passed: bool
    controls: int
    rejected: int
    order: float | None = None
    reason: str = ""
    undecided: bool = False
    unit: str = ""
    beyond: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        within = bool(self.error <= self.tolerance)
        object.__setattr__(self, "passed", bool(self.passed) and within and not self.undecided)

    @property
    def verdict(self) -> str:
        """One of "holds", "fails" and "undecided"."""
        if self.undecided:
            return UNDECIDED
        return HOLDS if self.passed else FAILS

    @property
    def of_bound(self) -> float:
        """Error in units of its bound; infinite if it is not a number."""
        share = ratio(float(self.error), float(self.tolerance))
        return math.inf if math.isnan(share) else share


@dataclass(frozen=True, eq=False)
class Evidence:
    """The findings of the check of a claim.

    Attributes
    ----------
    findings : tuple of Finding
    data : mapping
        What the picture of the claim is drawn from.

    See Also
    --------
    Finding : One measured number.
    Claim.run : Make the evidence of a claim.
    """

    findings: tuple[Finding, ...]
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def verdict(self) -> str:
        """It fails if a finding fails; else it is undecided if a finding is, or no null control was rejected."""
        found = combined(finding.verdict for finding in self.findings)
        if found == HOLDS and not any(finding.rejected for finding in self.findings):
            return UNDECIDED
        return found

    @property
    def reason(self) -> str:
        """Why the verdict is what it is: the reason of the finding that decides it."""
        deciding = [finding for finding in self.findings if finding.verdict == self.verdict]
        if not deciding:
            return NO_CONTROL if self.findings else "nothing was measured; a finding would decide it"
        first = max(deciding, key=lambda finding: finding.of_bound)
        return f"{first.label}: {first.reason}" if first.reason else _in_words(first)

    @property
    def passed(self) -> bool:
        """Whether the verdict is "holds"."""
        return self.verdict == HOLDS

    @property
    def worst(self) -> Finding:
        """The finding that decides the verdict, or the closest of these to its bound."""
        return max(self.findings, key=lambda finding: (_SEVERITY[finding.verdict], finding.of_bound))


_SEVERITY = {HOLDS: 0, UNDECIDED: 1, FAILS: 2}
NO_CONTROL = "no null control was rejected, so that nothing shows that the check can fail; a control would decide it"


def _in_words(finding: Finding) -> str:
    error = f"{finding.label}: error {finding.error:.2e}, bound {finding.tolerance:.2e}"
    return f"{error}, {finding.rejected} of {finding.controls} null controls rejected"


Checked = Evidence | Agreement | ConvergenceOrder | Sequence[Agreement | ConvergenceOrder]


@dataclass(frozen=True)
class Claim:
    """A statement that can be refuted.

    Parameters
    ----------
    name : str
        Lower-case words joined by hyphens.
    source : str
        Paper, section or equation.
    statement : str
        One sentence.
    check : callable
        Maps :class:`Settings` to the outcome of :func:`linmod.verify`, :func:`linmod.compare` or
        :func:`linmod.convergence_order`, to a sequence of these, or to an :class:`Evidence`.
    assumptions : tuple of str
        Assumptions of the statement.
    draw : callable, optional
        Maps the evidence to a matplotlib figure.
    caption : str, optional
        What in the figure is line, and what is marker.

    Raises
    ------
    TypeError, ValueError
        If the name is malformed, a text is empty, or check or draw cannot be called.

    See Also
    --------
    linmod.verify, linmod.compare : Outcomes that a check may return.
    Evidence : Findings that a check may return.

    Examples
    --------
    >>> import linmod
    >>> problem = linmod.Problem(linmod.SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1), linmod.Shallow(),
    ...                          linmod.Aligned(0.0), linmod.Descent(step_size=0.04, steps=300))
    >>> claim = linmod.Claim("shallow", "Saxe et al. 2014", "Shallow modes learn exponentially.",
    ...                      check=lambda settings: linmod.verify(problem))
    >>> claim.run().passed
    True
    """

    name: str
    source: str
    statement: str
    check: Callable[[Settings], Checked] = field(repr=False)
    assumptions: tuple[str, ...] = ()
    draw: Callable[[Evidence], Figure] | None = field(default=None, repr=False)
    caption: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        for label in ("name", "source", "statement"):
            instance(label, getattr(self, label), (str,))
            if not getattr(self, label).strip():
                raise ValueError(f"{label} must not be empty")
        if not NAME.fullmatch(self.name):
            raise ValueError(f"name must be lower-case words joined by hyphens, got {self.name!r}")
        for label in ("check", "draw"):
            if not callable(getattr(self, label)) and not (label == "draw" and self.draw is None):
                raise TypeError(f"{label} must be callable, got {type(getattr(self, label)).__name__}")

    def run(self, settings: Settings | None = None) -> Evidence:
        """Check the claim."""
        return evidence(self.check(settings or Settings()))


@dataclass(frozen=True, eq=False)
class Outcome:
    """A checked claim: its evidence, or the error that ended the check; skipped if it need not be checked.

    `where` is the place of an error, file and line, and `traceback` all that led to it.
    """

    claim: Claim
    seconds: float
    evidence: Evidence | None = None
    error: str | None = None
    skipped: bool = False
    where: str = ""
    traceback: str = ""

    @property
    def missing(self) -> bool:
        """Whether a package that the check needs is not installed."""
        return self.error is not None and self.error.startswith(MissingExtra.__name__)

    @property
    def verdict(self) -> str:
        """The verdict of the evidence; "fails" where the check ended in an error."""
        if self.error is not None or self.evidence is None:
            return FAILS
        return self.evidence.verdict

    @property
    def reason(self) -> str:
        """Why the verdict is what it is."""
        if self.evidence is not None and self.error is None:
            return self.evidence.reason
        if self.missing:
            return str(self.error).partition(": ")[2]
        return f"{self.error} ({self.where})" if self.where else self.error or "it was not checked"

    @property
    def passed(self) -> bool:
        """Whether the claim was checked without an error, and holds."""
        return self.verdict == HOLDS


def run_claims(
    claims: Iterable[Claim], settings: Callable[[Claim], Settings] = lambda _: Settings()
) -> Iterator[Outcome]:
    """Check claims one after the other; one that ends in an error does not stop the rest.

    Parameters
    ----------
    claims : iterable of Claim
    settings : callable
        The settings for each claim.

    Yields
    ------
    Outcome
        As soon as each claim has been checked.
    """
    for claim in claims:
        start = time.perf_counter()
        try:
            found = claim.run(settings(claim))
            yield Outcome(claim, time.perf_counter() - start, found)
        except (Exception, SystemExit) as error:
            seconds, message = time.perf_counter() - start, f"{type(error).__name__}: {error}"
            yield Outcome(claim, seconds, error=message, where=place(error), traceback=told(error))


def evidence(checked: Checked) -> Evidence:
    """Bring what a check returns into one form."""
    if isinstance(checked, Evidence):
        return checked
    if isinstance(checked, Agreement | ConvergenceOrder):
        checked = (checked,)
    if not isinstance(checked, Sequence) or not checked:
        raise TypeError(f"check must return an agreement, an order, a sequence of these or evidence, got {checked!r}")
    return Evidence(findings=tuple(finding(item) for item in checked), data={"checked": tuple(checked)})


def finding(item: Agreement | ConvergenceOrder, label: str = "") -> Finding:
    """Bring an agreement or a fitted order into the form of a finding.

    The error of an order is its distance from the middle of the expected range, its tolerance half the range.
    """
    if isinstance(item, Agreement):
        rejected, counted = item.counts
        return Finding(
            label=label or item.description,
            error=item.by_quantity[item.worst].relative,
            tolerance=item.tolerance,
            passed=item.passed,
            controls=counted,
            rejected=rejected,
            reason=item.reason,
            undecided=item.verdict == UNDECIDED,
            unit="of largest",
            beyond=tuple(_beyond(name, q) for name, q in item.by_quantity.items() if not q.of_bound <= 1),
        )
    instance("check result", item, (ConvergenceOrder,))
    low, high = item.expected
    return Finding(
        label=label or f"order in {item.parameter}",
        error=abs(item.order - (low + high) / 2),
        tolerance=(high - low) / 2,
        passed=item.passed,
        controls=1,
        rejected=int(item.null_rejected),
        order=item.order,
        reason=item.reason,
        undecided=item.verdict == UNDECIDED,
        unit="order",
    )


def _beyond(name: str, quantity: QuantityError) -> str:
    return f"{name}: error {quantity.error:.2e}, {quantity.of_bound:.3g} times its bound {quantity.bound:.2e}"
