"""Turns of programs under a clock: ours in processes that stay, so that nothing starts anew between repetitions."""

import functools
import json
import os
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "target/release/ionscape"
MODEL = ROOT / "examples/models/electrolyte.onnx"
PLUGIN = ROOT / "target/release/ionscapeplugin.so"

# Rounds that count; one more comes before them, in which caches and pages get warm. Short works have as many as fit into
# so many seconds, since a median over few is at the mercy of what else the machine does.
ROUNDS = 7
FEW_ROUNDS = 5
MOST_ROUNDS = 41
SECONDS = 4

# A repetition of a peer lasts at least so many seconds, for the clock to resolve it; benches/costs.rs does the same.
SHORTEST = 0.02


@functools.cache
def bench(name):
    """The program of `cargo bench --bench NAME`, built where it is not."""
    command = ["cargo", "bench", "--locked", "--quiet", "--bench", name, "--no-run", "--message-format=json"]
    built = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = [json.loads(line) for line in built.splitlines() if line.startswith("{")]
    return next(m["executable"] for m in messages if m.get("executable") and m["target"]["name"] == name)


def costs(*arguments):
    """What benches/costs.rs prints."""
    command = [bench("costs"), *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


class Child:
    """A process that stays, and does its work once for each line that it is sent."""

    def __init__(self, command, environment=None):
        self.process = subprocess.Popen(list(map(str, command)), cwd=ROOT, env=environment, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def answer(self):
        """The line that it prints when the work is done once more."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Served(Child):
    """Work of benches/costs.rs, prepared in a process that does it once whenever it is called."""

    def __init__(self, *work, threads=1):
        super().__init__([bench("costs"), "serve", threads, *work])
        self.value = None

    def times(self):
        """Seconds of processor time and by the clock."""
        cpu, wall, self.value = map(float, self.answer().split())
        return cpu, wall

    def cpu(self):
        return self.times()[0]

    def wall(self):
        return self.times()[1]


def cpu_of(work):
    """A function that does the work in this process and gives its seconds of processor time."""

    def once():
        began, done = time.process_time(), 0
        while done == 0 or time.process_time() - began < SHORTEST:
            work()
            done += 1
        return (time.process_time() - began) / done

    return once


def run(command, environment=None, cwd=ROOT):
    """Runs a program: its seconds of processor time with that of its children, and by the clock."""
    began = time.perf_counter()
    with subprocess.Popen(list(map(str, command)), cwd=cwd, env=environment, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE) as process:
        message = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {message.decode(errors='replace')[-500:]}")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - began


def in_turns(works, rounds=ROUNDS):
    """What each of the named works gives in every round but the first, which is not warm; so many rounds at least."""
    taken = {name: [] for name in works}
    for work in works.values():
        work()
    began, done = time.perf_counter(), 0
    while done < rounds or (done < MOST_ROUNDS and time.perf_counter() - began < SECONDS):
        for name, work in works.items():
            taken[name].append(work())
        done += 1
    return taken
