"""The rival's models: ONNX files made of what lowbit_bench_race hands over (bench/race/hand_over.h)."""

import json
import os

import numpy
import onnx_file


class Contest:
    """A contest as lowbit wrote it down: its graph, its tensors, input and lowbit's output."""

    def __init__(self, folder):
        self.folder = folder
        with open(os.path.join(folder, "contest.json"), encoding="utf-8") as file:
            self.graph = json.load(file)
        self.batch = self.graph["batch"]
        shape = self.graph["inputs"][0]["shape"]
        self.input_shape = [self.batch, *shape[1:]]
        self.input = self.read("input.f32", "float32").reshape(self.input_shape)
        self.output = self.read("output.f32", "float32")

    def read(self, file, type_name):
        return numpy.fromfile(os.path.join(self.folder, file), dtype=type_name)

    def tensor(self, name):
        about = self.graph["parameters"][name]
        return self.read(about["file"], about["type"]).reshape(about["shape"])

    def scales(self, name):
        """One scale for each row of low-bit weights."""
        about = self.graph["parameters"][name]
        return numpy.broadcast_to(self.read(about["scales"], "float32"), about["shape"][:1])

    def is_low_bit(self, name):
        return self.graph["parameters"].get(name, {}).get("type") == "int8"

    def nodes(self, op):
        return [node for node in self.graph["nodes"] if node["op"] == op]

    def node(self, op):
        return self.nodes(op)[0]


class Rival:
    """A model in a file, its input and the output that is expected of it (arrays of the model's types and shapes)."""

    def __init__(self, model, given, expected, tolerance):
        self.model, self.input, self.expected = model, given, expected
        self.tolerance = tolerance  # Largest difference from what is expected, in units of its largest magnitude.


def images(contest, flat):
    """lowbit's output as [N, C, H, W], the extents square."""
    channels = contest.tensor("weight").shape[0]
    size = round((flat.size / contest.batch / channels) ** 0.5)
    return flat.reshape(contest.batch, channels, size, size)


def qlinear_conv(contest, channels_last):
    """QLinearConv from uint8 to uint8, scale 1 and zero point 0 at both ends. channels_last: the form of
    com.microsoft, which reads and writes NHWC as lowbit's kernel does; otherwise ONNX's own, on NCHW."""
    model = onnx_file.Model()
    given, expected = contest.input.astype("uint8"), images(contest, contest.output).astype("uint8")
    if channels_last:
        given, expected = (numpy.ascontiguousarray(a.transpose(0, 2, 3, 1)) for a in (given, expected))
    attributes = dict(contest.node("Conv")["attributes"])
    attributes.update({"channels_last": 1} if channels_last else {})
    scales = contest.scales("weight")
    one, zero = model.constant("one", numpy.float32(1)), model.constant("zero", numpy.uint8(0))
    inputs = [model.input("x", "uint8", given.shape), one, zero, model.constant("w", contest.tensor("weight")),
              model.constant("w_scale", scales), model.constant("w_zero", numpy.zeros(scales.size, "int8")), one, zero,
              model.constant("bias", numpy.rint(contest.tensor("bias") / scales).astype("int32"))]
    model.node("QLinearConv", inputs, "y", "com.microsoft" if channels_last else "", **attributes)
    model.output("y", "uint8")
    return Rival(model, given, expected, 1 / 255)


