"""Which stored tensors are parameters? Told by who reads them, never by their type."""

from __future__ import annotations

import pytest

from shortcut_audit.graph.draft import Tensor
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import Totals
from tests.sketch import listing, stored

SCALE, ZERO = stored(data=(0.1,)), stored(dtype="uint8", data=(0,))


def totals(*lines: str, **tensors: Tensor | tuple[int, ...]) -> Totals:
    return audit_draft(listing(*lines, **tensors)).totals


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int4"])
@pytest.mark.parametrize("moved", ["g = Gather(t, ids)", "r = Transpose(t)\nu = Slice(r, a, b)\ng = Gather(u, ids)"])
def test_a_table_in_few_bits_that_is_dequantised_holds_weights(dtype: str, moved: str) -> None:
    """100 words of 100 numbers; how the table is turned before its rows are taken does not matter."""
    lines = *moved.splitlines(), "y = DequantizeLinear(g, s, z)"
    cuts = {name: stored(1, dtype="int64", data=(0,), literal=True) for name in "ab"}
    found = totals(*lines, t=stored(100, 100, dtype=dtype), s=SCALE, z=ZERO, ids=(1, 16), **cuts)
    assert found.parameters == 10_000


def test_a_table_of_integers_that_nobody_dequantises_is_an_index() -> None:
    assert totals("y = Gather(t, ids)", t=stored(100, 8, dtype="uint8"), ids=(1, 16)).parameters == 0


def test_experts_in_four_bits_count_unpacked_and_their_scales_are_buffers() -> None:
    """8 experts of 32 x 16 and 16 x 32; 8 x 32 and 8 x 16 scales."""
    line = "y = com.microsoft::QMoE(x, p, a, s, _, b, t) k=2"
    found = totals(
        line,
        x=(10, 16),
        p=(10, 8),
        a=stored(8, 32, 8, dtype="uint8"),
        s=stored(8, 32),
        b=stored(8, 16, 16, dtype="uint8"),
        t=stored(8, 16),
    )
    assert (found.parameters, found.buffers) == (8_192, 384)
    assert (found.macs, found.lower_bound) == (20_480, False)


def test_a_packed_table_counts_unpacked() -> None:
    """100 rows of 16 bytes are 100 rows of 32 numbers in 4 bits, each row with one scale."""
    line = "y = com.microsoft::GatherBlockQuantized(t, ids, s) block_size=32 quantize_axis=1"
    graph = listing(line, t=stored(100, 16, dtype="uint8"), s=stored(100, 1), ids=(1, 16))
    report = audit_draft(graph)
    assert (report.totals.parameters, report.totals.buffers) == (3_200, 100)
    four = listing(line, t=stored(100, 32, dtype="uint4"), s=stored(100, 1), ids=(1, 16))
    assert audit_draft(four).totals.parameters == 3_200


def test_a_matrix_of_four_bit_floats_counts_unpacked() -> None:
    line = "y = com.microsoft::MatMulBnb4(x, b, s) K=64 N=32 block_size=32 quant_type=1"
    found = totals(line, x=(1, 4, 64), b=stored(1_024, dtype="uint8"), s=stored(64))
    assert (found.parameters, found.buffers, found.macs) == (2_048, 64, 8_192)


def test_a_quantised_recurrence_and_attention_hold_weights() -> None:
    """W and R of 6 x 32 and 8 x 32, a bias of 64; then projections of 8 x 24 with a bias of 24."""
    recurrent = totals(
        "y = com.microsoft::DynamicQuantizeLSTM(x, w, r, b, _, _, _, _, s, z, s, z) hidden_size=8",
        x=(5, 2, 6),
        w=stored(1, 6, 32, dtype="uint8"),
        r=stored(1, 8, 32, dtype="uint8"),
        b=stored(1, 64),
        s=stored(1),
        z=stored(1, dtype="uint8"),
    )
    assert (recurrent.parameters, recurrent.macs) == (192 + 256 + 64, 4_480)
    attention = totals(
        "y = com.microsoft::QAttention(x, w, b, s, s, _, z, z) num_heads=2",
        x=(1, 5, 8),
        w=stored(8, 24, dtype="int8"),
        b=stored(24),
        s=SCALE,
        z=ZERO,
    )
    assert (attention.parameters, attention.macs) == (192 + 24, 1_360)


