"""lowbit's runtime beside ONNX Runtime, on one thread: processes that run in turns on one processor.

    python3 bench/race/race.py build/bench/lowbit_bench_race --modules build/rival/node_modules [--case TEXT] [--json FILE]

Checks the answers of both sides, then measures; prints a table and asserts no time. Needs node, python3-numpy and the
npm package onnxruntime-node in MODULES (bench/race/install-rival.sh).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import cases  # noqa: E402
import turns  # noqa: E402: bench/turns.py

try:
    import numpy  # noqa: E402
    import rival_models  # noqa: E402
except ImportError as error:
    sys.exit(f"race.py: {error}: this needs numpy (Debian: python3-numpy, run by /usr/bin/python3)")

TURN_MICROSECONDS, WARM_UP_TURNS, TRIES = 20000, 3, 8
# ONNX Runtime's binding asks for the memory of results in each call. The C library would give large pieces back to the
# system every now and then, and to get them anew can cost as much as a convolution.
KEEP_FREED_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 31),
                     "MALLOC_TOP_PAD_": str(1 << 26)}
BITS = {"binary": 1, "ternary": 2, "affine2": 2, "affine4": 4, "affine8": 8, "codebook-small": 4}


def others_run():
    """Whether another process than this one wants a processor just now."""
    time.sleep(0.001)  # Until the process that answered waits again.
    with open("/proc/loadavg", encoding="ascii") as file:
        return int(file.read().split()[3].split("/")[0]) > 1


class Racer:
    """A process that answers N with the median of N runs in microseconds. `disturbed` counts the turns beside which
    something else ran, at their beginning or end, in every try."""

    def __init__(self, command, cpu, variables=None):
        self.server = turns.Server(command, cpu, variables)
        self.about = json.loads(self.server.greeting)
        self.runs = max(1, min(500, round(TURN_MICROSECONDS / self.server.ask(3))))
        for _ in range(WARM_UP_TURNS):
            self.server.ask(self.runs)
        self.disturbed = 0

    def turn(self):
        for _ in range(TRIES):
            disturbed = others_run()
            time_taken = self.server.ask(self.runs)
            if not disturbed and not others_run():
                return time_taken
        self.disturbed += 1
        return time_taken

    def close(self):
        self.server.close()


def start_rival(arguments, rival, folder, name):
    """The rival's process, ready, and how far its answer is from what is expected, in units of the largest magnitude."""
    path = os.path.join(folder, name)
    rival.model.write(path + ".onnx")
    numpy.ascontiguousarray(rival.input).tofile(path + ".in")
    shape, expected_shape = (",".join(map(str, a.shape)) for a in (rival.input, rival.expected))
    racer = Racer(["node", os.path.join(HERE, "rival.js"), arguments.modules, path + ".onnx", rival.input.dtype.name,
                   shape, path + ".in", path + ".out", rival.expected.dtype.name, expected_shape], arguments.cpu,
                  KEEP_FREED_MEMORY)
    answer = numpy.fromfile(path + ".out", dtype=rival.expected.dtype).reshape(rival.expected.shape).astype(float)
    difference = float(abs(answer - rival.expected).max() / max(1e-30, abs(rival.expected.astype(float)).max()))
    if not difference <= rival.tolerance:
        sys.exit(f"race.py: {name}: the rival's answer differs by {difference:.3g} of the largest value; expected at "
                 f"most {rival.tolerance:.3g}")
    return racer, difference


def limit_microseconds(case, macs, limits):
    """What the case takes at least: its multiplications as int8 dot products (or float ones), or reading its packed weights from the
    third-level cache."""
    rate = limits["float_gmacs" if case.spec.get("activations") == "floats" else "int8_gmacs"]
    times = [macs / rate * 1e-3] if rate else [0]
    if "features" in case.spec:
        weights = case.spec["features"][0] * case.spec["features"][1] * case.spec["layers"]
        times.append(weights * BITS[case.spec["weights"]] / 8 / limits["l3_gbytes"] * 1e-3)
    return max(times)


def summarize(case, lowbit, against, limit, times, rival_times, difference):
    low, ratio, high = turns.quartiles([a / b for a, b in zip(times, rival_times)])
    return {"case": case.name, "rival": against, "clock": case.clock, "us": statistics.median(times),
            "rival_us": statistics.median(rival_times), "ratio": ratio, "ratio_quartiles": [low, high],
            "limit_us": limit, "share_of_limit": limit / statistics.median(times), "macs": lowbit.about["macs"],
            "kernels": lowbit.about["kernels"], "answers_differ_by": difference, "us_rounds": times,
            "rival_us_rounds": rival_times}


