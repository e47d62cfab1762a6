#!/usr/bin/python3
"""Exports small networks with PyTorch and writes them as tests in the form of the ONNX project's own.

usage: export_networks.py FOLDER        (needs Debian's python3-torch)

Afterwards build/tests/lowbit_onnx_page --why FOLDER compares what lowbit computes with PyTorch's outputs.
"""

import os
import struct
import sys

import torch
from torch import nn
from torch.nn import functional as F


def varint(value):
    """A number as protobuf writes it."""
    encoded = b""
    while value > 127:
        encoded += bytes([value & 127 | 128])
        value >>= 7
    return encoded + bytes([value])


def tensor_bytes(tensor):
    """A float32 tensor as ONNX stores it: dims, data_type 1, raw_data."""
    raw = struct.pack("<%df" % tensor.numel(), *tensor.detach().reshape(-1).tolist())
    dims = b"".join(b"\x08" + varint(extent) for extent in tensor.shape)
    return dims + b"\x10\x01" + b"\x4a" + varint(len(raw)) + raw


class Classifier(nn.Module):
    """A residual block, depthwise convolution, pools, and a flattening that reads the batch."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU6())
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.norm = nn.BatchNorm2d(8)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.fc = nn.Linear(8 * 4 * 4, 10)

    def forward(self, x):
        x = self.stem(x)
        x = self.pool(F.hardswish(self.norm(self.depthwise(x)) + x))
        x = F.adaptive_avg_pool2d(x, 4)
        return F.log_softmax(self.fc(x.view(x.size(0), -1)), dim=1)


class Segmenter(nn.Module):
    """Down, up by transposed convolution and by interpolation, and a skip."""

    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(8, 4, 2, stride=2)
        self.norm = nn.InstanceNorm2d(4, affine=True)
        self.head = nn.Conv2d(12, 2, 1)

    def forward(self, x):
        low = F.leaky_relu(self.down(x))
        smooth = F.interpolate(low, scale_factor=2, mode="bilinear", align_corners=False)
        return torch.sigmoid(self.head(torch.cat([F.elu(self.norm(self.up(low))), smooth], dim=1)))


class SuperResolver(nn.Module):
    """Reflected borders and a pixel shuffle."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 8, 5)
        self.act = nn.PReLU(8)
        self.last = nn.Conv2d(8, 4, 3, padding=1)

    def forward(self, x):
        y = self.act(self.first(F.pad(x, (2, 2, 2, 2), mode="reflect")))
        return F.pixel_shuffle(self.last(y), 2) + F.interpolate(x, scale_factor=2, mode="nearest")


class Detector(nn.Module):
    """A head as one-stage detectors have it: split, exponentials, reshapes, concatenation."""

    def __init__(self):
        super().__init__()
        self.body = nn.Conv2d(3, 14, 3, stride=4, padding=1)

    def forward(self, x):
        y = self.body(x)
        y = y.view(x.shape[0], 2, 7, y.shape[2], y.shape[3]).permute(0, 1, 3, 4, 2)
        centre, size, scores = y.split([2, 2, 3], dim=4)
        boxes = torch.cat([torch.sigmoid(centre) * 2, torch.exp(size), torch.softmax(scores, dim=-1)], dim=4)
        return boxes.reshape(x.shape[0], -1, 7)


class Recurrent(nn.Module):
    """LSTM of two layers and directions, then a GRU; the batch comes first."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(5, 6, num_layers=2, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(12, 4, batch_first=True)
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        return self.fc(self.gru(self.lstm(x)[0])[0][:, -1])


class Attention(nn.Module):
    """Layer normalization, two heads of attention written out, GELU."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.qkv = nn.Linear(8, 24)
        self.mlp = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8))

    def forward(self, x):
        q, k, v = self.qkv(self.norm(x)).view(x.shape[0], 5, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
        mixed = torch.softmax(q @ k.transpose(-2, -1) * 0.5, dim=-1) @ v
        return x + self.mlp(mixed.transpose(1, 2).reshape(x.shape[0], 5, 8))


class Shuffler(nn.Module):
    """Halves of the channels that go different ways and are dealt out again, and a sum of products by names."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.mix = nn.Parameter(torch.randn(8, 6))

    def forward(self, x):
        kept, changed = x.chunk(2, dim=1)
        y = torch.stack([kept, F.silu(self.conv(changed))], dim=2).flatten(1, 2)
        rows, columns = torch.meshgrid(torch.arange(y.size(2)), torch.arange(y.size(3)), indexing="ij")
        return torch.einsum("bchw,cd->bdhw", y + rows - columns, self.mix)


class Tokens(nn.Module):
    """A class token before the patches, and attention that sees no later ones; batch in the middle."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, stride=4)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.places = nn.Parameter(torch.randn(1, 5, 8))
        self.qkv = nn.Linear(8, 24)

    def forward(self, x):
        patches = self.patches(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(x.size(0), -1, -1), patches], dim=1) + self.places
        q, k, v = self.qkv(tokens.transpose(0, 1)).permute(1, 0, 2).chunk(3, dim=2)
        hidden = torch.triu(torch.full((5, 5), float("-inf")), 1)
        return torch.softmax(q @ k.transpose(1, 2) + hidden, dim=2) @ v


class Frames(nn.Module):
    """Convolutions and pools of volumes, as networks of videos have them, apart and together."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv3d(2, 6, 3, stride=(1, 2, 2), padding=1), nn.BatchNorm3d(6), nn.ReLU(), nn.MaxPool3d(2, 2),
            nn.Conv3d(6, 6, (1, 3, 3), padding=(0, 1, 1), groups=2), nn.Conv3d(6, 4, (2, 1, 1)), nn.ReLU(),
            nn.AvgPool3d(2), nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Linear(4, 3))

    def forward(self, x):
        return self.body(x)


NETWORKS = [
    (Classifier, (3, 16, 16)),
    (Segmenter, (3, 8, 8)),
    (SuperResolver, (1, 7, 9)),
    (Detector, (3, 16, 16)),
    (Recurrent, (4, 5)),
    (Attention, (5, 8)),
    (Shuffler, (8, 5, 6)),
    (Tokens, (3, 8, 8)),
    (Frames, (2, 6, 12, 12)),
]


# ONNX could not say before how PyTorch interpolates, and had no Range and no Einsum.
OLDEST = {Segmenter: 11, Shuffler: 12}


def export(kind, shape, opset, folder):
    """One network with any batch, and its output for a batch of three."""
    torch.manual_seed(7)
    net = kind().eval()
    x = torch.randn(3, *shape)
    data = os.path.join(folder, "%s_%d" % (kind.__name__.lower(), opset), "test_data_set_0")
    os.makedirs(data, exist_ok=True)
    with torch.no_grad():
        torch.onnx.export(net, x, os.path.join(data, "..", "model.onnx"), opset_version=opset, input_names=["x"],
                          output_names=["y"], dynamic_axes={"x": {0: "batch"}, "y": {0: "batch"}})
        outputs = [("input_0.pb", x), ("output_0.pb", net(x))]
    for name, tensor in outputs:
        with open(os.path.join(data, name), "wb") as file:
            file.write(tensor_bytes(tensor))


def main():
    for opset in (9, 11, 13, 16):
        for kind, shape in NETWORKS:
            if opset < OLDEST.get(kind, 0):
                continue
            try:
                export(kind, shape, opset, os.path.join(sys.argv[1], "pytorch"))
            except Exception as error:  # Some opsets lack an operator.
                print("%s in opset %d: %s" % (kind.__name__, opset, str(error).split("\n")[0][:100]), file=sys.stderr)


if __name__ == "__main__":
    main()
