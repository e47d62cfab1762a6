"""lowbit's training step against plain PyTorch's in Python, in pairs: a process for each, which step in turns.

    python3 bench/train_step/rivals.py build/bench/lowbit_bench_train_step [--network NAME] [--batch N] ...

Prints a table and asserts nothing. PyTorch runs in --python (/usr/bin/python3, which Debian's python3-torch is for).
"""

import argparse
import json
import os
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import turns  # noqa: E402: bench/turns.py

RIVAL = os.path.join(HERE, "rival.py")
# What is measured, and what with.
COMPARISONS = {
    "float": ("lowbit:float", "python:float"),
    "sq-twn": ("lowbit:sq-twn", "lowbit:float"),
    "fake-quant": ("python:fake-quant", "python:float"),
    "fake-quant-fused": ("python:fake-quant-fused", "python:float"),
}


def serve(arguments, name, network, batch):
    """A process that makes training steps on request: `step` gives milliseconds, `memory` MiB."""
    side, way = name.split(":")
    common = ["--network", network, "--batch", str(batch), "--threads", str(arguments.threads)]
    common += ["--cpu-time"] if arguments.cpu_time else []
    if side == "lowbit":
        return turns.Server([arguments.program, "--serve", way, *common, "--channels-last"])
    return turns.Server([arguments.python, RIVAL, "--way", way, *common])


def step(server):
    time.sleep(0.01)  # Until the other process's threads are off the cores: they wait actively for a while.
    return server.ask("step")


def compare(arguments, names, network, batch):
    one, other = (serve(arguments, name, network, batch) for name in names)
    if int(one.greeting) != int(other.greeting):
        sys.exit(f"rivals.py: {names[0]} trains {int(one.greeting)} values, {names[1]} {int(other.greeting)}: "
                 "not the same network")
    times, against = turns.in_turns(arguments.pairs, [lambda: step(one), lambda: step(other)])
    low, ratio, high = turns.quartiles([a / b for a, b in zip(times, against)])
    result = {"network": network, "batch": batch, "what": names[0], "against": names[1],
              "ms": statistics.median(times), "against_ms": statistics.median(against),
              "ratio": ratio, "ratio_quartiles": [low, high], "peak_mib": one.ask("memory"),
              "against_peak_mib": other.ask("memory"), "pairs": arguments.pairs}
    one.close()
    other.close()
    return result


def read_arguments():
    parser = argparse.ArgumentParser(description="lowbit's training step against PyTorch's in Python.")
    parser.add_argument("program", help="lowbit_bench_train_step")
    parser.add_argument("--what", nargs="+", choices=COMPARISONS, default=list(COMPARISONS))
    parser.add_argument("--network", nargs="+", choices=["resnet20", "vgg9"], default=["resnet20", "vgg9"])
    parser.add_argument("--batch", nargs="+", type=int, default=[64, 128])
    parser.add_argument("--pairs", type=int, default=30)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cpu-time", action="store_true", help="the processor's time in all threads, not the clock's")
    parser.add_argument("--python", default="/usr/bin/python3")
    parser.add_argument("--json", help="write the results to this file")
    arguments = parser.parse_args()
    if arguments.pairs < 2 or arguments.threads < 1 or min(arguments.batch) < 2:
        parser.error("expected at least 2 pairs, 1 thread and 2 images")
    return arguments


HEADER = ("network   batch  what                     against            ms  against ms   ratio     25%     75%"
          "  peak MiB  against")
ROW = ("{network:<9} {batch:>5}  {what:<24} {against:<13} {ms:>7.1f} {against_ms:>11.1f} {ratio:>7.3f} "
       "{ratio_quartiles[0]:>7.3f} {ratio_quartiles[1]:>7.3f} {peak_mib:>9.0f} {against_peak_mib:>8.0f}")


def main():
    arguments = read_arguments()
    results = []
    print(HEADER, flush=True)
    for network in arguments.network:
        for batch in arguments.batch:
            for what in arguments.what:
                results.append(compare(arguments, COMPARISONS[what], network, batch))
                print(ROW.format(**results[-1]), flush=True)
    clock = "cpu" if arguments.cpu_time else "wall"
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"threads": arguments.threads, "channels_last": True, "clock": clock, "results": results},
                      file, indent=2)


if __name__ == "__main__":
    main()
