// What would give wrong values without a word: charges of other species, which are refused, and values that nobody asks for again.

#include "ionscape_engine.h"

#include "atom.h"
#include "comm.h"

#include <algorithm>
#include <cmath>
#include <exception>

using namespace LAMMPS_NS;

void IonscapeCompute::check_charges()
{
  std::string problem = of_any_rank(charge_problem());
  if (!problem.empty() && atom->molecule_flag) {
    find_standing();
    problem = of_any_rank(charge_problem());
  }
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
    if (atom->q[i] == good || standing.count({atom->type[i], atom->q[i]})) continue;
    try {
      ionscape::check(*handle->engine, atom->type[i], atom->q[i]);
      good = atom->q[i];
    } catch (const std::exception &e) {
      return e.what();
    }
  }
  return {};
}

// Ions of several atoms may be named by one of them, whose own charge may have the other sign: the sum over their molecule tells,
// whose atoms may be of any rank.
void IonscapeCompute::find_standing()
{
  const auto is_wrong = [this](int i) {
    try {
      ionscape::check(*handle->engine, atom->type[i], atom->q[i]);
      return false;
    } catch (const std::exception &) {
      return true;
    }
  };
  std::vector<tagint> mine;
  for (int i = 0; i < atom->nlocal; i++)
    if (atom->molecule[i] > 0 && is_wrong(i)) mine.push_back(atom->molecule[i]);
  const std::vector<tagint> molecules = of_all_ranks(std::move(mine));
  if (molecules.empty()) return;

  // Of each molecule its charge, and how many of its atoms have a species.
  std::vector<double> own(2 * molecules.size(), 0.0), sums(own.size());
  const auto place = [&molecules](tagint molecule) {
    const auto found = std::lower_bound(molecules.begin(), molecules.end(), molecule);
    return found != molecules.end() && *found == molecule ? found - molecules.begin() : -1;
  };
  for (int i = 0; i < atom->nlocal; i++) {
    const auto k = place(atom->molecule[i]);
    if (k < 0) continue;
    own[2 * k] += atom->q[i];
    own[2 * k + 1] += handle->engine->is_seen(atom->type[i]);
  }
  MPI_Allreduce(own.data(), sums.data(), static_cast<int>(own.size()), MPI_DOUBLE, MPI_SUM, world);
  for (int i = 0; i < atom->nlocal; i++) {
    const auto k = place(atom->molecule[i]);
    if (k < 0 || !is_wrong(i)) continue;
    if (!handle->engine->stands_for(atom->type[i], sums[2 * k], static_cast<std::size_t>(sums[2 * k + 1]))) return standing.clear();
    standing.insert({atom->type[i], atom->q[i]});
  }
}

// The numbers of all ranks, each once, in order.
std::vector<tagint> IonscapeCompute::of_all_ranks(std::vector<tagint> mine)
{
  const int count = static_cast<int>(mine.size());
  std::vector<int> counts(comm->nprocs), starts(comm->nprocs + 1, 0);
  MPI_Allgather(&count, 1, MPI_INT, counts.data(), 1, MPI_INT, world);
  for (int rank = 0; rank < comm->nprocs; rank++) starts[rank + 1] = starts[rank] + counts[rank];
  std::vector<tagint> all(starts.back());
  MPI_Allgatherv(mine.data(), count, MPI_LMP_TAGINT, all.data(), counts.data(), starts.data(), MPI_LMP_TAGINT, world);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

void IonscapeCompute::end_run()
{
  // LAMMPS is to ask again for what it was told at this step, since atoms may change before it does.
  invoked_flag = INVOKED_NONE;
  if (ASKS_BETWEEN_RUNS) invoked_peratom = invoked_scalar = -1;
}
