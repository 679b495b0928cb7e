"""Which graph does a live PyTorch module have?

torch.export traces it with tensors that have shapes and no elements: no weight is ever allocated or read. A factory
("package.module:name") is the user's own code; it is called and exported on the meta device. Code that reads what it
computes cannot run there, so two more ways are tried, and named in a note:

    meta   everything is created on the meta device
    fake   weights are replaced by fake CPU tensors as soon as the module registers them; other tensors are real
    real   the module is built as it is
"""

from __future__ import annotations

import gc
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any

from shortcut_audit.errors import UnreadableModel, UsageError
from shortcut_audit.frozen import frozen
from shortcut_audit.graph.draft import Draft
from shortcut_audit.loaders.aten.translate import draft_of
from shortcut_audit.loaders.inputs import InputSpec
from shortcut_audit.loaders.torch.blame import blamed
from shortcut_audit.loaders.torch.calling import Example, exported, unwrapped
from shortcut_audit.loaders.torch.framework import torch
from shortcut_audit.loaders.torch.program import program_of
from shortcut_audit.loaders.torch.script import replayed

REAL_LIMIT = 4 * 2**30
"""Bytes of weights up to which a module is built for real, when all else has failed."""

GIVE_INPUT = "give each an --input [NAME=]1x3x224x224[:dtype]"
GIVE_EXAMPLE = "give each an example: audit(module, x, kwargs={...})"

TOO_LARGE = "built for real, its weights would take"


ExampleOf = Callable[[Any, Any], Example]
"""Given a module and a device: what the module is called with there."""


def load_factory(name: str, inputs: Sequence[InputSpec]) -> Draft:
    """The module that a factory makes, in eval mode, for inputs of these shapes.

    Raises UsageError where the name leads nowhere or an input is missing, UnreadableModel where the module cannot be
    built or exported: the reason, and the line of the user's code that gave it.
    """
    framework = torch()
    if not all(isinstance(size, int) for spec in inputs for size in spec.shape):
        raise UsageError("a module is traced with sizes that are numbers; give --input no symbols")
    made = _named(name)
    if isinstance(made, framework.nn.Module):
        made = unwrapped(made)
        example = zeros_of(inputs, _device_of(made) or "cpu")
        if _is_scripted(made):
            return replayed(made, example.args, example.kwargs, source=name)
        return _read(_export(made, example), name)
    if not callable(made):
        raise UsageError("neither a module nor a function that makes one; name a factory as package.module:function")
    return load_built(made, lambda module, device: zeros_of(inputs, device), name)


def load_built(factory: Callable[[], Any], example_of: ExampleOf, source: str) -> Draft:
    """The module that a function makes, in eval mode, called with what `example_of` makes for it.

    Raises UnreadableModel where it cannot be built or exported, UsageError where the example does not fit.
    """
    program, notes = _first_that_works(factory, example_of)
    return _read(program, source, notes)


def load_module(
    module: Any, args: Sequence[Any], kwargs: Mapping[str, Any] | None = None, *, source: str = ""
) -> Draft:  # fmt: skip
    """A live module in the mode that it is in, called with these example inputs.

    Wrappers of torch.compile and of data parallelism are taken off; TorchScript is replayed. Inputs may lie on another
    device than the module, whose weights need not be allocated. Raises UsageError where it is no module, or the inputs
    do not fit it, UnreadableModel where it cannot be exported.
    """
    framework = torch()
    if not isinstance(module, framework.nn.Module):
        raise UsageError(_no_module(module))
    module = unwrapped(module)
    example = Example(tuple(args), dict(kwargs or {})).on(_device_of(module))
    if _is_scripted(module):
        return replayed(module, example.args, example.kwargs, source=source or type(module).__name__)
    return _read(_export(module, example, GIVE_EXAMPLE), source or type(module).__name__)


def _no_module(given: Any) -> str:
    """What to say of what is no module, and what would be one."""
    if isinstance(given, type) and issubclass(given, torch().nn.Module):
        name = given.__name__
        return f"{name} is a class; make a module of it: audit({name}(...), x)"
    return (
        f"neither the path of a file, nor a torch.nn.Module, nor an ExportedProgram, but of type "
        f'{type(given).__name__}; say audit("model.onnx"), or audit(module, x)'
    )


def load_exported(program: Any, *, source: str = "") -> Draft:
    """An `ExportedProgram`, as it is: what it was decomposed into stays so."""
    return _read(program, source or "ExportedProgram")


def _read(program: Any, source: str, notes: tuple[str, ...] = ()) -> Draft:
    # What is made here holds no cycles, and a collection would walk through all that torch.export has left behind:
    # for a large model that takes as long as the reading itself.
    collects = gc.isenabled()
    gc.disable()
    try:
        return draft_of(program_of(program, source, "module", notes))
    finally:
        if collects:
            gc.enable()


# -- the user's code ------------------------------------------------------------------------------------------------


