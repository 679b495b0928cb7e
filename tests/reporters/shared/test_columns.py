"""Are models put side by side in the order that was asked for?"""

from __future__ import annotations

import pytest

from shortcut_audit.reporters.shared.columns import COLUMNS, SORTABLE, in_order
from shortcut_audit.reporters.shared.records import MODELS
from tests.reporters.examples import HIGHWAY, PLAIN, RESNET18, UNBOUND, UNKNOWN, report


@pytest.mark.parametrize(
    ("column", "first", "last"),
    [
        ("parameters", PLAIN, HIGHWAY),  # 21,616,232 > 11,684,712 > 2,898,176 > 90,760
        ("macs", PLAIN, UNBOUND),  # what cannot be known comes last
        ("gated", HIGHWAY, PLAIN),
        ("source", UNBOUND, PLAIN),  # decoder.onnx < highway.pt2 < models/... < plain34.onnx
    ],
)
def test_order(column: str, first: object, last: object) -> None:
    models = in_order(report(RESNET18, UNBOUND, PLAIN, HIGHWAY), column).models
    assert (models[0], models[-1]) == (first, last)


def test_a_share_stands_behind_its_number() -> None:
    by_name = {column.name: column for column in COLUMNS}
    assert by_name["extra_parameters"].whole(RESNET18) == "172,928 (1.48 %)"  # of 11,684,712
    assert by_name["extra_macs"].whole(RESNET18) == "19,267,584 (1.06 %)"  # of 1,814,073,344
    assert by_name["macs"].brief(UNKNOWN) == "unknown"
    assert by_name["macs"].brief(UNBOUND) == "(2.10 M + 1.02 k x seq_len) x batch x seq_len"
    assert by_name["held_bytes"].brief(RESNET18) == "784 KiB"


def test_columns_are_named_as_in_the_table_of_models() -> None:
    assert set(SORTABLE) <= set(MODELS.columns)
