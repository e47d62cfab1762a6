"""What a model computes and tells: the numbers are those of the C++ runtime, to the bit."""

import gzip
import pickle
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np

import support
from support import CLASSIFIER, FIXED, MIXED, PAIR, SCALED, floats, images, runtime_floats, same_bits
import lowbit
from lowbit._tensors import take


class Numbers(unittest.TestCase):
    def test_of_a_batch(self):
        model = lowbit.Model(CLASSIFIER)
        for batch in (1, 2, 7, 100):
            pixels = images(batch, seed=batch)
            logits = model(pixels)
            self.assertEqual(logits.shape, (batch, 3))
            same_bits(self, logits, runtime_floats(CLASSIFIER, batch, pixels))
            same_bits(self, model.run(pixels), logits)

    def test_do_not_depend_on_threads(self):
        pixels = images(9)
        expected = runtime_floats(CLASSIFIER, 9, pixels)
        for threads in (0, 1, 2, 3):
            same_bits(self, lowbit.Model(CLASSIFIER, threads)(pixels), expected)

    def test_do_not_depend_on_how_an_array_is_stored(self):
        model = lowbit.Model(CLASSIFIER, threads=1)
        pixels = images(4)
        expected = model(pixels)
        self.assertEqual(len({row.tobytes() for row in expected}), 4, "images that give different numbers")
        shifted = np.frombuffer(b"\0" + pixels.tobytes(), np.uint8)[1:].view(np.float32).reshape(pixels.shape)
        self.assertFalse(shifted.flags.aligned)
        self.assertTrue(take(model.inputs, [shifted])[0][0].flags.aligned, "a processor may not mind")
        stored = {
            "float64": pixels.astype(np.float64),
            "float16": pixels.astype(np.float16),
            "uint8": pixels.astype(np.uint8),
            "int64": pixels.astype(np.int64),
            "of the other byte order": pixels.astype(">f4"),
            "in Fortran's order": np.asfortranarray(pixels),
            "channels last": np.ascontiguousarray(pixels.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2),
            "every second one": np.repeat(pixels, 2, axis=0)[::2],
            "backwards": pixels[::-1, :, ::-1].copy()[::-1, :, ::-1],
            "not aligned": shifted,
            "a list": pixels.tolist(),
        }
        for what, array in stored.items():
            with self.subTest(what):
                same_bits(self, model(array), expected)

    def test_of_arrays_that_may_not_be_written(self):
        pixels = images(2)
        pixels.flags.writeable = False
        same_bits(self, lowbit.Model(CLASSIFIER)(pixels), runtime_floats(CLASSIFIER, 2, pixels))

    def test_leave_inputs_and_earlier_outputs_alone(self):
        model = lowbit.Model(CLASSIFIER)
        pixels = images(3)
        before = pixels.copy()
        first = model(pixels)
        kept = first.copy()
        model(images(3, seed=1))
        same_bits(self, pixels, before)
        same_bits(self, first, kept)

    def test_of_several_inputs_and_outputs(self):
        model = lowbit.Model(PAIR)
        for batch in (1, 5, 64):
            a, b = floats((batch, 3), 1), floats((batch, 2), 2)
            mean, product = model(a, b)
            self.assertEqual((mean.shape, product.shape), ((batch, 1), (batch, 4)))
            same_bits(self, np.concatenate([mean.ravel(), product.ravel()]), runtime_floats(PAIR, batch, a, b))

    def test_of_a_fixed_batch_and_its_multiples(self):
        model = lowbit.Model(FIXED)
        for batch, shape in ((2, ()), (6, (3,))):
            a, b = floats((batch, 3), 1), floats((batch, 3), 2)
            difference, total = model(a, b)
            self.assertEqual((difference.shape, total.shape), ((batch, 3), shape))
            same_bits(self, np.concatenate([difference.ravel(), total.ravel()]), runtime_floats(FIXED, batch, a, b))

    def test_of_a_single_number_and_a_fixed_batch(self):
        a = floats((2, 3))
        same_bits(self, lowbit.Model(SCALED)(1.5, a), runtime_floats(SCALED, 1, [1.5], a))

    def test_of_images_that_are_mixed(self):
        model = lowbit.Model(MIXED)
        for batch in (3, 1, 5):
            x = floats((batch, 3), batch)
            share, most = model(x)
            self.assertEqual((share.shape, most.shape), ((batch, 3), (3,)))
            same_bits(self, np.concatenate([share.ravel(), most.ravel()]), runtime_floats(MIXED, batch, x))

    @unittest.skipUnless(support.PROGRAM, "the command line was not built")
    def test_classes_are_those_of_the_command_line(self):
        stripes = support.FILES / "stripes"
        with gzip.open(stripes / "t10k-images-idx3-ubyte.gz") as file:
            pixels = np.frombuffer(file.read()[16:], np.uint8).reshape(-1, 1, 16, 20)
        with tempfile.TemporaryDirectory() as folder:
            predictions = Path(folder, "predictions")
            command = [support.PROGRAM, "eval", CLASSIFIER, "--data", f"idx:{stripes}", "--predictions", predictions]
            subprocess.run(command, check=True, capture_output=True)
            expected = np.loadtxt(predictions, int)
        self.assertGreater(len(set(expected)), 1)
        self.assertEqual(lowbit.Model(CLASSIFIER)(pixels).argmax(1).tolist(), expected.tolist())


