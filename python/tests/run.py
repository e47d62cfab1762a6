"""Runs the tests of this folder and counts them for tools/run-tests.sh.

usage: run.py [TEST...]      TEST: test_model, test_model.Numbers, test_model.Numbers.test_of_a_batch

CMake sets the variables of support.py; by hand, they say what a build in build/ has.
"""

import os
import sys
import unittest
from pathlib import Path


def main():
    sys.path.insert(0, str(Path(__file__).parent))
    loader = unittest.defaultTestLoader
    suite = loader.loadTestsFromNames(sys.argv[1:]) if sys.argv[1:] else loader.discover(Path(__file__).parent)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    bad = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    folder = os.environ.get("LOWBIT_TEST_RESULTS")
    if folder:
        Path(folder, "python.count").write_text(f"{result.testsRun} {bad}\n", encoding="ascii")
    sys.exit(0 if result.testsRun > 0 and bad == 0 else 1)


if __name__ == "__main__":
    main()
