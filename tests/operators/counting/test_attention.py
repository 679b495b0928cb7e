"""How many multiply-accumulates does attention with a cache take, and how many what is like attention?

Every count is worked out by hand. What stands in data alone is unknown, and the report says what it is.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Draft
from shortcut_audit.graph.model import Shape, TensorType
from shortcut_audit.operators.counting.attention import (
    attention,
    decoder_attention,
    gated_position_bias,
    grouped_attention,
    linear_attention,
    multi_head_attention,
    packed_attention,
    packed_multi_head_attention,
    projected_attention,
)
from shortcut_audit.operators.table import macs
from shortcut_audit.pipeline import audit_draft
from tests.operators.counting.test_contractions import call
from tests.sketch import listing, stored

# One new token in 4 heads of 8, keys and values of 2 heads: each key that is met takes 4 x (8 + 8) = 64.
CACHE: Shape = (1, 2, 16, 8)
STEP = "y, kk, vv = com.microsoft::GroupQueryAttention(q, k, v, pk, pv, lengths, total) num_heads=4 kv_num_heads=2"
MASK = ("sizes = Shape(mask)", "total = Gather(sizes, one) axis=0")


def step(
    past: Shape = CACHE, present: Shape = None, total: object = "fed", outputs: tuple[str, ...] = ("y", "kk", "vv")
) -> Draft:
    """One step of a decoder. How many keys there are is fed, stored, or the length of a mask."""
    tensors = {"one": stored(data=(1,), dtype="int64")} if total == "mask" else {}
    tensors |= {"total": stored(data=(total,), dtype="int32")} if isinstance(total, int) else {}
    fed = {"total": TensorType((), "int32")} if total == "fed" else {}
    fed |= {"mask": TensorType((1, "seen"), "int64")} if total == "mask" else {}
    cache = TensorType(past, "float32")
    draft = listing(
        *(MASK if total == "mask" else ()), STEP, q=(1, 1, 32), k=(1, 1, 16), v=(1, 1, 16), pk=cache, pv=cache,
        lengths=TensorType((1,), "int32"), outputs=outputs, **fed, **tensors,
    )  # fmt: skip
    return replace(draft, recorded={name: TensorType(present, "float32") for name in ("kk", "vv")})


def counted(draft: Draft) -> str:
    """What the attention of a draft takes."""
    graph = assemble(draft)
    (op,) = (op for op in graph.ops if "Attention" in op.kind)
    return str(macs(graph, op))


def test_a_past_that_the_present_lengthens_is_met_whole() -> None:
    assert counted(step(present=(1, 2, 17, 8))) == "1088"  # 17 x 64
    assert counted(step(past=(1, 2, "past", 8), present=(1, 2, "past + 1", 8))) == "64*past + 64"


@pytest.mark.parametrize("present", [(1, 2, 16, 8), None, (1, 2, "total", 8), (1, 2, 24, 8), (16, 8)])
def test_of_a_past_that_may_be_a_buffer_nobody_knows_how_much_is_met(present: Shape) -> None:
    """16 positions, of which one may be in use: 17 x 64 would be above the truth."""
    report = audit_draft(step(present=present))
    assert report.totals.lower_bound
    assert [one.why for one in report.uncounted] == [
        "how much of the keys and values of earlier steps is in use stands in its data alone"
    ]


def test_a_past_of_an_open_length_may_be_a_buffer() -> None:
    """ONNX Runtime's generators bind past and present to one tensor, whatever the two lengths are called."""
    assert counted(step(past=(1, 2, "past", 8), present=(1, 2, "total", 8))) == "None"


def test_how_many_keys_there_are_may_be_stored_or_the_length_of_a_mask() -> None:
    assert counted(step(total=5)) == "320"  # 5 x 64
    assert counted(step(present=(1, 2, 16, 8), total="mask")) == "64*seen"
    assert counted(step(total=18)) == "None"  # more than 16 and the new one
    assert counted(step(total=0)) == "None"  # fewer than the new one
    draft = step(total=5)
    fed = replace(draft, tensors=tuple(replace(tensor, overridable=True) for tensor in draft.tensors))
    assert counted(fed) == "None"  # 5 is but a default


def test_what_the_caller_does_not_hold_is_no_buffer_of_the_callers() -> None:
    """Nobody hands the present back, or the past is computed: it is what it is."""
    assert counted(step(outputs=("y",))) == "1088"  # 17 x 64
    draft = step()
    inside = replace(draft, nodes=(*listing("pk = Relu(fk)", "pv = Relu(fv)").nodes, *draft.nodes))
    renamed = {"pk": "fk", "pv": "fv"}
    inside = replace(inside, inputs=tuple((renamed.get(name, name), t) for name, t in inside.inputs))
    assert counted(inside) == "1088"


