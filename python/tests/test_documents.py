"""Every block of Python in the documents runs; one that begins with `# needs …` is only read."""

import os
import re

import pytest
from conftest import ROOT

PAGES = sorted([ROOT / "README.md", ROOT / "python" / "README.md", *(ROOT / "docs").rglob("*.md")])


def blocks():
    for page in PAGES:
        for found in re.finditer(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
            line = page.read_text()[: found.start()].count("\n") + 2
            yield pytest.param(found[1], id=f"{page.relative_to(ROOT)}:{line}")


@pytest.mark.filterwarnings("ignore::assay.AssayWarning")
@pytest.mark.parametrize("code", list(blocks()))
def test_every_block_of_a_page_runs(code, tmp_path, monkeypatch):
    compiled = compile(code, "page", "exec")
    if code.startswith("# needs "):
        return
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSAY_DATA", str(tmp_path / "data"))
    os.symlink(ROOT / "configs", "configs")
    try:
        exec(compiled, {"__name__": "__main__"})
    except ModuleNotFoundError as missing:
        # A page may use what the package does without, such as numpy; a part of the package itself has to be there.
        if missing.name.startswith("assay"):
            raise
        pytest.skip(f"{missing.name} is not installed")
