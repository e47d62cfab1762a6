"""The cases of the race: what lowbit runs (a specification for lowbit_bench_race, see bench/race/contest.h), what its clock
sees, and which models of rival_models.py it meets."""

BYTES, NHWC, FLOATS = "bytes", "nhwc", "floats"


class Case:
    def __init__(self, name, clock, rivals, **spec):
        self.name, self.clock, self.rivals, self.spec = name, clock, rivals, spec


def conv(weights, inputs, outputs, size, kernel, stride=1, groups=1, rivals=("qlinear-conv-nhwc",)):
    kind = "depthwise " if groups == inputs else "conv "
    name = f"{kind}{kernel}x{kernel}{'/2' if stride == 2 else ''} {inputs}->{outputs} @{size} {weights}"
    return Case(name, BYTES, rivals, kind="conv", weights=weights, channels=[inputs, outputs], size=size, kernel=kernel,
                stride=stride, groups=groups)


def few_bits(weights, activations, channels, size):
    name = f"conv 3x3 {channels}->{channels} @{size} {weights} x {activations}"
    return Case(name, NHWC, ("float-conv-nhwc",), kind="conv", weights=weights, activations=activations,
                channels=[channels, channels], size=size, kernel=3)


def linear(weights, features, batch, rival, signed=False, layers=1):
    name = f"linear {batch}x{features}x{features} {weights}{f', {layers} layers' if layers > 1 else ''}"
    return Case(name, FLOATS, (rival,), kind="linear", weights=weights, features=[features, features], batch=batch,
                signed=signed, layers=layers)


def vectors(features, batch=1):
    """A linear layer with weights of a codebook, in floats."""
    name = f"linear {batch}x{features}x1000 codebook"
    return Case(name, FLOATS, ("float",), kind="linear", weights="codebook-small", features=[features, 1000], batch=batch,
                activations="floats", layers=1)


def network(name, title, weights, batch, size=32, **options):
    grids = f" x {options['activations']}" if "activations" in options else ""
    rivals = ("float",) if options.get("activations") == "floats" else ("qdq", "float")
    return Case(f"{title} @{size} batch {batch} {weights}{grids}", FLOATS, rivals, kind="network", weights=weights,
                network=name, batch=batch, size=size, **options)


BOTH_ORDERS = ("qlinear-conv-nhwc", "qlinear-conv")
CASES = [
    conv("ternary", 64, 64, 56, 3, rivals=BOTH_ORDERS),
    conv("ternary", 128, 128, 28, 3, rivals=BOTH_ORDERS),
    conv("ternary", 256, 256, 14, 3, rivals=BOTH_ORDERS),
    conv("ternary", 512, 512, 7, 3, rivals=BOTH_ORDERS),
    # ResNet-50: the first layer, 1x1 to and from bottlenecks, stride 2.
    conv("affine8", 3, 64, 224, 7, stride=2),
    conv("ternary", 64, 256, 56, 1),
    conv("ternary", 256, 64, 56, 1),
    conv("ternary", 256, 1024, 14, 1),
    conv("ternary", 2048, 512, 7, 1),
    conv("ternary", 128, 128, 56, 3, stride=2),
    conv("ternary", 256, 512, 56, 1, stride=2),
    conv("affine4", 64, 64, 56, 3),
    conv("affine4", 256, 1024, 14, 1),
    # Binary weights, whose products are looked up.
    *(conv("binary", channels, channels, size, 3) for channels, size in ((64, 56), (128, 28), (256, 14), (512, 7))),
    conv("binary", 256, 1024, 14, 1),
    # MobileNetV2: expansion, projection, depthwise.
    conv("affine4", 24, 144, 56, 1),
    conv("affine4", 144, 24, 56, 1),
    conv("affine4", 160, 960, 7, 1),
    conv("affine4", 144, 144, 56, 3, groups=144),
    conv("affine4", 144, 144, 56, 3, stride=2, groups=144),
    conv("affine4", 960, 960, 7, 3, groups=960),
    *(few_bits("binary", "signs", channels, size) for channels, size in ((64, 56), (128, 28), (256, 14), (512, 7))),
    *(few_bits("affine2", "bits2", channels, size) for channels, size in ((64, 56), (128, 28), (256, 14), (512, 7))),
    linear("ternary", 2048, 128, "dynamic-int8"),
    linear("binary", 2048, 128, "dynamic-int8"),
    linear("ternary", 4096, 1, "nbits-2", signed=True),
    linear("ternary", 4096, 1, "nbits-2", signed=True, layers=8),
    network("resnet_cifar", "ResNet-20", "ternary", 1),
    network("resnet_cifar", "ResNet-20", "ternary", 64),
    network("vgg9", "VGG-9", "ternary", 1),
    network("vgg9", "VGG-9", "ternary", 64),
    network("resnet", "ResNet-18", "ternary", 1, 224, depth=18),
    network("vgg9", "VGG-9", "binary", 1),
    network("resnet", "ResNet-18", "binary", 1, 224, depth=18),
    network("resnet", "ResNet-18", "binary", 1, 224, depth=18, activations="signs"),
    network("resnet", "ResNet-18", "affine2", 1, 224, depth=18, activations="bits2"),
    vectors(512),
    vectors(2048),
    network("resnet", "ResNet-18", "codebook-small", 1, 224, depth=18, activations="floats"),
    network("resnet", "ResNet-50", "codebook-large", 1, 224, depth=50, activations="floats"),
    network("resnet", "ResNet-18", "codebook-small", 1, 224, depth=18),
    network("resnet", "ResNet-50", "codebook-large", 1, 224, depth=50),
    network("mobilenet_v2", "MobileNetV2", "affine4", 1, 224),
]