def test_a_buffer_of_which_a_constant_says_how_much_is_in_use() -> None:
    """MultiHeadAttention: width 32 in 4 heads, 3 of 16 positions and the new one: 4 x 4 x (8 + 8)."""
    line = "y, kk, vv = com.microsoft::MultiHeadAttention(q, k, v, _, _, _, pk, pv, used) num_heads=4"
    shapes = dict.fromkeys("qkv", (1, 1, 32)) | {"pk": (1, 4, 16, 8), "pv": (1, 4, 16, 8)}
    known = listing(line, **shapes, used=stored(data=(3,), dtype="int32"))  # type: ignore[arg-type]
    assert counted(known) == "256"
    fed = listing(line, **shapes, used=TensorType((1,), "int32"))  # type: ignore[arg-type]
    assert counted(fed) == "None"
    more = listing(line, **shapes, used=stored(data=(17,), dtype="int32"))  # type: ignore[arg-type]
    assert counted(more) == "None"  # 17 of 16


def test_a_decoder_with_a_past_or_a_buffer() -> None:
    """One query, 3 in the past, width 8 in 2 heads: 4 x (8 + 8); slots 5 and 6 hold keys and values."""
    new, past = (1, 1, 8), (1, 2, 3, 4)
    given = (new, new, new, None, None, past, past)
    assert decoder_attention(call(*given, to=new, num_heads=2)) == 64
    assert decoder_attention(call(*given, to=new, num_heads=2, past_present_share_buffer=1)) is None
    across = (1, 2, 7, 4)
    assert decoder_attention(call(new, across, across, to=new, num_heads=2)) == 112  # 7 x (8 + 8)


def test_a_decoder_that_projects() -> None:
    """Width 8 to 8 + 8 + 8 for one token, then as above."""
    given = ((1, 1, 8), (8, 24), (24,), None, (2, 1, 2, 3, 4))
    assert projected_attention(4, 6)(call(*given, to=(1, 1, 8), num_heads=2)) == 256  # 8 x 24 + 4 x (8 + 8)


def test_padding_among_the_keys_may_be_a_buffer() -> None:
    """Attention of ONNX 24: slot 6 says how many keys are no padding, and kernels leave the rest out."""
    line = "y = Attention(q, k, v, _, _, _, valid)"
    draft = listing(line, q=(1, 4, 1, 8), k=(1, 4, 16, 8), v=(1, 4, 16, 8), valid=TensorType((1,), "int64"))
    (missing,) = audit_draft(draft).uncounted
    assert missing.why == "how many of its keys are no padding stands in its data alone"


def test_packed_sequences_of_one_and_of_several() -> None:
    """5 tokens of width 8 in one sequence: 5 x 8 x 24 and 5 x 5 x (8 + 8). Two sequences: how long is each?"""
    given = ((5, 8), (8, 24), (24,), (1, 5))
    assert packed_attention(call(*given, (2,), to=(5, 8), num_heads=2)) == 1_360
    assert packed_attention(call(*given, (3,), to=(5, 8), num_heads=2)) is None
    apart = ((5, 8), (5, 8), (5, 8), None, (1, 5))
    assert packed_multi_head_attention(call(*apart, (2,), to=(5, 8), num_heads=2)) == 400
    assert packed_multi_head_attention(call(*apart, (3,), to=(5, 8), num_heads=2)) is None
    both = ((5, 2, 3, 4), None, None, None, (1, 5), (2,))
    assert packed_multi_head_attention(call(*both, to=(5, 8), num_heads=2)) == 400


def test_the_report_says_that_it_is_the_lengths_that_are_not_known() -> None:
    line = "y = com.microsoft::PackedMultiHeadAttention(q, k, v, _, offsets, ends) num_heads=2"
    lists = {"offsets": TensorType((2, 4), "int32"), "ends": TensorType((3,), "int32")}
    draft = listing(line, q=(5, 8), k=(5, 8), v=(5, 8), **lists)  # type: ignore[arg-type]
    (missing,) = audit_draft(draft).uncounted
    assert missing.why == "how long each sequence is stands in its data alone"


