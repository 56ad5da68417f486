"""The README's code is the code of the examples, and prints what it says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"<!-- (docs/examples/\S+) -->\n```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.parametrize(("path", "code"), EXAMPLES, ids=[path for path, _ in EXAMPLES])
def test_code_is_the_example(path, code):
    assert code == (ROOT / path).read_text(encoding="utf-8")


def test_ten_lines_print_what_the_readme_says():
    printed = re.search(r"```text\n(.*?)```", README, flags=re.DOTALL).group(1)
    run = subprocess.run(
        [sys.executable, ROOT / "docs/examples/ten_lines.py"], capture_output=True, text=True, check=True
    )
    assert run.stdout == printed


def test_both_commands_are_there():
    assert "linmod reproduce" in re.search(r"<!-- reproduce -->\n```sh\n(.*?)```", README, flags=re.DOTALL).group(1)
    assert "pytest" in re.search(r"<!-- test -->\n```sh\n(.*?)```", README, flags=re.DOTALL).group(1)


def test_links_lead_to_files():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