@pytest.mark.parametrize(
    "lines",
    [
        ("w = Cast(q) to=1", "u = Mul(w, s)", "y = Linear(x, u)"),
        ("w = Cast(q) to=1", "d = Sub(w, s)", "u = Mul(d, s)", "y = Linear(x, u)"),
        ("w = Cast(q) to=1", "h = Linear(x, w)", "y = Mul(h, s)"),
        ("w = DequantizeLinear(q, s, z)", "y = Linear(x, w)"),
        ("y = Linear(x, q)",),
    ],
)
def test_a_buffer_of_bytes_that_a_layer_applies_is_a_weight(lines: tuple[str, ...]) -> None:
    """PyTorch registers weights in few bits as buffers: its parameters are floats. Here 8 x 16; scales stay buffers."""
    byte = stored(8, 16, dtype="int8", learned=False)
    found = totals(*lines, x=(4, 16), q=byte, s=stored(1, learned=False), z=ZERO)
    assert found.parameters == 128


def test_a_buffer_of_places_or_of_floats_is_what_the_file_says() -> None:
    whole = stored(8, 16, dtype="int32", learned=False)
    assert totals("w = Cast(q) to=1", "y = Linear(x, w)", x=(4, 16), q=whole).parameters == 0
    assert totals("y = Linear(x, q)", x=(4, 16), q=stored(8, 16, learned=False)).parameters == 0
    assert totals("y = Gather(q, x)", x=(4,), q=stored(8, 16, dtype="uint8", learned=False)).parameters == 0


def test_a_matrix_that_a_kernel_packs_counts_unpacked() -> None:
    """[64, 32] in 4 bits, stored as 32 x 32 bytes; 2 x 32 x 2 scales are buffers."""
    tensors = {"w": stored(32, 32, dtype="uint8", learned=False), "s": stored(2, 32, 2, learned=False)}
    found = totals("y = PackedLinear(x, w, s) K=64 N=32", x=(5, 64), **tensors)
    assert (found.parameters, found.buffers, found.macs) == (2_048, 128, 10_240)  # 64 x 32; 5 x 64 x 32


NIBBLES = (
    "l = BitwiseAnd(q, mask)",
    "h = BitShift(q, four) direction=RIGHT",
    "u = Concat(l, h) axis=0",
    "w = Cast(u) to=1",
    "d = Sub(w, z)",
    "m = Mul(d, s)",
    "y = MatMul(x, m)",
)


@pytest.mark.parametrize("dtype", ["uint8", "int32"])
@pytest.mark.parametrize("learned", [False, None])
def test_weights_that_the_program_unpacks_count_as_what_they_unpack_to(dtype: str, learned: bool | None) -> None:
    """AWQ and GPTQ written out: 8 x 32 numbers that hold two each are a matrix [16, 32]; scales, zeros are buffers."""
    numbers = {name: stored(dtype=dtype, data=(n,), literal=True) for name, n in (("mask", 15), ("four", 4))}
    scales = {"s": stored(32, learned=False), "z": stored(32, learned=False)}
    found = totals(*NIBBLES, x=(5, 16), q=stored(8, 32, dtype=dtype, learned=learned), **numbers, **scales)
    assert (found.parameters, found.buffers, found.macs) == (512, 64, 2_560)  # 16 x 32; 2 x 32; 5 x 16 x 32


def test_a_shortcut_is_not_without_weights_because_they_are_packed() -> None:
    numbers = {name: stored(dtype="uint8", data=(n,), literal=True) for name, n in (("mask", 15), ("four", 4))}
    kept = {"q": stored(8, 16, dtype="uint8"), "s": stored(16, learned=False), "z": stored(16, learned=False)}
    lines = (*NIBBLES, "a = MatMul(x, v)", "b = Relu(a)", "f = MatMul(b, v)", "out = Add(y, f)")
    (shortcut,) = audit_draft(listing(*lines, x=(5, 16), v=stored(16, 16), **numbers, **kept)).shortcuts
    assert (shortcut.kind, shortcut.parameters) == ("projection", 256)  # 16 x 16


def test_what_a_program_takes_apart_and_nobody_applies_is_no_weight() -> None:
    mask = stored(dtype="int32", data=(15,), literal=True)
    lines = "l = BitwiseAnd(q, mask)", "y = Gather(l, x)"
    assert totals(*lines, x=(4,), q=stored(8, 16, dtype="int32", learned=False), mask=mask).parameters == 0


def test_attention_in_few_bits_holds_its_weights_though_its_scale_is_computed() -> None:
    """Dynamically quantised BERT: 8 x 24 weights and 24 biases; the scale that the op reads makes nothing else one."""
    report = audit_draft(
        listing(
            "q, s, z = DynamicQuantizeLinear(x)",
            "y = com.microsoft::QAttention(q, w, b, s, ws, _, z, wz) num_heads=2",
            x=(1, 5, 8),
            w=stored(8, 24, dtype="int8"),
            b=stored(24),
            ws=stored(),
            wz=stored(dtype="int8"),
        )
    )
    assert report.totals.parameters == 216