@pytest.mark.parametrize(("rule", "count"), [("linear", 1_440), ("gated", 1_440), ("delta", 1_920), ("other", None)])
def test_linear_attention_updates_and_reads_a_state(rule: str, count: int | None) -> None:
    """5 tokens, 4 heads of queries of size 4 over 2 heads of keys of 4 and of values of 6, batch 2.

    Read: 2 x 4 x 5 x 4 x 6 = 960. Update: 2 x 2 x 5 x 4 x 6 = 480, and the delta rule as much again.
    """
    made = call((2, 5, 16), (2, 5, 8), (2, 5, 12), q_num_heads=4, kv_num_heads=2, update_rule=rule)
    assert linear_attention(made) == count


@pytest.mark.parametrize(("heads", "count"), [((2, 4), 960), ((3, 4), None)])
def test_several_states_for_a_head_of_queries(heads: tuple[int, int], count: int | None) -> None:
    """com.microsoft, 5 tokens, 2 heads of queries over 4 states of 4 x 6: 480 read (4 x 5 x 4 x 6), 480 updated."""
    past = (3, 1, 4, 4, 6)
    given = ((1, 5, 4 * heads[0]), (1, 5, 16), (1, 5, 24), past)
    made = call(*given, q_num_heads=heads[0], kv_num_heads=heads[1], update_rule="gated", state_window=3)
    assert linear_attention(made) == count


def test_gates_of_relative_positions() -> None:
    """Batch 1, 5 tokens, 2 heads of 4, weight [4, 8]: 2 x 5 x 4 x 8."""
    made = call((1, 5, 8), (8,), (1, 2, 5, 5), (4, 8), num_heads=2)
    assert gated_position_bias(made) == 320


# --- each case in numbers --------------------------------------------------------------------------------------------

ATTENDED = {
    # 2 x 4 heads x 6 queries x 5 keys x (8 + 8) = 3,840
    "with heads": (((2, 4, 6, 8), (2, 4, 5, 8), (2, 4, 5, 8)), (2, 4, 6, 8), {}, 3_840),
    "wider values": (((2, 4, 6, 8), (2, 4, 5, 8), (2, 4, 5, 3)), (2, 4, 6, 3), {}, 2_640),  # 240 x (8 + 3)
    "grouped": (((2, 4, 6, 8), (2, 2, 5, 8), (2, 2, 5, 8)), (2, 4, 6, 8), {}, 3_840),
    "one head of keys": (((2, 4, 6, 8), (2, 1, 5, 8), (2, 1, 5, 8)), (2, 4, 6, 8), {}, 3_840),
    "heads that share unevenly": (((2, 4, 6, 8), (2, 3, 5, 8), (2, 3, 5, 8)), (2, 4, 6, 8), {}, None),
    "fewer queries": (((2, 2, 6, 8), (2, 4, 5, 8), (2, 4, 5, 8)), (2, 2, 6, 8), {}, None),
    "sizes that differ": (((2, 4, 6, 8), (2, 4, 5, 7), (2, 4, 5, 8)), (2, 4, 6, 8), {}, None),
    "keys without values": (((2, 4, 6, 8), (2, 4, 5, 8), (2, 4, 4, 8)), (2, 4, 6, 8), {}, None),
    "heads that differ": (((2, 4, 6, 8), (2, 2, 5, 8), (2, 4, 5, 8)), (2, 4, 6, 8), {}, None),
    "in one axis": (((2, 6, 32), (2, 5, 32), (2, 5, 32)), (2, 6, 32), {"q_num_heads": 4, "kv_num_heads": 4}, 3_840),
    "grouped in one axis": (
        ((2, 6, 32), (2, 5, 16), (2, 5, 16)), (2, 6, 32), {"q_num_heads": 4, "kv_num_heads": 2}, 3_840,
    ),
    "without heads": (((2, 6, 32), (2, 5, 32), (2, 5, 32)), (2, 6, 32), {}, None),
    "a width of no heads": (
        ((2, 6, 30), (2, 5, 32), (2, 5, 32)), (2, 6, 30), {"q_num_heads": 4, "kv_num_heads": 4}, None,
    ),
    "a result of another length": (((2, 4, 6, 8), (2, 4, 5, 8), (2, 4, 5, 8)), (2, 4, 7, 8), {}, None),
    "a result of a width of no heads": (
        ((2, 6, 32), (2, 5, 32), (2, 5, 32)), (2, 6, 30), {"q_num_heads": 4, "kv_num_heads": 4}, None,
    ),
    "of two axes": (((6, 32), (5, 32), (5, 32)), None, {"q_num_heads": 4, "kv_num_heads": 4}, None),
    "without a query": ((None, (2, 4, 5, 8), (2, 4, 5, 8)), None, {}, None),
    "without values": (((2, 4, 6, 8), (2, 4, 5, 8), None), None, {}, None),
}  # fmt: skip


