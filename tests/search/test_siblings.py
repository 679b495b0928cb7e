"""Pieces of one value that share no element: what a cell adds up for its gates is no shortcut, at whatever step."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport
from tests.sketch import listing, stored

STEPS = 4

PIECES = {
    "gathered": ("x{t} = Gather(wx, i{t}) axis=1",),
    "cut and squeezed": ("x{t}_ = Slice(wx, f{t}, e{t}, second)", "x{t} = Squeeze(x{t}_, second)"),
}
"""How the piece of W x for step t is taken."""

CELLS = {
    "tanh": ("h{t} = Tanh(a{t})",),
    "normalised": ("n{t} = LayerNormalization(a{t}, g)", "h{t} = Tanh(n{t})"),
    "added to": ("s{t} = Add(a{t}, b)", "h{t} = Sigmoid(s{t})"),
    "one gate of two": (
        "z{t}, c{t}_ = Split(a{t}) axis=1 num_outputs=2", "z{t}_ = Sigmoid(z{t})", "c{t} = Relu(c{t}_)",
        "h{t}_ = Mul(z{t}_, c{t})", "h{t} = Concat(h{t}_, h{t}_) axis=1",
    ),
}  # fmt: skip
"""What a cell makes of a{t} = W x[t] + U h[t - 1]."""


def recurrence(pieces: tuple[str, ...], cell: tuple[str, ...], order: Sequence[int] = range(STEPS)) -> ModelReport:
    lines = ["wx = MatMul(x, w)", *(line.format(t=0) for line in pieces), "h0 = Tanh(x0)"]
    for t in range(1, STEPS):
        step = (*pieces, f"u{t} = MatMul(h{t - 1}, u)", "a{t} = Add(x{t}, u{t})", *cell)
        lines += [line.format(t=t) for line in step]
    lines.append(f"y = MatMul(h{STEPS - 1}, u)")
    at = {f"i{t}": stored(dtype="int64", data=(at,)) for t, at in enumerate(order)}
    cut = {f"{end}{t}": stored(1, dtype="int64", data=(t + (end == "e"),)) for end in "fe" for t in range(STEPS)}
    weights = {"w": stored(6, 8), "u": stored(8, 8), "g": stored(8), "b": stored(8)}
    return audit_draft(
        listing(*lines, x=(2, STEPS, 6), second=stored(1, dtype="int64", data=(1,)), **weights, **at, **cut)
    )


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("pieces", PIECES)
def test_no_step_of_a_recurrence_is_a_shortcut(pieces: str, cell: str) -> None:
    """From the third step on the past of h is closed: it is looked into no more, and what it has read is known."""
    made = recurrence(PIECES[pieces], CELLS[cell])
    assert made.shortcuts == ()
    reasons = {add.name: add.reason for add in made.other_adds}
    assert [reasons[f"a{t}"] for t in range(1, STEPS)] == ["independent sources"] * 3


def test_a_sequence_may_be_read_from_behind() -> None:
    made = recurrence(PIECES["gathered"], CELLS["tanh"], (3, 2, 1, 0))
    assert made.shortcuts == ()


def test_a_step_that_reads_its_own_piece_again_is_one() -> None:
    """h[t] is made of x[t] itself: a sum of the two is a residual block of one piece."""
    made = audit_draft(
        listing(
            "wx = MatMul(x, w)", "x0 = Gather(wx, i0) axis=1", "x1 = Gather(wx, i1) axis=1", "m = MatMul(x0, u)",
            "t = Tanh(m)", "n = MatMul(x1, u)", "r = Relu(n)", "s = Add(t, r)", "y = Add(x1, s)",
            x=(2, 2, 6), w=stored(6, 8), u=stored(8, 8), i0=stored(dtype="int64", data=(0,)),
            i1=stored(dtype="int64", data=(1,)),
        )
    )  # fmt: skip
    assert [(s.kind, s.fork.name, s.merge.name) for s in made.shortcuts] == [("identity", "x1", "y")]


RES2NET = ("n0, n1 = Split(n) axis=1 num_outputs=2", "f_ = Conv(n0, k)", "f = Relu(f_)", "y = Add(n1, f)")


@pytest.mark.parametrize("before", ["n = BatchNormalization(r, s, s, s, s)", "n = Mul(r, c)", "n = Identity(r)"])
def test_what_is_normalised_before_it_is_cut_is_no_mixture_of_its_pieces(before: str) -> None:
    """ECAPA-TDNN: the norm comes behind the activation. The slice is the shortcut, the norm is not."""
    made = audit_draft(
        listing("r_ = Conv(x, w)", "r = Relu(r_)", before, *RES2NET, x=(1, 4, 9), w=stored(4, 4, 1), s=stored(4),
                c=stored(4, 1), k=stored(2, 2, 1))
    )  # fmt: skip
    (shortcut,) = made.shortcuts
    assert (shortcut.kind, [step.op for step in shortcut.route]) == ("parameter-free", ["Split"])
    assert any("one slice" in note for note in shortcut.notes)


def test_pieces_of_two_layouts_are_not_compared() -> None:
    """Rows 0 and 1 of x are read, and columns 2 and 3: they have elements in common."""
    indices = {
        name: stored(1, dtype="int64", data=(at,)) for name, at in {"zero": 0, "one": 1, "two": 2, "four": 4}.items()
    }
    made = audit_draft(
        listing(
            "rows = Slice(x, zero, two, one)", "f_ = MatMul(w, rows)", "f = Tanh(f_)", "t = Transpose(x) perm=0,2,1",
            "p = Slice(t, two, four, one)", "y_ = Add(p, f)", "y = Relu(y_)", x=(1, 4, 4), w=stored(2, 2), **indices,
        )
    )  # fmt: skip
    assert [s.kind for s in made.shortcuts] == ["parameter-free"]


@pytest.mark.parametrize(
    ("read", "told"),
    [
        ("a", ["projection"]),  # u takes a itself
        ("b", ["projection"]),  # and b, by W
        ("x", ["projection"]),
        ("c", []),  # of three pieces the one that u does not hold
    ],
)
def test_a_way_through_a_sum_of_maps_takes_all_pieces_that_it_adds_up(read: str, told: list[str]) -> None:
    """F + u with u = a + W b, which another op reads as well: W_s of the value that a and b are pieces of."""
    kernel = stored(4, 12 if read == "x" else 4, 3, 3)
    report = audit_draft(
        listing(
            "a, b, c = Split(x) axis=1", "m = Conv(b, w)", "u = Add(a, m)", "r = Relu(u)",
            f"f1 = Conv({read}, k) pads=1,1,1,1", "f2 = Relu(f1)", "f = Conv(f2, v) pads=1,1,1,1", "y = Add(f, u)",
            x=(1, 12, 4, 4), w=stored(4, 4, 1, 1), k=kernel, v=stored(4, 4, 3, 3),
        )
    )  # fmt: skip
    assert [shortcut.kind for shortcut in report.shortcuts if shortcut.merge.name == "y"] == told
    refused = [other.reason for other in report.other_adds if other.name == "y"]
    assert refused == ([] if told else ["independent sources"])


GATES = {
    "fed": ("n = Mul(x, e)",),
    "squeeze and excitation": ("g = ReduceMean(x) axes=2,3", "t_ = Conv(g, p)", "t = Sigmoid(t_)", "n = Mul(x, t)"),
    "chosen": ("c_ = Less(e, zero)", "n = Where(c_, x, zero)"),
}


@pytest.mark.parametrize("gate", GATES)
def test_what_is_gated_before_it_is_cut_is_no_mixture_of_its_pieces(gate: str) -> None:
    """A gate takes each element by itself, as a norm's scale does: a slice of n, and of n alone, is carried on."""
    tensors = {"k": stored(4, 4, 3, 3), "p": stored(8, 8, 1, 1), "zero": stored(data=(0.0,), literal=True)}
    made = audit_draft(listing(*GATES[gate], *RES2NET, x=(1, 8, 4, 4), e=(1, 8, 1, 1), **tensors))
    assert [(s.kind, s.fork.name, s.parameters) for s in made.shortcuts] == [("parameter-free", "n", 0)]
    assert any("one slice" in note for note in made.shortcuts[0].notes)


