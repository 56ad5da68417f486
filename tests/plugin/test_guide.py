"""What the guide to testing one's theory says is what happens."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ("pytester",)
ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/testing_your_theory.md").read_text(encoding="utf-8")


def block(name, language):
    return re.search(rf"<!-- {name} -->\n```{language}\n(.*?)```", GUIDE, flags=re.DOTALL).group(1)


def test_the_code_prints_what_the_guide_says(tmp_path):
    file = tmp_path / "results.py"
    file.write_text(block("results", "python"), encoding="utf-8")
    printed = re.search(r"```text\n(True.*?)```", GUIDE, flags=re.DOTALL).group(1)
    run = subprocess.run([sys.executable, file], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert run.stdout == printed
    assert {entry.name for entry in tmp_path.iterdir()} == {"results.py", "modes.png", "run.npz"}


@pytest.mark.parametrize(("factor", "status"), [("(2 * mode.lam)", 0), ("(3 * mode.lam)", 1)])
def test_a_repository_with_the_options_fails_when_its_claim_does(pytester, monkeypatch, factor, status):
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "plugin"), prepend=os.pathsep)
    made = subprocess.run(
        [sys.executable, "-m", "linmod", "new", "claim", "half-time"], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    file = pytester.path / "claim_half_time.py"
    file.write_text(file.read_text(encoding="utf-8").replace("(2 * mode.lam)", factor), encoding="utf-8")
    pytester.makepyprojecttoml(block("pytest options", "toml"))
    (command,) = re.findall(r"- run: python -m (pytest .*)", block("workflow", "yaml"))
    options = [option for option in command.split()[1:] if option != "--linmod"]
    result = pytester.runpytest_subprocess("-p", "pytest_linmod", *options)
    assert result.ret == status
    assert "half-time" in (pytester.path / "claims.xml").read_text(encoding="utf-8")