def float_conv(contest):
    """QuantizeLinear, QLinearConv in its NHWC form, DequantizeLinear: activations are the integers of lowbit's grid, results
    are rounded to signed bytes."""
    model = onnx_file.Model()
    given, expected = contest.input, images(contest, contest.output)
    given, expected = (numpy.ascontiguousarray(a.transpose(0, 2, 3, 1)) for a in (given, expected))
    scales, one = contest.scales("weight"), model.constant("one", numpy.float32(1))
    middle = 1 if contest.nodes("BipolarQuant") else 0
    zero = model.constant("zero", numpy.uint8(middle))
    step = numpy.float32(abs(expected).max() / 127)
    grid = [model.constant("step", step), model.constant("middle", numpy.uint8(128))]
    codes = model.node("QuantizeLinear", [model.input("x", "float32", given.shape), one, zero], "codes")
    inputs = [codes, one, zero, model.constant("w", contest.tensor("weight")), model.constant("w_scale", scales),
              model.constant("w_zero", numpy.zeros(scales.size, "int8")), *grid,
              model.constant("bias", numpy.rint(contest.tensor("bias") / scales).astype("int32"))]
    sums = model.node("QLinearConv", inputs, "sums", "com.microsoft", channels_last=1,
                      **contest.node("Conv")["attributes"])
    model.node("DequantizeLinear", [sums, *grid], "y")
    model.output("y", "float32")
    return Rival(model, given, expected, 0.01)


def dynamic_product(contest):
    """DynamicQuantizeMatMul: floats in, quantized to uint8 by their own range, times int8 weights, floats out."""
    model = onnx_file.Model()
    _, weight, bias = contest.node("Gemm")["inputs"]
    scales = contest.scales(weight)
    inputs = [model.input("x", "float32", contest.input_shape),
              model.constant("w", contest.tensor(weight).T), model.constant("w_scale", scales),
              model.constant("w_zero", numpy.zeros(scales.size, "int8")),
              model.constant("bias", contest.tensor(bias))]
    model.node("DynamicQuantizeMatMul", inputs, "y", "com.microsoft")
    model.output("y", "float32")
    return Rival(model, contest.input, contest.output.reshape(contest.batch, -1), 0.01)


def two_bit_product(contest):
    """MatMulNBits with 2 bits, blocks of 128, accuracy level 4 (activations quantized to int8 inside). Codes 1, 2, 3
    with the implied zero point 2 stand for -1, 0, 1; the lowest bits of a byte come first."""
    model = onnx_file.Model()
    value = model.input("x", "float32", contest.input_shape)
    for node in contest.nodes("Gemm"):
        name, output = node["inputs"][1], node["outputs"][0]
        weight, scales = contest.tensor(name), contest.scales(name)
        outputs, inputs = weight.shape
        blocks = inputs // 128
        codes = (weight + 2).astype("uint8").reshape(outputs, blocks, 32, 4)
        packed = codes[..., 0] | codes[..., 1] << 2 | codes[..., 2] << 4 | codes[..., 3] << 6
        bias = node["inputs"][2]
        operands = [value, model.constant(name, packed), model.constant(name + "/scales", numpy.repeat(scales, blocks)), "",
                    "", model.constant(bias, contest.tensor(bias))]
        value = model.node("MatMulNBits", operands, output, "com.microsoft", K=inputs, N=outputs, bits=2, block_size=128,
                           accuracy_level=4)
    model.output(value, "float32")
    # Each further layer adds the difference between a grid for the layer and one for each block of 128.
    return Rival(model, contest.input, contest.output.reshape(contest.batch, -1), 0.01 * len(contest.nodes("Gemm")))


