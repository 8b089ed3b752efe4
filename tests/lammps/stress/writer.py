"""Writes a random study from a seed."""

import random

from . import actions, motion
from .settings import World, data_file
from .study import ATOM_MODELS, MOLECULE_MODELS, Compute, Output, Part, Study

STYLES = ["conductivity/atom", "soap/atom"]
GROUPS = ["all", "all", "early", "cations", "moving", "nobody"]
TEMPERATURES = {"number": ("1.3", lambda step: 1.3), "variable": ("v_warm", lambda step: 1.0 + 0.1 * (step % 3))}
PLUGIN = "plugin load PLUGIN"

# How a study may end: by a setting, and the refusal of the computes, or by a change after which they are asked.
ENDINGS = {
    "short ghosts": (["neighbor 3.0 bin", "comm_modify cutoff 3.1", "run 0"], "needs ghost atoms up to"),
    "wrong charges": (["set type 1 charge -1", "run 0"], "is named cation, whose charge is +1"),
    "ghosts of a group": (["comm_modify group early", "run 0"], "'comm_modify group' hides ions"),
    "deleted": (["delete_atoms random count 1 yes all NULL 777"], ""),
    "created": (["create_atoms 3 random 3 777 NULL"], ""),
    "displaced": (["displace_atoms all random 0.1 0.1 0.1 777"], ""),
    "scaled": (["change_box all x scale 0.97 remap"], ""),
    "other species": (["set type 1 type 3"], ""),
}


