"""Which shape does the caller give an input, and which size a symbolic dimension?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import field

from shortcut_audit.errors import UsageError
from shortcut_audit.frozen import frozen
from shortcut_audit.names import displayable

DTYPES = (
    "float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8",
    "uint64", "uint32", "uint16", "uint8", "bool", "complex64", "complex128",
)  # fmt: skip
"""Element types that an input can be given, by numpy's names."""

_SIZE = re.compile(r"[0-9]{1,18}")
_SYMBOL = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


@frozen
class InputSpec:
    """The type that one input of the model is to have."""

    name: str | None
    """None: the input whose turn it is, in the model's order."""
    shape: tuple[int | str, ...]
    """Sizes, outermost first; a string stands for a dimension that stays symbolic under that name."""
    dtype: str | None
    """numpy's name of the element type; None: what the model says."""
    said: str = field(default="--input", compare=False)
    """Where it was given, in words."""


def parse_inputs(texts: Iterable[str]) -> tuple[InputSpec, ...]:
    """Every `--input`, in order.

    Raises:
        UsageError: one is ill-formed, or two name the same input.
    """
    specs = tuple(parse_input(text) for text in texts)
    names = [spec.name for spec in specs if spec.name is not None]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"--input names '{displayable(name)}' twice; give each input one shape")
    return specs


def parse_input(text: str) -> InputSpec:
    """`[NAME=]1x3x224x224[:dtype]`. Sizes may also be parted by commas, as they must be where a symbol holds an x.

    A name may hold `=` and `:` itself: it ends at the last `=`. `scalar` is the shape of a single number.

    Raises:
        UsageError: the text is anything else.
    """
    name, equals, rest = text.rpartition("=")
    sizes, colon, dtype = rest.partition(":")
    if equals and not name:
        raise _bad_input(text, "the name before '=' is empty")
    if colon and dtype not in DTYPES:
        import difflib

        near = difflib.get_close_matches(dtype, DTYPES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(DTYPES)}"
        raise _bad_input(text, f"'{displayable(dtype)}' is no element type; {hint}")
    return InputSpec(name if equals else None, _shape(text, sizes), dtype if colon else None)


def _shape(text: str, sizes: str) -> tuple[int | str, ...]:
    if sizes == "scalar":
        return ()
    shape: list[int | str] = []
    for size in re.split("," if "," in sizes else "x", sizes):
        if _SIZE.fullmatch(size):
            shape.append(int(size))
        elif _SYMBOL.fullmatch(size):
            shape.append(size)
        else:
            raise _bad_input(text, f"'{displayable(size)}' is no size")
    return tuple(shape)


def _bad_input(text: str, what: str) -> UsageError:
    return UsageError(f"--input {displayable(text)}: {what}; write [NAME=]1x3x224x224[:dtype]")


def parse_dims(texts: Iterable[str]) -> dict[str, int]:
    """Every `--dim NAME=SIZE`: the size of each symbol.

    Raises:
        UsageError: one is ill-formed, or one symbol is given two sizes.
    """
    dims: dict[str, int] = {}
    for text in texts:
        name, _, size = text.rpartition("=")
        if not name or not _SIZE.fullmatch(size):
            raise UsageError(f"--dim {displayable(text)}: write NAME=SIZE with a whole number, such as batch=1")
        if dims.setdefault(name, int(size)) != int(size):
            raise UsageError(f"--dim gives '{displayable(name)}' two sizes, {dims[name]} and {size}; give it one")
    return dims
