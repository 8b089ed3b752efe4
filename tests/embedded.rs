//! LAMMPS within the program: errors, several instances, memory, and values. One test, since one process has one LAMMPS.
#![cfg(feature = "embedded")]

use std::path::{Path, PathBuf};

use ionscape::Error;
use ionscape::embedded::{Global, Lammps, Library, library_of};

const QUIET: [&str; 5] = ["-log", "none", "-screen", "none", "-nocite"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn salt(n: usize) -> String {
    let model = root().join("examples/models/baseline.onnx");
    let mut text = String::from(
        "units lj\natom_style charge\natom_modify map yes\nregion box block 0 20 0 20 0 20\ncreate_box 2 box\nmass * 1\n",
    );
    for i in 0..n {
        let [x, y, z] = [7, 11, 13].map(|k| (i * k % 20) as f64 + 0.1 * (i % 7) as f64);
        text += &format!("create_atoms {} single {x} {y} {z}\n", 1 + i % 2);
    }
    text += "set type 1 charge 1\nset type 2 charge -1\npair_style zero 7.0\npair_coeff * *\n";
    text += "neighbor 0.5 bin\ncomm_modify cutoff 8.0\nfix nve all nve\n";
    text + &format!("compute lam all conductivity/atom {} cation anion\n", model.display())
}

fn ready(library: Library, plugin: &Path) -> Lammps {
    let mut lammps = Lammps::open(library, &QUIET).unwrap();
    lammps.register(plugin).unwrap();
    lammps.commands(&salt(40)).unwrap();
    lammps.command("run 0").unwrap();
    lammps
}

fn message(result: ionscape::Result<impl Sized>) -> String {
    match result {
        Err(Error::Lammps(message)) => message,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("no error"),
    }
}

/// Memory of this process, in MiB.
fn resident() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 4096.0 / 1048576.0
}

#[test]
fn lammps_runs_within_this_program() {
    let plugin: PathBuf = root().join("target/release/ionscapeplugin.so");
    let Some(path) = library_of(&root().join(".venv/bin/lmp")).filter(|_| plugin.is_file()) else {
        eprintln!("skipped: neither LAMMPS nor its plugin is built; `make build` does it");
        return;
    };
    let library = Library::open(&path).unwrap();
    assert!(library.has_exceptions());
    assert!(Library::open("libm.so.6".as_ref()).is_err());

    let mut first = ready(library, &plugin);
    let mut second = ready(library, &plugin);
    data_is_what_lammps_holds(&mut first);
    errors_are_contained(&mut first, &mut second);
    styles_stay_after_clear(&mut second);
    drop((first, second));
    cycles_do_not_leak(library, &plugin);
    library.finalize_mpi();
}

fn data_is_what_lammps_holds(lammps: &mut Lammps) {
    assert_eq!(lammps.per_atom::<f64>("x").unwrap().dim(), (40, 3));
    assert_eq!(lammps.per_atom::<i32>("type").unwrap().dim(), (40, 1));
    assert!(message(lammps.per_atom::<f64>("type")).contains("is not kept as f64"));
    assert!(message(lammps.per_atom::<f64>("no_such")).contains("no property 'no_such'"));

    let gathered = lammps.gather::<f64>("c_lam").unwrap();
    let mean = gathered.column(0).mean().unwrap();
    assert!((mean / lammps.compute_scalar("lam").unwrap() - 1.0).abs() < 1e-12);
    assert!((mean / lammps.thermo("c_lam").unwrap() - 1.0).abs() < 1e-12);
    let ids = lammps.per_atom::<i32>("id").unwrap().to_owned();
    let local = lammps.compute_per_atom("lam").unwrap();
    for (row, id) in local.rows().into_iter().zip(&ids) {
        assert_eq!(row, gathered.row(*id as usize - 1));
    }
    assert!(!message(lammps.gather::<f64>("c_none")).is_empty());
    assert_eq!(lammps.gather::<i32>("type").unwrap().column(0).sum(), 60);
    assert!(message(lammps.gather::<f64>("type")).contains("is not kept as f64"));
    assert!(!message(lammps.compute_per_atom("none")).is_empty());

    assert_eq!(lammps.global("units").unwrap(), Global::Text("lj".into()));
    assert_eq!(lammps.global("boxhi").unwrap(), Global::Floats(vec![20.0; 3].into()));
    assert!(message(lammps.global("no_such")).contains("no_such"));
    assert!(message(lammps.thermo("no_such")).contains("no_such"));
}

fn errors_are_contained(first: &mut Lammps, second: &mut Lammps) {
    assert!(message(first.command("foo bar")).contains("Unknown command: foo bar"));
    assert!(message(first.commands("run 1\nrun minus_one\n")).contains("minus_one"));
    let model = root().join("Cargo.toml");
    let wrong = format!("compute two all conductivity/atom {} cation anion", model.display());
    assert!(message(first.command(&wrong)).contains("not an ONNX file"));
    second.command("run 1").unwrap();
    first.command("run 1").unwrap();
    assert!(message(first.register(&root().join("Cargo.toml"))).contains("Cargo.toml"));
}

fn styles_stay_after_clear(lammps: &mut Lammps) {
    let before = lammps.compute_scalar("lam").unwrap();
    lammps.commands(&format!("clear\n{}run 0\n", salt(40))).unwrap();
    assert!((lammps.compute_scalar("lam").unwrap() / before - 1.0).abs() < 1e-6);
}

fn cycles_do_not_leak(library: Library, plugin: &Path) {
    let cycle = || drop(ready(library, plugin));
    (0..20).for_each(|_| cycle());
    let before = resident();
    (0..200).for_each(|_| cycle());
    let grown = resident() - before;
    eprintln!("200 cycles: {grown:.1} MiB more");
    assert!(grown < 20.0, "{grown} MiB more after 200 cycles");
}
