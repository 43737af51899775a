"""Assay scores neural architectures without training them, searches with those scores, and measures how far they can be trusted.

Everything here does what the command line does, to the same bits:

>>> import assay
>>> cell = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|"
>>> scores = assay.score(cell, ["params", "naswot"], repeats=1, progress=False)
>>> [score.better for score in scores]
['higher', 'higher']

`score` scores architectures, and networks of PyTorch and ONNX, which `read` reads; `run` runs any experiment, and gives a `Search`,
a `Study` or a `Training` over its run folder, as `search`, `correlate` and `train` do of a few words; `Run` opens a run folder that is
already there; `report` writes a page of runs, and `benchmark` reads recorded accuracies. `spaces`, `proxies`, `strategies` and so on
list what there is, and `data` lists and fetches datasets; `proxy`, `filter` and `strategy` make one of a function or class of your own.
Results are tables that polars, pyarrow and pandas read.
"""

import sys

from . import _native, data
from ._architecture import Architecture
from ._ask import Gradients, Gram, Moments, Patterns, Products, Values
from ._benchmark import Benchmark, Record, benchmark
from ._calls import correlate, search, train
from ._errors import (
    AssayError,
    AssayWarning,
    BadSetting,
    ForkedProcess,
    Gone,
    MissingData,
    PluginFailed,
    UndefinedScore,
    UnsupportedNetwork,
    UnsupportedOperator,
)
from ._filter import Candidate, Counts, filter
from ._images import images
from ._known import Plugins, aggregates, benchmarks, datasets, engines, operators, proxies, spaces, strategies
from ._measured import Measured, Node, Parameter
from ._network import Network, Support, read, supports
from ._plot import Plot
from ._progress import Progress
from ._proxy import proxy
from ._report import Report, report
from ._run import Run, Search, Study, Training, run
from ._score import Score, Scores, score
from ._strategy import Laboratory, strategy
from ._table import Table

__version__: str = _native.VERSION

__all__ = [
    "Architecture",
    "AssayError",
    "AssayWarning",
    "BadSetting",
    "Benchmark",
    "Candidate",
    "Counts",
    "ForkedProcess",
    "Gone",
    "Gradients",
    "Gram",
    "Laboratory",
    "Measured",
    "MissingData",
    "Moments",
    "Network",
    "Node",
    "Parameter",
    "Patterns",
    "Plot",
    "PluginFailed",
    "Plugins",
    "Products",
    "Progress",
    "Record",
    "Report",
    "Run",
    "Score",
    "Scores",
    "Search",
    "Study",
    "Support",
    "Table",
    "Training",
    "UndefinedScore",
    "UnsupportedNetwork",
    "UnsupportedOperator",
    "Values",
    "aggregates",
    "benchmark",
    "benchmarks",
    "correlate",
    "data",
    "datasets",
    "engines",
    "filter",
    "images",
    "operators",
    "proxies",
    "proxy",
    "read",
    "report",
    "run",
    "score",
    "search",
    "spaces",
    "strategies",
    "strategy",
    "supports",
    "train",
]

if sys.executable:
    # Plugins in processes of their own: this interpreter is not Assay itself.
    _native.begin_children_by(sys.executable, ["-m", "assay"])