SIZES = [(1, 8, 4, 4), ("batch", "channels", "height", "width"), (None, None, None, None)]


@pytest.mark.parametrize("shape", SIZES)
def test_the_parts_of_a_cut_are_siblings_whatever_their_size(shape: tuple[int | str | None, ...]) -> None:
    """The pre-activation W a + b of two parts of one value, and F(a) + b that is no pre-activation."""
    cut, k = "a, b = Split(x) axis=1 num_outputs=2", stored(4, 4, 3, 3)
    made = audit_draft(listing(cut, "f = Conv(a, k)", "y = Add(f, b)", "z = Relu(y)", x=shape, k=k))
    assert [other.reason for other in made.other_adds] == ["independent sources"]
    made = audit_draft(listing(cut, "f_ = Conv(a, k)", "f = Relu(f_)", "y = Add(f, b)", x=shape, k=k))
    assert [shortcut.kind for shortcut in made.shortcuts] == ["parameter-free"]
    assert any("one slice" in note for note in made.shortcuts[0].notes)


def test_parts_of_unknown_size_are_compared_with_parts_of_their_own_cut_alone() -> None:
    """a and b are two parts; where the second half by a Slice lies, nobody can tell."""
    end = {"h": stored(1, dtype="int64", data=(4,)), "i": stored(1, dtype="int64", data=(99,))}
    lines = (
        "a, b = Split(x) axis=1 num_outputs=2", "c = Slice(x, h, i, one)", "f = Conv(c, k)", "y = Add(f, b)",
        "z = Relu(y)",
    )  # fmt: skip
    one, k = stored(1, dtype="int64", data=(1,)), stored(4, 4, 3, 3)
    made = audit_draft(listing(*lines, x=("n", "c", "h", "w"), k=k, one=one, **end))
    assert [shortcut.kind for shortcut in made.shortcuts] == ["parameter-free"]


