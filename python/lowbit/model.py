"""A packed network, ready to run."""

from __future__ import annotations

import ctypes
import operator
import os
import threading
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _library
from ._library import lib
from ._tensors import Error, NodeInfo, TensorInfo, take

_ERROR_BYTES = 4096
_MAX_RANK = 32  # NumPy's.


def _bytes(text: str) -> bytes:
    if "\0" in text:
        raise Error(f"a text with a zero character in it: {text!r}")
    return os.fsencode(text)


def _text(given: bytes) -> str:
    return given.decode("utf-8", "replace")


class Model:
    """A packed network. One thread at a time computes with it, others wait; several models run at the same time,
    because Python's global lock is given up during a run.

        with lowbit.Model("net.lbm", threads=1) as model:
            logits = model(images)

    path: an .lbm file. threads: how many a run uses, the caller's included; 0: all that the machine has. Results do not
    depend on it. strict: refuse a network of which a node would run by a slower way than it has to. self_test: compare
    kernels with the operators' definitions before anything is computed, which takes some milliseconds.

    Raises Error for a file that is missing, damaged or not to be run, in the library's words.

    A model does not outlive a fork (its threads stay behind): load it in the process that uses it. Pickling takes path
    and options along and loads the file again.

    inputs, outputs: a TensorInfo for each, in the order in which arrays are given and returned.
    """

    path: str
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]

    def __init__(self, path: str | os.PathLike[str], threads: int = 0, strict: bool = False, *,
                 self_test: bool = True) -> None:
        self._handle: int | None = None
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._error = ctypes.create_string_buffer(_ERROR_BYTES)
        self.path = os.fsdecode(path)
        self.threads, self.strict, self.self_test = operator.index(threads), bool(strict), bool(self_test)
        if not 0 <= self.threads < 2**31:
            raise Error(f"threads must be 0 (all) or a number of threads; it is {threads}")
        options = _library.Options(ctypes.sizeof(_library.Options), self.threads, self.strict, not self.self_test)
        self._handle = lib.lowbit_model_open(_bytes(self.path), options, self._error, _ERROR_BYTES)
        if self._handle is None:
            raise self._failure(_library.INVALID)
        self.inputs = self._tensors(lib.lowbit_model_input_count, lib.lowbit_model_input_name,
                                    lib.lowbit_model_input_shape)
        self.outputs = self._tensors(lib.lowbit_model_output_count, lib.lowbit_model_output_name,
                                     lib.lowbit_model_output_shape)
        self._given, self._taken = (((ctypes.c_void_p * len(infos))(), (ctypes.c_size_t * len(infos))())
                                    for infos in (self.inputs, self.outputs))

    def __call__(self, *arrays: ArrayLike) -> NDArray[np.float32] | tuple[NDArray[np.float32], ...]:
        """As run."""
        return self.run(*arrays)

    def run(self, *arrays: ArrayLike) -> NDArray[np.float32] | tuple[NDArray[np.float32], ...]:
        """Computes the outputs of a batch.

        arrays: one for each input, in their order and shapes, the batch included; all first extents that may be any
        are the same. Of any type of real numbers and any layout: all but 32-bit floats in C's order is converted.
        Images are raw pixels, 0..255, [batch, channels, height, width]. A network of a fixed batch takes multiples of
        it too.

        Returns a new array of 32-bit floats, or a tuple of them for a network of several outputs.

        Raises Error (a ValueError) for arrays of a wrong number or shape and for an empty batch, TypeError for arrays
        that hold no real numbers, RuntimeError where memory does not suffice.
        """
        floats, batch = take(self.inputs, arrays)
        with _Locked(self) as handle:
            results = [np.empty(self._output_shape(handle, i, batch), np.float32) for i in range(len(self.outputs))]
            for (places, sizes), listed in ((self._given, floats), (self._taken, results)):
                for i, array in enumerate(listed):
                    places[i], sizes[i] = array.ctypes.data, array.size
            status = lib.lowbit_model_run_many(handle, *self._given, len(floats), batch, *self._taken, len(results),
                                               self._error, _ERROR_BYTES)
            if status != _library.OK:
                raise self._failure(status)
        return results[0] if len(results) == 1 else tuple(results)

    def metadata(self, key: str) -> str | None:
        """A text that travels with the network ("labels": one class name a line), or None."""
        with _Locked(self) as handle:
            found = lib.lowbit_model_metadata(handle, _bytes(key))
        return None if found is None else _text(found)

    @property
    def labels(self) -> list[str]:
        """The names of the classes; empty if the file has none."""
        text = (self.metadata("labels") or "").removesuffix("\n")
        return text.split("\n") if text else []

    @property
    def nodes(self) -> list[NodeInfo]:
        """What runs each node of the network, in the graph's order."""
        parts = (lib.lowbit_model_node_name, lib.lowbit_model_node_kernel, lib.lowbit_model_node_target,
                 lib.lowbit_model_node_reason)
        with _Locked(self) as handle:
            return [NodeInfo(*(_text(part(handle, i)) for part in parts))
                    for i in range(lib.lowbit_model_node_count(handle))]

    @property
    def planned_bytes(self) -> int:
        """Bytes that the model keeps for activations and scratch."""
        with _Locked(self) as handle:
            return int(lib.lowbit_model_planned_bytes(handle))

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
        return self._handle is None

    def close(self) -> None:
        """Gives the memory back, after a run that another thread may be in. Afterwards only path, options, inputs and
        outputs can be read. Happens by itself when the model is no longer used; twice is harmless."""
        if self._process != os.getpid():
            self._handle = None  # Its threads, which freeing would wait for, stayed in the other process.
            return
        with self._lock:
            handle, self._handle = self._handle, None
            if handle is not None:
                lib.lowbit_model_free(handle)

    def __enter__(self) -> Model:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_handle", None) is not None:
            self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return _load, (os.path.abspath(self.path), self.threads, self.strict, self.self_test)

    def __repr__(self) -> str:
        if self.closed:
            return f"<lowbit.Model {self.path!r}: closed>"
        inputs, outputs = (", ".join(map(str, infos)) for infos in (self.inputs, self.outputs))
        return f"<lowbit.Model {self.path!r}: {inputs} -> {outputs}>"

    def __str__(self) -> str:
        """repr, and a line for each node: its name, kernel and instruction set, and why no better kernel runs it."""
        lines = [repr(self)]
        nodes = [] if self.closed else self.nodes
        widths = [max((len(node[i]) for node in nodes), default=0) for i in range(3)]
        for node in nodes:
            lines.append("  ".join(["", *map(str.ljust, node[:3], widths), node.reason]).rstrip())
        return "\n".join(lines)

    def _failure(self, status: int) -> Exception:
        message = _text(self._error.value)
        return RuntimeError(message) if status == _library.FAILED else Error(message)

    def _tensors(self, count: Any, name: Any, shape: Any) -> tuple[TensorInfo, ...]:
        infos = []
        for i in range(count(self._handle)):
            extents = (ctypes.c_int64 * _MAX_RANK)()
            rank = shape(self._handle, i, extents, _MAX_RANK)
            infos.append(TensorInfo(_text(name(self._handle, i)),
                                    tuple(None if extent == _library.ANY else extent for extent in extents[:rank])))
        return tuple(infos)

    def _output_shape(self, handle: int, index: int, batch: int) -> tuple[int, ...]:
        shape = self.outputs[index].shape
        if shape and shape[0] is None:
            return (batch, *cast("tuple[int, ...]", shape[1:]))
        extents, rank = (ctypes.c_int64 * _MAX_RANK)(), ctypes.c_size_t()
        status = lib.lowbit_model_output_shape_of_batch(handle, index, batch, extents, _MAX_RANK, rank, self._error,
                                                        _ERROR_BYTES)
        if status != _library.OK:
            raise self._failure(status)
        return tuple(extents[:rank.value])


class _Locked:
    """Holds a model's lock and gives its handle. Raises Error if the model is closed, or was loaded before a fork."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def __enter__(self) -> int:
        model = self._model
        if model._process != os.getpid():
            raise Error("the model was loaded before this process was forked; load it in the process that uses it")
        model._lock.acquire()
        if model._handle is None:
            model._lock.release()
            raise Error("the model is closed")
        return model._handle

    def __exit__(self, *exception: object) -> None:
        self._model._lock.release()


def _load(path: str, threads: int, strict: bool, self_test: bool) -> Model:
    """What unpickling calls."""
    return Model(path, threads, strict, self_test=self_test)
