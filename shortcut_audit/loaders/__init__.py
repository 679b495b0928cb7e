"""What graph is in this source? One module a source; each framework is imported in its own module only, lazily."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortcut_audit.loaders.factories import is_factory
from shortcut_audit.loaders.inputs import InputSpec

if TYPE_CHECKING:
    from shortcut_audit.graph.draft import Draft
    from shortcut_audit.loaders.remote.location import Location


def load(source: str, inputs: Sequence[InputSpec] = (), *, torchscript: bool = False) -> Draft:
    """The model that a source names, as it tells it.

    Cases: 1. `package.module:factory`, the user's own code, which runs; 2. a TorchScript archive, a program, which
    runs, only where `torchscript` asks for it; 3. a .pt2 file, and 4. an ONNX file, which are only read. 1 and 2 are
    traced with `inputs`.

    Raises UnreadableModel when there is no model that can be read, UsageError when an input or an extra is missing.
    """
    if is_factory(source) and not os.path.lexists(source):
        from shortcut_audit.loaders.torch.module import load_factory

        return load_factory(source, inputs)  # 1
    path = Path(source)
    if torchscript and path.suffix.lower() not in {".onnx", ".pt2"}:
        from shortcut_audit.loaders.torch.script import load as load_torchscript

        return load_torchscript(path, inputs)  # 2
    if path.suffix.lower() == ".pt2":
        from shortcut_audit.loaders.pt2.archive import load as load_pt2

        return load_pt2(path)  # 3
    from shortcut_audit.loaders.onnx.file import load as load_onnx

    return load_onnx(path)  # 4


def load_at(location: Location, source: str, inputs: Sequence[InputSpec] = ()) -> Draft:
    """The model at a URL, under the name that reports show. Only what tells its shortcuts is fetched.

    Cases: 1. a repository of a hub, whose configuration a library builds, with `inputs` or the library's own; 2. a .pt2
    file, and 3. an ONNX file. Nothing that comes over the network is run. Raises UnreadableModel and UsageError.
    """
    if location.is_repository:
        from shortcut_audit.loaders.torch.configured import load_configured

        return load_configured(location.configuration(), source, inputs)  # 1
    if location.suffix == ".pt2":
        from shortcut_audit.loaders.pt2.archive import load_at as load_pt2_at

        return load_pt2_at(location, source)  # 2
    from shortcut_audit.loaders.onnx.file import load_at as load_onnx_at

    return load_onnx_at(location, source)  # 3


def load_object(model: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Draft:
    """A live `nn.Module` or `fx.GraphModule`, called with example inputs, or an `ExportedProgram`, which needs none."""
    from shortcut_audit.loaders.torch.module import load_exported, load_module

    if hasattr(model, "graph_signature"):
        return load_exported(model)
    return load_module(model, args, kwargs)
