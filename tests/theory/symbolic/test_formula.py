"""Formulas are read from text, LaTeX and sympy; everything else is refused with a message, fast."""

from __future__ import annotations

import time
from fractions import Fraction

import numpy as np
import pytest
import sympy

from linmod import Formula, book
from linmod.theory.symbolic.book import Entry
from linmod.theory.symbolic.equality import verify_equal
from linmod.theory.symbolic.formula import FormulaError
from linmod.theory.symbolic.formula.expressions import positively
from linmod.theory.symbolic.formula.nodes import number, replaced, symbol, walk
from linmod.theory.symbolic.formula.text import read_text
from linmod.theory.symbolic.formula.values import evaluated

HOSTILE = (
    "__import__('os').system('true')",
    "lam.__class__.__mro__",
    "().__class__.__bases__[0].__subclasses__()",
    "9**9**9",
    "9**9**9**9*lam",
    "(((2**40)**40)**40)**40 * lam",
    "(" * 5000 + "t" + ")" * 5000,
    "(" * 100 + "t" + ")" * 100,
    "-" * 1900 + "t",
    "t" + "**t" * 600,
    "l\u0430m * t",
    "\uff4c\uff41\uff4d * t",
    "exec('1')",
    "eval(t)",
    "open('/etc/passwd').read()",
    "(lambda x: x)(t)",
    "[t for t in range(10**9)]",
    "t if t else lam",
    "t; import os",
    "lam := 3",
    "f'{t}'",
    "factorial(10**9)",
    "exp(exp(exp(exp(1000))))",
    "1e999999 * t",
    "9" * 1500,
    "t @ lam",
    "t == lam",
    "t < lam",
    "'lam' * 10",
    "getattr(t, 'real')",
    "sympify('t')",
    "log(0) * lam",
)
HOSTILE_LATEX = (
    r"9^{9^{9}}",
    r"10^9!",
    r"\frac{" * 60 + "1" + r"}{1}" * 60,
    r"\frac{" * 30 + r"\lambda" + r"}{2}" * 30 + r"\unknown",
    r"\input{/etc/passwd}",
    r"\write18{rm -rf /}",
    r"\def\x{\x\x}\x",
    r"\sqrt{" * 45 + "t" + "}" * 45,
    r"\lambda^{\lambda^{\lambda^{\lambda^{\lambda}}}}",
    r"\left(\left(\left(",
    r"\binom{10^9}{5}",
    r"\sum_{k=1}^{10^9} k",
    r"\int_0^\infty t dt",
    r"e^{e^{e^{1000}}}",
    r"\ln^{-1}(t)",
    "{" * 3000,
)