class Writer:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.study = Study(seed)
        self.world = World(self.rng)
        self.computes = []
        self.loaded = False
        self.n_phases = 0
        self.models = MOLECULE_MODELS if self.world.molecular else ATOM_MODELS
        self.begin_part(1)

    # Lines of both inputs, or of one.

    def both(self, *lines):
        self.part.with_computes += lines
        self.part.without += lines

    def computing(self, *lines):
        self.part.with_computes += lines

    def feature(self, *names):
        self.study.features.update(names)

    def begin_part(self, number, alike=True):
        ranks = self.rng.choice([1, 1, 2, 2, 3, 4])
        self.part = Part(f"part{number}", ranks, alike=alike, exact=not self.world.tiled or ranks == 1)
        self.study.parts.append(self.part)
        self.computes, self.loaded = [], False
        self.feature(f"ranks {self.part.ranks}")
        self.both(*self.world.before_box(self.part.ranks))

    def write(self):
        self.make_system()
        n_phases = self.rng.choice([2, 3, 3, 4])
        for k in range(n_phases):
            if k and self.rng.random() < 0.25:
                self.restart()
            self.phase()
        self.end()
        return self.study

    def make_system(self):
        rng, world = self.rng, self.world
        n_cations, n_anions, n_water = (rng.randrange(low, high) for low, high in ((1, 90), (1, 90), (0, 40)))
        tiny = rng.random() < 0.1
        if tiny:
            n_cations, n_anions, n_water = min(n_cations, 10), min(n_anions, 10), min(n_water, 3)
        density = rng.choice([0.02, 0.1, 0.25])
        shape = [rng.uniform(0.6, 1.6) for _ in range(3)]
        size = ((n_cations + n_anions + n_water) / density / (shape[0] * shape[1] * shape[2])) ** (1 / 3)
        # In a tiled box ghosts cannot come from farther than its length.
        shortest = 9.5 if world.tiled else 4.0 if tiny else 5.0
        edges = [round(max(shortest, size * s), 3) for s in shape]
        self.study.files["system.data"] = data_file(world, edges, (n_cations, n_anions, n_water), rng)
        world.n_atoms = n_cations + n_anions + n_water
        self.both(*world.atom_settings())
        if world.molecular:
            self.both("read_data system.data extra/bond/per/atom 2 extra/special/per/atom 4",
                      "molecule anion anion.molecule")
        else:
            self.both("read_data system.data")
        self.both(*actions.charges(world), *world.interactions())
        self.both("velocity all create 1.5 4711 loop geom", f"timestep {motion.TIMESTEP}",
                  f"group early id {actions.some_ids(world)}", "group cations type 1", "group nobody empty")
        self.both(*self.regions(), "group moving dynamic all region left every 1")
        kind = "molecules" if world.molecular else "atoms"
        self.feature(kind, f"pair {world.pair}", f"boundary {world.boundary}")
        self.feature("triclinic" if world.triclinic else "orthogonal")
        if tiny:
            self.feature("box below the cutoff")
        for name in ("tiled", "openmp", "first"):
            if getattr(world, name):
                self.feature(name)

    def regions(self):
        middle = " ".join(f"$(0.65*{axis}lo+0.35*{axis}hi) $(0.35*{axis}lo+0.65*{axis}hi)" for axis in "xyz")
        return ["region left block INF $(0.5*xlo+0.5*xhi) INF INF INF INF", f"region middle block {middle}"]

    def restart(self):
        """The system goes on from a file, on as many ranks or on others, in one LAMMPS or in two."""
        rng, world = self.rng, self.world
        file = f"state.{self.n_phases}.restart"
        self.both(f"write_restart {file}")
        clear = rng.random() < 0.3
        world.first = False
        if clear:
            self.computing(*[f"uncompute {c.name}" for c in self.computes])
            self.both("clear", *world.before_box(self.part.ranks))
            self.computes, self.loaded = [], False
        else:
            self.begin_part(len(self.study.parts) + 1)
        self.feature("clear and restart" if clear else "restart on other ranks")
        self.again(file)

    def again(self, file):
        self.both(f"read_restart {file}", *(["molecule anion anion.molecule"] if self.world.molecular else []))
        self.both(*self.world.interactions(), f"timestep {motion.TIMESTEP}", *self.regions())

    # One run and what comes before it.

    def phase(self):
        rng, world = self.rng, self.world
        if self.n_phases:
            for _ in range(rng.choice([0, 1, 1, 2, 3])):
                action = rng.choice(actions.possible(world))
                self.feature(action.__name__.replace("_", " "))
                self.both(*action(world))
        self.n_phases += 1
        self.both(*world.neighbors(max(m.reach for m in self.models)))
        self.choose_computes()
        fixes = motion.integrator(world) + motion.exchange(world, self.part.ranks)
        self.both(*fixes)
        # Where LAMMPS flips a box, ranks take atoms from others in the order in which they come.
        if self.part.ranks > 2 and any(" tri " in fix or " xz vel " in fix for fix in fixes):
            self.part.exact = False
        self.feature(*("fix " + fix.split()[3] for fix in fixes))
        command = motion.run(world, fixes)
        self.feature(" ".join(w for w in command.split(' "')[0].split() if not w.isdigit()))
        output = self.watch(with_scalars=command.startswith("run") and "every" not in command)
        again = command.startswith("run") and " 0" not in command and rng.random() < 0.15
        self.both(command, *(["run 3 pre no"] if again else []))
        if rng.random() < 0.3:
            self.ask(list(self.computes), f"between.{self.n_phases}.lammpstrj")
        self.unwatch(fixes, output)

    def choose_computes(self):
        rng = self.rng
        events = ["keep", "keep", "others", "reload"] if self.computes else ["others"]
        event = rng.choice(events)
        if event == "keep":
            return
        self.computing(*[f"uncompute {c.name}" for c in self.computes if event == "others" or rng.random() < 0.5])
        if event == "reload":
            styles = ["compute conductivity/atom", "compute soap/atom", "fix IONSCAPE/REPORT"]
            rng.shuffle(styles)
            self.computing(*[f"plugin unload {style}" for style in styles])
            self.loaded = False
            self.feature("unload and reload")
        if not self.loaded:
            self.computing(PLUGIN)
            self.loaded = True
        self.computes = [self.compute(name) for name in "abc"[:rng.choice([1, 1, 2, 3])]]
        self.computing("variable warm equal 1+0.1*(step%3)", *[c.command for c in self.computes])
        if len(self.computes) > 1:
            self.feature("several computes")

    def compute(self, name):
        rng = self.rng
        model = rng.choice(self.models)
        soap = model.file == "linear.onnx" and rng.random() < 0.5
        keywords, temperature = [], None
        threads = rng.choice([1, 1, 2, 3])
        if threads > 1:
            keywords.append(f"threads {threads}")
            self.feature("threads")
        if model.warm:
            source = rng.choice(list(TEMPERATURES))
            word, temperature = TEMPERATURES[source]
            keywords.append(f"temperature {word}")
            self.feature(f"temperature from a {source}")
        rng.shuffle(keywords)
        group = rng.choice(GROUPS)
        self.feature(f"group {group}", model.file.split("/")[-1])
        if soap:
            self.feature("soap/atom")
        return Compute(name, STYLES[soap], model, group, " ".join(keywords), temperature,
                       tuple(sorted(rng.sample(range(1, 64), 4))) if soap else ())

    def watch(self, with_scalars):
        """Outputs of a run: of the computes, and of the trajectory, which both inputs write."""
        rng, k = self.rng, self.n_phases
        output = Output(f"values.{k}.lammpstrj", list(self.computes), rng.choice([1, 1, 2]))
        self.computing(f"dump values all custom {output.every} {output.file} {self.columns(output)}",
                       f"dump_modify values format float %.17g sort {rng.choice(['id', 'id', 'off'])}")
        scalars = [c for c in self.computes if c.style == STYLES[0]]
        if with_scalars:
            for c in scalars:
                output.scalars[c.name] = f"scalar.{c.name}.{k}.txt"
                self.computing(f"fix scalar_{c.name} all ave/time 1 1 1 c_{c.name} file {output.scalars[c.name]} "
                               'format " %.17g"')
                output.fixes.append(f"scalar_{c.name}")
                if rng.random() < 0.3:
                    self.computing(f"fix mean_{c.name} all ave/atom 1 2 2 c_{c.name}[1]")
                    output.fixes.append(f"mean_{c.name}")
                    self.feature("fix ave/atom")
        columns = "thermo_style custom step pe ke press vol"
        self.computing(" ".join([columns, *(f"c_{c.name}" for c in scalars)]))
        self.part.without.append(columns)
        self.both("thermo 1", "thermo_modify format float %.17g lost ignore lost/bond ignore norm no",
                  f"dump trajectory all custom 1 trajectory.{k}.lammpstrj id type q x y z vx vy vz fx fy fz",
                  "dump_modify trajectory sort id format float %.17g")
        self.study.outputs.append(output)
        return output

    def columns(self, output):
        """Columns of a dump that the offline path needs, who is in the groups, and the values."""
        groups = sorted({c.group for c in output.computes})
        self.computing(*[f"variable in_{group} atom gmask({group})" for group in groups])
        fixed = ["id type q x y z", "mol mass"] if self.world.molecular else ["id type q x y z"]
        values = [name for c in output.computes for name in c.columns]
        return " ".join([*fixed, *(f"v_in_{group}" for group in groups), *values])

    def ask(self, computes, file):
        """Between two runs."""
        output = Output(file, computes)
        self.computing(f"write_dump all custom {output.file} {self.columns(output)} modify format float %.17g sort id")
        self.study.outputs.append(output)
        self.feature("asked between runs")

    def unwatch(self, fixes, output):
        self.computing("undump values", *[f"unfix {name}" for name in output.fixes])
        self.both("undump trajectory", *[f"unfix {fix.split()[1]}" for fix in fixes], "thermo_style one")

    # The last thing.

    def end(self):
        rng = self.rng
        listed = [c for c in self.computes if not c.model.molecules]
        how = rng.choice(["nothing", "rerun", "change", "change"])
        if how == "rerun":
            self.rerun()
        if how == "change" and listed:
            self.change(listed)

    def rerun(self):
        """The frames of the last run again, on other ranks."""
        last = f"trajectory.{self.n_phases}.lammpstrj"
        self.both("write_restart end.restart")
        self.begin_part(len(self.study.parts) + 1, alike=False)
        self.again("end.restart")
        self.both(*self.world.neighbors(max(m.reach for m in self.models)))
        self.n_phases += 1
        self.choose_computes()
        output = self.watch(with_scalars=False)
        # Atoms come and go from frame to frame, but for molecules.
        self.both(f"rerun {last} dump x y z q" + ("" if self.world.molecular else " purge yes replace no add yes"))
        self.unwatch([], output)
        self.feature("rerun")

    def change(self, listed):
        """A setting that the computes refuse, or other atoms than those of the last run."""
        known = dict(ENDINGS)
        if not self.world.first:
            del known["ghosts of a group"]
        if not self.world.periodic:
            del known["scaled"]
        if self.world.molecular:
            del known["deleted"]
        if self.world.pair in ("coulomb", "long-range", "overlay"):
            # Cutoffs of the pair style are ghosts enough for the smaller models.
            del known["short ghosts"]
        name = self.rng.choice(sorted(known))
        lines, self.study.refusal = known[name]
        c = listed[0]
        # There is a cation, whatever came before.
        self.computing(f"create_atoms 1 random 2 {actions.number(self.world)} NULL", *actions.charges(self.world),
                       "thermo_modify lost ignore lost/bond ignore", "run 0")
        asked = c.columns[0]
        self.computing(f"compute r all reduce max {asked}", "thermo_style custom step c_r")
        self.computing(*lines)
        self.feature(f"changed: {name}")
        if not self.study.refusal:
            self.ask(listed, "changed.lammpstrj")


def study(seed):
    return Writer(seed).write()
