"""Models and threads: one at a time in a model, several models at once."""

import ctypes
import sys
import threading
import unittest

from support import CLASSIFIER, images, same_bits
import lowbit
from lowbit import _library


def in_threads(actions):
    """Runs the actions at the same time; raises what one of them raised."""
    raised = []

    def guarded(action):
        try:
            action()
        except BaseException as error:  # pylint: disable=broad-except
            raised.append(error)

    threads = [threading.Thread(target=guarded, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]


class Threads(unittest.TestCase):
    def repeat(self, model, seed):
        """Runs often; each run gives the same numbers, those of a model of its own."""
        pixels = images(40, seed)
        expected = lowbit.Model(CLASSIFIER, threads=1)(pixels)

        def action():
            for _ in range(50):
                same_bits(self, model(pixels), expected)

        return action

    def test_share_a_model(self):
        model = lowbit.Model(CLASSIFIER, threads=1)
        in_threads([self.repeat(model, seed) for seed in range(4)])

    def test_have_models_of_their_own(self):
        in_threads([self.repeat(lowbit.Model(CLASSIFIER, threads=2), seed) for seed in range(4)])

    def test_run_while_another_computes(self):
        # Python is told never to take its global lock from a thread: others run only when a thread gives it up, which
        # a run has to do. So this thread gets a word in while the other one computes, or not before it has ended.
        model = lowbit.Model(CLASSIFIER, threads=1)
        pixels = images(100)
        started, seen, ended = threading.Event(), threading.Event(), threading.Event()

        def compute():
            started.set()
            for _ in range(3000):  # Seconds; one run is enough on an idle machine.
                model(pixels)
                if seen.is_set():
                    break
            ended.set()

        thread = threading.Thread(target=compute)
        interval = sys.getswitchinterval()
        sys.setswitchinterval(1000)
        try:
            thread.start()
            started.wait()
            had_ended = ended.is_set()
            seen.set()
            thread.join()
        finally:
            sys.setswitchinterval(interval)
        self.assertTrue(ended.is_set())
        self.assertFalse(had_ended)
        self.assertNotIsInstance(_library.lib, ctypes.PyDLL)

    def test_close_waits_for_a_run(self):
        for _ in range(20):
            model = lowbit.Model(CLASSIFIER, threads=1)
            pixels = images(100)
            expected = model(pixels)
            started = threading.Event()

            def compute():
                try:
                    while True:
                        started.set()
                        same_bits(self, model(pixels), expected)
                except lowbit.Error as error:
                    self.assertEqual(str(error), "the model is closed")

            def close():
                started.wait()
                model.close()

            in_threads([compute, close])


if __name__ == "__main__":
    unittest.main()
