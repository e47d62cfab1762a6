"""Finds the shared library of lowbit's runtime, and declares its functions (lowbit/runtime/lowbit.h).

With ctypes.CDLL: Python's global lock is given up while a function runs.
"""

from __future__ import annotations

import ctypes
import os

from ._version import VERSION

# With the number of its binary interface. `cmake --install` puts a link to it into this package's folder.
NAME = "liblowbit.so.0"
VARIABLE = "LOWBIT_LIBRARY"

OK, FAILED, INVALID = 0, 1, 2  # lowbit_status
ANY = -1  # LOWBIT_ANY


class Options(ctypes.Structure):
    """lowbit_options"""

    _fields_ = [("size", ctypes.c_size_t), ("threads", ctypes.c_int), ("strict", ctypes.c_int),
                ("no_self_test", ctypes.c_int)]


_TEXT, _SIZE, _INT64, _MODEL = ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int64, ctypes.c_void_p
_SIZES, _EXTENTS, _ARRAYS = (ctypes.POINTER(t) for t in (ctypes.c_size_t, ctypes.c_int64, ctypes.c_void_p))
_ERROR = [_TEXT, _SIZE]  # Where the sentence goes.
_SHAPE_OF = (_SIZE, [_MODEL, _SIZE, _EXTENTS, _SIZE])
_TEXT_OF = (_TEXT, [_MODEL, _SIZE])

# What each function gives and takes.
_FUNCTIONS = {
    "lowbit_version": (_TEXT, []),
    "lowbit_model_open": (_MODEL, [_TEXT, ctypes.POINTER(Options), *_ERROR]),
    "lowbit_model_free": (None, [_MODEL]),
    "lowbit_model_input_count": (_SIZE, [_MODEL]),
    "lowbit_model_output_count": (_SIZE, [_MODEL]),
    "lowbit_model_input_name": _TEXT_OF,
    "lowbit_model_output_name": _TEXT_OF,
    "lowbit_model_input_shape": _SHAPE_OF,
    "lowbit_model_output_shape": _SHAPE_OF,
    "lowbit_model_metadata": (_TEXT, [_MODEL, _TEXT]),
    "lowbit_model_node_count": (_SIZE, [_MODEL]),
    "lowbit_model_node_name": _TEXT_OF,
    "lowbit_model_node_kernel": _TEXT_OF,
    "lowbit_model_node_target": _TEXT_OF,
    "lowbit_model_node_reason": _TEXT_OF,
    "lowbit_model_planned_bytes": (ctypes.c_uint64, [_MODEL]),
    "lowbit_model_output_shape_of_batch":
        (ctypes.c_int, [_MODEL, _SIZE, _INT64, _EXTENTS, _SIZE, _SIZES, *_ERROR]),
    "lowbit_model_run_many":
        (ctypes.c_int, [_MODEL, _ARRAYS, _SIZES, _SIZE, _INT64, _ARRAYS, _SIZES, _SIZE, *_ERROR]),
}


def _open() -> ctypes.CDLL:
    named = os.environ.get(VARIABLE)
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), NAME)
    places = [os.path.abspath(named)] if named else [beside, NAME]
    reasons = []
    for place in places:
        try:
            return ctypes.CDLL(place)
        except OSError as error:  # In dlopen's words: "PLACE: cannot open shared object file: ..."
            reasons.append(str(error))
    what = f"{VARIABLE} names no library" if named else "the library of lowbit's runtime was not found"
    advice = "" if named else f"; the environment variable {VARIABLE} may name the file liblowbit.so"
    raise ImportError(f"{what}: {'; '.join(reasons)}{advice}")


def _declare(library: ctypes.CDLL) -> None:
    for name, (result, arguments) in _FUNCTIONS.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise ImportError(f"{library._name} is not the library of lowbit's runtime {VERSION}: "
                              f"it has no function {name}") from None
        function.restype, function.argtypes = result, arguments


def _check_version(library: ctypes.CDLL) -> None:
    version = library.lowbit_version().decode()
    if version.split(".")[:2] != VERSION.split(".")[:2]:
        raise ImportError(f"{library._name} is lowbit's runtime {version}; this package is for {VERSION}")


def load() -> ctypes.CDLL:
    """The library, its functions declared: the file that LOWBIT_LIBRARY names; without that the one in this package's
    folder, or what the system's loader finds.

    Raises ImportError, which says what was looked for, where there is none, or one of another kind or version.
    """
    library = _open()
    _declare(library)
    _check_version(library)
    return library


lib = load()
