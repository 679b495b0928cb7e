"""How does an ATen program become a draft?

Its nodes are walked over in order (walk.py). What it hands back is its output, and so is what it leaves in its buffers
and inputs: caches, statistics.
"""

from __future__ import annotations

from collections.abc import Sequence

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.frozen import replace
from shortcut_audit.graph.draft import Draft
from shortcut_audit.graph.model import TensorType
from shortcut_audit.loaders.aten.aliases import Place
from shortcut_audit.loaders.aten.graph import AtenGraph, AtenProgram, Ref, flat
from shortcut_audit.loaders.aten.walk import Translation
from shortcut_audit.names import displayable

OPSET = 24
"""The version of ONNX's operators whose slots and attributes the vocabulary follows."""

NO_RESULT = (
    "hands back no tensor, and leaves none in a buffer or an input: what it needs cannot be told, and all counts"
)
"""What is said of a program without a result."""


def draft_of(program: AtenProgram) -> Draft:
    """The program in canonical ops. Raises UnreadableModel where a node reads what nothing has made."""
    translation = Translation()
    env: dict[str, Place] = {}
    inputs: dict[str, tuple[Place, TensorType]] = {}
    for name in program.inputs:
        fed, known = translation.writer.fresh(name), program.graph.types.get(name, TensorType())
        env[name] = translation.hold(fed, known, program.graph.strides.get(name))
        inputs[fed] = (env[name], known)
    places: dict[str, Place] = {}
    for name, tensor in program.stored.items():
        if tensor.name not in places:
            stored = replace(tensor, name=translation.writer.fresh(tensor.name))
            translation.writer.store(stored)
            translation.note_strides(stored.name, program.graph.strides.get(name))
            places[tensor.name] = Place(stored.name)
        env[name] = places[tensor.name]
    results = translation.run(program.graph, env)
    _check_results(program.graph, results)
    writer, read = translation.writer, translation.aliases.read
    lasting = (*places.values(), *(place for place, _ in inputs.values()))
    outputs = [place for place in results if place is not None] + [place for place in lasting if place.written]
    return Draft(
        source=program.source,
        format=program.format,
        origin=program.origin,
        opset=OPSET,
        inputs=tuple((fed, known) for fed, (_, known) in inputs.items()),
        outputs=tuple(dict.fromkeys(map(read, outputs))),
        tensors=tuple(writer.tensors.values()),
        nodes=tuple(writer.nodes),
        recorded={name: known for name, known in writer.types.items() if name not in writer.tensors},
        notes=program.notes if outputs else (*program.notes, NO_RESULT),
        beside=tuple(writer.beside),
    )


def _check_results(graph: AtenGraph, places: Sequence[Place | None]) -> None:
    for item, place in zip(flat(graph.outputs), places, strict=True):
        if isinstance(item, Ref) and place is None:
            raise UnreadableModel(
                f"the model hands back '{displayable(item.name)}', which nothing makes; export the model again"
            )
