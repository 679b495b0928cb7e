"""Is the table of arities what onnx's own schemas say?

    WRITE_GOLDEN=1 pytest tests/loaders/onnx/test_arities.py

writes it anew, from the installed onnx.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from onnx import __version__, defs

from shortcut_audit.loaders.onnx import arities
from shortcut_audit.loaders.onnx.arity import Arity, arity_of

FILE = Path(arities.__file__)
HEADER = '''"""How many tensors does each of ONNX's own operators read and make?

Generated from onnx {version} by tests/loaders/onnx/test_arities.py, which says how.
"""

from __future__ import annotations

from collections.abc import Mapping

MANY = 2**31 - 1
"""How the operator schemas say "any number"."""
OPSET = {opset}
"""The newest version of the operator set that the table knows."""

ARITIES: Mapping[str, tuple[tuple[int, int, int, int, int, str], ...]] = {{
'''
FOOTER = '''}  # fmt: skip
"""By operator, for each version in which it changed: that version, inputs at least and at most, outputs at least and at
most, and the input slots that must not be left out, as a string of "1" and "0"."""
'''


def row(schema: defs.OpSchema) -> tuple[int, int, int, int, int, str]:
    single = defs.OpSchema.FormalParameterOption.Single
    needed = "".join("1" if formal.option == single else "0" for formal in schema.inputs)[: schema.min_input]
    return (
        schema.since_version,
        schema.min_input,
        schema.max_input,
        schema.min_output,
        schema.max_output,
        needed.rstrip("0"),
    )


def generated() -> str:
    rows: dict[str, list[tuple[int, int, int, int, int, str]]] = {}
    for schema in defs.get_all_schemas_with_history():
        if schema.domain == "":
            rows.setdefault(schema.name, []).append(row(schema))
    lines = []
    for name, found in sorted(rows.items()):
        kept: list[tuple[int, int, int, int, int, str]] = []
        for version in sorted(found):
            if not kept or kept[-1][1:] != version[1:]:
                kept.append(version)
        lines.append(f'    "{name}": ({", ".join(map(shown, kept))},),\n')
    return HEADER.format(version=__version__, opset=defs.onnx_opset_version()) + "".join(lines) + FOOTER


def shown(row: tuple[int, int, int, int, int, str]) -> str:
    *numbers, needed = row
    return f'({", ".join("MANY" if n > 1000 else str(n) for n in numbers)}, "{needed}")'


@pytest.mark.skipif(f"from onnx {__version__} by" not in FILE.read_text(), reason="made from another release of onnx")
def test_the_table_is_what_the_installed_onnx_says() -> None:
    text = generated()
    if os.environ.get("WRITE_GOLDEN"):
        FILE.write_text(text, encoding="utf-8")
    assert FILE.read_text(encoding="utf-8") == text


def by_schema(name: str, opset: int) -> Arity | None:
    try:
        schema = defs.get_schema(name, opset, "")
    except defs.SchemaError:
        return None
    _, *bounds, needed = row(schema)
    required = tuple(slot for slot, mark in enumerate(needed) if mark == "1")
    return Arity((bounds[0], bounds[1]), (bounds[2], bounds[3]), required)


def test_every_operator_at_every_version() -> None:
    """At all versions that both know: whatever release of onnx is installed."""
    names = {schema.name for schema in defs.get_all_schemas_with_history() if schema.domain == ""}
    asked = [(name, opset) for name in sorted(names) for opset in range(1, min(defs.onnx_opset_version(), 21) + 1)]
    assert len(asked) > 3000
    assert [pair for pair in asked if arity_of(*pair) != by_schema(*pair)] == []


def test_what_onnx_does_not_define() -> None:
    assert arity_of("Nonsense", 13) is None
    assert arity_of("Gelu", 19) is None  # since 20
