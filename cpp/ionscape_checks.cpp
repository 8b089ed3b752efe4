// What would give wrong values without a word: charges of other species, which are refused, and values that nobody asks for again.

#include "ionscape_engine.h"

#include "atom.h"
#include <cmath>
#include <exception>

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

void IonscapeCompute::end_run()
{
  // LAMMPS is to ask again for what it was told at this step, since atoms may change before it does.
  invoked_flag = INVOKED_NONE;
  if (ASKS_BETWEEN_RUNS) invoked_peratom = invoked_scalar = -1;
}
