"""Which classes does protobuf have for ONNX's messages?

Those of the installed onnx, so that new fields come with its new releases; without the package around them, which loads
numpy and every operator's schema: a tenth of a second for what no audit asks. Where onnx is imported already, its own.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onnx import ModelProto

MODULE = "onnx_ml_pb2"


def new_model() -> ModelProto:
    """An empty message for a whole model."""
    model: ModelProto = classes().ModelProto()
    return model


@cache
def classes() -> Any:
    """The module of the generated classes, loaded under a name of its own: a later `import onnx` is not disturbed."""
    loaded = sys.modules.get(f"onnx.{MODULE}")
    if loaded is not None:
        return loaded
    package = find_spec("onnx")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("onnx is not installed", name="onnx")
    file = Path(package.submodule_search_locations[0], f"{MODULE}.py")
    loader = SourceFileLoader(f"{__package__}.{MODULE}", str(file))
    module = ModuleType(loader.name)
    loader.exec_module(module)
    return module
