#!/usr/bin/python3
"""Makes the folders of pictures that docs/results/imagenet.md calibrates and compares networks with.

    make_pictures.py CIFAR T91 SET5 OUT

CIFAR: the folder of CIFAR-10's binary files; T91, SET5: folders of photographs (PNG, BMP). Writes PNG files:
    OUT/calibration: CIFAR-10's first 978 training images, enlarged to 256x256 (bicubic), and every other picture of T91
    OUT/enlarged:    CIFAR-10's first 1,000 test images, enlarged likewise
    OUT/photographs: five squares (corners, centre) of the other pictures of T91 and of those of SET5 that are not _LR, with
                     three quarters of the shorter side, at most 256 pixels, not scaled
Needs python3-pil.
"""

import pathlib
import sys

from PIL import Image

SIDE, RECORD = 32, 1 + 3 * 32 * 32


def enlarge(file, count, out):
    records = file.read_bytes()
    for i in range(count):
        pixels = records[i * RECORD + 1:(i + 1) * RECORD]
        planes = [Image.frombytes("L", (SIDE, SIDE), pixels[c * SIDE * SIDE:(c + 1) * SIDE * SIDE]) for c in range(3)]
        Image.merge("RGB", planes).resize((256, 256), Image.BICUBIC).save(out / f"cifar-{i:05d}.png")


def photographs(folder):
    files = [f for f in sorted(folder.iterdir()) if f.suffix.lower() in (".png", ".bmp") and not f.stem.endswith("_LR")]
    return [(f.stem, Image.open(f).convert("RGB")) for f in files]


def cut(name, picture, out):
    side = min(3 * min(picture.size) // 4, 256)
    right, down = picture.width - side, picture.height - side
    places = [(0, 0), (right, 0), (0, down), (right, down), (right // 2, down // 2)]
    for i, (x, y) in enumerate(places):
        picture.crop((x, y, x + side, y + side)).save(out / f"{name}-{i}.png")


def main():
    cifar, t91, set5, out = map(pathlib.Path, sys.argv[1:])
    for name in ("calibration", "enlarged", "photographs"):
        (out / name).mkdir(parents=True)
    enlarge(cifar / "data_batch_1.bin", 978, out / "calibration")
    enlarge(cifar / "test_batch.bin", 1000, out / "enlarged")
    t91 = photographs(t91)
    for name, picture in t91[::2]:
        picture.save(out / "calibration" / f"{name}.png")
    for name, picture in t91[1::2] + photographs(set5):
        cut(name, picture, out / "photographs")


main()
