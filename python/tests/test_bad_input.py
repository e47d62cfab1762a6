"""Files and arrays that are refused, each in one sentence."""

import os
import tempfile
import unittest
from pathlib import Path

import numpy as np

from support import CLASSIFIER, FIXED, MIXED, PAIR, SCALED, floats, images
import lowbit


class BadInput(unittest.TestCase):
    def refuses(self, what, action, kind=lowbit.Error):
        """The action raises exactly that kind, and the text holds `what`."""
        with self.assertRaises(kind) as caught:
            action()
        self.assertIs(type(caught.exception), kind)
        self.assertIn(what, str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))


class Files(BadInput):
    def test_that_are_missing(self):
        self.refuses("/nothing/here.lbm", lambda: lowbit.Model("/nothing/here.lbm"))
        self.refuses("", lambda: lowbit.Model(""))

    def test_that_are_damaged(self):
        good = CLASSIFIER.read_bytes()
        with tempfile.TemporaryDirectory() as folder:
            bad = Path(folder, "bad.lbm")
            for at in range(0, len(good), len(good) // 50):
                bad.write_bytes(good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1:])
                self.refuses(str(bad), lambda: lowbit.Model(bad))
            for size in (0, 1, len(good) // 2, len(good) - 1):
                bad.write_bytes(good[:size])
                self.refuses(str(bad), lambda: lowbit.Model(bad))
            bad.write_bytes(good)
            lowbit.Model(bad)

    def test_whose_name_is_no_name(self):
        self.refuses("zero character", lambda: lowbit.Model(f"{CLASSIFIER}\0.lbm"))
        self.refuses("not NoneType", lambda: lowbit.Model(None), TypeError)

    def test_with_wrong_options(self):
        self.refuses("threads must be", lambda: lowbit.Model(CLASSIFIER, threads=-1))
        self.refuses("threads must be", lambda: lowbit.Model(CLASSIFIER, threads=2**32 + 1))
        self.refuses("threads must be in 0..1024", lambda: lowbit.Model(CLASSIFIER, threads=1025))
        self.refuses("integer", lambda: lowbit.Model(CLASSIFIER, threads=1.5), TypeError)

    def test_are_errors_of_values(self):
        self.assertTrue(issubclass(lowbit.Error, ValueError))
        self.assertEqual(f"{lowbit.Error.__module__}.{lowbit.Error.__qualname__}", "lowbit.Error")


class Arrays(BadInput):
    def setUp(self):
        self.model = lowbit.Model(CLASSIFIER, threads=1)
        self.name = self.model.inputs[0].name

    def tearDown(self):
        """What was refused has left nothing behind."""
        self.assertEqual(self.model(images(2)).tobytes(), lowbit.Model(CLASSIFIER)(images(2)).tobytes())

    def test_of_wrong_shape(self):
        takes = f"input '{self.name}' takes shape [any, 1, 16, 20]; the array has "
        self.refuses(takes + "[1, 16, 20]: the batch is missing", lambda: self.model(images(1)[0]))
        for shape in ((2, 3, 16, 20), (2, 16, 20, 1), (1, 2, 1, 16, 20), (640,), ()):
            self.refuses(f"{takes}[{', '.join(map(str, shape))}]", lambda: self.model(np.zeros(shape, np.float32)))

    def test_of_an_empty_batch(self):
        self.refuses("batch must be in 1..2^31; it is 0", lambda: self.model(images(0)))

    def test_that_need_more_memory_than_is_planned_for(self):
        zeros = np.zeros((1 << 27, 3), np.float32)  # Never touched: it takes addresses, and no memory.
        self.refuses("needs more memory", lambda: lowbit.Model(MIXED)(zeros), RuntimeError)

    def test_of_other_things_than_numbers(self):
        for values in (np.full((1, 1, 16, 20), "7"), np.full((1, 1, 16, 20), None), images(1).astype(np.complex64),
                       np.zeros((1, 1, 16, 20), "datetime64[s]"), "a picture", None):
            self.refuses(f"input '{self.name}' takes real numbers", lambda: self.model(values), TypeError)

    def test_of_wrong_number(self):
        self.refuses(f"inputs is 1 ({self.name}); that of arrays is 0", lambda: self.model())
        self.refuses(f"inputs is 1 ({self.name}); that of arrays is 2", lambda: self.model(images(1), images(1)))
        self.refuses("inputs is 2 (a, b); that of arrays is 1", lambda: lowbit.Model(PAIR)(floats((2, 3))))

    def test_that_do_not_go_together(self):
        pair = lowbit.Model(PAIR)
        self.refuses("input 'b' takes shape [any, 2]; the array has [5, 2], where 4 would fit",
                     lambda: pair(floats((4, 3)), floats((5, 2))))
        fixed = lowbit.Model(FIXED)
        self.refuses("input 'a' takes shape [2, 3]; the array has [3, 3]",
                     lambda: fixed(floats((3, 3)), floats((3, 3))))
        self.refuses("input 'b' takes shape [2, 3]; the array has [2, 3], where 4 would fit",
                     lambda: fixed(floats((4, 3)), floats((2, 3))))
        self.refuses("input 'a' takes shape [2, 3]; the array has [0, 3]",
                     lambda: fixed(floats((0, 3)), floats((0, 3))))
        scaled = lowbit.Model(SCALED)
        self.refuses("input 'a' takes shape [2, 3]; the array has [4, 3], where 2 would fit",
                     lambda: scaled(2, floats((4, 3))))
        self.refuses("input 'factor' takes shape []; the array has [1]", lambda: scaled([2], floats((2, 3))))


class ModelsThatAreGone(BadInput):
    def test_closed(self):
        model = lowbit.Model(CLASSIFIER)
        model.close()
        self.refuses("the model is closed", lambda: model(images(1)))
        for name in ("nodes", "planned_bytes", "labels"):
            self.refuses("the model is closed", lambda: getattr(model, name))
        self.assertEqual(model.inputs[0].shape, (None, 1, 16, 20))

    def test_left_behind_by_a_fork(self):
        model = lowbit.Model(CLASSIFIER, threads=2)
        model(images(1))
        child = os.fork()
        if child == 0:
            try:
                self.refuses("before this process was forked", lambda: model(images(1)))
                model.close()
                lowbit.Model(CLASSIFIER, threads=2)(images(1))
                os._exit(0)
            finally:
                os._exit(1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual(model(images(1)).shape, (1, 3))


if __name__ == "__main__":
    unittest.main()
