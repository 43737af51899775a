"""The notebook of first steps: every cell runs, and what it ends with can be shown."""

import ast
import json

import pytest
from conftest import ROOT

NOTEBOOK = ROOT / "docs" / "notebooks" / "first-steps.ipynb"


def shown(code, names):
    """Runs a cell as a kernel does, and gives what it ends with."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, str(NOTEBOOK), "exec"), names)
    return eval(compile(ast.Expression(last.value), str(NOTEBOOK), "eval"), names) if last else None


@pytest.mark.filterwarnings("ignore::assay.AssayWarning")
def test_every_cell_of_the_first_steps_runs(capsys):
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    names, pages = {}, 0
    for cell in cells:
        if cell["cell_type"] == "code":
            result = shown("".join(cell["source"]), names)
            if hasattr(result, "_repr_html_"):
                html = result._repr_html_()
                pages += 1
                assert html.startswith(("<table>", "<iframe")), html[:200]
    assert pages >= 6
    assert "naswot" in capsys.readouterr().out, "the last cell prints what fits"
    assert names["search"].best.startswith("|") and names["scores"][names["cell"], "naswot"].value > 0


def test_the_notebook_in_a_kernel_is_interrupted_at_once(tmp_path):
    """With Jupyter's own kernel, where it is installed: its stop button ends a study at once, which is then continued."""
    client = pytest.importorskip("jupyter_client")
    pytest.importorskip("ipykernel")
    manager, kernel = client.manager.start_new_kernel(kernel_name="python3")

    def run(code, while_running=None):
        told = []
        kernel.execute(code)
        while True:
            message = kernel.get_iopub_msg(timeout=60)
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                told.append(content["text"])
                if "begun" in content["text"] and while_running:
                    while_running()
            if kind == "error":
                told.append(content["ename"])
            if kind == "status" and content["execution_state"] == "idle":
                return "".join(told)

    try:
        run("import warnings, time, assay; warnings.simplefilter('ignore')")
        study = {
            "space": {"name": "nas-bench-201"},
            "dataset": {"name": "synthetic"},
            "proxies": {"ntk-condition": {"batch": 8}},
            "study": {"proxies": ["ntk-condition"], "sample": 60},
        }
        code = (
            "told = []\n"
            "def progress(done, *_):\n"
            "    if done >= 3 and not told:\n"
            "        told.append(done); print('begun', flush=True)\n"
            f"assay.run({study!r}, folder={str(tmp_path / 'run')!r}, progress=progress)"
        )
        assert "KeyboardInterrupt" in run(code, manager.interrupt_kernel)
        finished = run(f"run = assay.Run({str(tmp_path / 'run')!r}); print(run.is_finished, run.resume(progress=False).is_finished)")
        assert "False True" in finished, finished
    finally:
        kernel.stop_channels()
        manager.shutdown_kernel(now=True)
