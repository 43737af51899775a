"""The compiled part of the package."""

from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any

VERSION: str

class Benchmark:
    def __new__(cls, name: str, table: str | PathLike[str] | None) -> Benchmark: ...
    def query(self, wanted: list[str], line: Callable[[str, bool], None]) -> str: ...

class Network:
    @staticmethod
    def of_file(path: str | PathLike[str], input: list[int] | None, line: Callable[[str, bool], None]) -> Network: ...
    @staticmethod
    def of_nodes(
        title: str,
        producer: tuple[str, str],
        input: tuple[str, list[int], bool],
        batch: int,
        nodes: Sequence[tuple[str, str, list[str], list[str], dict[str, Any]]],
        tensors: Sequence[tuple[str, list[int], str, Any, bool]],
        outputs: list[str],
        blocks: list[str],
        line: Callable[[str, bool], None],
    ) -> Network: ...
    @staticmethod
    def of_architecture(
        architecture: str,
        set: list[str],
        image: list[int],
        channels: int,
        cells: int,
        classes: int,
        weights: str | PathLike[str] | None,
        initialiser: str,
        seed: int,
        line: Callable[[str, bool], None],
    ) -> tuple[str, Network]: ...
    def described(self, name: str) -> str: ...
    def graph(self) -> str: ...
    def parameters(self) -> list[tuple[str, list[int]]]: ...
    def parameter(self, path: str) -> bytearray | None: ...
    def statistics(self) -> list[tuple[int, bytearray, bytearray]]: ...

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
    networks: Sequence[tuple[str, Network]],
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