COPIES = {
    "of the branch": ("d = Identity(n)", "c = Gather(n, first) axis=1", "t = Slice(d, i1, i9, i1)"),
    "of the route": ("d = Identity(n)", "c = Gather(d, first) axis=1", "t = Slice(n, i1, i9, i1)"),
    "of a copy": ("e = Identity(n)", "d = Dropout(e)", "c = Gather(n, first) axis=1", "t = Slice(d, i1, i9, i1)"),
    "of each": ("d = Identity(n)", "e = Dropout(n)", "c = Gather(d, first) axis=1", "t = Slice(e, i1, i9, i1)"),
}
"""Where a copy stands between a value and the pieces that are taken of it."""


@pytest.mark.parametrize(("read", "expected"), [("t", []), ("n", ["projection"])])
@pytest.mark.parametrize("copies", COPIES)
def test_a_piece_of_a_copy_is_that_piece_of_the_value(copies: str, read: str, expected: list[str]) -> None:
    """VOLO: head(x[:, 0]) + max(aux(x[:, 1:])), with a dropout before either. Of all of x it would be a projection."""
    lines = (
        "n = Relu(x)", *COPIES[copies], "h = MatMul(c, w)", f"a = MatMul({read}, v)",
        "m = ReduceMax(a) axes=1, keepdims=0", "y = Add(h, m)",
    )  # fmt: skip
    numbers = {f"i{number}": stored(1, dtype="int64", data=(number,), literal=True) for number in (1, 9)}
    first = stored(dtype="int64", data=(0,), literal=True)
    made = audit_draft(listing(*lines, x=(1, 9, 8), w=stored(8, 8), v=stored(8, 8), first=first, **numbers))
    assert [shortcut.kind for shortcut in made.shortcuts] == expected
