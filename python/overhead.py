"""What a study of 200 small architectures costs through Python, beside the command: processor time and wall time, taken in turns."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 3
EXPERIMENT = """version = 1
name = "overhead"
threads = 1
[space]
name = "nas-bench-201"
[dataset]
name = "synthetic"
[proxies.naswot]
batch = 8
[study]
proxies = ["naswot", "params"]
sample = 200
"""
PYTHON = "import sys, warnings, assay; warnings.simplefilter('ignore'); assay.run(sys.argv[1], folder=sys.argv[2], progress=False)"


def spent(command: list[str]) -> tuple[float, float]:
    """Seconds of processor time and of wall time that a command takes."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main() -> None:
    program = os.environ.get("ASSAY_PROGRAM", str(Path(__file__).resolve().parents[1] / "target/release/assay"))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "overhead.toml")
        file.write_text(EXPERIMENT)
        taken: dict[str, list[tuple[float, float]]] = {"command": [], "python": []}
        for number in range(ROUNDS):
            taken["command"].append(spent([program, "correlate", str(file), "--quiet", "--run-dir", f"{folder}/command-{number}"]))
            taken["python"].append(spent([sys.executable, "-c", PYTHON, str(file), f"{folder}/python-{number}"]))
    for name, times in taken.items():
        cpu, wall = (min(column) for column in zip(*times))
        print(f"{name:8} {cpu:.3f} s of processor time, {wall:.3f} s of wall time (the least of {ROUNDS})")


if __name__ == "__main__":
    main()
