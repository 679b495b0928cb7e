"""Which graph does a TorchScript archive run?

TorchScript is a program, so this happens on explicit request only. It is replayed on fake tensors, and the ATen ops
that it runs are recorded: loops and branches are gone, as they went for these inputs. Module scopes and source lines
are not recorded. Weights are loaded to the meta device, where they take no memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from shortcut_audit.errors import UsageError
from shortcut_audit.graph.draft import Draft, Tensor
from shortcut_audit.loaders.aten.translate import draft_of
from shortcut_audit.loaders.inputs import InputSpec
from shortcut_audit.loaders.torch.blame import blamed
from shortcut_audit.loaders.torch.framework import torch
from shortcut_audit.loaders.torch.holding import tensors_in
from shortcut_audit.loaders.torch.program import dtype_name, program_of_graph


def load(path: Path, inputs: Sequence[InputSpec]) -> Draft:
    """The ops that a TorchScript archive runs, in eval mode, for inputs of these shapes.

    Raises UnreadableModel where it cannot be loaded or replayed, UsageError where inputs are missing.
    """
    framework = torch()
    if not inputs or any(spec.name is not None for spec in inputs):
        raise UsageError(
            "TorchScript is replayed: give --input SHAPE[:dtype] for each input, in order and without names"
        )
    if not all(isinstance(size, int) for spec in inputs for size in spec.shape):
        raise UsageError("TorchScript is replayed with sizes that are numbers; give --input no symbols")
    with blamed("cannot be loaded as TorchScript"):
        module = framework.jit.load(str(path), map_location="meta").eval()
    example = [
        framework.zeros(spec.shape, dtype=getattr(framework, spec.dtype or "float32"), device="meta")
        for spec in inputs
    ]  # fmt: skip
    return replayed(module, example, {}, source=str(path))


def replayed(module: Any, args: Sequence[Any], kwargs: Mapping[str, Any], *, source: str) -> Draft:
    """The ops that a TorchScript module runs for these inputs. Raises UnreadableModel where it cannot be replayed."""
    # The wrappers are kept: a tensor has one and the same as long as somebody holds it.
    held = [*module.named_parameters(), *module.named_buffers()]
    with blamed("TorchScript cannot be replayed"), torch().no_grad():
        make_fx = import_module("torch.fx.experimental.proxy_tensor").make_fx
        traced = make_fx(
            _positional(module, len(args), tuple(kwargs)),
            tracing_mode="fake",
            pre_dispatch=True,
            _allow_non_fake_inputs=True,
        )
        graph = traced(*args, *kwargs.values())
    learned = {id(tensor) for tensor in module.parameters()}
    names = {id(tensor): _stored(name, tensor, learned=id(tensor) in learned) for name, tensor in reversed(held)}
    return draft_of(program_of_graph(graph, names, source, "torchscript"))


def _positional(module: Any, count: int, names: Sequence[str]) -> Callable[..., tuple[Any, ...]]:
    """The module as a function of its arguments in order, the named ones behind the others; it returns tensors."""

    def call(*given: Any) -> tuple[Any, ...]:
        return tuple(tensors_in(module(*given[:count], **dict(zip(names, given[count:], strict=True)))))

    return call


def _stored(name: str, tensor: Any, *, learned: bool) -> Tensor:
    return Tensor(name, tuple(tensor.shape), dtype_name(tensor.dtype), learned=learned)
