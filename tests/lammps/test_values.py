"""Per-ion values in LAMMPS equal those of `ionscape predict` on the same dump, however LAMMPS holds the atoms."""

import numpy as np
import pytest

import electrolyte
import models
from electrolyte import DUMP, compute, script, setup
from harness import EMBEDDED, MODEL, PLUGIN, assert_as_offline, assert_close, ionscape, predict, read_dump, reset_ids, without_field

SHIPPED = MODEL.with_name("electrolyte.onnx")

RARE = "\nneigh_modify every 50 delay 0 check no\n"

CASES = {
    "one rank": (1, {}),
    "two ranks": (2, {}),
    "four ranks": (4, {}),
    "two threads": (1, {"keywords": "threads 2"}),
    "two ranks, two threads": (2, {"keywords": "threads 2"}),
    "newton off": (2, {"before": "newton off"}),
    "triclinic": (2, {"data": "tilted.data"}),
    "sorting": (2, {"before": "atom_modify sort 3 2.0", "run": "run 20"}),
    "balanced": (2, {"data": "slab.data", "after": "fix b all balance 3 1.0 shift x 10 1.01\n", "run": "run 20"}),
    "tiled": (2, {"data": "slab.data", "before": "comm_style tiled", "after": "balance 1.0 rcb\n"}),
    "empty rank": (2, {"data": "slab.data", "before": "processors 2 1 1"}),
    "box below the cutoff": (2, {"data": "tiny.data"}),
    "neighbor nsq": (1, {"neighbor": "neighbor 0.5 nsq\ncomm_modify cutoff 7.5"}),
    "the ghost cutoff that the refusal names": (2, {"neighbor": "neighbor 0.5 bin\ncomm_modify cutoff 7.3585"}),
    "no pair style": (2, {"pair": ""}),
    "long-range coulomb": (2, {"pair": "dielectric 0.2\npair_style lj/cut/coul/long 1.12 6.0\npair_coeff * * 1 1\n"
                                       "kspace_style pppm 1e-3"}),
    # Lists live for 50 steps, in which atoms move by a good part of the skin.
    "between reneighbourings": (2, {"neighbor": "neighbor 1.5 bin\ncomm_modify cutoff 8.5" + RARE, "run": "run 55",
                                    "after": "timestep 0.005\n"}),
    "changing box": (2, {"after": "fix d all deform 1 x scale 1.05 y scale 0.97 remap x\n", "run": "run 20"}),
    "two runs": (2, {"run": "run 10\nrun 10"}),
    # A list that was built in a run's last step is too old for the next run, which starts at that step.
    "two runs, reneighbouring each step": (2, {"run": "run 10\nrun 10", "neighbor": "neighbor 0.5 bin\n"
                                               "comm_modify cutoff 7.5\nneigh_modify every 1 delay 0 check no"}),
    "run pre no": (2, {"run": "run 10\nrun 10 pre no post no\nrun 10"}),
    "minimize": (2, {"run": "unfix limit\nrun 5\nminimize 0 0 10 100\nrun 5"}),
}


@pytest.mark.parametrize("case", CASES)
def test_values_are_those_of_predict(lammps, case):
    ranks, options = CASES[case]
    run = lammps(script(**options), ranks=ranks)
    frames = assert_as_offline(run.folder / "out.lammpstrj")
    for frame in frames:
        assert not frame.field()[frame["type"] == 3].any()
        assert frame.field()[frame["type"] != 3, 0].all()


def test_scalar_is_the_mean_over_the_ions(reference):
    means = [frame["c_lam[1]"][frame["type"] != 3].mean() for frame in reference.dump()]
    np.testing.assert_allclose(reference.thermo("c_lam"), means, rtol=1e-7)


def test_ranks_and_threads_agree(lammps, reference):
    expected = reference.dump()[0].field()
    for ranks, threads in [(2, 1), (1, 2), (4, 2)]:
        run = lammps(script(run="run 0", keywords=f"threads {threads}"), ranks=ranks)
        assert_close(run.dump()[0].field(), expected)


