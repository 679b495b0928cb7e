"""What is a file that is no model of the kind that it was taken for?

Asked only after it could not be read as such, so it need not be sure: it explains a refusal and causes none.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from re import DOTALL

HEAD = 65_536
"""Bytes from the beginning of a file that are looked at."""

EXPORT = "export the model to ONNX"
FROM_CODE = "export the model with torch.onnx or torch.export, or name the code that makes it: package.module:factory"
FROM_SOURCE = f"{EXPORT} from what it was made from"
FROM_KERAS = 'export the model from Keras: model.export("model.onnx", format="onnx")'
FROM_TENSORFLOW = f"{EXPORT} with tf2onnx"
FROM_PADDLE = f"{EXPORT} with paddle2onnx"
PYTORCH_REMEDY = (
    "if torch.export.save wrote it, name it .pt2; if it is TorchScript that you trust, add --torchscript and --input; "
    "otherwise export the model with torch.onnx or torch.export"
)
WEIGHTS = "which holds weights but no graph"
NEVER_LOADED = "which is never loaded, as that runs code"
NOT_A_MODEL = "name the model's file"

LENGTH = rb"[\x80-\xff]{0,4}[\x00-\x7f]"
"""A number of protobuf."""
ZIP = rb"PK\x03\x04"
TEXT = rb"(?!.{0,511}[\x00-\x08\x0b\x0e-\x1f])(?:\xef\xbb\xbf)?\s*+"
"""Up to where a text begins. No blank is given back, or a file of blanks would be searched once for each of them."""
COMMENTS = rb"(?:#[^\n]*\n\s*+|\"{3}(?:(?!\"{3}).)*\"{3}\s*+)*"
"""Comments and docstrings before the first statement: there is one way to read them, so that giving back costs no more
than reading. Groups that give nothing back are matched wrongly before Python 3.11.5 (python/cpython#106052)."""
PICKLED = rb".{0,4096}?data\.pkl.{0,4096}?\x80\x02"
"""Up to where the pickle of a PyTorch archive says what it holds: a class of some module, or a dictionary."""

KINDS: tuple[tuple[bytes, str, str | None], ...] = (
    (rb"version https://git-lfs", "a Git LFS pointer, not the file it stands for", "run `git lfs pull`"),
    # Archives
    (rb"\x1f\x8b", "a gzip archive", "unpack it (gunzip)"),
    (rb".{257}ustar", "a tar archive", "unpack it (tar -x)"),
    (rb"BZh", "a bzip2 archive", "unpack it"),
    (rb"\xfd7zXZ\x00", "an xz archive", "unpack it"),
    (rb"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it"),
    (rb"\x28\xb5\x2f\xfd", "a zstd archive", "unpack it"),
    # Zip archives, by what is in them
    (ZIP + rb".*?(?:constants\.pkl|/code/)", "a TorchScript archive, not ONNX", PYTORCH_REMEDY),
    (ZIP + PICKLED + rb"(?:ccollections\n|\})", f"a state dict, as torch.save writes, {WEIGHTS}", FROM_CODE),
    (
        ZIP + PICKLED + rb"c(?P<module>[\w.]{1,200})\n(?P<name>\w{1,200})\n",
        f"a pickled module ({{module}}.{{name}}), {NEVER_LOADED}",
        FROM_CODE,
    ),
    (ZIP + rb".*?(?:\.pkl|archive_format|models/model\.json)", "a PyTorch archive (zip), not ONNX", PYTORCH_REMEDY),
    (ZIP + rb".*?(?:model\.weights\.h5|\"keras_version\")", "a Keras model (.keras)", FROM_KERAS),
    (ZIP + rb".*?com\.apple\.CoreML", "a Core ML package, zipped", FROM_SOURCE),
    (ZIP + rb".{26}[^\x00]{1,200}\.npy", f"NumPy arrays (.npz), {WEIGHTS}", None),
    (ZIP, "a zip archive, not ONNX", f"unpack it, or {PYTORCH_REMEDY}"),
    # Weights
    (rb".{8}\{\"", f"a safetensors file, {WEIGHTS}", None),
    (rb"GGUF", f"a GGUF file, {WEIGHTS}", None),
    (rb"\x93NUMPY", "a NumPy array (.npy), one tensor and no graph", None),
    (rb"\x89HDF.*?model_config", "a Keras model (.h5)", FROM_KERAS),
    (rb"\x89HDF", "an HDF5 file, as Keras writes (.h5)", FROM_KERAS),
    (rb"\x80\x02\x8a\x0al\xfc\x9cF", f"a file of torch.save as PyTorch wrote it before 1.6, {NEVER_LOADED}", FROM_CODE),
    (rb"\x80[\x02-\x05]", f"a Python pickle, as torch.save writes, {NEVER_LOADED}", None),
    (rb"[(\]})]{1,2}[dlpq][p0q\x00]|c[A-Za-z_][\w.]*\n\w+\n", f"a Python pickle, old style, {NEVER_LOADED}", None),
    # Other formats of models
    (rb"[fp]trt", "a TensorRT engine, compiled for one GPU", FROM_SOURCE),
    (rb".{3}\x00\{.*?\}[fp]trt", "a TensorRT engine of Ultralytics, compiled for one GPU", f"{FROM_SOURCE} (.pt)"),
    (rb".{4}TFL3", "a TensorFlow Lite model", FROM_SOURCE),
    (rb".{4}ORTM", "a model in ONNX Runtime's own format (.ort)", "audit the .onnx file that it was converted from"),
    (rb".{4}ET\d\d", "an ExecuTorch program (.pte)", "audit what it was lowered from: save it with torch.export.save"),
    (rb"\x08\x01\x12.*?(?:serve|saved_model|NoOp)", "a TensorFlow SavedModel (saved_model.pb)", FROM_TENSORFLOW),
    (rb"\x08[\x01-\x20]\x12" + (LENGTH + rb"\x0a") * 2, "a Core ML model (.mlmodel)", FROM_SOURCE),
    (
        rb"(?:\x0a" + LENGTH + rb"){2}[\x20-\x7e]{1,200}?\x12[\x01-\x40][A-Z_]\w*",
        "a TensorFlow graph (frozen .pb)",
        FROM_TENSORFLOW,
    ),
    (rb"\x0a" + LENGTH + rb"\x08\x00\x10(?:\x00|\xff{9}\x01)", "a PaddlePaddle program (.pdmodel)", FROM_PADDLE),
    (
        rb"\x0a[\x01-\x7f][\x20-\x7e]{1,127}(?:\xa2\x06|[\x12\x1a\x28])",
        "a Caffe model (.caffemodel)",
        "convert it, with its .prototxt, to ONNX",
    ),
    # Pictures, documents, programs
    (rb"\x89PNG|\xff\xd8\xff|GIF8|RIFF.{4}WEBP|BM.{4}\x00{4}", "a picture", NOT_A_MODEL),
    (rb"%PDF", "a PDF document", NOT_A_MODEL),
    (rb"\x7fELF|MZ|\xcf\xfa\xed\xfe", "compiled code", FROM_SOURCE),
    # Texts
    (TEXT + rb"(?:<\?xml.{0,4000}?)?<net ", "an OpenVINO model (.xml)", FROM_SOURCE),
    (
        TEXT + rb"(?i:<!doctype|<html|<head|<\?xml|<!--)",
        "it looks like HTML, such as an error page of a download",
        "download the model again",
    ),
    (TEXT + rb"7767517\s", "an ncnn model (.param)", FROM_SOURCE),
    (TEXT + rb"\{.*?\"(?:nbformat|cells)\"\s*:", "a Jupyter notebook", "name the model that it saves"),
    (TEXT + rb"\{.*?\"weight_map\"\s*:", f"the index of a safetensors file, {WEIGHTS}", None),
    (TEXT + rb"\{.*?\"modelTopology\"\s*:", "a TensorFlow.js model", FROM_SOURCE),
    (TEXT + rb"\{.*?\"magic\"\s*:\s*\"pir\"", "a PaddlePaddle program (.json)", FROM_PADDLE),
    (
        TEXT + rb"\{.*?\"shortcut-audit\"",
        "a report of shortcut-audit (JSON)",
        "name the model, and the report with --baseline",
    ),
    (
        TEXT + rb"\{.*?\"(?:architectures|model_type)\"\s*:",
        "the configuration of a model on the Hugging Face hub, without a graph",
        "name the repository (hf://ORG/REPO), or export the model to ONNX",
    ),
    (TEXT + rb"[{\[]\s*+[\"{\[\]}\d-]", "it looks like JSON text, which is no model", None),
    (
        TEXT + COMMENTS + rb"(?:ir_version|opset_import)\s*[:{]",
        "an ONNX model written as text",
        "save it as bytes: onnx.save(onnx.load(FILE, format='textproto'), 'model.onnx')",
    ),
    (
        TEXT + COMMENTS + rb"(?:(?:name|input)\s*:\s*\"[^\n]*\n.*?)?\b(?:layers?|input_param|input_shape)\s*\{",
        "a Caffe network (.prototxt), without its weights",
        "convert it, with its .caffemodel, to ONNX",
    ),
    (TEXT + rb"node\s*\{", "a TensorFlow graph written as text (.pbtxt)", FROM_TENSORFLOW),
    (
        TEXT + COMMENTS + rb"(?:import [\w.]+|from [\w.]+ import|(?:async )?def \w+\(|class \w+[(:])",
        "Python code",
        "name the function in it that makes the model: package.module:factory",
    ),
    (TEXT + rb"[^\n,;]*[,;][^\n]*\n[^\n,;]*[,;]", "a table of numbers or words (CSV)", NOT_A_MODEL),
    (TEXT, "it looks like plain text", None),
)
"""How such files begin (a regular expression), what they are, and what to do if that is not the same for all.

The first that fits tells: within a group the special ones stand before the general one.
"""

NAMED: dict[str, tuple[str, str | None]] = {
    ".bin": (f"a file of numbers, such as OpenVINO and ncnn keep beside a graph (.bin), {WEIGHTS}", None),
    ".mnn": ("an MNN model", FROM_SOURCE),
    ".weights": (f"Darknet's weights, {WEIGHTS}", None),
    ".params": (f"MXNet's weights, {WEIGHTS}", None),
    ".engine": ("a TensorRT engine, compiled for one GPU", FROM_SOURCE),
    ".rknn": ("a model compiled for Rockchip's processors", FROM_SOURCE),
}
"""What files are whose content does not tell, by their suffix."""

FOLDERS: dict[str, tuple[str, str]] = {
    "saved_model.pb": ("a TensorFlow SavedModel", FROM_TENSORFLOW),
    "Manifest.json": ("a Core ML package (.mlpackage)", FROM_SOURCE),
    "config.json": ("a checkpoint of a library, which builds the graph from its configuration", FROM_CODE),
}
"""What folders are that hold no model, by a file in them."""


def lookalike(head: bytes, remedy: str, suffix: str = "") -> str | None:
    """What a file that begins like this seems to be, and what to do; None where nothing is recognised.

    `suffix`: the end of the file's name, such as ".bin"; asked only where the content does not tell.
    """
    if _packed_tar(head):
        return "a tar archive, packed with gzip (.tar.gz); unpack it (tar -xzf)"
    for begins, what, special in KINDS:
        found = re.match(begins, head, DOTALL)
        if found is not None:
            named = {name: part.decode("ascii", "replace") for name, part in found.groupdict().items()}
            return f"{what.format_map(named)}; {special or remedy}"
    if suffix.lower() in NAMED:
        what, special = NAMED[suffix.lower()]
        return f"{what}; {special or remedy}"
    return None


def lookalike_folder(files: Iterable[str]) -> str | None:
    """What a folder with these files seems to be, and what to do; None where nothing is recognised."""
    names = frozenset(files)
    return next((f"{what}; {remedy}" for name, (what, remedy) in FOLDERS.items() if name in names), None)


def _packed_tar(head: bytes) -> bool:
    if not head.startswith(b"\x1f\x8b"):
        return False
    try:
        return zlib.decompressobj(wbits=31).decompress(head, 512)[257:262] == b"ustar"
    except zlib.error:
        return False
