"""How the shared library is found, and what is said where it is not."""

import os
import re
import shutil
import tempfile
import unittest
from pathlib import Path

from support import CLASSIFIER, ROOT, python
import lowbit
from lowbit import _library

LIBRARY = Path(os.environ["LOWBIT_LIBRARY"])
IMPORT = "import lowbit; print(lowbit._library.lib._name)"


class Library(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.package = Path(self.folder.name, "packages")
        shutil.copytree(ROOT / "python/lowbit", self.package / "lowbit",
                        ignore=shutil.ignore_patterns("__pycache__", "liblowbit*"))

    def refuses(self, pattern, **variables):
        """`import lowbit` fails with ImportError, and its text matches."""
        run = python(IMPORT, check=False, PYTHONPATH=str(self.package), **variables)
        self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
        self.assertRegex(run.stderr.strip().split("\n")[-1], "^ImportError: " + pattern + "$")

    def found(self, **variables):
        """The name of the library that `import lowbit` finds."""
        return python(IMPORT, PYTHONPATH=str(self.package), **variables).stdout.strip()

    def test_is_the_one_that_the_variable_names(self):
        self.assertEqual(self.found(LOWBIT_LIBRARY=str(LIBRARY)), str(LIBRARY))

    def test_is_the_one_in_the_package(self):
        link = self.package / "lowbit" / _library.NAME
        link.symlink_to(LIBRARY.resolve())
        self.assertEqual(self.found(LOWBIT_LIBRARY=None), str(link))
        self.assertEqual(self.found(LOWBIT_LIBRARY=str(LIBRARY)), str(LIBRARY), "the variable comes first")

    def test_is_the_one_that_the_system_finds(self):
        link = Path(self.folder.name, _library.NAME)
        link.symlink_to(LIBRARY.resolve())
        self.assertEqual(self.found(LOWBIT_LIBRARY=None, LD_LIBRARY_PATH=self.folder.name), _library.NAME)

    def test_that_is_nowhere(self):
        beside = re.escape(str(self.package / "lowbit" / _library.NAME))
        self.refuses(f"the library of lowbit's runtime was not found: {beside}: .*; {re.escape(_library.NAME)}: .*; "
                     "the environment variable LOWBIT_LIBRARY may name the file liblowbit.so",
                     LOWBIT_LIBRARY=None, LD_LIBRARY_PATH=None)
        self.refuses("LOWBIT_LIBRARY names no library: /nothing/lowbit.so: .*", LOWBIT_LIBRARY="/nothing/lowbit.so")

    def test_that_is_no_library(self):
        name = str(CLASSIFIER)
        self.refuses(f"LOWBIT_LIBRARY names no library: {re.escape(name)}: .*", LOWBIT_LIBRARY=name)

    def test_of_another_kind(self):
        maps = Path("/proc/self/maps").read_text(encoding="utf-8")
        libc = re.search(r"/\S+/libc[.-]\S+", maps).group()
        self.refuses(".* is not the library of lowbit's runtime .*: it has no function lowbit_version",
                     LOWBIT_LIBRARY=libc)

    def test_of_another_version(self):
        (self.package / "lowbit/_version.py").write_text('VERSION = "0.0.7"\n', encoding="ascii")
        self.refuses(f".* is lowbit's runtime {lowbit.__version__}; this package is for 0.0.7",
                     LOWBIT_LIBRARY=str(LIBRARY))


class Version(unittest.TestCase):
    def test_is_that_of_the_library(self):
        self.assertEqual(lowbit.__version__, _library.lib.lowbit_version().decode())

    def test_every_function_of_the_header_is_known(self):
        header = (ROOT / "lowbit/runtime/lowbit.h").read_text(encoding="ascii")
        declared = set(re.findall(r"^LOWBIT_API .*?(lowbit_\w+)\(", header, re.MULTILINE))
        # Conveniences for C: what they do is done by others.
        self.assertEqual(declared - set(_library._FUNCTIONS), {"lowbit_model_load", "lowbit_model_run"})
        self.assertEqual(set(_library._FUNCTIONS) - declared, set())


if __name__ == "__main__":
    unittest.main()
