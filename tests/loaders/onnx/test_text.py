import pytest

from shortcut_audit.loaders.onnx.text import cut, text


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("layer1/add", "layer1/add"),
        (b"layer1/add", "layer1/add"),
        (r"C:\models", r"C:\models"),
        (b"ab\xffd", r"ab\xffd"),
        (r"ab\xffd", r"ab\\xffd"),  # the same characters, but spelt out in the file
        (b"\\\xff", r"\\\xff"),
        ("\x1b[2J", "\x1b[2J"),  # showing control characters is the reporters' affair
    ],
)
def test_text(stored: str | bytes, shown: str) -> None:
    assert text(stored) == shown


def test_no_two_names_become_one() -> None:
    names: list[str | bytes] = [b"\xff", r"\xff", r"\\xff", b"\\\xff", b"\\\\\xff", r"\xff" + "\\", "\\", b"\\xff\xff"]
    assert len({text(name) for name in names}) == len(names)


def test_a_long_text_loses_its_middle() -> None:
    assert cut("x" * 200) == "x" * 200
    assert cut("a" * 150 + "b" * 150) == "a" * 99 + "…" + "b" * 99
