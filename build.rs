fn main() {
    cxx_build::bridge("src/lammps/bridge.rs").std("c++17").compile("ionscape_bridge");
    println!("cargo:rerun-if-changed=src/lammps/bridge.rs");
}