@pytest.mark.parametrize("text", [*HOSTILE, *HOSTILE_LATEX], ids=range(len(HOSTILE) + len(HOSTILE_LATEX)))
def test_hostile_text_is_refused_fast(text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(FormulaError) as refused:
        Formula(text)
    assert time.perf_counter() - start < 1
    assert 10 < len(str(refused.value)) < 400


SAME = {
    "two-layer-flow": (
        "(lam/delta) / (1 + (lam/(delta*pi0) - 1)*exp(-2*lam*t))",
        "lambda / (delta - (delta - lambda/pi_0) * exp(-2*lam*t))",
        "s/d/(1 + (s/(d*a_0) - 1)*e^(-2*s*t))",
        "λ/δ / (1 - (1 - λ/(δ·π0)) * exp(−2*λ*t))",
        r"\frac{\lambda/\delta}{1 - \left(1 - \frac{\lambda}{\delta \pi_0}\right) e^{-2\lambda t}}",
        r"$\frac{\lambda_\alpha}{\delta_\alpha} \cdot \frac{1}{1+(\frac{\lambda_\alpha}{\delta_\alpha\pi_0}-1)"
        r"\exp(-2\lambda_{\alpha} t)}$",
        r"\pi = \frac{s\, e^{2 s t}}{d (e^{2 s t} - 1) + s/a_0}",
    ),
    "half-time-two-layer": (
        "log(lam/(delta*pi0) - 1)/(2*lam)",
        r"t_{1/2} = \frac{1}{2\lambda} \ln\left(\frac{\lambda}{\delta\pi_0} - 1\right)",
        r"\ln\sqrt{\frac{\lambda}{\delta a_0} - 1} / \lambda",
    ),
    "shallow-descent": (
        "(1 - alpha*delta)**n * pi0 + (1 - (1 - alpha*delta)**n)*lam/delta",
        r"\frac{\lambda}{\delta} + \left(\pi_0 - \frac{\lambda}{\delta}\right)(1 - \eta\delta)^n",
    ),
    "systematicity-ratio": ("N/(N + k_x*r**2)", r"\frac{1}{1 + \frac{k_x r^2}{N}}"),
    "two-layer-flow-equation": (
        "dpi/dt = 2*pi*(lam - delta*pi)",
        r"\dot\pi = 2\pi(\lambda - \delta\pi)",
        r"\frac{d\pi}{dt} = 2\lambda\pi - 2\delta\pi^2",
        "pi' = 2*pi*(lam - delta*pi)",
    ),
    "two-layer-descent-step": (r"\pi_{n+1} = \pi_n (1 + \alpha(\lambda - \delta \pi_n))^2",),
    "two-layer-flow-time": ("t = log(pi*(lam-delta*pi0)/(pi0*(lam-delta*pi)))/(2*lam)",),
}
SPELLED = [(name, text) for name, texts in SAME.items() for text in texts]


@pytest.mark.parametrize(("name", "text"), SPELLED, ids=[f"{name}-{i}" for i, (name, _) in enumerate(SPELLED)])
def test_spellings_of_one_formula(name: str, text: str) -> None:
    formula = Formula(text, of=book[name].of)
    assert verify_equal("same", formula.expression, positively(book[name].expression)).holds
    assert verify_equal("printed", Formula(str(formula), of=formula.of).expression, formula.expression).holds
    assert not verify_equal("other", 2 * formula.expression, positively(book[name].expression)).holds


FROM_SYMPY = [
    entry
    for entry in book.values()
    if entry.of in ("mode", "half_time", "final", "systematicity", "loss")
    and entry.kind == "value"
    and not {"y0"} & set(entry.symbols)
    and "opposite" not in entry.name
]


@pytest.mark.parametrize("entry", FROM_SYMPY, ids=[entry.name for entry in FROM_SYMPY])
def test_sympy_and_back(entry: Entry) -> None:
    formula = Formula(entry.expression, of=entry.of)
    assert verify_equal("same", formula.expression, positively(entry.expression)).holds
    assert verify_equal("printed", Formula(str(formula), of=entry.of).expression, formula.expression).holds


def test_letters_are_symbols_not_functions() -> None:
    t, lam = (sympy.Symbol(name, positive=True) for name in ("t", "lam"))
    assert Formula(r"\lambda(t - 1)").expression == lam * (t - 1)
    assert Formula(r"\pi^* t").symbols == {"pi_star", "t"}
    assert Formula(r"\pi_\star t").symbols == {"pi_star", "t"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lmabda*t", "did you mean"),
        ("2 lam", r"need a \*"),
        ("lam(t)", "is a symbol, not a function"),
        ("exp", "needs its argument"),
        ("exp(t, t)", "takes 1 argument"),
        ("", "empty"),
        ("(t", "does not close"),
        ("t)", "has not opened"),
        ("x = t", "left side"),
        ("t = 3*lam", "must depend on the strength"),
        ("pi*2", "the start is pi0"),
        (r"\foo t", "not a known"),
        (r"\frac{1}", "missing"),
    ],
)
def test_mistakes_are_explained(text: str, message: str) -> None:
    with pytest.raises(FormulaError, match=message):
        Formula(text)


def test_wrong_calls() -> None:
    with pytest.raises(ValueError, match="of must be one of"):
        Formula("t", of="everything")
    with pytest.raises(ValueError, match="block must be given"):
        Formula("t", of="norm")
    with pytest.raises(ValueError, match="block is for"):
        Formula("t", block=("omega_x", "omega_y"))
    with pytest.raises(FormulaError, match="sympy expression"):
        Formula(3)
    with pytest.raises(FormulaError, match="is not allowed"):
        Formula(sympy.gamma(sympy.Symbol("t")))


WRITTEN = (
    "-lam**2",
    "(-lam)**2",
    "lam - (delta - t)",
    "lam/(delta/t)",
    "lam - -2*t",
    "(lam/delta)**t",
    "2**-t",
    "-(lam + t)",
)


@pytest.mark.parametrize("text", WRITTEN)
def test_printing_keeps_the_value(text: str) -> None:
    values = {"lam": np.array([0.7]), "delta": np.array([0.4]), "t": np.array([1.3])}
    tree = read_text(text)
    again = read_text(str(tree))
    assert evaluated(tree, values, (1,)) == pytest.approx(evaluated(again, values, (1,)), rel=1e-15)
    assert evaluated(tree, values, (1,)) == pytest.approx(eval(text, {k: v[0] for k, v in values.items()}))


def test_parts_are_replaced() -> None:
    tree = read_text("lam*exp(-lam*t)")
    places = [path for path, node in walk(tree) if node == symbol("lam")]
    assert str(replaced(tree, places[1], number(Fraction(1, 2)))) == "lam*exp(-1/2*t)"


def test_decimals_stay_decimals() -> None:
    assert str(read_text("2.31*lam")) == "2.31*lam"
    assert str(read_text("0.5*lam/1e-6")) == "1/2*lam/0.000001"