def test_group_selects_centers_and_neighbors_are_everyone(lammps):
    run = lammps(script(group="few", after="group few type 1\ngroup few id 1:20 199 210\n"), ranks=2)
    inside = lambda frame: (frame["type"] == 1) | (frame["id"] <= 20)
    frames = assert_as_offline(run.folder / "out.lammpstrj", centers=inside)
    ions = inside(frames[0]) & (frames[0]["type"] != 3)
    np.testing.assert_allclose(run.thermo("c_lam"), [f["c_lam[1]"][ions].mean() for f in frames], rtol=1e-7)


def test_empty_group_gives_zero_and_one_warning(lammps):
    run = lammps(script(group="nobody", after="group nobody empty\n", run="run 10\nrun 10"), ranks=2)
    assert (run.thermo("c_lam") == 0).all()
    assert not any(frame.field().any() for frame in run.dump())
    assert run.output.count("the group holds no ion") == 1


def test_charges_may_be_swapped(lammps, reference):
    swapped = "set type 1 charge -1\nset type 2 charge 1\n"
    run = lammps(script(species="anion cation NULL", after=swapped, run="run 0"))
    assert_close(run.dump()[0].field(), reference.dump()[0].field())


def test_atoms_may_come_and_go(lammps):
    """The arrays follow when there are more atoms than they were made for, which LAMMPS grows by 16384."""
    run = f"""
run 5
change_box all x final 0 65 y final 0 65 z final 0 65
create_atoms 3 random 20000 77 NULL
delete_atoms group gone
{reset_ids()}
run 5
"""
    done = lammps(script(run=run, after="group gone id 1:10\n", pair="pair_style zero 1.0\npair_coeff * *"))
    frames = assert_as_offline(done.folder / "out.lammpstrj")
    assert [len(frame["id"]) for frame in frames] == [220, 220, 20210]


ANGSTROM = {"real": 1.0, "metal": 1.0, "nano": 10.0, "micro": 1e4, "cgs": 1e8, "si": 1e10, "electron": 0.529177210903}


@pytest.mark.parametrize("units", ANGSTROM)
def test_lengths_are_converted_for_a_model_in_angstrom(lammps, reference, tmp_path, units):
    """The same atoms in other units give the same values, here by a model that takes lengths for angstrom."""
    models.in_units(tmp_path / "model.onnx", "metal")
    unit = ANGSTROM[units]
    electrolyte.write(tmp_path / "scaled.data", 200, 20, [13.0] * 3, unit=unit)
    text = f"""
units {units}
atom_style charge
read_data scaled.data
plugin load {PLUGIN}
neighbor {0.5 / unit} bin
comm_modify cutoff {7.5 / unit}
compute lam all conductivity/atom model.onnx cation anion NULL
""" + DUMP + "run 0\n"
    assert_close(lammps(text).dump()[0].field(), reference.dump()[0].field())


def test_soap_is_that_of_featurize(lammps):
    names = " ".join(f"c_env[{k}]" for k in range(1, 469))
    text = setup() + f"""
compute env some soap/atom {MODEL} cation anion NULL threads 2
dump d all custom 5 out.lammpstrj id type x y z {names}
dump_modify d sort id format float %.17g
run 5
"""
    run = lammps(text.replace("compute env", "group some id 1:30 205\ncompute env"), ranks=2)
    path = run.folder / "out.lammpstrj"
    ionscape("featurize", without_field(path), "-o", run.folder / "features.npy", "--convention", "dscribe-gto",
             "--cutoff", 5, "--n-max", 6, "--l-max", 5, "--sigma", 0.5, "--cation", 1, "--anion", 2)
    expected = np.load(run.folder / "features.npy").reshape(2, 200, 468)
    for frame, features in zip(read_dump(path), expected):
        found = np.stack([frame[name] for name in names.split()], axis=1)
        np.testing.assert_allclose(found[:30], features[:30], rtol=1e-9, atol=1e-12 * features.max())
        assert not found[30:].any()


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("data", ["ions.data", "tilted.data"])
def test_a_model_on_the_compact_descriptor_gives_what_the_program_gives(lammps, tmp_path, ranks, data):
    """The other convention reaches less far: the neighbour list follows it."""
    model = tmp_path / "compact.onnx"
    models.with_compact_descriptor(model)
    names = " ".join(f"c_env[{k}]" for k in range(1, 469))
    features = f"""
compute env all soap/atom {model} cation anion NULL
dump f all custom 5 features.lammpstrj id type x y z {names}
dump_modify f sort id format float %.17g
"""
    options = {"data": data, "neighbor": "neighbor 0.5 bin\ncomm_modify cutoff 5.0", "run": "run 5"}
    run = lammps(script(after=features, **options).replace(str(MODEL), str(model)), ranks=ranks)
    frames = assert_as_offline(run.folder / "out.lammpstrj", model=model)
    assert all(frame.field()[frame["type"] != 3, 0].all() for frame in frames)
    path = run.folder / "features.lammpstrj"
    ionscape("featurize", without_field(path), "-o", run.folder / "features.npy", "--convention", "compact",
             "--cutoff", 4.5, "--n-max", 6, "--l-max", 5, "--switching", 2, "--cation", 1, "--anion", 2)
    frames = read_dump(path)
    expected = np.load(run.folder / "features.npy").reshape(len(frames), -1, 468)
    for frame, features in zip(frames, expected):
        found = np.stack([frame[name] for name in names.split()], axis=1)
        np.testing.assert_allclose(found[frame["type"] != 3], features, rtol=1e-5, atol=1e-9 * features.max())


