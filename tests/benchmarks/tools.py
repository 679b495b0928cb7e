"""Beside which tools is the audit timed?

Each is a program for a fresh interpreter, in which `{file}` is the model's file, `{model}` the live module's maker.
Loaders and floors are told apart from tools that analyse: nobody is beaten by what does less.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

AUDIT = """
import sys
from shortcut_audit.__main__ import main
sys.argv = ['shortcut-audit', {arguments} '{file}']
main()
"""
LIVE = """
import torch
from tests.benchmarks import subjects
model, x = {model}(), torch.zeros(1, 3, 224, 224)
"""


@dataclass(frozen=True)
class Tool:
    """Something that reads a model."""

    name: str
    program: str
    suffix: str
    role: str
    """audit: this tool; analysis: a peer; loader, floor: what any analysis has to do, or does not even do."""
    needs: str = ""
    """The module without which it is left out."""
    live: bool = False
    """Whether it takes the live module instead of the file."""

    def command(self, file: str, model: str) -> list[str]:
        """The command line."""
        return [sys.executable, "-c", self.program.replace("{file}", file).replace("{model}", model)]


TOOLS = (
    Tool("shortcut-audit", AUDIT.replace("{arguments}", ""), "", "audit"),
    Tool("shortcut-audit --format json", AUDIT.replace("{arguments}", "'--format', 'json',"), "", "audit"),
    Tool("python", "pass", "", "floor"),
    Tool("import click", "import click", "", "floor"),
    Tool(
        "the file's skeleton alone",
        "import pathlib; from shortcut_audit.loaders.onnx.wire import skeleton; skeleton(pathlib.Path('{file}'))",
        ".onnx",
        "floor",
    ),
    Tool("onnx.load", "import onnx; onnx.load('{file}', load_external_data=False)", ".onnx", "loader", "onnx"),
    Tool("onnx_ir.load", "import onnx_ir; onnx_ir.load('{file}')", ".onnx", "loader", "onnx_ir"),
    Tool(
        "onnx.load + infer_shapes",
        "import onnx; onnx.shape_inference.infer_shapes(onnx.load('{file}', load_external_data=False))",
        ".onnx",
        "analysis",
        "onnx",
    ),
    Tool(
        "onnx-tool",
        "import onnx_tool; m = onnx_tool.Model('{file}'); m.graph.shape_infer(); m.graph.profile()",
        ".onnx",
        "analysis",
        "onnx_tool",
    ),
    Tool("onnxslim", "import onnxslim; onnxslim.slim('{file}', model_check=False)", ".onnx", "analysis", "onnxslim"),
    Tool(
        "onnxruntime session",
        "import onnxruntime; onnxruntime.InferenceSession('{file}', providers=['CPUExecutionProvider'])",
        ".onnx",
        "analysis",
        "onnxruntime",
    ),
    Tool("torch.export.load", "import torch; torch.export.load('{file}')", ".pt2", "loader", "torch"),
    Tool(
        "fvcore (live module)",
        LIVE + "from fvcore.nn import FlopCountAnalysis; FlopCountAnalysis(model, x).total()",
        ".onnx",
        "analysis",
        "fvcore",
        live=True,
    ),
    Tool(
        "torchinfo (live module)",
        LIVE + "import torchinfo; torchinfo.summary(model, input_data=x, verbose=0)",
        ".onnx",
        "analysis",
        "torchinfo",
        live=True,
    ),
    Tool(
        "FlopCounterMode (live module)",
        LIVE + "from torch.utils.flop_counter import FlopCounterMode\n"
        "with FlopCounterMode(display=False), torch.no_grad(): model(x)",
        ".onnx",
        "analysis",
        "torch",
        live=True,
    ),
)

MODELS = (
    "resnet50.onnx",
    "resnet50.pt2",
    "vit-l.onnx",
    "decoder80.onnx",
    "decoder80-positions.onnx",
    "chain32000.onnx",
)
"""What subjects.py can write."""

LIVE_MODELS = {"resnet50.onnx": "subjects.resnet50", "vit-l.onnx": "subjects.vit_large"}
"""The module behind a file, for tools that take nothing else."""
