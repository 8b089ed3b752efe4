//! LAMMPS within a Rust program: the local conductivity of every ion after a run, in the order of the ions' ids.
//!
//! `make build`, then `cargo run --release --example embedded`.

use std::path::Path;

use ionscape::embedded::{Lammps, Library, library_of};

fn main() -> ionscape::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = library_of(&root.join(".venv/bin/lmp")).expect("`make build` brings LAMMPS");
    let library = Library::open(&path)?;
    let mut lammps = Lammps::open(library, &["-log", "none", "-screen", "none"])?;
    lammps.register(&root.join("target/release/ionscapeplugin.so"))?;

    // Ions of density 0.1 that start on a lattice.
    lammps.commands(
        "units lj\n\
         atom_style charge\n\
         lattice sc 0.1\n\
         region box block 0 6 0 6 0 6\n\
         create_box 2 box\n\
         create_atoms 1 box\n\
         set group all type/fraction 2 0.5 4711\n\
         set type 1 charge 1\n\
         set type 2 charge -1\n\
         mass * 1\n\
         dielectric 0.2\n\
         pair_style lj/cut/coul/cut 1.122462048 4.0\n\
         pair_coeff * * 1 1\n\
         velocity all create 1 4711\n\
         fix nve all nve\n\
         fix bath all langevin 1 1 1 4712\n\
         neighbor 0.5 bin\n\
         comm_modify cutoff 8.0\n",
    )?;
    let model = root.join("examples/models/electrolyte.onnx");
    lammps.command(&format!("compute lam all conductivity/atom {} cation anion", model.display()))?;
    lammps.command("run 500")?;

    let field = lammps.gather::<f64>("c_lam")?;
    println!("{} ions, mean local molar conductivity {:.4}", field.nrows(), lammps.compute_scalar("lam")?);
    for (i, ion) in field.rows().into_iter().take(5).enumerate() {
        println!("ion {}: {:.4} +- {:.4}, extrapolation grade {:.2}", i + 1, ion[0], ion[1], ion[2]);
    }
    drop(lammps);
    library.finalize_mpi();
    Ok(())
}