def test_clear_and_again(lammps):
    """LAMMPS forgets everything and starts over, with another group."""
    first = script(run="run 5")
    second = script(run="run 5", group="cat", after="group cat type 1\n").replace("out.", "again.")
    run = lammps(first + "clear\n" + second, ranks=2)
    assert_as_offline(run.folder / "out.lammpstrj")
    assert_as_offline(run.folder / "again.lammpstrj", centers=lambda frame: frame["type"] == 1)


@pytest.mark.skipif(EMBEDDED, reason="there is no plugin command")
def test_unload_and_reload(lammps):
    unload = """
undump d
thermo_style custom step pe
plugin unload compute conductivity/atom
plugin unload compute soap/atom
plugin unload fix IONSCAPE/REPORT
run 5
"""
    again = f"plugin load {setup().split('plugin load ')[1].split()[0]}\n" + compute(keywords="threads 2") + DUMP
    run = lammps(script(run="run 5", keywords="threads 2") + unload + again.replace("out.", "again.") + "run 5\n", ranks=2)
    assert_as_offline(run.folder / "out.lammpstrj")
    assert_as_offline(run.folder / "again.lammpstrj")


def test_restart_on_other_ranks(lammps):
    lammps(script(run="run 5\nwrite_restart state.restart"), ranks=2)
    again = setup().replace("read_data ions.data", "read_restart state.restart").replace("velocity", "# velocity")
    run = lammps(again + compute() + DUMP.replace("out.", "again.") + "run 10\n", ranks=1)
    assert_as_offline(run.folder / "out.lammpstrj")
    frames = assert_as_offline(run.folder / "again.lammpstrj")
    assert [frame.step for frame in frames] == [5, 10, 15]


def test_rerun(lammps):
    lammps(setup() + "dump t all custom 5 plain.lammpstrj id type q x y z\ndump_modify t sort id format float %.17g\nrun 20\n")
    rerun = setup() + compute() + DUMP + "rerun plain.lammpstrj dump x y z\n"
    run = lammps(rerun, ranks=2)
    frames = assert_as_offline(run.folder / "out.lammpstrj")
    assert [frame.step for frame in frames] == [0, 5, 10, 15, 20]


@pytest.mark.parametrize("ranks, threads", [(1, 1), (2, 1), (4, 2)])
def test_the_shipped_model_gives_what_predict_gives(lammps, ranks, threads):
    run = lammps(script(keywords=f"threads {threads}").replace(str(MODEL), str(SHIPPED)), ranks=ranks)
    frames, predicted = read_dump(run.folder / "out.lammpstrj"), predict(run.folder / "out.lammpstrj", model=SHIPPED)
    assert len(frames) == len(predicted) == 3
    for frame, offline in zip(frames, predicted):
        ours, theirs = frame.field(), offline.field()
        np.testing.assert_allclose(ours[:, :2], theirs[:, :2], rtol=1e-5, atol=1e-5 * abs(theirs[:, 0]).max())
        np.testing.assert_allclose(ours[:, 2], theirs[:, 2], rtol=1e-5, atol=1e-6)
