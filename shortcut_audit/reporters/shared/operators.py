"""What do practitioners call an operator?"""

from __future__ import annotations

import re

_NAMES = {
    "conv": ("Conv", "conv1d", "conv2d", "conv3d", "convolution"),
    "transposed conv": ("ConvTranspose", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
    "linear": ("Gemm", "MatMul", "Linear", "linear", "matmul", "addmm", "mm"),
}
"""What practitioners call a layer, for what formats call it; others keep the operator's own name."""
_SAID = {name: said for said, names in _NAMES.items() for name in names}
_OVERLOAD = re.compile(r"aten[.:]+(\w+)(\.\w+)?")


def plain_name(label: str) -> str:
    """An operator by its plain name: aten.conv2d.default is "conv"."""
    matched = _OVERLOAD.fullmatch(label)
    name = matched[1] if matched else label
    return _SAID.get(name.rpartition("::")[2], name)
