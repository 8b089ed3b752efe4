// What would give wrong values without a word: charges of other species, which are refused, and values that nobody asks for again.

#include "ionscape_engine.h"

#include "atom.h"
#include "comm.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <exception>
#include <stdexcept>

using namespace LAMMPS_NS;

void IonscapeCompute::check_charges()
{
  if (!atom->q_flag) return;
  const std::vector<int> wrong = of_another_sign();
  const int mine = wrong.empty() ? 0 : 1;
  int any = 0;
  MPI_Allreduce(&mine, &any, 1, MPI_INT, MPI_MAX, world);
  if (!any) return;
  const int bad = first_that_stands_for_no_molecule(wrong);
  std::string problem;
  try {
    if (bad >= 0) ionscape::check(*handle->engine, atom->type[bad], atom->q[bad]);
  } catch (const std::exception &e) {
    problem = e.what();
  }
  problem = of_any_rank(problem);
  if (!problem.empty()) refuse(problem);
}

// A run that has gone wrong: thrown where all ranks end together.
void IonscapeCompute::check_places() const
{
  for (std::size_t i = 0; 3 * i < places.size(); i++) {
    const double *x = &places[3 * i];
    if ((std::isfinite(x[0]) && std::isfinite(x[1]) && std::isfinite(x[2])) || !handle->engine->is_seen(atom->type[i])) continue;
    const auto which = atom->tag_enable ? fmt::format("atom {}", atom->tag[i]) : fmt::format("an atom of type {}", atom->type[i]);
    throw std::runtime_error(fmt::format("{} is at ({}, {}, {}); is the run stable?", which, x[0], x[1], x[2]));
  }
}

// This rank's atoms whose charge has not the sign of their species.
std::vector<int> IonscapeCompute::of_another_sign() const
{
  std::vector<int> found;
  // Most atoms of a type have the charge of the one before.
  std::vector<double> known(atom->ntypes + 1, NAN);
  for (int i = 0; i < atom->nlocal; i++) {
    double &good = known[atom->type[i]];
    if (atom->q[i] == good) continue;
    if (handle->engine->has_sign(atom->type[i], atom->q[i]))
      good = atom->q[i];
    else
      found.push_back(i);
  }
  return found;
}

// Ions of several atoms may be named by one of them, whose own charge may have the other sign: the sum over their molecule tells,
// whose atoms may be of any rank. The first of this rank's atoms of which it does not, or -1; all ranks call this.
int IonscapeCompute::first_that_stands_for_no_molecule(const std::vector<int> &wrong)
{
  if (!atom->molecule_flag) return wrong.empty() ? -1 : wrong.front();
  std::vector<tagint> mine;
  for (const int i : wrong)
    if (atom->molecule[i] > 0) mine.push_back(atom->molecule[i]);
  const Molecules molecules = of_molecules(std::move(mine));
  for (const int i : wrong) {
    const auto k = molecules.place(atom->molecule[i]);
    if (k < 0) return i;
    if (!handle->engine->stands_for(atom->type[i], molecules.charge(k), molecules.named(k))) return i;
  }
  return -1;
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
