"""`linmod derive` and the ways out of a derivation."""

from __future__ import annotations

import dataclasses
import importlib
import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

import linmod
from linmod.commands.app import app
from linmod.commands.derive import _summary
from linmod.theory.derivations import catalogue
from linmod.theory.derivations.book.catalogue import ENTRIES
from linmod.theory.derivations.steps import second_engine
from linmod.theory.derivations.writing import html, latex, text
from linmod.theory.derivations.writing.page import page

RUNNER = CliRunner()
ROOT = Path(__file__).parents[2]
NAMES = ("systematicity", "two-layer-opposite", "zero-error")


def invoke(*arguments):
    return RUNNER.invoke(app, ["derive", *map(str, arguments)])


def test_without_a_name_it_lists_all():
    result = invoke()
    assert result.exit_code == 0
    assert all(name in result.output for name in catalogue())


def test_the_terminal_shows_every_step_and_how_it_was_settled():
    result = invoke("two-layer-opposite")
    assert result.exit_code == 0
    for line in linmod.derive("two-layer-opposite").lines:
        assert line.name in result.output
    assert "rejected: logistic form" in result.output
    assert "rejected, differs at delta = " in result.output
    assert (
        "This follows from motion and start by substitution into the equation, verified symbolically" in result.output
    )


def test_values_are_put_in():
    result = invoke("systematicity", "--specialise", "N=8,k_x=3,r_x=1")
    assert result.exit_code == 0
    assert "0.727273" in result.output


def test_a_limit_keeps_its_variable_when_values_are_put_in():
    result = invoke("shallow", "--specialise", "delta=2", "--format", "json")
    assert result.exit_code == 0
    (record,) = json.loads(result.output)
    lines = {line["name"]: line for line in record["lines"]}
    assert lines["no input correlation"]["left"] == "Limit(pi(t), delta, 0, dir='+')"
    assert lines["end of learning"]["right"] == "lam/2"


def test_sums_of_unknown_functions_have_no_number():
    result = invoke("held-out-two-held", "--specialise", "n_x=3,N=8,rho=3,n_y=1,R=8")
    assert result.exit_code == 0
    assert "0.188131" in result.output


def test_running_text_is_mathematics_too():
    assert latex.plain("G_Omega_x is k_x r^2 e^(mu t) pi*^2") == (
        r"$G_{\Omega x}$ is $k_{x}$ $r^{2}$ e$^{\mu t}$ $\pi^{*2}$"
    )
    assert html.prose("e^(mu t) < |a|^2") == "e<sup>\u03bc t</sup> &lt; |a|<sup>2</sup>"


def test_functions_keep_their_capitals():
    assert "<msub><mi>F</mi><mi>a</mi></msub>" in html.formula(linmod.derive("rule-fixed-points")["motion of a"].lhs)


def test_products_of_matrices_have_one_factor():
    text = html.formula(linmod.derive("block-norms")["map"].rhs)
    assert text.count("<mfrac>") == 4
    assert "<mn>1</mn>" not in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["two-layr"], "did you mean two-layer"),
        (["zzzz"], "no derivation is called 'zzzz'; there are spectrum, "),
        (
            ["shallow", "--specialise", "lamda=1"],
            "shallow has no symbol 'lamda', only lam, delta, t, pi0, t_half; did you mean lam",
        ),
        (["shallow", "--specialise", "lam"], "--specialise must be of the form x=1,y=2, got 'lam'"),
        (["shallow", "--specialise", "lam=much"], "lam must be a number, got 'much'"),
        (["shallow", "--specialise", "lam=-1"], "lam must be a positive number, got -1"),
        (["systematicity", "--specialise", "n=1.5"], "n must be a positive integer, got 1.5"),
        (
            ["shallow", "--specialise", "lam=1,delta=1,pi0=2"],
            "outside the domain of shallow: pi0 < lam/(2*delta) does not hold",
        ),
        (["nowhere.py"], "which does not exist"),
        (["shallow", "--format", "pdf"], "pdf"),
        (["--all", "--out", "/proc/nowhere"], "out must be a folder"),
    ],
)
def test_wrong_usage_exits_with_2_and_one_line(arguments, message):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert "Traceback" not in result.output


def test_a_derivation_of_ones_own():
    result = invoke(ROOT / "docs/examples/my_derivation.py")
    assert result.exit_code == 0
    assert "A shallow mode with weight decay" in result.output


