"""What a tensor holds after in-place ops: each case is a few lines of PyTorch, and the dataflow that they mean."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.loaders.aten import aliases
from shortcut_audit.loaders.aten.aliases import Aliases, Place, Region, View
from shortcut_audit.loaders.aten.graph import AtenProgram
from shortcut_audit.loaders.aten.translate import draft_of
from shortcut_audit.loaders.aten.views import viewable
from tests.loaders.aten.programs import drawn, program, translated


def test_whoever_reads_later_reads_the_new_value() -> None:
    """relu_(x): a shortcut taken from x afterwards starts at the activation (pre-activation blocks)."""
    assert drawn("""
        x: 4
        y = aten.mul.Tensor(self=x, other=2) -> 4
        r = aten.relu_.default(self=y) -> 4
        z = aten.add.Tensor(self=r, other=y) -> 4
        return z
    """) == ["y = Mul(x, 2)", "r = Relu(y)", "z = Add(r, r)"]


def test_whoever_read_before_has_read_the_old_value() -> None:
    assert drawn("""
        x: 4
        y = aten.mul.Tensor(self=x, other=2) -> 4
        early = aten.neg.default(self=y) -> 4
        r = aten.relu_.default(self=y) -> 4
        z = aten.add.Tensor(self=early, other=y) -> 4
        return z
    """) == ["y = Mul(x, 2)", "early = Neg(y)", "r = Relu(y)", "z = Add(early, r)"]


def test_adding_a_shortcut_in_place() -> None:
    """y += x, and the model hands back y."""
    draft = translated("""
        x: 4
        y = aten.mul.Tensor(self=x, other=2) -> 4
        s = aten.add_.Tensor(self=y, other=x) -> 4
        return y
    """)
    assert [node.inputs for node in draft.nodes if node.kind == "Add"] == [("y", "x")]
    assert draft.outputs == ("s",)


def test_a_write_to_a_view_of_all_is_undone_into_the_base() -> None:
    assert drawn("""
        x: 2x3
        y = aten.mul.Tensor(self=x, other=2) -> 2x3
        t = aten.transpose.int(self=y, dim0=0, dim1=1) -> 3x2@1x3
        f = aten.view.default(self=y, size=[6]) -> 6
        r = aten.relu_.default(self=t) -> 3x2
        z = aten.neg.default(self=f) -> 6
        return z
    """) == [
        "y = Mul(x, 2)",
        "t = Transpose(y)",
        "f = Reshape(y, [6])",
        "r = Relu(t)",
        "y~t = Transpose(r)",  # the base again
        "f~1 = Reshape(y~t, [6])",  # and the other view of it
        "z = Neg(f~1)",
    ]


def test_a_write_to_a_part_is_scattered_into_the_base() -> None:
    assert drawn("""
        x: 4x3
        y = aten.mul.Tensor(self=x, other=2) -> 4x3
        p = aten.slice.Tensor(self=y, dim=0, start=0, end=2) -> 2x3
        r = aten.relu_.default(self=p) -> 2x3
        z = aten.neg.default(self=y) -> 4x3
        return z
    """) == [
        "y = Mul(x, 2)",
        "p = Slice(y, [0], [2], [0])",
        "r = Relu(p)",
        "y~p = ScatterND(y, _, r)",
        "z = Neg(y~p)",
    ]


DISJOINT = [
    ("aten.slice.Tensor(self=y, dim=0, start=0, end=2)", "aten.slice.Tensor(self=y, dim=0, start=2)"),
    ("aten.slice.Tensor(self=y, dim=0, start=-1)", "aten.slice.Tensor(self=y, dim=0, end=-1)"),
    ("aten.select.int(self=y, dim=0, index=0)", "aten.narrow.default(self=y, dim=0, start=1, length=3)"),
]


@pytest.mark.parametrize(("written", "read"), DISJOINT)
def test_parts_that_do_not_overlap_are_left_alone(written: str, read: str) -> None:
    """Otherwise every half of a split would descend from the other (channel-split networks)."""
    nodes = drawn(f"""
        x: 4x3
        y = aten.mul.Tensor(self=x, other=2) -> 4x3
        w = {written} -> 2x3
        p = {read} -> 2x3
        r = aten.relu_.default(self=w) -> 2x3
        z = aten.neg.default(self=p) -> 2x3
        return z
    """)
    assert nodes[-1] == "z = Neg(p)"


def test_parts_of_a_split_are_left_alone() -> None:
    assert drawn("""
        x: 4x3
        a, b = aten.split.Tensor(self=x, split_size=2) -> 2x3, 2x3
        r = aten.relu_.default(self=a) -> 2x3
        z = aten.add.Tensor(self=a, other=b) -> 2x3
        return z
    """) == ["a, b = Split(x, [2, 2])", "r = Relu(a)", "z = Add(r, b)", "x~a = ScatterND(x, _, r)"]


def test_a_part_that_overlaps_is_taken_again() -> None:
    nodes = drawn("""
        x: 4x3
        y = aten.mul.Tensor(self=x, other=2) -> 4x3
        w = aten.slice.Tensor(self=y, dim=0, start=0, end=3) -> 3x3
        p = aten.slice.Tensor(self=y, dim=0, start=2) -> 2x3
        r = aten.relu_.default(self=w) -> 3x3
        z = aten.neg.default(self=p) -> 2x3
        return z
    """)
    assert nodes[-3:] == [
        "y~w = ScatterND(y, _, r)",
        "p~1 = Slice(y~w, [2], [9223372036854775807], [0])",
        "z = Neg(p~1)",
    ]


def test_what_is_written_into_zeros() -> None:
    """out = zeros(...); out[:2] = x: the zero-padded shortcut of option A, as it is often written."""
    assert drawn("""
        x: 2x3
        o = aten.zeros.default(size=[4, 3]) -> 4x3
        p = aten.slice.Tensor(self=o, dim=0, start=0, end=2) -> 2x3
        c = aten.copy_.default(self=p, src=x) -> 2x3
        return o
    """) == [
        "o = ConstantOfShape([4, 3], 0.0)",
        "p = Slice(o, [0], [2], [0])",
        "c = Identity(x)",
        "o~p = ScatterND(o, _, c)",
    ]


def test_a_copy_forgets_what_was_there() -> None:
    """copy_ reads its source alone, broadcast and cast."""
    assert drawn("""
        x: 4
        y: 1:float16
        z = aten.mul.Tensor(self=x, other=2) -> 4
        c = aten.copy_.default(self=z, src=y) -> 4
        return z
    """) == ["z = Mul(x, 2)", "c.Cast = Cast(y)", "c = Expand(c.Cast, [4])"]


def test_several_writes_between_two_reads() -> None:
    """The first write to the same view is forgotten, as the second one covers it; that to another view is not."""
    assert drawn("""
        x: 4x3
        y = aten.mul.Tensor(self=x, other=2) -> 4x3
        a = aten.slice.Tensor(self=y, dim=0, start=0, end=2) -> 2x3
        b = aten.slice.Tensor(self=y, dim=0, start=1, end=3) -> 2x3
        r = aten.relu_.default(self=a) -> 2x3
        s = aten.neg_.default(self=r) -> 2x3
        t = aten.abs_.default(self=b) -> 2x3
        z = aten.neg.default(self=y) -> 4x3
        return z
    """) == [
        "y = Mul(x, 2)",
        "a = Slice(y, [0], [2], [0])",
        "b = Slice(y, [1], [3], [0])",
        "r = Relu(a)",
        "s = Neg(r)",
        "y~a = ScatterND(y, _, s)",
        "b~1 = Slice(y~a, [1], [3], [0])",  # b overlaps a
        "t = Abs(b~1)",
        "y~b = ScatterND(y~a, _, t)",
        "z = Neg(y~b)",
    ]


def test_views_of_views() -> None:
    """y[:2][0] is written: y[:2] takes it over, then y."""
    assert drawn("""
        x: 4x3
        y = aten.mul.Tensor(self=x, other=2) -> 4x3
        p = aten.slice.Tensor(self=y, dim=0, start=0, end=2) -> 2x3
        q = aten.select.int(self=p, dim=0, index=0) -> 3
        r = aten.relu_.default(self=q) -> 3
        return y
    """)[3:] == [
        "r = Relu(q)",
        "p~1 = Slice(y, [0], [2], [0])",
        "p~q = ScatterND(p~1, _, r)",
        "y~p = ScatterND(y, _, p~q)",
    ]


COPYING = [
    ("aten.reshape.default(self=t, shape=[6])", "3x2@1x3", True),  # a transposed matrix in one row
    ("aten.reshape.default(self=t, shape=[6])", "3x2", False),
    ("aten.contiguous.default(self=t)", "3x2@1x3", True),
    ("aten.contiguous.default(self=t)", "3x2", False),
    ("aten.to.dtype(self=t, dtype='float32')", "3x2", False),
    ("aten.dropout.default(input=t, p=0.1, train=False)", "3x2", False),
    ("aten.dropout.default(input=t, p=0.1, train=True)", "3x2", True),
    ("aten.clone.default(self=t)", "3x2", True),
    ("aten.detach.default(self=t)", "3x2", False),
]


@pytest.mark.parametrize(("call", "layout", "copies"), COPYING)
def test_ops_that_copy_only_where_they_must(call: str, layout: str, copies: bool) -> None:
    shape = "6" if "reshape" in call else "3x2"
    nodes = drawn(f"""
        x: 3x2
        t = aten.mul.Tensor(self=x, other=2) -> {layout}
        v = {call} -> {shape}
        r = aten.relu_.default(self=v) -> {shape}
        z = aten.neg.default(self=t) -> 3x2
        return z
    """)
    assert (nodes[-1] == "z = Neg(t)") == copies


@pytest.mark.parametrize("view", ["aten.reshape.default(self=y, shape=[4])", "aten.contiguous.default(self=y)"])
def test_what_is_viewed_after_an_op_on_the_layout(view: str) -> None:
    """unsqueeze_(y): y has another shape now, and other strides than those that are recorded under its name."""
    nodes = drawn(f"""
        x: 2x2
        y = aten.mul.Tensor(self=x, other=2) -> 2x2
        u = aten.unsqueeze_.default(self=y, dim=0) -> 1x2x2
        v = {view} -> 4
        r = aten.relu_.default(self=v) -> 4
        z = aten.neg.default(self=y) -> 1x2x2
        return z
    """)
    kind = "Reshape" if "reshape" in view else "Identity"
    assert nodes[1:3] == ["u = Unsqueeze(y, [0])", f"v = {kind}({'u, [4]' if kind == 'Reshape' else 'u'})"]
    assert nodes[3:] == [
        "r = Relu(v)",
        f"y~v = {'Reshape(r, [1, 2, 2])' if kind == 'Reshape' else 'Identity(r)'}",
        "y~u = Reshape(y~v, [2, 2])",
        "u~1 = Unsqueeze(y~u, [0])",
        "z = Neg(u~1)",
    ]


def test_a_permutation_is_undone_by_its_inverse() -> None:
    """[1, 2, 0] is undone by [2, 0, 1]."""
    draft = translated("""
        x: 2x3x4
        y = aten.mul.Tensor(self=x, other=2) -> 2x3x4
        p = aten.permute.default(self=y, dims=[1, 2, 0]) -> 3x4x2
        r = aten.relu_.default(self=p) -> 3x4x2
        return y
    """)
    assert [node.attributes["perm"] for node in draft.nodes if node.kind == "Transpose"] == [(1, 2, 0), (2, 0, 1)]


@pytest.mark.parametrize(
    "call",
    [
        "aten.permute.default(self=y, dims='q')",
        "aten.permute.default(self=y, dims=[0, 0])",
        "aten.permute.default(self=y, dims=[0])",
        "aten.transpose.int(self=y)",
        "aten.movedim.intlist(self=y, source=[0, 0], destination=[0, 1])",
        "aten.slice.Tensor(self=y, dim=9)",
        "aten.diagonal.default(self=y)",
    ],
)
def test_a_write_to_a_view_that_is_not_understood_reaches_its_base(call: str) -> None:
    """What it shows is not known: some part of the base is another now."""
    nodes = drawn(f"""
        x: 2x3
        y = aten.mul.Tensor(self=x, other=2) -> 2x3
        v = {call} -> 2x3
        r = aten.relu_.default(self=v) -> 2x3
        z = aten.neg.default(self=y) -> 2x3
        return z
    """)
    opaque = call.replace(".", "::", 1).partition("(")[0]
    assert nodes[1:] == [
        f"v = {'Uncontracted' if 'diagonal' in call else opaque}(y)",
        "r = Relu(v)",
        "y~v = ScatterND(y, _, r)",
        "z = Neg(y~v)",
    ]


@pytest.mark.parametrize(
    ("call", "meant"),
    [
        ("o = my_lib.op_.default(x=y, s=x) -> 4", "my_lib::op_.default(y, x)"),  # by the underscore
        ("o = my_lib.op.default(s=x, out=y) -> 4", "my_lib::op.default(x)"),
        ("o = aten.igamma_.default(self=y, other=x) -> 4", "Pointwise(y, x)"),
        ("o = aten.relu_.default(self=y, how=3) -> 4", "Relu(y)"),
        ("o = aten.flip_.default(self=y, dims=[5]) -> 4", "aten::flip_.default(y)"),  # no such axis
    ],
)
def test_what_is_written_is_read_later_though_nobody_takes_the_result(call: str, meant: str) -> None:
    nodes = drawn(f"""
        x: 4
        y = aten.mul.Tensor(self=x, other=2) -> 4
        {call}
        z = aten.neg.default(self=y) -> 4
        return z
    """)
    assert [line.partition(" = ")[2] for line in nodes[1:2]] == [meant]
    assert nodes[2] == f"z = Neg({nodes[1].partition(' = ')[0]})"


def calling(writes: tuple[str, ...] | None, *outputs: str) -> AtenProgram:
    """y = 2 x; s = -x; my_lib.op(x=y, s=s, w=weight); return y, s"""
    made = program("""
        x: 4
        w: parameter 4
        y = aten.mul.Tensor(self=x, other=2) -> 4
        s = aten.neg.default(self=x) -> 4
        o = my_lib.op.default(x=y, s=s, w=w) -> 4
        return y, s
    """)
    *before, node = made.graph.nodes
    nodes = (*before, replace(node, writes=writes, outputs=outputs))
    return replace(made, graph=replace(made.graph, nodes=nodes))


def test_an_op_of_which_nobody_knows_what_it_does_writes_what_its_schema_says() -> None:
    assert outputs_of(calling(("x",))) == ["my_lib::op.default", "Neg"]
    assert outputs_of(calling(("s", "x"))) == ["my_lib::op.default", "my_lib::op.default"]
    assert outputs_of(calling(())) == ["Mul", "Neg"]


def test_what_hands_nothing_back_may_write_to_all_but_what_is_learned() -> None:
    """As of a .pt2 file, which holds no schemas."""
    assert outputs_of(calling(None)) == ["my_lib::op.default", "my_lib::op.default"]
    assert outputs_of(calling(None, "o")) == ["Mul", "Neg"]


def outputs_of(made: AtenProgram) -> list[str]:
    """The ops that make what the program hands back."""
    draft = draft_of(made)
    return [node.kind for name in draft.outputs for node in draft.nodes if name in node.outputs]


def test_names_do_not_grow_with_each_write() -> None:
    lines = [
        f"v{i} = aten.slice.Tensor(self=y, dim=0, start=0, end=2) -> 2x3\nr{i} = aten.relu_.default(self=v{i}) -> 2x3"
        for i in range(50)
    ]
    draft = translated("\n".join(["x: 4x3", "y = aten.mul.Tensor(self=x, other=2) -> 4x3", *lines, "return y"]))
    assert {name for node in draft.nodes if node.kind == "ScatterND" for name in node.outputs} == {
        f"y~v{i}" for i in range(50)
    }


@pytest.mark.parametrize(
    ("shape", "strides", "wanted", "possible"),
    [
        ((2, 3), (3, 1), (6,), True),
        ((3, 2), (1, 3), (6,), False),  # transposed
        ((3, 2), (1, 3), (3, 2, 1), True),  # but an axis of one may be added
        ((2, 3, 4), (12, 4, 1), (6, 4), True),
        ((2, 3, 4), (24, 4, 1), (6, 4), False),  # every other row of a larger tensor
        ((2, 3, 4), (24, 4, 1), (2, 12), True),
        ((4, 3), (0, 1), (12,), False),  # expanded
        ((0, 3), (3, 1), (7, 0), True),  # nothing to copy
    ],
)
def test_what_can_be_seen_in_another_shape_without_a_copy(
    shape: tuple[int, ...], strides: tuple[int, ...], wanted: tuple[int, ...], possible: bool
) -> None:
    """As torch.empty_strided(shape, strides).view(wanted) decides."""
    assert viewable(shape, strides, wanted) == possible


def test_an_op_with_an_out_argument_writes_to_it() -> None:
    assert drawn("""
        x: 4
        o = aten.empty.memory_format(size=[4]) -> 4
        s = aten.add.out(self=x, other=x, out=o) -> 4
        z = aten.neg.default(self=o) -> 4
        return z
    """)[1:] == ["s = Add(x, x)", "z = Neg(s)"]


def test_an_op_in_place_on_the_layout() -> None:
    """t_() makes its operand a view of what it was."""
    assert drawn("""
        x: 2x3
        y = aten.mul.Tensor(self=x, other=2) -> 2x3
        t = aten.t_.default(self=y) -> 3x2
        z = aten.neg.default(self=y) -> 3x2
        return z
    """) == ["y = Mul(x, 2)", "t = Transpose(y)", "z = Neg(t)"]


def test_a_part_of_an_updated_buffer() -> None:
    """A cache that the model keeps: what is read from it depends on what was written."""
    assert drawn("""
        k: buffer 8x3
        x: 1x3
        p = aten.slice.Tensor(self=k, dim=0, start=2, end=3) -> 1x3
        c = aten.copy_.default(self=p, src=x) -> 1x3
        z = aten.neg.default(self=k) -> 8x3
        return z
    """)[-2:] == ["k~p = ScatterND(k, _, c)", "z = Neg(k~p)"]


# -- Aliases by itself ----------------------------------------------------------------------------------------------


def view(name: str, region: Region | None = None) -> View:
    """A view that writes down how it was taken."""
    return View(lambda base: f"{name}({base})", lambda old, new: f"put({old}, {new})", whole=False, region=region)


def test_a_chain_of_views_costs_no_recursion_and_ends() -> None:
    place = Place("x")
    for _ in range(2000):
        place = Place.within(place, view("v"), "v")
    assert len(place.chain()) <= aliases.DEPTH_LIMIT + 1 == 101


def test_endless_replays_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aliases, "REPLAY_LIMIT", 10)
    known = Aliases()
    base = Place("x")
    one, other = (Place.within(base, view(name), name) for name in "ab")

    def write_in_turns() -> None:
        for _ in range(10):
            known.write(one, "new")
            known.write(other, known.read(other))

    with pytest.raises(UnreadableModel, match="written to in place"):
        write_in_turns()


def test_regions_on_different_axes_may_overlap() -> None:
    assert Region(0, 0, 2).misses(Region(0, 2, 4))
    assert not Region(0, 0, 2).misses(Region(1, 2, 4))
    assert not Region(0, 0, 3).misses(Region(0, 2, 4))