def race(arguments, case, limits, identity):
    """One result for each rival of the case."""
    with tempfile.TemporaryDirectory() as folder:
        lowbit = Racer([arguments.program, "--serve", json.dumps(case.spec), "--folder", folder, "--clock", case.clock],
                       arguments.cpu)
        contest = rival_models.Contest(folder)
        rivals = [start_rival(arguments, rival_models.MODELS[name](contest), folder, name) for name in case.rivals]
    racers = [lowbit, *(racer for racer, _ in rivals), identity]
    times = turns.in_turns(arguments.rounds, [racer.turn for racer in racers])
    limit = limit_microseconds(case, lowbit.about["macs"], limits)
    results = []
    for name, (racer, difference), raw in zip(case.rivals, rivals, times[1:]):
        net = [a - b for a, b in zip(raw, times[-1])]
        results.append(summarize(case, lowbit, name, limit, times[0], net, difference))
        results[-1].update({"commit": lowbit.about["commit"], "call_us": statistics.median(times[-1]),
                            "disturbed_turns": [lowbit.disturbed, racer.disturbed]})
    for racer in racers[:-1]:
        racer.close()
    return results


def measure_limits(arguments):
    out = subprocess.run([arguments.program], stdout=subprocess.PIPE, text=True, check=True,
                         preexec_fn=lambda: os.sched_setaffinity(0, {arguments.cpu}))
    return json.loads(out.stdout)


def processor():
    """What /proc/cpuinfo says about the first processor."""
    with open("/proc/cpuinfo", encoding="ascii") as file:
        fields = dict(line.split(":", 1) for line in file.read().split("\n\n")[0].splitlines() if ":" in line)
    fields = {key.strip(): value.strip() for key, value in fields.items()}
    return {key: fields.get(key, "") for key in ("model name", "cpu family", "model")}


def read_arguments():
    parser = argparse.ArgumentParser(description="lowbit's runtime against ONNX Runtime, on one thread.")
    parser.add_argument("program", help="lowbit_bench_race")
    parser.add_argument("--modules", required=True, help="the folder node_modules that holds onnxruntime-node")
    parser.add_argument("--case", nargs="+", default=[""], help="only cases whose names contain one of these texts")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--cpu", type=int, default=max(os.sched_getaffinity(0)), help="the processor to run on")
    parser.add_argument("--json", help="write the results to this file")
    arguments = parser.parse_args()
    if arguments.rounds < 5:
        parser.error("expected at least 5 rounds")
    if arguments.cpu not in os.sched_getaffinity(0):
        parser.error(f"no processor {arguments.cpu} here; there are {sorted(os.sched_getaffinity(0))}")
    arguments.modules = os.path.abspath(arguments.modules)
    if not os.path.isdir(os.path.join(arguments.modules, "onnxruntime-node")):
        parser.error(f"{arguments.modules} holds no onnxruntime-node; bench/race/install-rival.sh FOLDER installs it into "
                     "FOLDER/node_modules")
    arguments.chosen = [case for case in cases.CASES if any(text in case.name for text in arguments.case)]
    if not arguments.chosen:
        parser.error("no case has such a name; there are: " + "; ".join(case.name for case in cases.CASES))
    return arguments


HEADER = (f"{'case':<36} {'rival':<18} {'us':>9} {'rival us':>9} {'ratio':>7} {'25%':>7} {'75%':>7} {'of limit':>8} "
          f"{'differ':>7}  kernels")


def row(result):
    low, high = result["ratio_quartiles"]
    return (f"{result['case']:<36} {result['rival']:<18} {result['us']:>9.1f} {result['rival_us']:>9.1f} "
            f"{result['ratio']:>7.3f} {low:>7.3f} {high:>7.3f} {result['share_of_limit']:>8.0%} "
            f"{result['answers_differ_by']:>7.1g}  {' '.join(result['kernels'])}")


def main():
    arguments = read_arguments()
    limits = measure_limits(arguments)
    print(" ".join(f"{name} {rate:.0f}" for name, rate in limits.items()))
    print(HEADER, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        identity, _ = start_rival(arguments, rival_models.identity(), folder, "identity")
    results = []
    for case in arguments.chosen:
        for result in race(arguments, case, limits, identity):
            results.append(result)
            print(row(result), flush=True)
    version = identity.about["version"]
    identity.close()
    disturbed = sum(sum(result["disturbed_turns"]) for result in results)
    if disturbed:
        print(f"this machine is not idle: something else ran beside {disturbed} turns, {TRIES} times in a row")
    print(f"a call of the rival that computes nothing, subtracted: {results[-1]['call_us']:.1f} us")
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"processor": processor(), "commit": results[0]["commit"], "onnxruntime": version, "threads": 1,
                       "limits": limits, "results": results}, file, indent=1)


if __name__ == "__main__":
    main()
