"""Processes that are forked: where Assay works in them as anywhere, and where it says that it cannot."""

import os
import subprocess
import sys

import pytest
from conftest import CELL

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


def ran(code, fails=0):
    """What a program of its own printed, to its output and to its errors."""
    done = subprocess.run([sys.executable, "-c", code, CELL], capture_output=True, text=True, timeout=120)
    assert done.returncode == fails, done
    return done.stdout.splitlines(), done.stderr


#: A work of some seconds on a thread, which has begun when this is over.
BUSY = """
import os, sys, threading, time, assay
begun = threading.Event()
def work():
    assay.score(sys.argv[1], 'ntk-condition', repeats=40, progress=lambda done, *_: done and begun.set())
thread = threading.Thread(target=work)
thread.start()
begun.wait()
"""


def test_a_process_that_is_forked_in_the_midst_of_work_is_told_to_spawn():
    printed, _ = ran(
        BUSY + "import pathlib\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    for asks in (lambda: assay.score(sys.argv[1], 'params'), lambda: assay.proxies(), lambda: assay.run({})):\n"
        "        try:\n"
        "            asks()\n"
        "        except assay.ForkedProcess as error:\n"
        "            print(error.message[:29], 'spawn' in error.help, flush=True)\n"
        "    sys.exit(0)\n"
        "code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])\n"
        "thread.join()\n"
        "print(assay.score(sys.argv[1], 'params', repeats=1, progress=False)['score'], code)\n"
    )
    assert printed == ["this process was forked while True"] * 3 + ["[587386.0] 0"]


def test_the_exception_of_a_worker_of_multiprocessing_comes_to_its_parent():
    printed, _ = ran(
        BUSY + "import multiprocessing\n"
        "def score(seed):\n"
        "    return assay.score(sys.argv[1], 'naswot', seed=seed, repeats=1, progress=False)['score']\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "    try:\n"
        "        pool.map(score, range(2))\n"
        "    except assay.ForkedProcess as error:\n"
        "        print(type(error).__name__, error.help is not None)\n"
        "thread.join()\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "    print(pool.map(score, range(2)) == [score(0), score(1)])\n"
    )
    assert printed == ["ForkedProcess True", "True"]


def test_after_an_interruption_a_forked_process_ends_without_waiting_for_threads_that_it_has_not():
    printed, _ = ran(
        "import os, signal, sys, assay\n"
        "def press(done, *_):\n"
        "    if done >= 1:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "@assay.proxy()\n"
        "def slow(measured):\n"
        "    import time\n"
        "    time.sleep(0.5)\n"
        "    return 1.0\n"
        "try:\n"
        "    assay.score(sys.argv[1], 'slow', repeats=50, proxies__slow__batch=2, progress=press)\n"
        "except KeyboardInterrupt:\n"
        "    pass\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    try:\n"
        "        assay.score(sys.argv[1], 'params', progress=False)\n"
        "    except assay.ForkedProcess:\n"
        "        print('refused', flush=True)\n"
        "    sys.exit(0)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    assert printed == ["refused", "0"]


def test_a_proxy_that_forks_is_right_and_its_child_does_not_come_back():
    code = (
        "import multiprocessing, os, sys, assay\n"
        "def double(number):\n"
        "    return 2 * number\n"
        "@assay.proxy()\n"
        "def pooled(measured):\n"
        "    with multiprocessing.get_context('fork').Pool(1) as pool:\n"
        "        return sum(pool.map(double, [1, 2]))\n"
        "@assay.proxy()\n"
        "def leaves(measured):\n"
        "    child = os.fork()\n"
        "    if child:\n"
        "        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])\n"
        "    {}\n"
        "settings = dict(repeats=1, proxies__pooled__batch=2, proxies__leaves__batch=2, progress=False)\n"
        "print(assay.score(sys.argv[1], ['pooled', 'leaves'], **settings)['score'])\n"
    )
    printed, said = ran(code.format("return 5.0"))
    assert printed == ["[6.0, 1.0]"] and "a process that proxy `leaves` forked came back from it" in said and "spawn" in said
    printed, said = ran(code.format("sys.exit(7)"))
    assert printed == ["[6.0, 7.0]"] and "came back" not in said
