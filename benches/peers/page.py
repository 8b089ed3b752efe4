"""The page that the sections make."""

import datetime
import os
import platform
import subprocess
import textwrap
from pathlib import Path

from clock import FEW_ROUNDS, MOST_ROUNDS, ROOT, SECONDS
from table import Section, digits

PAGE = ROOT / "docs/benchmarks.md"
SETS = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512bw", "avx512vl", "avx512_vnni", "asimd", "sve")

HEAD = """# Benchmarks

Times of ionscape beside those of other programs that do the same; `make bench-peers` measured them and wrote this page.

{summary}

## How

- The programs take turns, ours and theirs in every round, and stay ready between rounds; the first does not count.
- Numbers are medians over rounds, {few} or more, and of short work as many as fit into {seconds} seconds, {most} at most. The first
  and third quartiles are behind them. Ratios are of the medians, and behind them are the quartiles of the rounds' own ratios.
- Time is the process's own processor time, user and system, on one thread, unless a table says otherwise.
- Where two programs compute the same, their results are compared, and a difference ends the measurement.
- A target is met or not by the ratio of the medians.

{machine}
"""


def git(*words):
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def commit():
    """The commit that is measured, and whether its code is as committed."""
    changed = git("status", "--porcelain", "--", "src", "cpp", "benches", "Cargo.toml", "Cargo.lock")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" with changes" if changed else "")


def processor():
    """Its name, the instruction sets that matter here, and its cores."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    fields = [line.split(":", 1) for line in lines if ":" in line]
    fields = {key.strip(): value.strip() for key, value in fields}
    has = (fields.get("flags") or fields.get("Features") or "").split()
    sets = " ".join(name for name in SETS if name in has)
    siblings = Path("/sys/devices/system/cpu").glob("cpu[0-9]*/topology/thread_siblings_list")
    n_cores = len({file.read_text() for file in siblings})
    threads = os.cpu_count()
    cores = f"{threads} cores" if n_cores in (0, threads) else f"{threads} threads on {n_cores} cores"
    return f"{fields.get('model name', platform.machine())} ({sets}), {cores} as the system sees them"


def system():
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (AttributeError, OSError, KeyError):
        name = platform.system()
    return f"{name}, Linux {platform.release()}, Python {platform.python_version()}"


def circumstances():
    """What is kept with a section."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return {
        "date": now.strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(),
        "processor": processor(),
        "system": system(),
        "load": os.getloadavg()[0],
    }


def write(kept):
    """Writes the page from what `circumstances` and the section of each name were; nothing where nothing is kept."""
    if not kept:
        return
    sections = {name: Section.from_json(data["section"]) for name, data in kept.items()}
    rounds = {"few": FEW_ROUNDS, "most": MOST_ROUNDS, "seconds": SECONDS}
    text = HEAD.format(summary=summary(sections.values()), machine=machine(kept, sections), **rounds)
    for section in sections.values():
        text += f"\n## {section.title}\n\n{filled(section.method)}\n\n{section.markdown()}\n"
    made = PAGE.with_suffix(".md.new")
    made.write_text(text)
    made.rename(PAGE)
    print(f"\n{PAGE.relative_to(ROOT)} is written")


def filled(paragraph):
    return textwrap.fill(paragraph, 120, break_long_words=False, break_on_hyphens=False)


def summary(sections):
    rows = [(section, row) for section in sections for row in section.rows if row.met() is not None]
    missed = [f"{section.title} ({row.what})" for section, row in rows if not row.met()]
    text = f"{len(rows) - len(missed)} of {len(rows)} targets are met."
    return filled(text + (f" Not met: {'; '.join(missed)}." if missed else ""))


def machine(kept, sections):
    """On what, when and beside which versions the sections were measured."""
    lines = ["| section | measured | ionscape | load before and after |", "|---|---|---|---|"]
    for name, data in kept.items():
        load = f"{digits(data['load'])}, {digits(data['load_after'])}"
        lines.append(f"| {sections[name].title} | {data['date']} | {data['commit']} | {load} |")
    versions = {peer: v for section in sections.values() for peer, v in section.versions.items() if v}
    peers = ", ".join(f"{peer} {v}" for peer, v in versions.items())
    machines = dict.fromkeys((data["processor"], data["system"]) for data in kept.values())
    where = "; ".join(f"{processor}; {system}" for processor, system in machines)
    load = (
        "The load is the system's average over a minute, and counts this measurement; what is above 1 for tables "
        "of one thread is other work."
    )
    return "\n\n".join([filled(f"On {where}."), filled(f"Peers: {peers}."), "\n".join(lines), filled(load)])