def test_a_wrong_derivation_is_not_shown(tmp_path):
    text = (ROOT / "docs/examples/my_derivation.py").read_text(encoding="utf-8")
    file = tmp_path / "wrong.py"
    file.write_text(text.replace("exp(-(delta + c) * t)", "exp(-(delta - c) * t)"))
    result = invoke(file)
    assert result.exit_code == 1
    assert "weight-decay, step 'solution' does not follow from 'motion', 'start'" in result.output
    assert "left minus right is" in result.output
    assert "A shallow mode" not in result.output


@pytest.mark.parametrize(("text", "message"), [("x = 1", "at least one Derivation"), ("1 / 0", "ZeroDivisionError")])
def test_a_file_without_derivations_is_refused(tmp_path, text, message):
    file = tmp_path / "mine.py"
    file.write_text(text)
    result = invoke(file)
    assert result.exit_code == 2
    assert message in result.output


def test_the_list_is_that_of_the_derivations():
    for entry in ENTRIES:
        derivation = catalogue()[entry.name]
        assert (derivation.title, len(derivation.steps)) == (entry.title, entry.steps)


def test_the_list_holds_every_derivation_of_the_book():
    families = {entry.family for entry in ENTRIES}
    built = {
        derivation.name
        for family in families
        for derivation in importlib.import_module(f"linmod.theory.derivations.book.{family}").CATALOGUE
    }
    modules = {path.stem for path in (ROOT / "theory/derivations/book").glob("*.py")}
    assert built == {entry.name for entry in ENTRIES}
    assert modules - families == {"__init__", "catalogue", "notation"}


def test_the_list_is_shown_without_sympy():
    code = "import sys; from linmod.commands.app import app; app(['derive'], standalone_mode=False); "
    code += "sys.exit('sympy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "two-layer" in run.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "book"], "--out writes all derivations: it needs --all"),
        (["shallow", "--out", "book"], "--out writes all derivations: it needs --all"),
        (["shallow", "--all"], "leave out 'shallow'"),
        (["--all", "--format", "latex"], "--format concerns one derivation"),
        (["--all", "--specialise", "lam=1"], "--specialise concerns one derivation"),
        (["--format", "latex"], "--format concerns one derivation"),
        (["systematicity", "--specialise", "N=1/0"], "N must be a number, got '1/0'"),
        (["systematicity", "--specialise", "N=oo"], "N must be a"),
    ],
)
def test_options_that_would_do_nothing_are_refused(arguments, message):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert "Traceback" not in result.output


@pytest.mark.parametrize("ending", ["import sys; sys.exit()", "raise SystemExit(0)", "import argparse, sys; exit(0)"])
def test_a_file_that_ends_the_program_is_an_error(tmp_path, ending):
    file = tmp_path / "mine.py"
    file.write_text((ROOT / "docs/examples/my_derivation.py").read_text(encoding="utf-8") + f"\n{ending}\n")
    result = invoke(file)
    assert result.exit_code == 2
    assert "ends the program" in result.output


def test_two_derivations_of_one_name_are_an_error(tmp_path):
    file = tmp_path / "mine.py"
    text = (ROOT / "docs/examples/my_derivation.py").read_text(encoding="utf-8")
    file.write_text(text + '\nfrom dataclasses import replace\nother = replace(decay, title="Another")\n')
    result = invoke(file)
    assert result.exit_code == 2
    assert "weight-decay occurs more than once" in result.output


def test_a_file_imports_the_module_next_to_it_and_lists_count(tmp_path):
    text = (ROOT / "docs/examples/my_derivation.py").read_text(encoding="utf-8")
    (tmp_path / "next_to_it_in_the_folder.py").write_text(text)
    file = tmp_path / "mine.py"
    file.write_text("import next_to_it_in_the_folder as other\nmine = [other.decay]\n")
    path = list(sys.path)
    result = invoke(file)
    assert result.exit_code == 0, result.output
    assert "A shallow mode with weight decay" in result.output
    assert sys.path == path


def test_lines_end_between_words():
    (derivation,) = [linmod.derive("shallow")]
    words = set(derivation.about.split()) | {word for line in derivation.lines for word in line.why.split()}
    shown = list(text.terminal(page(derivation), 60))
    prose = "\n".join(body for role, body in shown if role == "text")
    assert words <= set(prose.split())
    assert all(len(line) <= 60 for line in prose.splitlines())


def test_markdown_has_balanced_mathematics():
    result = invoke("block-norms", "--format", "markdown")
    assert result.exit_code == 0
    assert result.output.count("$$") == 2 * len(linmod.derive("block-norms").lines)


