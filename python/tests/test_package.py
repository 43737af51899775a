"""The package as it is installed: its command, its documentation and its types."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path

import assay
import pytest
from assay import _native

MODULES = ["assay", *(f"assay.{module.name}" for module in pkgutil.iter_modules(assay.__path__) if module.name not in ("_native", "__main__"))]


@pytest.mark.filterwarnings("ignore::assay.AssayWarning")
@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_the_documentation_hold(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_command_comes_with_the_package():
    done = subprocess.run([sys.executable, "-m", "assay", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"assay {assay.__version__}\n")
    wrong = subprocess.run([sys.executable, "-m", "assay", "score"], capture_output=True, text=True)
    assert wrong.returncode == 2 and "--proxy" in wrong.stderr


def test_everything_public_is_documented_and_typed():
    for name in assay.__all__:
        public = getattr(assay, name)
        if name == "Progress":
            continue
        assert public.__doc__ and ">>> import assay" in public.__doc__, name
        if inspect.isfunction(public):
            assert set(inspect.signature(public).parameters) | {"return"} == set(public.__annotations__), name
    assert (Path(assay.__file__).parent / "py.typed").exists()


def test_the_package_and_its_use_are_typed(tmp_path):
    api = pytest.importorskip("mypy.api")
    use = tmp_path / "use.py"
    use.write_text(
        "import assay\n"
        "value: float = float(assay.score('a', ['params'])['params'])\n"
        "names: list[str] = assay.Run('folder').tables\n"
        "wrong: int = assay.score('a', 3)\n"
    )
    # A copy, since what is installed is not checked itself.
    shutil.copytree(Path(assay.__file__).parent, tmp_path / "assay", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    settings = Path(__file__).parents[1] / "pyproject.toml"
    said, _, code = api.run(["--config-file", str(settings), "--cache-dir", str(tmp_path / "mypy"), str(tmp_path / "assay"), str(use)])
    errors = [line for line in said.splitlines() if ": error:" in line]
    # The last line of the use is wrong in two ways, and nothing else is.
    assert code == 1 and len(errors) == 2 and all("use.py:4" in line for line in errors), said


def test_the_stub_of_the_compiled_part_has_what_is_there():
    tree = ast.parse((Path(assay.__file__).parent / "_native.pyi").read_text())
    stubbed = {node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    there = {name for name in dir(_native) if not name.startswith("_")} - {"VERSION"}
    assert stubbed.keys() == there
    for name, node in stubbed.items():
        if isinstance(node, ast.FunctionDef):
            assert list(inspect.signature(getattr(_native, name)).parameters) == [argument.arg for argument in node.args.args], name


def test_the_package_is_imported_quickly():
    code = "import time; begun = time.perf_counter(); import assay; print(time.perf_counter() - begun)"
    seconds = min(float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout) for _ in range(3))
    assert seconds < 0.5, seconds
