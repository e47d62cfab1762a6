"""Writes ONNX files: the few fields of onnx.proto that models for the race need, as protobuf's wire format.

Source: the ONNX intermediate representation (onnx.proto, IR version 8); protobuf's encoding: a field is a key
(number * 8 + wire type) and a varint (type 0), a 32-bit number (5) or a length with bytes (2).
"""

import struct

import numpy

# TensorProto.DataType
TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7}
# AttributeProto.AttributeType
FLOAT, INT, STRING, FLOATS, INTS = 1, 2, 3, 6, 7


def varint(value):
    value &= (1 << 64) - 1
    data = bytearray()
    while value >= 128:
        data.append(value & 127 | 128)
        value >>= 7
    data.append(value)
    return bytes(data)


def number(field, value):
    return varint(field * 8) + varint(value)


def block(field, data):
    data = data.encode() if isinstance(data, str) else data
    return varint(field * 8 + 2) + varint(len(data)) + data


def real(field, value):
    return varint(field * 8 + 5) + struct.pack("<f", value)


def tensor(name, array):
    array = numpy.asarray(array)
    dimensions = b"".join(number(1, extent) for extent in array.shape)
    data = array.astype(array.dtype.newbyteorder("<")).tobytes()
    return dimensions + number(2, TYPES[array.dtype.name]) + block(8, name) + block(9, data)


def attribute(name, value):
    if isinstance(value, str):
        return block(1, name) + number(20, STRING) + block(4, value)
    if isinstance(value, float):
        return block(1, name) + number(20, FLOAT) + real(2, value)
    if isinstance(value, int):
        return block(1, name) + number(20, INT) + number(3, value)
    if value and isinstance(value[0], float):
        return block(1, name) + number(20, FLOATS) + b"".join(real(7, item) for item in value)
    return block(1, name) + number(20, INTS) + b"".join(number(8, item) for item in value)


def value_info(name, type_name, shape):
    extents = b"".join(block(1, number(1, extent)) for extent in shape)
    tensor_type = number(1, TYPES[type_name]) + (block(2, extents) if shape else b"")
    return block(1, name) + block(2, block(1, tensor_type))


class Model:
    """A model that is put together node by node. Shapes of outputs are left to the reader."""

    def __init__(self):
        self.nodes, self.tensors, self.inputs, self.outputs = [], [], [], []

    def constant(self, name, array):
        self.tensors.append(tensor(name, array))
        return name

    def input(self, name, type_name, shape):
        self.inputs.append(value_info(name, type_name, shape))
        return name

    def output(self, name, type_name):
        self.outputs.append(value_info(name, type_name, []))

    def node(self, op, inputs, output, domain="", **attributes):
        fields = b"".join(block(1, name) for name in inputs) + block(2, output) + block(3, output) + block(4, op)
        fields += b"".join(block(5, attribute(name, value)) for name, value in attributes.items())
        self.nodes.append(fields + (block(7, domain) if domain else b""))
        return output

    def write(self, path):
        graph = b"".join(block(1, node) for node in self.nodes) + block(2, "race")
        graph += b"".join(block(5, item) for item in self.tensors)
        graph += b"".join(block(11, item) for item in self.inputs) + b"".join(block(12, item) for item in self.outputs)
        opsets = block(8, block(1, "") + number(2, 17)) + block(8, block(1, "com.microsoft") + number(2, 1))
        with open(path, "wb") as file:
            file.write(number(1, 8) + opsets + block(7, graph))
