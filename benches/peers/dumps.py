"""Text dumps read, plain and packed, beside OVITO and MDAnalysis."""

import os
import warnings

from clock import FEW_ROUNDS, Served, costs, cpu_of, in_turns
from systems import N
from table import Row, Section, missing, version

FRAMES = 200
# MDAnalysis is slow, and its time goes with the frames.
FEWER_FRAMES = 40
ENDINGS = {"plain": "", "gz": ".gz", "zst": ".zst"}


def section(folder):
    rows = []
    for name, ending in ENDINGS.items():
        dump = folder / f"ions.lammpstrj{ending}"
        rows.append(beside(folder, dump, f"{name}, OVITO", FRAMES, "ovito", ovito, at_least=3.0))
    for name, ending in list(ENDINGS.items())[:2]:
        dump = folder / f"fewer.lammpstrj{ending}"
        rows.append(beside(folder, dump, f"{name}, MDAnalysis", FEWER_FRAMES, "MDAnalysis", mdanalysis))
    return Section(
        "Dumps",
        f"{FRAMES} frames of {N:,} ions, `id type q xu yu zu` ({FEWER_FRAMES} for MDAnalysis, which reads no "
        "`.zst`), in MB of unpacked text a second of processor time. Each program opens the file and passes "
        "through all frames; ionscape unpacks in a thread of its own, whose time counts as well.",
        ("dump, peer", "ionscape, MB/s", "peer, MB/s", "ionscape over peer"),
        rows,
        {"OVITO": version("ovito"), "MDAnalysis": version("MDAnalysis")},
    )


def beside(folder, dump, what, frames, package, peer, at_least=None):
    plain = folder / "plain.lammpstrj"
    costs("write", plain, frames, N)
    size = plain.stat().st_size / 1e6
    plain.unlink()
    costs("write", dump, frames, N)
    here = version(package) is not None
    with Served("read", dump) as ours:
        works = {"ours": ours.cpu}
        if here:
            works["theirs"] = cpu_of(lambda: passed(peer(str(dump)), frames))
        taken = in_turns(works, rounds=FEW_ROUNDS)
        passed(ours.value, frames)
    dump.unlink()
    speeds = {name: [size / s for s in seconds] for name, seconds in taken.items()}
    note = f"{size:.0f} MB" if here else missing(package)
    return Row(what, speeds["ours"], speeds.get("theirs", []), at_least=at_least, note=note)


def passed(found, frames):
    if found != frames:
        raise RuntimeError(f"{found} frames were read, not {frames}")


def ovito(path):
    # Before the first import.
    os.environ["OVITO_THREAD_COUNT"] = "1"
    from ovito.io import import_file

    pipeline = import_file(path)
    total = 0.0
    for frame in range(pipeline.num_frames):
        total += pipeline.compute(frame).particles.positions[0][0]
    return pipeline.num_frames


def mdanalysis(path):
    warnings.simplefilter("ignore")
    import MDAnalysis

    # It keeps the places of frames in a file beside the dump; each reading is a first one.
    for offsets in os.scandir(os.path.dirname(path)):
        if "_offsets." in offsets.name:
            os.unlink(offsets.path)
    universe = MDAnalysis.Universe(path, topology_format="LAMMPSDUMP", format="LAMMPSDUMP")
    total, frames = 0.0, 0
    for step in universe.trajectory:
        total += step.positions[0][0]
        frames += 1
    return frames
