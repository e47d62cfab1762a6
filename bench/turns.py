"""Two or more processes that measure in turns: what the rivals' benchmarks share.

A process serves: it prints one line when it is ready, and answers each line of its input with one line.
"""

import os
import statistics
import subprocess
import sys


class Server:
    """A process that answers questions, one line each. `greeting` is the line that it printed when it was ready.

    cpu: the processor that it is bound to, or None. variables: added to its environment.
    Ends this program if the process ends: silently if it has said why, by exit code."""

    def __init__(self, command, cpu=None, variables=None):
        bind = None if cpu is None else lambda: os.sched_setaffinity(0, {cpu})
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                            preexec_fn=bind, env={**os.environ, **(variables or {})})
        except OSError as error:
            sys.exit(f"{sys.argv[0]}: cannot run {command[0]}: {error.strerror}")
        self.greeting = self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        if line:
            return line
        code = self.process.wait()
        if code <= 0:
            sys.exit(f"{sys.argv[0]}: {self.process.args[0]} ended with exit code {code}")
        sys.exit(code)  # It has said why.

    def ask(self, question):
        """The number that answers."""
        self.process.stdin.write(f"{question}\n")
        self.process.stdin.flush()
        return float(self._answer())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def in_turns(rounds, takers):
    """One list of answers for each of the callables `takers`, taken round by round. Who begins changes from round to
    round, so that none profits from its place."""
    answers = [[] for _ in takers]
    for turn in range(rounds):
        for i in range(len(takers)):
            place = (turn + i) % len(takers)
            answers[place].append(takers[place]())
    return answers


def quartiles(values):
    """The lower quartile, the median and the upper quartile."""
    return statistics.quantiles(values, n=4, method="inclusive")
