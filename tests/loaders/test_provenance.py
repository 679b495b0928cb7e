from __future__ import annotations

import pytest

from shortcut_audit.graph.model import Source
from shortcut_audit.loaders.provenance import innermost_frame, module_path

TRACE = """File "model.py", line 12, in forward
    x = self.block(x)
  File "lib/block.py", line 34, in forward
    return x + self.f(x)"""


def test_the_last_frame_wrote_the_op() -> None:
    assert innermost_frame(TRACE) == Source("lib/block.py", 34)


def test_generated_code_is_nobodys() -> None:
    assert innermost_frame(TRACE + '\n  File "<eval_with_key>.7", line 5, in forward\n    add = x + y') == Source(
        "lib/block.py", 34
    )


def test_carets_under_the_line_do_no_harm() -> None:
    """Tracebacks of Python 3.11 and later mark the expression."""
    assert innermost_frame(TRACE + "\n           ~~^~~~~~~~~~~\n") == Source("lib/block.py", 34)


@pytest.mark.parametrize(
    "stray",
    ["\n" * 300_000, " " * 300_000, 'File "' * 100_000, "\n  " * 100_000 + TRACE.replace("block", "b" * 70_000)],
)
def test_what_is_no_traceback_costs_no_time(stray: str) -> None:
    """Quadratic in their length, each would take minutes."""
    assert innermost_frame(f"{stray}\n{TRACE}") == Source("lib/block.py", 34)


@pytest.mark.parametrize("path", ["[" * 300_000, "['" * 300_000, "[a" * 300_000, "[]" * 300_000])
def test_a_path_of_brackets_costs_no_time(path: str) -> None:
    assert len(module_path(path)) <= 2**16


@pytest.mark.parametrize("trace", ["", "no traceback", 'File "x.py", line x', 'File "x.py", line ' + "9" * 5000])
def test_what_is_no_traceback_has_no_frame(trace: str) -> None:
    """A line number of more than nine digits is none, and not its first nine."""
    assert innermost_frame(trace) is None


def test_a_path_is_made_fit_to_be_read() -> None:
    assert innermost_frame('File "a\x1b[31m.py", line 3, in f') == Source("a\\x1b[31m.py", 3)


def test_what_a_line_of_code_says_is_no_frame() -> None:
    """The text of a frame's line stands below it."""
    assert innermost_frame(TRACE + "\n    print('File \"x.py\", line 7')") == Source("lib/block.py", 34)


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("layer1.0", "layer1.0"),
        ("", ""),
        ("L['self'].layer1[0].conv", "layer1.0.conv"),
        ("L__self__", ""),
        ("L['self']._modules['a']['b'][0]", "_modules.a.b.0"),
        ("_empty_nn_module_stack_from_metadata_hook", ""),
        ("encoder.layer.0.attention", "encoder.layer.0.attention"),
    ],
)
def test_modules_are_called_as_named_modules_calls_them(path: str, module: str) -> None:
    assert module_path(path) == module
