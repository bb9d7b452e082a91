"""MONAI's SlidingWindowInferer on PyTorch, asked line by line: a JSON object on standard input, one on standard output.

{"make": FOLDER, "channels": C, "classes": N}    makes unet.onnx and unet.pt: one small U-Net, random weights
{"infer": FOLDER, "volume": FILE, "size": [D, H, W], "window": [...], "overlap": 0.5, "mode": "gaussian",
 "threads": 2, "out": FILE}                      32-bit floats in and out ([1, D, H, W] and [N, D, H, W]); "out" may be missing
"""

import json
import pathlib
import sys
import time

import numpy
import torch
from monai.inferers import SlidingWindowInferer
from torch import nn


def block(inputs, outputs):
    return nn.Sequential(
        nn.Conv3d(inputs, outputs, 3, padding=1, bias=False),
        nn.InstanceNorm3d(outputs, affine=True),
        nn.LeakyReLU(0.1),
    )


class UNet(nn.Module):
    """Three levels, halved by strided convolution, doubled by transposed convolution."""

    def __init__(self, channels, classes):
        super().__init__()
        widths = [channels, 2 * channels, 4 * channels]
        self.first = block(1, widths[0])
        self.down = nn.ModuleList([nn.Conv3d(a, b, 2, stride=2) for a, b in zip(widths, widths[1:])])
        self.encode = nn.ModuleList([block(width, width) for width in widths[1:]])
        self.up = nn.ModuleList([nn.ConvTranspose3d(b, a, 2, stride=2) for a, b in zip(widths, widths[1:])])
        self.decode = nn.ModuleList([block(2 * width, width) for width in widths[:-1]])
        self.last = nn.Conv3d(widths[0], classes, 1)

    def forward(self, volume):
        skips = [self.first(volume)]
        for down, encode in zip(self.down, self.encode):
            skips.append(encode(down(skips[-1])))
        x = skips.pop()
        for level in reversed(range(len(self.up))):
            x = self.decode[level](torch.cat([self.up[level](x), skips[level]], dim=1))
        return self.last(x)


def make(request):
    folder = pathlib.Path(request["make"])
    torch.manual_seed(1)
    network = UNet(request["channels"], request["classes"]).eval()
    torch.save(network, folder / "unet.pt")
    axes = {2: "D", 3: "H", 4: "W"}
    torch.onnx.export(
        network,
        torch.zeros(1, 1, 16, 16, 16),
        folder / "unet.onnx",
        input_names=["volume"],
        output_names=["logits"],
        dynamic_axes={"volume": axes, "logits": axes},
        opset_version=17,
        dynamo=False,
    )
    return {}


def infer(request):
    network = torch.load(pathlib.Path(request["infer"]) / "unet.pt", weights_only=False)
    torch.set_num_threads(request["threads"])
    values = numpy.fromfile(request["volume"], "<f4").reshape([1, 1, *request["size"]])
    inferer = SlidingWindowInferer(
        request["window"], sw_batch_size=1, overlap=request["overlap"], mode=request["mode"], sigma_scale=0.125
    )
    with torch.inference_mode():
        begun = time.perf_counter()
        scores = inferer(torch.from_numpy(values), network)
        ms = 1000 * (time.perf_counter() - begun)
    if "out" in request:
        scores[0].numpy().astype("<f4").tofile(request["out"])
    return {"ms": ms}


for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(make(request) if "make" in request else infer(request)), flush=True)