class Network:
    """Translates a graph whose activations lie on grids: to integers (QuantizeLinear and DequantizeLinear around
    everything, from which ONNX Runtime makes integer kernels) or to floats without grids."""

    def __init__(self, contest, integers):
        self.contest, self.integers, self.model = contest, integers, onnx_file.Model()
        self.names, self.grids, self.scales = {}, {}, {}  # By value: what stands for it; its grid; that one's scale.
        self.constants = set()

    def scalar(self, name):
        return self.contest.tensor(name).reshape(())

    def quant(self, node):
        value, output = self.names.get(node["inputs"][0], node["inputs"][0]), node["outputs"][0]
        if not self.integers:
            self.names[output] = value
            return
        grid = [self.model.constant(output + "/scale", self.scalar(node["inputs"][1])),
                self.model.constant(output + "/zero", numpy.uint8(128 if node["attributes"]["signed"] else 0))]
        self.model.node("QuantizeLinear", [value, *grid], output + "/codes")
        self.model.node("DequantizeLinear", [output + "/codes", *grid], output)
        self.grids[output] = grid

    def weights(self, name, bias, grid):
        """Of a Conv or Gemm whose input lies on the grid of that scale: inputs of the node."""
        weight, scales = self.contest.tensor(name), self.contest.scales(name)
        if not self.integers:
            shape = [-1] + [1] * (weight.ndim - 1)
            return [self.model.constant(name, weight * scales.reshape(shape)),
                    self.model.constant(bias, self.contest.tensor(bias))]
        units = (scales * grid).astype("float32")
        codes = [self.model.constant(name + "/codes", weight), self.model.constant(name + "/scale", scales),
                 self.model.constant(name + "/zero", numpy.zeros(scales.size, "int8"))]
        biases = [self.model.constant(bias + "/codes", numpy.rint(self.contest.tensor(bias) / units).astype("int32")),
                  self.model.constant(bias + "/scale", units)]
        return [self.model.node("DequantizeLinear", codes, name, axis=0),
                self.model.node("DequantizeLinear", biases, bias, axis=0)]

    def product(self, node):
        value = node["inputs"][0]
        grid = self.scale_of(value) if self.integers else 1
        weights = self.weights(node["inputs"][1], node["inputs"][2], grid)
        self.model.node(node["op"], [self.names.get(value, value), *weights], node["outputs"][0], **node["attributes"])

    def scale_of(self, value):
        if value in self.scales:
            return self.scales[value]
        raise KeyError(f"the input {value} of a layer lies on no grid")

    def other(self, node):
        inputs = [self.names.get(name, name) for name in node["inputs"]]
        for name in inputs:
            if name in self.contest.graph["parameters"] and name not in self.constants:
                self.constants.add(name)
                self.model.constant(name, self.contest.tensor(name))
        self.model.node(node["op"], inputs, node["outputs"][0], **node["attributes"])

    def build(self):
        source = self.contest.graph["inputs"][0]["name"]
        self.model.input(source, "float32", self.contest.input_shape)
        for node in self.contest.graph["nodes"]:
            if node["op"] == "Quant":
                self.quant(node)
                self.scales[node["outputs"][0]] = self.scalar(node["inputs"][1])
            elif self.contest.is_low_bit((node["inputs"] + [""])[1]):
                self.product(node)
            else:
                self.other(node)
                if node["inputs"][0] in self.scales and node["op"] in KEEP_GRID:
                    self.keep_grid(node)
        self.model.output(self.contest.graph["outputs"][0], "float32")
        return self.model

    def keep_grid(self, node):
        """Behind an operator that only moves values: the same grid once more, so that it is done on integers."""
        value, output = node["inputs"][0], node["outputs"][0]
        self.scales[output] = self.scales[value]
        if not self.integers:
            return
        grid = self.grids[output + "/grid"] = self.grids[self.names.get(value, value)]
        self.model.node("QuantizeLinear", [output, *grid], output + "/codes")
        self.names[output] = self.model.node("DequantizeLinear", [output + "/codes", *grid], output + "/grid")


KEEP_GRID = ("MaxPool", "Flatten", "Pad")


def network(contest, integers):
    expected = contest.output.reshape(contest.batch, -1)
    # Floats differ by lowbit's rounding of activations to 8 bits, integers by the rival's further roundings.
    return Rival(Network(contest, integers).build(), contest.input, expected, 0.1)


def identity():
    """What a call costs in which nothing is computed."""
    model = onnx_file.Model()
    model.node("Identity", [model.input("x", "uint8", [1])], "y")
    model.output("y", "uint8")
    return Rival(model, numpy.zeros(1, "uint8"), numpy.zeros(1, "uint8"), 0)


MODELS = {
    "qlinear-conv-nhwc": lambda contest: qlinear_conv(contest, True),
    "qlinear-conv": lambda contest: qlinear_conv(contest, False),
    "float-conv-nhwc": float_conv,
    "dynamic-int8": dynamic_product,
    "nbits-2": two_bit_product,
    "float": lambda contest: network(contest, False),
    "qdq": lambda contest: network(contest, True),
}
