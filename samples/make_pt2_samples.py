"""What do the same networks look like as torch.export saves them?

Run it from the repository's root, with `pip install '.[test]'`:

    python samples/make_pt2_samples.py [FOLDER]

Saves some networks of make_samples.py with torch.export.save, then leaves the payloads out of the archive: what remains
are the graph and the lists of weights, each with its name, type and shape. The audit needs no more.
"""

from __future__ import annotations

import io
import re
import sys
import zipfile
from pathlib import Path

import torch
from make_samples import ANY_BATCH, HERE, IMAGE, RESNET18, Sample, Transformer, image, look_trained

SAMPLES: dict[str, Sample] = {
    "resnet18": Sample(RESNET18, image(*IMAGE)),
    "transformer": Sample(Transformer, torch.zeros(2, 64, dtype=torch.int64), options=ANY_BATCH),
}

PAYLOAD = re.compile(
    r".*/data/(weights/weight|constants/tensor)_\d+|.*/data/sample_inputs/.*|.*/\.data/.*|.*/byteorder"
)
"""What is left out: weights, example inputs, and what describes how they are stored."""

WRITTEN = (1980, 1, 1, 0, 0, 0)
"""The time that every entry bears: the earliest that a zip archive knows."""


def make(sample: Sample) -> bytes:
    """The .pt2 archive of one sample."""
    torch.manual_seed(0)
    model = sample.model().eval()
    look_trained(model)
    # Whether cuDNN may be used is written down, too: let it not depend on the build of PyTorch.
    with torch.no_grad(), torch.backends.cudnn.flags(enabled=False):
        exported = torch.export.export(model, (sample.example,), strict=False, **sample.options)
    whole, kept = io.BytesIO(), io.BytesIO()
    torch.export.save(exported, whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(kept, "w") as target:
        for name in source.namelist():
            if not PAYLOAD.fullmatch(name):
                entry = zipfile.ZipInfo(re.sub("^[^/]*", "model", name), WRITTEN)
                entry.compress_type = zipfile.ZIP_DEFLATED
                target.writestr(entry, without_the_machine(source.read(name)), compresslevel=9)
    return kept.getvalue()


def without_the_machine(document: bytes) -> bytes:
    """Make source lines relative, "torch/nn/modules/conv.py", and the version that of the release: "2.13.0"."""
    here = str(HERE.resolve()).encode()
    document = document.replace(b'File \\"' + here, b'File \\"samples')
    document = re.sub(rb'("torch_version": "[^"+]*)\+[^"]*', rb"\1", document)
    return re.sub(rb'File \\"[^"\\]*/site-packages/', b'File \\\\"', document)


def main(folder: Path) -> None:
    """Write every sample into the folder."""
    for name, sample in SAMPLES.items():
        path = folder / f"{name}.pt2"
        path.write_bytes(make(sample))
        print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
