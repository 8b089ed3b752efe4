// What would give wrong values without a word, and is refused: charges, and what changes while nobody looks.

#include "ionscape_engine.h"

#include "atom.h"
#include "domain.h"
#include "update.h"

#include <cmath>
#include <exception>
#include <functional>
#include <string_view>

using namespace LAMMPS_NS;

void IonscapeCompute::check_charges()
{
  const std::string problem = of_any_rank(charge_problem());
  if (!problem.empty()) refuse(problem);
}

// What is wrong with the charges of this rank's atoms, if something is.
std::string IonscapeCompute::charge_problem() const
{
  if (!atom->q_flag) return {};
  // Most atoms of a type have the charge of the one before.
  std::vector<double> known(atom->ntypes + 1, NAN);
  for (int i = 0; i < atom->nlocal; i++) {
    double &good = known[atom->type[i]];
    if (atom->q[i] == good) continue;
    try {
      ionscape::check(*handle->engine, atom->type[i], atom->q[i]);
      good = atom->q[i];
    } catch (const std::exception &e) {
      return e.what();
    }
  }
  return {};
}

// Between runs variables, commands and programs that run LAMMPS may still ask; so may the commands of `run every`. A run
// with `pre no` is not set up.
bool IonscapeCompute::between_runs() const
{
  return !running && (update->whichflag == 0 || update->ntimestep == end.step);
}

// Commands such as create_atoms, set or change_box leave ghosts and neighbors of the last run behind, and ghosts would
// overwrite new atoms if they were updated.
void IonscapeCompute::check_unchanged()
{
  const int same = end.atoms == fingerprint();
  int all = 0;
  MPI_Allreduce(&same, &all, 1, MPI_INT, MPI_MIN, world);
  if (!all)
    refuse("neighbors are known for atoms and a box as the last run left them, and these are not; add 'run 0' before "
           "asking for values");
}

// Of what neighbors depend on: this rank's atoms, how many ghosts of which types it has, and the box.
std::size_t IonscapeCompute::fingerprint() const
{
  const std::size_t nlocal = atom->nlocal, nall = nlocal + atom->nghost;
  const auto of = [](const void *data, std::size_t size) {
    return std::hash<std::string_view>{}({static_cast<const char *>(data), size});
  };
  const double box[] = {domain->boxlo[0], domain->boxlo[1], domain->boxlo[2], domain->boxhi[0], domain->boxhi[1],
                        domain->boxhi[2], domain->xy,       domain->xz,       domain->yz};
  std::vector<std::size_t> parts = {1, nlocal, nall, of(box, sizeof(box)), of(domain->periodicity, 3 * sizeof(int))};
  if (nall) {
    parts.push_back(of(atom->x[0], 3 * nlocal * sizeof(double)));
    parts.push_back(of(atom->type, nall * sizeof(int)));
  }
  return of(parts.data(), parts.size() * sizeof(std::size_t));
}

void IonscapeCompute::end_run()
{
  running = false;
  // LAMMPS is to ask again for what it was told at this step, since atoms may change before it does.
  invoked_flag = INVOKED_NONE;
  end = {update->ntimestep, fingerprint()};
}
