// The atoms of all ranks, which neighbours are looked for among where ghosts do not serve: where ions are centres of mass, between
// runs, while a run is set up, and where atoms are not those any more that ghosts were chosen for.

#include "ionscape_engine.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"

using namespace LAMMPS_NS;

// The atoms of all ranks that are ions, parts of them, or seen by them; which of this rank's have values; the cell.
void IonscapeCompute::gather()
{
  if (!atom->tag_enable)
    refuse("without ids of atoms, values are known in runs alone, and while LAMMPS's ghost atoms are those of its atoms; use "
           "'atom_modify id yes'");
  constexpr int WIDTH = 8;
  std::vector<double> mine;
  handle->wanted.clear();
  for (int i = 0; i < atom->nlocal; i++) {
    const int type = atom->type[i];
    if (!handle->engine->is_seen(type)) continue;
    if ((atom->mask[i] & groupbit) && handle->engine->is_ion(type)) handle->wanted.push_back(atom->tag[i]);
    const double mass = atom->rmass ? atom->rmass[i] : atom->mass[type];
    const double *x = atom->x[i];
    const double row[WIDTH] = {static_cast<double>(atom->tag[i]), static_cast<double>(type),
                               static_cast<double>(atom->molecule ? atom->molecule[i] : 0), mass, atom->q_flag ? atom->q[i] : NAN,
                               x[0], x[1], x[2]};
    mine.insert(mine.end(), row, row + WIDTH);
  }
  handle->counted.reset(new bool[handle->wanted.size()]());

  const bigint size = static_cast<bigint>(mine.size());
  bigint total = 0;
  MPI_Allreduce(&size, &total, 1, MPI_LMP_BIGINT, MPI_SUM, world);
  if (total > MAXSMALLINT)
    refuse(fmt::format("{} atoms are too many for each rank to have all of them, as it must where ions are centres of mass, where "
                       "atoms changed since ghosts were chosen, and between runs; let one atom type stand for each ion, and ask in "
                       "runs alone",
                       total / WIDTH));
  const int count = static_cast<int>(mine.size());
  std::vector<int> counts(comm->nprocs), starts(comm->nprocs, 0);
  MPI_Allgather(&count, 1, MPI_INT, counts.data(), 1, MPI_INT, world);
  for (int rank = 1; rank < comm->nprocs; rank++) starts[rank] = starts[rank - 1] + counts[rank - 1];
  handle->rows.resize(total);
  MPI_Allgatherv(mine.data(), count, MPI_DOUBLE, handle->rows.data(), counts.data(), starts.data(), MPI_DOUBLE, world);

  for (int k = 0; k < 3; k++) {
    handle->configuration.lo[k] = domain->boxlo[k];
    handle->configuration.hi[k] = domain->boxhi[k];
    handle->configuration.periodic[k] = domain->periodicity[k];
  }
  handle->configuration.tilt = {domain->xy, domain->xz, domain->yz};
  handle->configuration.rows = {handle->rows.data(), handle->rows.size()};
}
