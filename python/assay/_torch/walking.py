"""The way through an exported program, operator by operator.

A value is known, computed at once, or told to the program by a rule of the tables. Known is what depends on neither the input nor a
parameter, and has no entry for each image: masks, positions, indices. It is computed by torch itself, on copies of buffers.
"""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._errors import UnsupportedNetwork
from .axes import AXES, FILLED
from .call import Call, Constant, Table, Value, refused
from .elements import ELEMENTS
from .exporting import Exported
from .layers import LAYERS
from .products import PRODUCTS
from .program import Program

if TYPE_CHECKING:
    import torch

RULES: Table = {**ELEMENTS, **LAYERS, **PRODUCTS, **AXES}

#: Elements of a value that is computed when the module is read.
LARGEST = 1 << 26

#: Operators that compute nothing: they check what torch knows.
CHECKS = ("_assert_tensor_metadata", "_assert_async", "_assert_scalar", "sym_constrain_range_for_size")


def told(exported: Exported) -> tuple[Program, list[str], dict[str, str]]:
    """What a module computes, the names of its outputs, and by the path of each of its parts the last value that it computes."""
    walk = _Walk(exported)
    try:
        outputs = walk.through()
    except _Overwritten:
        # Torch writes it down again by operators that give new values. That takes as long as the export, and few need it.
        walk = _Walk(replace(exported, program=exported.program.run_decompositions({})))
        outputs = walk.through()
    return walk.program, outputs, walk.ends


class _Overwritten(Exception):
    """An operator writes where another value is that is read again later: the graph has values, and no memory."""