def test_notebooks_get_mathematics():
    derivation = linmod.derive("systematicity")
    assert derivation._repr_latex_().startswith("$\\displaystyle \\begin{aligned}")
    assert "<math" in derivation._repr_html_()


class Tags(HTMLParser):
    """Collects tags, and the links and scripts that would need a network."""

    def __init__(self):
        super().__init__()
        self.tags, self.targets = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.targets += [value for key, value in attributes if key in ("href", "src")]


@pytest.mark.parametrize("name", NAMES)
def test_html_is_mathml_that_needs_no_network(name):
    text = html.book([page(linmod.derive(name))])[f"{name}.html"]
    parser = Tags()
    parser.feed(text)
    assert parser.targets == ["index.html"]
    assert "script" not in parser.tags
    for fragment in re.findall(r"<math.*?</math>", text):
        ElementTree.fromstring(fragment)
    assert "&dd;" not in text


@pytest.mark.parametrize("name", NAMES)
def test_latex_is_balanced(name):
    text = latex.article([page(linmod.derive(name))])
    assert text.startswith("\\documentclass")
    assert text.endswith("\\end{document}\n")
    opened, closed = (re.findall(rf"\\{word}{{(\w+)}}", text) for word in ("begin", "end"))
    assert sorted(opened) == sorted(closed)
    bare = re.sub(r"\\[{}]", "", text)
    assert bare.count("{") == bare.count("}")
    labels = re.findall(r"\\label{([^}]*)}", text)
    assert len(set(labels)) == len(labels) == 1 + len(linmod.derive(name).lines)


COMPILER = shutil.which("pdflatex") or shutil.which("tectonic")
compiles = pytest.mark.skipif(COMPILER is None, reason="neither pdflatex nor tectonic is installed")


def assert_compiles(file):
    options = ["-interaction=nonstopmode", "-halt-on-error"] if COMPILER.endswith("pdflatex") else []
    command = [COMPILER, *options, file.name]
    run = subprocess.run(command, cwd=file.parent, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-2000:]
    assert file.with_suffix(".pdf").stat().st_size > 10_000


@compiles
def test_the_article_compiles(tmp_path):
    file = tmp_path / "a.tex"
    file.write_text(latex.article([page(linmod.derive(name)) for name in NAMES]), encoding="utf-8")
    assert_compiles(file)


@compiles
def test_an_article_that_does_not_compile_is_noticed(tmp_path):
    file = tmp_path / "a.tex"
    text = latex.article([page(linmod.derive("systematicity"))])
    file.write_text(text.replace("\\end{document}", "$x_a_b$ \\end{document}"), encoding="utf-8")
    with pytest.raises(AssertionError, match="Double subscript"):
        assert_compiles(file)


@compiles
def test_a_section_compiles_in_a_paper_that_loads_amsmath(tmp_path):
    file = tmp_path / "paper.tex"
    body = invoke("two-layer-opposite", "--format", "latex").output
    file.write_text(
        f"\\documentclass{{article}}\\usepackage{{amsmath}}\\begin{{document}}\n{body}\n\\end{{document}}\n",
        encoding="utf-8",
    )
    assert_compiles(file)


def test_functions_and_their_rates_are_written_as_by_hand():
    motion = linmod.derive("shallow")["motion"]
    assert latex.formula(motion.lhs) == r"\dot{\pi}(t)"
    assert r"\pi(t)" in latex.formula(motion.rhs)
    assert r"{\left(t \right)}" not in latex.formula(motion.rhs)
    assert "This follows from motion and start by substitution" in invoke("shallow", "--format", "latex").output


@pytest.mark.slow
def test_all_are_written_as_an_article_and_a_book(tmp_path):
    result = invoke("--all", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    article = (tmp_path / "derivations.tex").read_text(encoding="utf-8")
    assert article.count("\\section{") == len(catalogue())
    assert {path.stem for path in tmp_path.glob("*.html")} == {"index", *catalogue()}
    if COMPILER is not None:
        assert_compiles(tmp_path / "derivations.tex")


@pytest.mark.parametrize("installed", [True, False])
def test_the_share_settled_twice_is_shown_where_there_is_a_second_engine(monkeypatch, installed):
    if installed:
        pytest.importorskip("flint")
    monkeypatch.setattr(second_engine, "available", lambda: installed)
    fresh = dataclasses.replace(linmod.derive("two-layer-opposite"))
    table = _summary([page(fresh)])
    headers = [column.header for column in table.columns]
    assert ("settled twice" in headers) is installed
    if installed:
        assert table.columns[-1].footer == table.columns[1].footer == "3"
