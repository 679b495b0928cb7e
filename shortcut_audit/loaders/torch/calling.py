"""How is a live module called so that torch.export can follow, whatever it is wrapped in, takes and returns?

1. Wrappers that change nothing of what is computed are taken off: data parallelism, torch.compile.
2. Gradients are off, and with them what only training needs. So are the fused kernels that PyTorch then takes for
   attention: they are one opaque op each.
3. An argument of a class that export does not know (a cache) goes in as the tensors that it holds.
4. `t.data`, which tracing loses sight of, is read as t.detach() and written by copying into it: with gradients off that
   computes the same.
5. What comes out are the tensors in whatever forward() returns, and those that it has put into its arguments.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, TypeAlias

from shortcut_audit.frozen import frozen
from shortcut_audit.loaders.torch.frames import innermost_lines
from shortcut_audit.loaders.torch.framework import torch
from shortcut_audit.loaders.torch.holding import Lifted, lifted, tensors_in

COMPILED = ("_compiled_call_impl",)
"""The attribute in which module.compile() keeps what is called instead of forward()."""

Place: TypeAlias = "int | str"
"""Which argument: its position, or its name."""


@frozen
class Example:
    """What a module is called with."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def on(self, device: Any) -> Example:
        """The arguments, every tensor on a device. One without memory gets some: only its shape and type matter."""
        framework = torch()

        def moved(value: Any) -> Any:
            if device is None or not isinstance(value, framework.Tensor) or value.device == device:
                return value
            elsewhere = "meta" in {value.device.type, device.type}
            return framework.empty_like(value, device=device) if elsewhere else value.to(device)

        pytree = framework.utils._pytree  # noqa: SLF001 -- export's own notion of a container
        args, kwargs = pytree.tree_map(moved, (self.args, self.kwargs))
        return Example(args, kwargs)


def unwrapped(module: Any) -> Any:
    """The module inside of wrappers that compute nothing of their own."""
    framework = torch()
    parallel = (framework.nn.parallel.DistributedDataParallel, framework.nn.DataParallel)
    while True:
        if isinstance(module, parallel):
            module = module.module
        elif "_orig_mod" in getattr(module, "_modules", {}):  # torch.compile; its class has no public name
            module = module._orig_mod  # noqa: SLF001
        else:
            return module


def exported(module: Any, example: Example) -> Any:
    """The ExportedProgram of a module. Raises whatever PyTorch raises."""
    with _following(module, example) as (args, kwargs), innermost_lines(), _without_gradients(), _data_followed():
        return torch().export.export(module, args, kwargs, strict=False)


@contextmanager
def _without_gradients() -> Iterator[None]:
    framework = torch()
    attention: Any = import_module("torch.backends.mha")
    fused = attention.get_fastpath_enabled()
    attention.set_fastpath_enabled(False)
    try:
        with framework.no_grad():
            yield
    finally:
        attention.set_fastpath_enabled(fused)


@contextmanager
def _data_followed() -> Iterator[None]:
    """Within it, what is read and written through `data` is traced.

    Raises ValueError where a tensor would get another shape or type by it: nothing that is traced does that.
    """

    def written(tensor: Any, value: Any) -> None:
        if (tensor.shape, tensor.dtype) != (value.shape, value.dtype):
            raise ValueError(f"through .data a tensor of {_sort(tensor)} becomes one of {_sort(value)}")
        tensor.detach().copy_(value)

    tensors = torch().Tensor
    tensors.data = property(tensors.detach, written)  # in front of the one that tensors inherit
    try:
        yield
    finally:
        del tensors.data


def _sort(tensor: Any) -> str:
    return f"{'x'.join(map(str, tensor.shape)) or 'no axes'}, {str(tensor.dtype).removeprefix('torch.')}"


@contextmanager
def _following(module: Any, example: Example) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Within it, the module takes the arguments that are handed out, and returns a tuple of tensors."""
    places: list[tuple[Place, Any]] = [*enumerate(example.args), *example.kwargs.items()]
    strange = {place: found for place, argument in places if (found := lifted(argument)) is not None}
    given: dict[int, Any] = {}

    def enter(_: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        known = tuple(_restored(strange, place, argument) for place, argument in enumerate(args))
        named = {name: _restored(strange, name, argument) for name, argument in kwargs.items()}
        given.update((id(tensor), tensor) for tensor in tensors_in((known, named)))
        return known, named

    def leave(_: Any, args: Sequence[Any], kwargs: Mapping[str, Any], made: Any) -> tuple[Any, ...]:
        put = [tensor for tensor in tensors_in((args, kwargs)) if id(tensor) not in given]
        return tuple(tensors_in((made, put)))

    handles = (
        module.register_forward_pre_hook(enter, prepend=True, with_kwargs=True),
        module.register_forward_hook(leave, with_kwargs=True),
    )
    compiled = {name: vars(module).pop(name) for name in COMPILED if name in vars(module)}
    try:
        yield (
            tuple(list(strange[i].tensors) if i in strange else given for i, given in enumerate(example.args)),
            {name: list(strange[name].tensors) if name in strange else v for name, v in example.kwargs.items()},
        )
    finally:
        vars(module).update(compiled)
        for handle in handles:
            handle.remove()


def _restored(strange: Mapping[Place, Lifted], place: Place, argument: Any) -> Any:
    return strange[place].around(argument) if place in strange else argument
