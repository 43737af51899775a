"""The compiled part of the package."""

from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any

VERSION: str

class Benchmark:
    def __new__(cls, name: str, table: str | PathLike[str] | None) -> Benchmark: ...
    def query(self, wanted: list[str], line: Callable[[str, bool], None]) -> str: ...

class Table:
    def __new__(cls, columns: Sequence[tuple[str, str, list[Any]]]) -> Table: ...
    def __len__(self) -> int: ...
    @property
    def columns(self) -> list[str]: ...
    def column(self, name: str) -> list[Any]: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

def begin_children_by(program: str | PathLike[str], arguments: list[str]) -> None: ...
def kind(folder: str | PathLike[str]) -> tuple[Any, bool] | None: ...
def listed(what: str, config: str | PathLike[str] | None) -> str: ...
def main(arguments: list[str]) -> int: ...
def read_table(folder: str | PathLike[str], file: str) -> Table: ...
def report(
    runs: Sequence[str | PathLike[str]],
    output: str | PathLike[str] | None,
    colour: str | None,
    caption: str | None,
    line: Callable[[str, bool], None],
) -> tuple[str, list[str]]: ...
def run(
    path: str | PathLike[str],
    text: str | None,
    set: list[str],
    kind: str | None,
    resume: bool,
    threads: int | None,
    folder: str | PathLike[str] | None,
    progress: Callable[[int, int, str, str], object] | None,
    line: Callable[[str, bool], None],
) -> str: ...
def score(
    architectures: list[str],
    proxies: list[str],
    space: str | None,
    input: str | None,
    dataset: str | None,
    config: str | PathLike[str] | None,
    set: list[str],
    repeats: int,
    seed: int | None,
    progress: Callable[[int, int, str, str], object] | None,
    line: Callable[[str, bool], None],
) -> str: ...
def summary(folder: str | PathLike[str]) -> str: ...
