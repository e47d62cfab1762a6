"""What the tests share: the files and programs of the build, and what the C++ runtime computes."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
sys.path.insert(0, str(ROOT / "python"))
os.environ.setdefault("LOWBIT_LIBRARY", str(BUILD / "lowbit/runtime/capi/liblowbit.so"))

# What lowbit_make_files wrote (tests/support/make_files_main.cc).
FILES = Path(os.environ.get("LOWBIT_TEST_FILES", BUILD / "tests/files"))
RUN_FLOATS = os.environ.get("LOWBIT_RUN_FLOATS", BUILD / "tests/lowbit_run_floats")
# The command line; None where it was not built.
PROGRAM = os.environ.get("LOWBIT_PROGRAM", None if "LOWBIT_RUN_FLOATS" in os.environ else BUILD / "bin/lowbit")

CLASSIFIER = FILES / "model.lbm"  # Ternary weights; image [any, 1, 16, 20] -> [any, 3].
# Of several inputs and outputs (tests/support/small_networks.h).
PAIR, FIXED, SCALED, MIXED = (FILES / "networks" / f"{name}.lbm" for name in ("pair", "fixed", "scaled", "mixed"))


def images(count, seed=0):
    """Raw pixels for CLASSIFIER, as floats."""
    return np.random.default_rng(seed).integers(0, 256, (count, 1, 16, 20)).astype(np.float32)


def floats(shape, seed=0):
    """Numbers that are no integers."""
    return np.random.default_rng(seed).normal(0, 3, shape).astype(np.float32)


def runtime_floats(path, batch, *arrays):
    """All outputs of the C++ runtime, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, str(i)) for i in range(len(arrays))]
        for file, array in zip(files, arrays):
            file.write_bytes(np.ascontiguousarray(array, np.float32).tobytes())
        run = subprocess.run([RUN_FLOATS, path, str(batch), *files], check=True, capture_output=True)
    return np.frombuffer(run.stdout, np.float32)


def python(code, check=True, **variables):
    """Runs code in a Python of its own, which finds the package. variables: of its environment; None removes one."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python"), "PYTHONDONTWRITEBYTECODE": "1", **variables}
    return subprocess.run([sys.executable, "-c", code], check=check, capture_output=True, text=True, timeout=120,
                          env={name: value for name, value in environment.items() if value is not None})


def same_bits(test, actual, expected):
    """Asserts that two arrays of floats are equal to the bit; `expected` may be flat."""
    test.assertEqual(actual.dtype, np.float32)
    test.assertEqual(actual.size, expected.size)
    test.assertGreater(actual.size, 0)
    test.assertEqual(actual.tobytes(), np.ascontiguousarray(expected, np.float32).tobytes())
