"""What graph is in this ONNX file?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.frozen import replace
from shortcut_audit.graph.draft import Draft, Tensor
from shortcut_audit.graph.model import TensorType
from shortcut_audit.loaders.onnx.arities import OPSET
from shortcut_audit.loaders.onnx.functions import functions_of, levels_of
from shortcut_audit.loaders.onnx.messages import new_model
from shortcut_audit.loaders.onnx.nodes import written_out
from shortcut_audit.loaders.onnx.operators import opset_versions
from shortcut_audit.loaders.onnx.tensors import Oddities, declared_type
from shortcut_audit.loaders.onnx.text import text
from shortcut_audit.loaders.onnx.wire import skeleton, skeleton_of
from shortcut_audit.loaders.onnx.written import Written
from shortcut_audit.names import displayable

if TYPE_CHECKING:
    from onnx import ModelProto

    from shortcut_audit.loaders.remote.location import Location


def load(path: Path) -> Draft:
    """The model in an ONNX file, of which payloads of weights and other files are never read.

    Raises UnreadableModel when the file is no intact ONNX model, breaks the format's rules, or is over a cap.
    """
    return draft_of(skeleton(path), str(path))


def load_at(location: Location, source: str) -> Draft:
    """The draft in an ONNX file that lies elsewhere."""
    with location.opened() as data:
        found = skeleton_of(data, location.suffix)
    return draft_of(found, source)


def draft_of(skeleton: bytes, source: str) -> Draft:
    """The model that a skeleton describes. Raises UnreadableModel as `load` does."""
    model = parsed(skeleton)
    opset = _opset(model)
    functions = functions_of(model)
    written = written_out(model.graph, opset, functions, nested=levels_of(model, functions) > 0)
    _check_stored_once(written.tensors)
    inputs = _inputs(model, written)
    defaults = _defaults(model)
    return Draft(
        source=source,
        format="onnx",
        origin=_origin(model, opset),
        opset=opset,
        inputs=tuple(inputs.items()),
        outputs=tuple(name for name in (text(info.name) for info in model.graph.output) if name),
        tensors=tuple(
            replace(tensor, overridable=True) if tensor.name in defaults else tensor
            for tensor in written.tensors
            if tensor.name not in inputs
        ),
        nodes=tuple(written.nodes),
        recorded=written.recorded,
        undefined=tuple(written.undefined),
        beside=tuple(written.beside),
        notes=(*_notes(model, opset), *_listed(written.oddities)),
    )


def parsed(skeleton: bytes) -> ModelProto:
    """The message that a skeleton holds. Raises UnreadableModel where it is damaged."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    model = new_model()
    try:
        model.ParseFromString(skeleton)
    except DecodeError as error:
        raise UnreadableModel(
            "not an intact ONNX file: it is damaged, or nests its graphs deeper than protobuf's limit of 100 messages"
        ) from error
    return model


def _opset(model: ModelProto) -> int:
    """The version of ONNX's own operators that the model is written for; 0 where it names others' operators only.

    Files up to IR version 2 need not say: version 1.
    """
    if not model.opset_import and 0 < model.ir_version < 3:
        return 1
    if not model.opset_import:
        raise UnreadableModel("names no version of its operators (opset_import), as it must; export the model again")
    return max(opset_versions(model.opset_import), default=0)


def _inputs(model: ModelProto, written: Written) -> dict[str, TensorType]:
    """What a caller feeds: the graph inputs that are not stored in the file (1), as a rule.

    Up to IR version 3 weights are listed among the inputs, and exporters still do so. Since then a stored tensor that
    is listed may also be the default of an input. If the model uses nothing that is fed, that is what is meant: nothing
    would be computed, and nothing found. Then the listed ones are the inputs (2), or the model is refused where every
    stored tensor is listed, the weights too (3).
    """
    declared = _declared(model, written.oddities)
    stored = {text(tensor.name) for tensor in model.graph.initializer}
    stored |= {text(sparse.values.name) for sparse in model.graph.sparse_initializer}
    fed = {name: stated for name, stated in declared.items() if name not in stored}
    listed = [name for name in declared if name in stored]
    used = {name for node in written.nodes for name in node.inputs}
    if not listed or not used.isdisjoint(fed):
        return fed  # 1
    if model.ir_version < OVERRIDABLE_SINCE or stored.issubset(listed):
        raise UnreadableModel(
            "stores a value for every input that it uses, so that nothing is computed from what it is fed; take "
            f"'{displayable(listed[0])}', or whichever is an input, out of the initializers"
        )  # 3
    written.oddities["stored, and an input of the model, which uses no other; taken for an input"].extend(listed)
    return declared  # 2


def _defaults(model: ModelProto) -> frozenset[str]:
    """The stored tensors that a caller may override: listed among the inputs since they need not be."""
    if model.ir_version < OVERRIDABLE_SINCE:
        return frozenset()
    return frozenset(text(info.name) for info in model.graph.input)


OVERRIDABLE_SINCE = 4
"""The IR version from which on weights need not be listed among the inputs."""


def _declared(model: ModelProto, oddities: Oddities) -> dict[str, TensorType]:
    """The graph inputs, whatever they are."""
    found: dict[str, TensorType] = {}
    for info in model.graph.input:
        name = text(info.name)
        if name in found:
            raise UnreadableModel(f"the model's input '{displayable(name)}' is declared twice; export the model again")
        if name:
            found[name] = declared_type(info, oddities)
    return found


def _check_stored_once(tensors: list[Tensor]) -> None:
    seen: set[str] = set()
    for tensor in tensors:
        if tensor.name in seen:
            raise UnreadableModel(f"tensor '{displayable(tensor.name)}' is stored twice; export the model again")
        seen.add(tensor.name)


def _origin(model: ModelProto, opset: int) -> str:
    """What made the file, for the report's title: "opset 17, pytorch 2.5.1"."""
    producer = displayable(" ".join(filter(None, (text(model.producer_name), text(model.producer_version)))))
    return ", ".join(filter(None, (f"opset {opset}" if opset else "", producer)))


def _notes(model: ModelProto, opset: int) -> Iterator[str]:
    """What the reader should know about the file as a whole."""
    if model.ir_version < 0:
        yield f"the file claims the impossible IR version {model.ir_version}"
    if opset > OPSET:
        yield f"written for opset {opset}; only operators up to opset {OPSET} are known here"
    if len(opset_versions(model.opset_import)) > 1:
        yield f"names several versions of ONNX's operators; read as opset {opset}"


def _listed(oddities: Oddities) -> Iterator[str]:
    """One note for each oddity, however many it concerns."""
    for oddity, names in oddities.items():
        distinct = list(dict.fromkeys(names))
        more = f" and {len(distinct) - 1} more" if len(distinct) > 1 else ""
        yield f"{displayable(distinct[0])}{more}: {oddity}"
