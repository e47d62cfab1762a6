"""What enters and leaves a model: shapes, and arrays made ready for the C interface."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


_FLOAT32 = np.dtype(np.float32)


class Error(ValueError):
    """A file that cannot be used, or an array that does not fit: one sentence, mostly the library's own."""


class TensorInfo(NamedTuple):
    """An input or an output: 32-bit floats, row-major; images are [batch, channels, height, width].

    The first extent is None where any batch will do. (The outputs of a network that mixes the images of a batch have
    the shape for a batch of one.)
    """

    name: str
    shape: tuple[int | None, ...]

    def __str__(self) -> str:
        return f"{self.name} {shape_text(self.shape)}"


class NodeInfo(NamedTuple):
    """What runs a node of the network."""

    name: str
    kernel: str  # "conv_u8_ternary"
    target: str  # The instruction set: "AVX3"; "" for plain code.
    reason: str  # Why no better kernel runs it; "": this is the best.


def shape_text(shape: Sequence[int | None]) -> str:
    """"[any, 3, 32, 32]\""""
    return f"[{', '.join('any' if extent is None else str(extent) for extent in shape)}]"


def _refusal(info: TensorInfo, shape: tuple[int, ...], first: int) -> Error:
    """Why an input does not take that shape, where `first` would be its first extent."""
    said = f"input '{info.name}' takes shape {shape_text(info.shape)}; the array has {shape_text(shape)}"
    if info.shape[:1] in ((None,), (1,)) and shape == info.shape[1:]:
        return Error(f"{said}: the batch is missing (array[None] is a batch of one)")
    if info.shape and shape[1:] == info.shape[1:] and len(shape) == len(info.shape):
        return Error(f"{said}, where {first} would fit")
    return Error(said)


def _as_array(info: TensorInfo, value: ArrayLike) -> NDArray[Any]:
    array = np.asarray(value)
    if array.dtype != _FLOAT32 and not np.can_cast(array.dtype, _FLOAT32, "same_kind"):
        raise TypeError(f"input '{info.name}' takes real numbers; the array holds {array.dtype}")
    return array


def _as_floats(array: NDArray[Any]) -> NDArray[np.float32]:
    floats = np.asarray(array, _FLOAT32, order="C")
    return floats if floats.flags.aligned else floats.copy()


def _batch(inputs: Sequence[TensorInfo], arrays: Sequence[NDArray[Any]]) -> tuple[int, int]:
    """The batch, and how many times a fixed batch that is: 1 where it is not fixed."""
    for info, array in zip(inputs, arrays):
        if info.shape[:1] == (None,):
            return (array.shape[0] if array.ndim > 0 else 1), 1
    declared = inputs[0].shape[0] if inputs and inputs[0].shape else None
    if not declared:
        return 1, 1
    units = max(1, arrays[0].shape[0] // declared) if arrays[0].ndim > 0 else 1
    return declared * units, units


def take(inputs: Sequence[TensorInfo], values: Sequence[ArrayLike]) -> tuple[list[NDArray[np.float32]], int]:
    """The arrays as the C interface takes them (32-bit floats, row-major, without gaps), and the batch.

    The batch is the first extent of the inputs that take any; of a network without such, that of its first input, which
    may be a multiple of what is declared. Copies only where an array is not yet like that.

    Raises Error for a wrong number or shape of arrays, TypeError where they hold no real numbers.
    """
    if len(values) != len(inputs):
        names = ", ".join(info.name for info in inputs)
        raise Error(f"the number of inputs is {len(inputs)} ({names}); that of arrays is {len(values)}")
    arrays = [_as_array(info, value) for info, value in zip(inputs, values)]
    batch, units = _batch(inputs, arrays)
    for info, array in zip(inputs, arrays):
        declared = info.shape[0] if info.shape else None
        first = batch if declared is None else declared * units
        expected = (first, *info.shape[1:]) if info.shape else ()
        if array.shape != expected:
            raise _refusal(info, array.shape, first)
    return [_as_floats(array) for array in arrays], batch