class _Walk:
    def __init__(self, exported: Exported) -> None:
        self.exported = exported
        self.program = Program()
        #: By the names of the program's nodes.
        self.values: dict[str, Value] = {}
        #: Extents, by the names of values.
        self.shapes: dict[str, tuple[int, ...]] = {}
        #: By the paths of modules, what they computed last.
        self.ends: dict[str, str] = {}
        self.places = {node: place for place, node in enumerate(exported.program.graph.nodes)}
        #: For a node whose result is another one's memory, that node.
        self.memory: dict[Any, Any] = {}
        self.buffers: dict[str, Constant] = {}

    def through(self) -> list[str]:
        self._given()
        for node in self.exported.program.graph.nodes:
            if node.op == "call_function":
                self.values[node.name] = value = self._value(node)
                if isinstance(value, str):
                    self.ends.update(dict.fromkeys(_paths(node), value))
            elif node.op == "output":
                return self._outputs(node)
        raise UnsupportedNetwork("the module's program has no output")

    def _given(self) -> None:
        """The input, parameters and buffers, by the names of `state_dict`."""
        from torch.export.graph_signature import InputKind

        program = self.exported.program
        stored = {**dict(program.named_parameters()), **dict(program.named_buffers()), **program.constants}
        # A parameter that several layers share is called by the first of them, as by `named_parameters`.
        first: dict[tuple[int, Any], str] = {}
        for path, tensor in program.state_dict.items():
            first.setdefault((tensor.data_ptr(), tensor.shape), path)
        for spec in program.graph_signature.input_specs:
            name = spec.arg.name
            if spec.kind == InputKind.USER_INPUT:
                self.values[name] = self._known_shape("input", (self.exported.batch, *self.exported.axes))
            elif spec.kind == InputKind.PARAMETER:
                tensor = stored[spec.target]
                path = first.get((tensor.data_ptr(), tensor.shape), spec.target)
                self.values[name] = self._known_shape(self.program.tensor(path, tensor, True), tuple(tensor.shape))
            elif hasattr(stored.get(spec.target), "shape"):
                self.values[name] = Constant(stored[spec.target].detach(), spec.target)

    def _known_shape(self, name: str, shape: tuple[int, ...]) -> str:
        self.shapes[name] = shape
        return name

    def _outputs(self, node: Any) -> list[str]:
        outputs = [self.values.get(output.name) for output in node.args[0] if hasattr(output, "name")]
        if not outputs or not isinstance(outputs[0], str):
            raise UnsupportedNetwork("the module's output does not depend on its input, or is not a tensor: return the logits")
        return [output for output in outputs if isinstance(output, str)]

    def _value(self, node: Any) -> Value:
        target, name = node.target, getattr(node.target, "__name__", str(node.target))
        if name == "getitem":
            several = self._argument(node.args[0])
            self.memory[node] = node.args[0]
            part: Value = several[node.args[1]]
            return part
        if not hasattr(target, "_schema"):
            raise self._refused(node, name, "is not an operator on tensors", "take control flow and changes of the gradient mode out of `forward`")
        schema = target._schema
        base = schema.name.split("::")[-1]
        if base in CHECKS:
            return None
        if schema.is_mutable:
            base = base.removesuffix("_")
        arguments = self._arguments(node, schema)
        if _aliases(schema):
            self.memory[node] = next(iter(node.all_input_nodes), None)
        known = self._known(node, arguments)
        if known is not None:
            return known
        if schema.is_mutable:
            self._check_memory(node)
        path, source = _place(node)
        rule = RULES.get(base)
        if rule is None:
            near = difflib.get_close_matches(base, RULES, 1)
            raise self._refused(
                node,
                str(target),
                "has no counterpart in Assay",
                (f"the nearest that is read is `{near[0]}`; " if near else "") + "write it by others, or take it out of the module",
            )
        call = Call(self.program, self.exported.batch, str(target), path, source, arguments, self.shapes, node.meta.get("val"))
        value = rule(call)
        for one, result in zip(value if isinstance(value, tuple) else (value,), _several(call.result)):
            if one and one not in self.shapes:
                self.shapes[one] = tuple(result.shape)
        return value

    def _arguments(self, node: Any, schema: Any) -> dict[str, Any]:
        """All arguments by their names, with those that are left out."""
        found = {}
        for place, argument in enumerate(schema.arguments):
            if place < len(node.args) and not argument.kwarg_only:
                found[argument.name] = self._argument(node.args[place])
            elif argument.name in node.kwargs:
                found[argument.name] = self._argument(node.kwargs[argument.name])
            else:
                found[argument.name] = argument.default_value if argument.has_default_value() else None
        return found

    def _argument(self, given: Any) -> Any:
        if isinstance(given, (list, tuple)):
            return [self._argument(one) for one in given]
        return self.values[given.name] if hasattr(given, "name") and hasattr(given, "op") else given

    def _known(self, node: Any, arguments: dict[str, Any]) -> Value:
        """What torch computes of what is known; None where the network computes it."""
        import torch

        is_filled = node.target._schema.name.split("::")[-1] in FILLED
        if not is_filled and any(isinstance(self.values.get(given.name), (str, tuple)) for given in node.all_input_nodes):
            return None
        results = _several(node.meta.get("val"))
        if not all(hasattr(result, "shape") for result in results):
            return None
        if any(extent and extent % self.exported.batch == 0 for result in results for extent in result.shape):
            return None
        if sum(result.numel() for result in results) > LARGEST:
            raise self._refused(node, str(node.target), f"computes {sum(result.numel() for result in results)} numbers that no input changes")
        with torch.no_grad():
            made = node.target(*self._tensors(node.args), **{name: self._tensors(given) for name, given in node.kwargs.items()})
        if isinstance(made, (tuple, list)):
            return tuple(Constant(one, f"{node.name}/{place}") for place, one in enumerate(made))
        return Constant(made, f"constant/{node.name}") if isinstance(made, torch.Tensor) else None

    def _tensors(self, given: Any) -> Any:
        """Arguments for torch. What belongs to the module is copied, once, since operators may write into it."""
        import torch

        if isinstance(given, (list, tuple)):
            return [self._tensors(one) for one in given]
        if not (hasattr(given, "name") and hasattr(given, "op")):
            return given
        value = self.values[given.name]
        if isinstance(value, Constant) and given.op == "placeholder":
            if given.name not in self.buffers:
                self.buffers[given.name] = Constant(value.tensor.clone(), value.name)
            return self.buffers[given.name].tensor
        if isinstance(value, Constant):
            return value.tensor
        # What is filled like a computed value looks at its shape alone.
        like = given.meta["val"]
        return torch.empty((), dtype=like.dtype).expand(like.shape)

    def _check_memory(self, node: Any) -> None:
        """Whether nothing that is read later is overwritten."""

        def origin(of: Any) -> Any:
            while self.memory.get(of) is not None:
                of = self.memory[of]
            return of

        written, now = origin(node.args[0]), self.places[node]
        family = [one for one, place in self.places.items() if place < now and origin(one) is written]
        if any(self.places[user] > now for one in family for user in one.users):
            raise _Overwritten

    def _refused(self, node: Any, operator: str, problem: str, help: str | None = None) -> Exception:
        return refused(operator, *_place(node), problem, help)


def _several(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (tuple, list)) else [result]


def _aliases(schema: Any) -> bool:
    """Whether the result may be the memory of the first argument; dropout that is off gives what it is given."""
    return any(result.alias_info is not None for result in schema.returns) or schema.name in ("aten::dropout", "aten::contiguous", "aten::reshape")


def _paths(node: Any) -> list[str]:
    """The paths of the modules that an operator is in, the outermost left out."""
    return [path for path, _ in (node.meta.get("nn_module_stack") or {}).values() if path]


def _place(node: Any) -> tuple[str, str | None]:
    """The path of the module that an operator is in, and the line of the source that called it."""
    stack = node.meta.get("nn_module_stack") or {}
    path = list(stack.values())[-1][0] if stack else ""
    lines = [line.strip() for line in (node.meta.get("stack_trace") or "").splitlines() if line.strip().startswith("File ")]
    # PyTorch's own layers are called by a line that says more.
    own = [line for line in lines if "/torch/nn/" not in line] or lines
    return path, own[-1] if own else None