@pytest.mark.parametrize("how", ATTENDED)
def test_attention(how: str) -> None:
    shapes, made, attributes, count = ATTENDED[how]
    assert attention(call(*shapes, to=made, **attributes)) == count


def test_attention_with_a_past() -> None:
    """5 new keys and 3 of before: 2 x 4 x 6 x 8 x (8 + 8). A buffer is none of which slot 6 says how much is valid."""
    shapes, past = ((2, 4, 6, 8), (2, 4, 5, 8), (2, 4, 5, 8)), (2, 4, 3, 8)
    assert attention(call(*shapes, None, past, past)) == 6_144
    assert attention(call(*shapes, None, past, (2, 4, 2, 8))) is None  # values for two of three
    assert attention(call(*shapes, None, past, None)) is None
    assert attention(call(*shapes, None, None, None, (2,))) is None


def test_one_operand_may_hold_what_others_do() -> None:
    """Batch 2, 4 heads of 8, 6 queries; keys are as many, or 5: 2 x 4 x 6 x 6 x 16 and 2 x 4 x 6 x 5 x 16."""
    assert multi_head_attention(call((2, 6, 32), (2, 6, 32), (2, 6, 32), num_heads=4)) == 4_608
    assert multi_head_attention(call((2, 6, 4, 3, 8), num_heads=4)) == 4_608
    assert multi_head_attention(call((2, 6, 4, 2, 8), num_heads=4)) is None  # two of three
    assert multi_head_attention(call((2, 6, 32), (2, 5, 4, 2, 8), num_heads=4)) == 3_840
    assert multi_head_attention(call((2, 6, 32), (2, 5, 4, 3, 8), num_heads=4)) is None
    assert multi_head_attention(call((2, 6, 32), (2, 6, 32), num_heads=4)) is None  # keys and no values
    assert multi_head_attention(call((2, 6, 32), (2, 6, 32), (2, 6, 32))) is None  # no number of heads


def test_a_query_may_hold_keys_and_values_of_fewer_heads() -> None:
    """4 heads of queries and 2 of keys and of values, of 8: a width of (4 + 2 + 2) x 8; 6 x 6 x 4 x 16 = 2,304."""
    heads = {"num_heads": 4, "kv_num_heads": 2}
    assert grouped_attention(call((1, 6, 64), to=(1, 6, 32), **heads)) == 2_304
    assert grouped_attention(call((1, 6, 63), to=(1, 6, 32), **heads)) is None
    assert grouped_attention(call((1, 6, 64), to=(1, 6, 32), num_heads=4)) is None
    assert grouped_attention(call((1, 6, 48), to=(1, 6, 32), num_heads=4)) is None  # 4 + 1 + 1 heads are not said
    assert grouped_attention(call((1, 6, 64), to=(1, 6, 32), kv_num_heads=2)) is None
    assert grouped_attention(call((1, 6, 32), (1, 6, 16), (1, 6, 16), to=(1, 6, 32), **heads)) == 2_304
    assert grouped_attention(call((1, 6, 32), (1, 6, 16), to=(1, 6, 32), **heads)) is None


def test_what_projects_and_attends() -> None:
    """5 tokens of 8 by weights [8, 24], 2 heads: 5 x 8 x 24 = 960, and 5 x 5 x (8 + 8) = 400."""
    count = projected_attention(4, 6)
    assert count(call((1, 5, 8), (8, 24), to=(1, 5, 8), num_heads=2)) == 1_360
    assert count(call((1, 5, 8), (8, 24), to=(1, 5, 8), num_heads=2, qkv_hidden_sizes=(8, 8, 8))) == 1_360
    # Values of 4: 5 x 8 x 20 = 800 and 5 x 5 x (8 + 4) = 300.
    assert count(call((1, 5, 8), (8, 20), to=(1, 5, 4), num_heads=2, qkv_hidden_sizes=(8, 8, 4))) == 1_100
    for sizes in ((8, 8, 9), (8, 12, 4), (12, 8, 4), (8, 8), (8, 16, 0), (12, 16, -4), (8, 8, "8"), 24):
        assert count(call((1, 5, 8), (8, 24), to=(1, 5, 8), num_heads=2, qkv_hidden_sizes=sizes)) is None  # type: ignore[arg-type]
    assert count(call((1, 5, 8), (8, 25), to=(1, 5, 8), num_heads=2)) is None  # no third of 25
    assert count(call((1, 5, 8), (7, 24), to=(1, 5, 8), num_heads=2)) is None
    assert count(call((5, 8), (8, 24), to=(5, 8), num_heads=2)) is None
    assert count(call(None, (8, 24), num_heads=2)) is None
    assert count(call((1, 5, 8), None, num_heads=2)) is None
    assert count(call((1, 5, 8), (8, 24), to=(1, 5, 8))) is None  # of how many heads?
    assert count(call((1, 5, 8), (8, 24), to=(1, 5, 8), num_heads=3)) is None
    past = (2, 1, 2, 3, 4)
    given = ((1, 5, 8), (8, 24), None, None)
    assert count(call(*given, past, to=(1, 5, 8), num_heads=2)) == 1_600  # 960 + 5 x 8 x 16
    assert count(call(*given, past, to=(1, 5, 8), num_heads=2, past_present_share_buffer=1)) is None
    assert count(call(*given, past[1:], to=(1, 5, 8), num_heads=2)) is None  # without the axis of keys and values