def _named(name: str) -> Any:
    """What "package.module:attribute" names. Modules of the current directory can be imported."""
    module_name, _, path = name.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    with blamed(f"{module_name} cannot be imported", UsageError):
        found: Any = import_module(module_name)
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError as error:
            raise UsageError(f"{module_name} has no {part!r}; name a factory as package.module:function") from error
    return found


def zeros_of(inputs: Sequence[InputSpec], device: Any) -> Example:
    """Zeros of these shapes: nameless ones by position, the others by name."""
    framework = torch()

    def zeros(spec: InputSpec) -> Any:
        dtype = getattr(framework, spec.dtype or "float32")
        return framework.zeros(spec.shape, dtype=dtype, device=device)

    args = tuple(zeros(spec) for spec in inputs if spec.name is None)
    return Example(args, {spec.name: zeros(spec) for spec in inputs if spec.name is not None})


def _export(module: Any, example: Example, hint: str = GIVE_INPUT) -> Any:
    """The ExportedProgram of a module. Raises UsageError where the inputs do not fit forward()."""
    _check_inputs(module, example, hint)
    with blamed("torch.export failed"):
        return exported(module, example)


def _check_inputs(module: Any, example: Example, hint: str) -> None:
    try:
        inspect.signature(module.forward).bind(*example.args, **example.kwargs)
    except TypeError as error:
        takes = ", ".join(map(str, inspect.signature(module.forward).parameters.values()))
        raise UsageError(f"{error}; forward takes ({takes}): {hint}") from error


# -- three ways to build it -----------------------------------------------------------------------------------------


@frozen
class _Way:
    """How a factory is called and its module exported without, or with, memory for its weights."""

    device: str
    building: Callable[[], AbstractContextManager[object]]
    """Within it, the factory is called."""
    calling: Callable[[], AbstractContextManager[object]]
    """Within it, example inputs are made."""
    name: str


def _ways() -> Iterator[_Way]:
    framework = torch()
    yield _Way("meta", lambda: framework.device("meta"), nullcontext, "traced on the meta device")
    symbolic = import_module("torch.fx.experimental.symbolic_shapes")
    fake = import_module("torch._subclasses.fake_tensor")
    mode = fake.FakeTensorMode(allow_non_fake_inputs=True, shape_env=symbolic.ShapeEnv())
    yield _Way("cpu", lambda: _registering(_faked(mode)), lambda: mode, "traced with fake CPU tensors")
    yield _Way("cpu", lambda: _registering(_counted()), nullcontext, "built for real")


def _first_that_works(factory: Callable[[], Any], example_of: ExampleOf) -> tuple[Any, tuple[str, ...]]:
    """The exported program, and what to say of the way in which that was possible.

    A module that fails in the same way twice would do so a third time: it is not built for real then.
    """
    failures: list[str] = []
    for way in _ways():
        try:
            program = _build_and_export(factory, way, example_of)
        except UnreadableModel as failure:
            if str(failure) in failures:
                break
            failures.append(str(failure))
        else:
            return program, tuple(f"{way.name}, because otherwise {failure}" for failure in failures[-1:])
    raise UnreadableModel("; ".join(failures[-2:] if TOO_LARGE in failures[-1] else failures[-1:]))


def _build_and_export(factory: Callable[[], Any], way: _Way, example_of: ExampleOf) -> Any:
    with blamed("the factory failed"), way.building():
        module = factory()
    if not isinstance(module, torch().nn.Module):
        raise UsageError(f"the factory returns {type(module).__name__}, not a torch.nn.Module")
    module = unwrapped(module).eval()
    with way.calling():
        example = example_of(module, way.device)
    return _export(module, example)


@contextmanager
def _registering(seen: Callable[[Any], Any]) -> Iterator[None]:
    """Within it, what a module registers as a parameter is what `seen` makes of it."""
    module = torch().nn.Module
    original = module.register_parameter

    def register(self: Any, name: str, parameter: Any) -> None:
        original(self, name, None if parameter is None else seen(parameter))

    module.register_parameter = register
    try:
        yield
    finally:
        module.register_parameter = original


def _faked(mode: Any) -> Callable[[Any], Any]:
    """A parameter without memory, in place of each."""

    def fake(parameter: Any) -> Any:
        return mode.from_tensor(parameter, static_shapes=True)

    return fake


def _counted() -> Callable[[Any], Any]:
    """Each parameter itself, until they take too much memory."""
    taken = 0

    def count(parameter: Any) -> Any:
        nonlocal taken
        taken += parameter.numel() * parameter.element_size()
        if taken > REAL_LIMIT:
            raise UnreadableModel(f"{TOO_LARGE} more than {REAL_LIMIT >> 30} GiB")
        return parameter

    return count


def _is_scripted(module: Any) -> bool:
    """Whether a module is TorchScript, or holds some, which torch.export does not follow."""
    return any(isinstance(part, torch().jit.ScriptModule) for part in module.modules())


def _device_of(module: Any) -> Any:
    """The device of a module's first weight or buffer; None where it has neither."""
    return next((tensor.device for tensors in (module.parameters(), module.buffers()) for tensor in tensors), None)
