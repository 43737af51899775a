"""Processes that plugins fork, which have no business in Assay."""

from __future__ import annotations

import os
import sys


def end_if_forked(process: int, what: str) -> None:
    """Ends this process if it is not the one that plugin `what` was called in: Assay cannot go on in a copy of it, which has none of the
    threads. To be called whichever way the plugin ends. `process` is the number of the process in which it began."""
    if os.getpid() == process:
        return
    raised = sys.exception()
    if isinstance(raised, SystemExit):
        code = raised.code
        status = code if isinstance(code, int) else 0 if code is None else 1
    else:
        status = 1
        print(
            f"assay: a process that {what} forked came back from it, and ends here: it has none of the threads that measure.\n"
            '  help: end it by os._exit, or start processes anew by multiprocessing.get_context("spawn")',
            file=sys.stderr,
        )
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