def test_packed_tokens() -> None:
    given = ((5, 8), (8, 24), None, (1, 5))
    assert packed_attention(call((1, 5, 8), *given[1:], (2,), to=(5, 8), num_heads=2)) is None  # a batch is not packed
    assert packed_attention(call(*given, (2,), to=(1, 5, 8), num_heads=2)) == 1_360  # of such a result nothing is known
    assert packed_attention(call(*given, (2,), to=(6, 8), num_heads=2)) is None
    assert packed_attention(call(None, *given[1:], (2,), num_heads=2)) is None
    assert packed_attention(call((5, 8), (8, 25), None, (1, 5), (2,), num_heads=2)) is None
    apart = ((5, 8), (5, 8), (5, 8), None, (1, 5), (2,))
    assert packed_multi_head_attention(call(*apart, to=(6, 8), num_heads=2)) is None
    assert packed_multi_head_attention(call(None, *apart[1:], num_heads=2)) is None
    assert (
        packed_multi_head_attention(call((5, 2, 2, 4), *apart[3:3], None, None, None, (1, 5), (2,), num_heads=2))
        is None
    )


def test_linear_attention_of_heads_that_do_not_share() -> None:
    """Batch 1, 2 tokens, 2 heads of 4 and values of 3: read and updated, 2 x 2 x 4 x 3 = 48 each."""
    shapes = ((1, 2, 8), (1, 2, 8), (1, 2, 6))
    heads = {"q_num_heads": 2, "kv_num_heads": 2}
    assert linear_attention(call(*shapes, update_rule="linear", **heads)) == 96
    assert linear_attention(call(*shapes, **heads)) == 144  # the rule that is usual reads the state, too
    assert linear_attention(call(*shapes, (1, 2, 4, 3), update_rule="linear", **heads)) == 96
    assert linear_attention(call(*shapes, (1, 2, 3, 4), update_rule="linear", **heads)) is None
    assert linear_attention(call(*shapes, (7, 1, 2, 4, 3), update_rule="linear", state_window=7, **heads)) == 96
    assert linear_attention(call(*shapes, (7, 1, 2, 4, 3), update_rule="linear", **heads)) is None
    assert linear_attention(call(*shapes, update_rule="linear", q_num_heads=2)) is None
    assert linear_attention(call(*shapes, update_rule="linear", kv_num_heads=2)) is None
    assert linear_attention(call(*shapes[:2], (1, 2, 2, 3), update_rule="linear", **heads)) is None
    assert linear_attention(call((1, 2, 8), None, (1, 2, 6), update_rule="linear", **heads)) is None
    assert linear_attention(call((1, 2, 8), (1, 3, 8), (1, 2, 6), update_rule="linear", **heads)) is None
    one = {"q_num_heads": 1, "kv_num_heads": 1}
    assert linear_attention(call((1, 2, 8), (1, 2, 8), (1, 2, 6), update_rule="linear", **one)) == 192  # 2 x 2 x 8 x 6


def test_gates_of_relative_positions_that_do_not_fit() -> None:
    weight = (4, 8)
    assert gated_position_bias(call((1, 5, 8), None, None, weight, num_heads=1)) is None  # one head of 8
    assert gated_position_bias(call((1, 5, 4), None, None, weight, num_heads=1)) == 160  # 5 x 4 x 8
    assert gated_position_bias(call((1, 5, 8), None, None, weight, num_heads=0)) is None
    assert gated_position_bias(call((5, 8), None, None, weight, num_heads=2)) is None
    assert gated_position_bias(call(None, None, None, weight, num_heads=2)) is None
    assert gated_position_bias(call((1, 5, 8), None, None, None, num_heads=2)) is None
    assert gated_position_bias(call((1, 5, 9), None, None, weight, num_heads=2)) is None
