"""Is what a pass takes of branches and loops never more than it does take?"""

from __future__ import annotations

from pathlib import Path

import onnx
import onnx.parser
import pytest

from shortcut_audit.account.bodies import least_and_most
from shortcut_audit.algebra.polynomial import symbol, written
from shortcut_audit.graph.model import Body, Op
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport
from tests.loaders.onnx.onnx_models import draft_of


def op(body: Body | None) -> Op:
    return Op("MatMul", "MatMul", "", (), (), body=body)


THEN, ELSE = Body("choice", 0), Body("choice", 1)
INNER = Body("inner", 0, ELSE), Body("inner", 1, ELSE)
LOOP = Body("loop", None, THEN)


@pytest.mark.parametrize(
    ("taken", "least", "most"),
    [
        ([], 0, 0),
        ([(None, 5)], 5, 5),
        ([(None, 5), (THEN, 3), (ELSE, 7)], 8, 12),
        ([(None, 5), (THEN, 3), (THEN, 4), (ELSE, 7)], 12, 12),
        ([(None, 5), (ELSE, 7)], 5, 12),  # the other branch holds nothing
        ([(THEN, 9), (ELSE, 2), (INNER[0], 4), (INNER[1], 1)], 3, 9),  # 9, or 2 and 1 or 4
        ([(THEN, 9), (INNER[0], 4)], 0, 9),  # the else branch holds nothing but another If
        ([(LOOP, 100), (ELSE, 7)], 7, 100),
        ([(None, 1), (Body("loop"), 6)], 7, 7),
    ],
)
def test_the_cheaper_branch_is_the_least(taken: list[tuple[Body | None, int]], least: int, most: int) -> None:
    assert least_and_most((op(body), macs) for body, macs in taken) == (least, most)


def test_of_branches_of_open_sizes_the_least_is_a_formula() -> None:
    least, _ = least_and_most([(op(THEN), 3 * symbol("n")), (op(ELSE), 7)])
    assert written(least) == "min(7, 3*n)"
    assert least_and_most([(op(THEN), 3 * symbol("n")), (op(ELSE), 5 * symbol("n"))])[0] == 3 * symbol("n")


MODEL = """
<ir_version: 8, opset_import: ["" : 17]>
chosen (float[2, 8] x, bool c, float[N, 2, 8] steps) => (y)
{
  h = MatMul(x, w)
  %s
}
"""

IF = """
  b = If (c) <
    then_branch = dear () => (t) { a = MatMul(h, v) t = Add(a, h) },
    else_branch = cheap () => (e) { d = MatMul(h, narrow) u = MatMul(d, wide) e = Add(u, h) %s }
  >
  y = Relu(b)
"""


STORED = {"w": (8, 8), "v": (8, 8), "narrow": (8, 4), "wide": (4, 8)}


def report(tmp_path: Path, text: str) -> ModelReport:
    model = onnx.parser.parse_model(MODEL % text)
    for name, (rows, columns) in STORED.items():
        model.graph.initializer.add(name=name, dims=[rows, columns], data_type=1, raw_data=bytes(4 * rows * columns))
    return audit_draft(draft_of(tmp_path, model))


def test_one_branch_of_an_if_counts_and_both_are_stored(tmp_path: Path) -> None:
    """128 MACs before it; 2 x 8 x 8 = 128 in one branch, 2 x 2 x 8 x 4 = 128 in the other."""
    found = report(tmp_path, IF % "")
    assert (found.totals.macs, found.totals.lower_bound) == (256, False)
    assert found.totals.parameters == 192  # 64 + 64 + 32 + 32
    assert [s.span.macs for s in found.shortcuts] == [128, 128]
    assert found.notes == ("one branch of an If runs: both are listed, and the cheaper one counts in the MACs",)


def test_where_branches_differ_the_total_is_a_lower_bound(tmp_path: Path) -> None:
    """One branch takes another 2 x 8 x 8 = 128 MACs."""
    found = report(tmp_path, IF.replace("e = Add(u, h) %s", "g = MatMul(u, w) e = Add(g, h)"))
    assert (found.totals.macs, found.totals.lower_bound, found.totals.uncounted) == (256, True, ())
    assert found.notes[0].endswith("the cheaper one counts in the MACs; a pass takes 384 at most")
    assert found.summary.what_if.plain.macs == 256


def test_a_branch_that_always_runs_counts_whole(tmp_path: Path) -> None:
    always = IF.replace("b = If (c)", "k = Constant<value = bool {0}>() b = If (k)")
    found = report(tmp_path, always.replace("e = Add(u, h) %s", "g = MatMul(u, w) e = Add(g, h)"))
    assert (found.totals.macs, found.totals.lower_bound) == (384, False)


SCAN = """
  last, all = Scan <num_scan_inputs = 1, body = step (float[2, 8] s, float[2, 8] e) => (s2, o) {
    m = MatMul(s, w) s2 = Add(m, e) o = Relu(s2) }> (h, steps)
  y = Relu(all)
"""


def test_a_scan_takes_a_step_for_each_slice(tmp_path: Path) -> None:
    """128 before it, and 128 for each of N."""
    found = report(tmp_path, SCAN)
    assert (found.totals.macs, found.totals.macs_formula) == (None, "128*N + 128")
    assert not found.totals.lower_bound
    assert found.at(N=0).totals.macs == 128
    assert found.at(N=10).totals.macs == 1_408


FOR = """
  shape = Shape(steps)
  first = Constant<value = int64[1] {0}>()
  n = Gather(shape, first)
  on = Constant<value = bool {1}>()
  y = Loop (n, on, h) <body = step (int64 i, bool g, float[2, 8] s) => (g2, s2) {
    g2 = Identity(g) m = MatMul(s, w) r = Relu(m) s2 = Add(r, s) }>
"""


def test_a_loop_over_the_size_of_an_input_runs_so_often(tmp_path: Path) -> None:
    """TorchScript's `for i in range(x.size(0))`."""
    found = report(tmp_path, FOR)
    assert (found.totals.macs_formula, found.symbols) == ("128*N + 128", ("N",))


WITHIN = """
  shape = Shape(steps)
  first = Constant<value = int64[1] {0}>()
  n = Gather(shape, first)
  on = Constant<value = bool {1}>()
  y = Loop (n, on, h) <body = outer (int64 i, bool g, float[2, 8] s) => (g2, s2) {
    g2 = Identity(g)
    s2 = Loop ("", c, s) <body = inner (int64 j, bool p, float[2, 8] t) => (p2, t2) {
      p2 = Identity(c) t2 = MatMul(t, w) }>
  }>
"""


def test_a_loop_in_a_loop_runs_in_all_its_own_steps(tmp_path: Path) -> None:
    """How many they are in each step of the outer one nobody knows: they are a size of their own."""
    found = report(tmp_path, WITHIN)
    assert found.totals.macs_formula == "128*'steps of y/body/s2' + 128"
    counted = WITHIN.replace('Loop ("", c, s)', "Loop (n, on, s)").replace("p2 = Identity(c)", "p2 = Identity(p)")
    assert report(tmp_path, counted).totals.macs_formula == "128*N**2 + 128"
