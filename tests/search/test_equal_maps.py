"""Which linear maps are equal, and which values are scaled by one?"""

from __future__ import annotations

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.model import ModelGraph
from shortcut_audit.search.between import Between
from shortcut_audit.search.equal_maps import Maps, as_deep, is_scaled_by, maps_of
from shortcut_audit.search.lineage import Lineage
from tests.sketch import listing, sketch, stored


@pytest.mark.parametrize(
    ("chain", "maps"),
    [
        ("x -> Conv", {(3, 3, 8, 8): 1}),
        ("x -> Conv{out=4}", {(3, 3, 4, 8): 1}),
        ("x -> Conv{out=4, bias=1}", {(3, 3, 4, 8): 1}),  # a bias is no map
        ("x -> Conv.1{k=1, out=2} -> Relu -> Conv.2{k=1, in=2, out=8}", {(1, 1, 2, 8): 2}),
        ("x -> Conv.1 -> Conv.2{k=1}", {(1, 1, 8, 8): 1, (3, 3, 8, 8): 1}),
        ("x -> BatchNormalization -> Relu", {}),
        ("x -> MatMul{in=4, out=6}", {(4, 6): 1}),
    ],
)
def test_maps_are_told_apart_by_the_shapes_of_their_matrices(chain: str, maps: Maps) -> None:
    assert maps_in(sketch(chain)) == maps


def maps_in(graph: ModelGraph) -> Maps:
    return maps_of(Lineage(graph).holdings.gathered(graph.ops))


def test_a_matrix_may_be_stored_transposed() -> None:
    one = assemble(listing("y = MatMul(x, w)", x=(4, 8), w=stored(8, 6)))
    other = assemble(listing("y = Gemm(x, w) transB=1", x=(4, 8), w=stored(6, 8)))
    assert maps_in(one) == maps_in(other) == {(6, 8): 1}


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("x -> Conv.1 -> Add", "x -> Conv.2 -> Add", True),
        ("x -> Conv.1 -> Conv.3 -> Add", "x -> Conv.2 -> Add", False),
        ("x -> Conv.1 -> Relu -> Add", "x -> Conv.2 -> Relu.2 -> Add", False),  # neither is linear
        ("x -> Conv.1 -> Conv.3 -> Add", "x -> Conv.2 -> AveragePool{k=1} -> Conv.4 -> Add", True),
    ],
)
def test_as_many_layers_in_a_row(one: str, other: str, alike: bool) -> None:
    graph = sketch(one, other)
    lineage = Lineage(graph)
    field = Between(lineage).field(lineage.number["x"])
    first, second = (lineage.number[name] for name in graph.values["Add"].op.values())  # type: ignore[union-attr]
    assert as_deep(field, first, field, second) == alike


@pytest.mark.parametrize(
    ("lines", "scaled"),
    [
        (("g = MatMul(s, w)", "y = Mul(g, z)"), True),  # FiLM: g(s) x
        (("g = MatMul(s, wide)", "y = Mul(g, q)"), False),  # another map
        (("g = MatMul(s, w)", "r = Relu(g)", "y = Mul(r, z)"), False),  # not linear in s
        (("g = MatMul(s, w)", "y = Add(g, z)"), False),  # no product
        (("g = MatMul(s, w)", "y = Mul(g, half)"), False),  # of one value
        (("y = Mul(s, z)",), False),  # no map at all
    ],
)
def test_what_is_scaled_by_a_map(lines: tuple[str, ...], scaled: bool) -> None:
    read = " ".join(lines)
    names = {
        "z": (4, 8),
        "q": (4, 6),
        "w": stored(8, 8),
        "wide": stored(8, 6),
        "half": stored(data=(0.5,), literal=True),
    }
    used = {name: given for name, given in names.items() if f", {name})" in read}
    graph = assemble(listing(*lines, s=(4, 8), **used))  # type: ignore[arg-type]
    lineage = Lineage(graph)
    field = Between(lineage).field(lineage.number["s"])
    assert is_scaled_by(field, lineage.number["y"], {(8, 8): 1}) == scaled
