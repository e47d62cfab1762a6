"""What a call from Python costs: a network run on one image by lowbit.Model, and by the C function alone.

usage: python_call.py NET.lbm      a network with one input and one output
"""

import ctypes
import sys
import time

import numpy as np

import lowbit
from lowbit import _library

ROUNDS, CALLS = 40, 1000


def shape_of_one(info):
    return tuple(1 if extent is None else extent for extent in info.shape)


def microseconds(action):
    start = time.perf_counter()
    for _ in range(CALLS):
        action()
    return (time.perf_counter() - start) / CALLS * 1e6


def bare_call(path, image, output):
    """The C function with everything made ready; what is left is ctypes' own cost, about a microsecond."""
    library = ctypes.CDLL(_library.lib._name)
    library.lowbit_model_load.restype = ctypes.c_void_p
    handle = ctypes.c_void_p(library.lowbit_model_load(path.encode(), 1, None, ctypes.c_size_t(0)))
    arguments = (handle, ctypes.c_void_p(image.ctypes.data), ctypes.c_size_t(image.size), ctypes.c_int64(len(image)),
                 ctypes.c_void_p(output.ctypes.data), ctypes.c_size_t(output.size), None, ctypes.c_size_t(0))
    return lambda: library.lowbit_model_run(*arguments)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    model = lowbit.Model(sys.argv[1], threads=1)
    image, output = (np.zeros(shape_of_one(infos[0]), np.float32) for infos in (model.inputs, model.outputs))
    actions = {"C function": bare_call(sys.argv[1], image, output), "lowbit.Model": lambda: model(image)}
    if actions["C function"]() != _library.OK:
        sys.exit(f"{sys.argv[1]} is not a network of one input and one output")
    times = {name: [] for name in actions}
    for _ in range(ROUNDS):
        for name, action in actions.items():
            times[name].append(microseconds(action))
    for name, all_times in times.items():
        print(f"{name:12}  {min(all_times):7.2f} us")


if __name__ == "__main__":
    main()
