"""Random studies in LAMMPS, each value compared with what the program finds offline."""