class WhatIsTold(unittest.TestCase):
    def test_inputs_and_outputs(self):
        model = lowbit.Model(CLASSIFIER)
        self.assertEqual([info.shape for info in model.inputs], [(None, 1, 16, 20)])
        self.assertEqual([info.shape for info in model.outputs], [(None, 3)])
        model = lowbit.Model(FIXED)
        self.assertEqual(model.inputs, (("a", (2, 3)), ("b", (2, 3))))
        self.assertEqual(model.outputs, (("difference", (2, 3)), ("total", ())))
        self.assertEqual(lowbit.Model(MIXED).inputs[0], lowbit.TensorInfo(name="x", shape=(None, 3)))

    def test_metadata(self):
        model = lowbit.Model(PAIR)
        self.assertEqual(model.metadata("labels"), "größer\nkleiner")
        self.assertEqual(model.labels, ["größer", "kleiner"])
        self.assertIsNone(model.metadata("nothing"))
        self.assertEqual(lowbit.Model(FIXED).labels, [])

    def test_nodes(self):
        nodes = lowbit.Model(PAIR).nodes
        self.assertEqual([node.name for node in nodes], ["reduce", "join", "multiply"])
        self.assertEqual(nodes[2].kernel, "gemm_f32_ternary")
        self.assertNotEqual(nodes[2].target, "")
        self.assertIn("not quantized", nodes[2].reason)

    def test_planned_bytes_grow_with_a_plan(self):
        model = lowbit.Model(MIXED)
        before = model.planned_bytes
        self.assertGreater(before, 0)
        model(floats((1000, 3)))
        self.assertGreater(model.planned_bytes, before)

    def test_as_text(self):
        model = lowbit.Model(PAIR)
        said = "a [any, 3], b [any, 2] -> mean [any, 1], product [any, 4]"
        self.assertEqual(repr(model), f"<lowbit.Model {str(PAIR)!r}: {said}>")
        lines = str(model).split("\n")
        self.assertEqual(lines[0], repr(model))
        self.assertEqual(len(lines), 4)
        self.assertRegex(lines[3], r"^  multiply  gemm_f32_ternary  \w+ +its input is not quantized")
        model.close()
        self.assertEqual(str(model), f"<lowbit.Model {str(PAIR)!r}: closed>")


class Life(unittest.TestCase):
    def test_ends_with_a_block(self):
        with lowbit.Model(CLASSIFIER) as model:
            self.assertFalse(model.closed)
            self.assertEqual(model(images(1)).shape, (1, 3))
        self.assertTrue(model.closed)
        model.close()

    def test_frees_memory_by_itself(self):
        def resident_pages():
            return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])

        model = lowbit.Model(MIXED, threads=1)
        model(np.ones((500_000, 3)))
        self.assertGreater(model.planned_bytes, 6_000_000)
        before = resident_pages()
        for _ in range(20):
            model = lowbit.Model(MIXED, threads=1)
            model(np.ones((500_000, 3)))
        self.assertLess(resident_pages() - before, 20 * 6_000_000 // 4096 // 2)

    def test_goes_through_pickle(self):
        model = lowbit.Model(CLASSIFIER, threads=2, strict=False)
        again = pickle.loads(pickle.dumps(model))
        self.assertEqual((again.path, again.threads), (str(CLASSIFIER), 2))
        same_bits(self, again(images(3)), model(images(3)))

    def test_takes_a_path_of_any_kind(self):
        for path in (str(CLASSIFIER), CLASSIFIER):
            self.assertEqual(lowbit.Model(path).path, str(CLASSIFIER))


if __name__ == "__main__":
    unittest.main()
