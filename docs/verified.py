"""Write README's table of what is verified from the report of a run.

linmod reproduce --out results && python docs/verified.py results/report.json
"""

from __future__ import annotations

import json
import math
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SUMMARY, README = ROOT / "docs/verified.json", ROOT / "README.md"
BEGIN, END = "<!-- verified: written by docs/verified.py -->\n", "<!-- end of verified -->"
HEADER = "| prediction | compared with | largest error | bound | wrong predictions rejected |\n" + 5 * "| --- " + "|"


@dataclass(frozen=True)
class Row:
    """One row: the findings of a claim whose labels match a pattern."""

    prediction: str
    compared_with: str
    claim: str
    pattern: str
    unit: str = ""

    @property
    def key(self) -> str:
        """Key of the row in the summary."""
        return f"{self.claim}: {self.pattern}"


@dataclass(frozen=True)
class Difference:
    """A mean difference between two networks with its interval, which the label of a finding states."""

    what: str
    claim: str
    pattern: str


INTERVALS = "\n| error on unseen combinations of digits | mean difference, 95 % interval | with shuffled labels |\n" + (
    3 * "| --- " + "|"
)
SPLIT = "MLP whose compositional labels have their own module - dense MLP, label scale"
DIFFERENCES = (
    Difference(f"{SPLIT} 10", "image-split", "scale 10: split - dense: (.*) [(]control (.*)[)]"),
    Difference(f"{SPLIT} 1", "image-split", "scale 1: split - dense: (.*) [(]control (.*)[)]"),
)
ALL_WEIGHTS = "training of all weights"
ERRORS = "standard errors"
ROWS = (
    Row("singular values of 177 datasets at all edges of the space", "numerical singular values", "spectrum", "^177"),
    Row("aligned start, gradient flow, shallow and two layers, 154 datasets", ALL_WEIGHTS, "aligned-start", "flow"),
    Row("aligned start, gradient descent, the same networks and datasets", ALL_WEIGHTS, "aligned-start", "descent"),
    Row("shallow network from random weights, published setting", ALL_WEIGHTS, "dense-shallow", "seed"),
    Row("two-layer network from small random weights, published setting", ALL_WEIGHTS, "dense-deep", "seed"),
    Row("one to five layers, learning curves", ALL_WEIGHTS, "depth", "curve"),
    Row("order 1 of the error in the initial scale", "fitted order", "initial-scale", "well separated"),
    Row("order .45 of the same error for close singular values", "fitted order", "initial-scale", "close"),
    Row("order 1 of the error of gradient flow in the step size", "fitted order", "step-size", "order"),
    Row("systematicity ratio N/(N + k_x r²)", ALL_WEIGHTS, "systematicity-ratio", "ratio"),
    Row("two modules that split the outputs, small random weights", ALL_WEIGHTS, "output-split", "seed"),
    Row("full partition, small random weights", ALL_WEIGHTS, "fully-partitioned", "seed"),
    Row("conserved relation of two pathways, two and three layers", ALL_WEIGHTS, "race", "invariant"),
    Row(
        "five learning rules, small random weights: modes and loss",
        ALL_WEIGHTS,
        "learning-rules",
        "^(?!con.*summed).*: modes and loss",
    ),
    Row(
        "summed contrastive rule, whose growth rates are close",
        ALL_WEIGHTS,
        "learning-rules",
        "contrastive, summed.*: modes and loss",
    ),
    Row("growth rates under five rules", "training of single modes", "rule-order", "growth"),
    Row("mean held-out errors over all training sets", "training on every set", "held-out-size", "mean errors"),
    Row("losses of random features across the threshold", "random draws", "double-descent", "loss,", ERRORS),
    Row("losses of random features under gradient flow", "random draws", "early-stopping", "loss,", ERRORS),
    Row("losses at the predicted number of samples", "random draws", "sample-complexity", "losses about", ERRORS),
    Row("loss on the held-out combination with modules found", "new samples", "module-finding", "held-out"),
    Row("network trained by PyTorch in float64", "our training of all weights", "torch-linear", "float64: .*our"),
    Row("network trained by PyTorch in float32", "our training of all weights", "torch-linear", "float32: .*our"),
    Row("order of the error of block norms, tanh networks on images", "order 1", "image-norms", "norm"),
    Row("order of the error of systematicity, tanh networks on images", "order 1", "image-norms", "systematicity"),
)


def matching(report: dict[str, Any], row: Row | Difference) -> list[dict[str, Any]]:
    """Return the findings of a row, which must be there and hold."""
    findings = [one for claim in report["claims"] if claim["name"] == row.claim for one in claim["findings"]]
    found = [one for one in findings if re.search(row.pattern, one["label"])]
    if not found or not all(one["passed"] for one in found):
        raise ValueError(f"the report must contain findings that hold for {row.claim}: {row.pattern}")
    return found


def summarise(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return errors, bounds and controls of the rows, and the intervals of the differences."""
    summary: dict[str, dict[str, Any]] = {}
    for difference in DIFFERENCES:
        (found,) = matching(report, difference)
        ((mean, control),) = re.findall(difference.pattern, found["label"])
        summary[difference.what] = {"mean": mean, "control": control}
    for row in ROWS:
        findings = matching(report, row)
        summary[row.key] = {
            "error": max(one["error"] for one in findings),
            "bound": min(one["tolerance"] for one in findings),
            "controls": sum(one["controls"] for one in findings),
            "rejected": sum(one["rejected"] for one in findings),
        }
    return summary


def rounded_up(value: float) -> str:
    """Return a number rounded up to two digits.

    >>> rounded_up(3.51e-15), rounded_up(0.0021), rounded_up(2.2), rounded_up(0.0)
    ('3.6e-15', '0.0021', '2.2', '0')
    """
    if value == 0:
        return "0"
    place = 10.0 ** (math.floor(math.log10(value)) - 1)
    text = f"{math.ceil(round(value / place, 6)) * place:.2g}"
    return re.sub(r"e-0", "e-", text)


def table(summary: dict[str, dict[str, Any]]) -> str:
    """Return the table in Markdown."""
    lines = [HEADER]
    for row in ROWS:
        one, unit = summary[row.key], f" {row.unit}" if row.unit else ""
        error, bound = rounded_up(one["error"]), re.sub("e-0", "e-", f"{one['bound']:.2g}")
        lines.append(
            f"| {row.prediction} | {row.compared_with} | {error}{unit} | {bound}{unit} "
            f"| {one['rejected']:.0f} of {one['controls']:.0f} |"
        )
    lines.append(INTERVALS)
    for difference in DIFFERENCES:
        one = summary[difference.what]
        lines.append(f"| {difference.what} | {one['mean']} | {one['control']} |")
    return "\n".join(lines) + "\n"


def with_table(readme: str, summary: dict[str, dict[str, Any]]) -> str:
    """Return README with the table of a summary."""
    before, rest = readme.split(BEGIN)
    return before + BEGIN + table(summary) + END + rest.split(END)[1]


if __name__ == "__main__":
    found = summarise(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    SUMMARY.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    README.write_text(with_table(README.read_text(encoding="utf-8"), found), encoding="utf-8")
