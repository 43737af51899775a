"""What goes wrong, as exceptions; and what users should know, as warnings."""

from __future__ import annotations


class AssayError(Exception):
    """What Assay cannot do. Its text is what the command line says, with the place in the experiment file.

    Attributes:
        message: what is wrong, in one line.
        help: what to do about it, where that is known.

    Example:
        >>> import assay
        >>> try:
        ...     assay.Run("no/such/folder").summary
        ... except assay.AssayError as error:
        ...     print(error.help)
        name a run folder, such as one under results/
    """

    message: str
    help: str | None

    def __init__(self, text: str, message: str | None = None, help: str | None = None) -> None:
        super().__init__(text)
        self.message = text if message is None else message
        self.help = help


class BadSetting(AssayError):
    """What was asked for does not fit: a wrong setting, an unknown name, a text that is not an architecture.

    Example:
        >>> import assay
        >>> try:
        ...     assay.score("|nor_conv_3x3~0|", "params")
        ... except assay.BadSetting as error:
        ...     print(error.message.split(":")[0])
        this is not an architecture of nas-bench-201
    """


class MissingData(AssayError):
    """Nothing but data is missing: the images of a dataset, or the table of a benchmark. The text says how to get it.

    Example:
        >>> import assay, os, tempfile
        >>> with tempfile.TemporaryDirectory() as empty:
        ...     before = os.environ.get("ASSAY_DATA")
        ...     os.environ["ASSAY_DATA"] = empty
        ...     try:
        ...         assay.benchmark("nats-bench-size")["64:64:64:64:64"]
        ...     except assay.MissingData as error:
        ...         print("assay benchmark import nats-bench-size" in str(error))
        ...     finally:
        ...         _ = os.environ.pop("ASSAY_DATA") if before is None else os.environ.update(ASSAY_DATA=before)
        True
    """


class UnsupportedNetwork(AssayError):
    """A network cannot be read: a module that is not on the CPU, in half precision, or whose way depends on the data; a file that is
    damaged, or for an input that is left open.

    Example:
        >>> import assay, os, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = os.path.join(folder, "broken.onnx")
        ...     _ = open(file, "wb").write(b"not a network")
        ...     try:
        ...         assay.read(file)
        ...     except assay.UnsupportedNetwork as error:
        ...         print("not a whole ONNX file" in error.message)
        True
    """


class UnsupportedOperator(UnsupportedNetwork):
    """A network has an operator that Assay does not read, or does not read in this form.

    Attributes:
        node: the node of a file, or the path of the module that the operator is in; None where it is the outermost module.
        operator: PyTorch's name of the operator; None of a file.
        source: the line of the module's source; None of a file.

    Example:
        >>> import assay
        >>> issubclass(assay.UnsupportedOperator, assay.UnsupportedNetwork)
        True
    """

    node: str | None
    operator: str | None
    source: str | None

    def __init__(
        self,
        text: str,
        message: str | None = None,
        help: str | None = None,
        node: str | None = None,
        operator: str | None = None,
        source: str | None = None,
    ) -> None:
        super().__init__(text, message, help)
        self.node, self.operator, self.source = node, operator, source


class UndefinedScore(AssayError):
    """A score has no value. It is raised where a number is asked for, as by `float(score)`; the message says why there is none.

    Example:
        >>> import assay
        >>> nothing = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
        >>> try:
        ...     float(assay.score(nothing, "ntk-condition", repeats=1, progress=False)["ntk-condition"])
        ... except assay.UndefinedScore as error:
        ...     print("undefined, because" in error.message)
        True
    """


class PluginFailed(AssayError):
    """A proxy or strategy that is written in Python raised something, which is the exception's `__cause__`, or returned what is not a
    score. What was measured before is kept in the run folder.

    Example:
        >>> import assay
        >>> @assay.proxy()
        ... def documented_mistake(measured):
        ...     return 1 / 0
        >>> cell = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|"
        >>> try:
        ...     assay.score(cell, "documented-mistake", repeats=1, progress=False)
        ... except assay.PluginFailed as error:
        ...     print(type(error.__cause__).__name__)
        ZeroDivisionError
    """


class ForkedProcess(AssayError):
    """This process was forked while Assay was working in its parent. It has the parent's state and none of the threads that measure, so what
    it asks for would never come. Processes that are started anew, by multiprocessing's `spawn`, work, and so do those that are forked while
    nothing is in progress.

    Example:
        >>> import assay
        >>> issubclass(assay.ForkedProcess, assay.AssayError)
        True
    """


class Gone(AssayError):
    """What is asked is not there any more: a run whose folder was moved or deleted, or the laboratory of a search that is over.

    Example:
        >>> import assay, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     study = {"space": {"name": "nas-bench-201"}, "dataset": {"name": "synthetic"}, "study": {"proxies": ["params"], "sample": 4}}
        ...     run = assay.run(study, output=folder, progress=False)
        >>> try:
        ...     run.scores
        ... except assay.Gone as error:
        ...     print(error.help)
        open the run where it is now, by assay.Run(folder)
    """


class AssayWarning(UserWarning):
    """Something that the user should know, and that does not end the work.

    Example:
        >>> import assay, warnings
        >>> cell = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|"
        >>> with warnings.catch_warnings(record=True) as told:
        ...     warnings.simplefilter("always")
        ...     scores = assay.score([cell, cell], "params", progress=False)
        >>> "the same architecture" in str(told[0].message)
        True
    """
