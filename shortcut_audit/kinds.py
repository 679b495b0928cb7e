"""Which kinds of shortcut are there? From nothing to most, what x goes through on its way to the merge."""

from __future__ import annotations

from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["identity", "parameter-free", "gated", "projection"]
KINDS: tuple[Kind, ...] = ("identity", "parameter-free", "gated", "projection")
