"""How is a model audited from Python?"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from shortcut_audit.inputs import parse_inputs
from shortcut_audit.pipeline import audit_file
from shortcut_audit.report import ModelReport


def audit(
    model: str | os.PathLike[str], *, dims: Mapping[str, int] | None = None, inputs: Sequence[str] = ()
) -> ModelReport:
    """The report on one model: its shortcuts, their kinds, weights and costs.

    Args:
        model: Path of an ONNX file. Its weights are not read.
        dims: Sizes of symbolic dimensions, such as {"batch": 1}.
        inputs: Shapes of inputs, each written as the command line takes it: "[NAME=]1x3x224x224[:dtype]".

    Raises:
        UnreadableModel: the file is no model that can be read.
        UsageError: a dimension or an input that the model does not have, or an ill-formed shape.
    """
    return audit_file(os.fspath(model), dims=dims or {}, inputs=parse_inputs(inputs))
