// What the atoms of all ranks tell together: charges in another ratio than the model's, and neutral species that are not there.

#include "ionscape_engine.h"

#include "atom.h"
#include "comm.h"
#include "error.h"

#include <algorithm>
#include <cstdint>

using namespace LAMMPS_NS;

namespace {

// The mean charge of more ions than that is no better known.
constexpr double ENOUGH = 1e5;

// Whether an atom is one of every so many, which are not neighbours in number; the same on any ranks.
bool is_chosen(tagint number, uint64_t every)
{
  return (static_cast<uint64_t>(number) * 0x9E3779B97F4A7C15ull >> 32) % every == 0;
}

std::vector<double> over_ranks(const std::vector<double> &mine, MPI_Comm world)
{
  std::vector<double> all(mine.size());
  MPI_Allreduce(mine.data(), all.data(), static_cast<int>(mine.size()), MPI_DOUBLE, MPI_SUM, world);
  return all;
}

}    // namespace

// At the first evaluation of each run.
void IonscapeCompute::look_at_composition()
{
  const auto &engine = *handle->engine;
  const std::size_t n = engine.n_species();
  // Atoms of each species, and those that are no ions.
  std::vector<double> mine(n + 1, 0.0);
  for (int i = 0; i < atom->nlocal; i++) {
    const int species = engine.species_of(atom->type[i]);
    if (species >= 0) mine[species]++;
    if (!engine.is_ion(atom->type[i])) mine[n]++;
  }
  present = over_ranks(mine, world);
  const bool atoms_are_ions = present.back() == 0.0 && !engine.has_molecules();
  present.pop_back();
  std::string lacking, unlike;
  contained([&] { lacking = ionscape_text(ionscape::absent(engine, {present.data(), n})); });
  tell_once(told_of_absent, lacking);
  if (!atom->q_flag) return;
  const auto sums = ion_charges();
  contained([&] { unlike = ionscape_text(ionscape::unlike_charges(engine, {sums.data(), sums.size()}, atoms_are_ions)); });
  tell_once(told_of_charges, unlike);
}

// Among the atoms that were gathered so far, all of which each rank has: ions that lost some of theirs.
void IonscapeCompute::look_at_molecules()
{
  if (comm->me || told_of_molecules || !handle->engine->has_molecules()) return;
  tell_once(told_of_molecules, ionscape_text(ionscape::unlike_molecules(*handle->engine)));
}

void IonscapeCompute::tell_once(bool &told, const std::string &what)
{
  if (told || what.empty()) return;
  told = true;
  if (comm->me == 0) error->warning(FLERR, fmt::format("Compute {} (style {}): {}", id, style, what));
}

// Of each species ions and the sum of their charges, of all ranks; of many ions, those of some.
std::vector<double> IonscapeCompute::ion_charges()
{
  const auto &engine = *handle->engine;
  std::vector<double> mine(2 * engine.n_species(), 0.0);
  if (!atom->molecule_flag) {
    for (int i = 0; i < atom->nlocal; i++) engine.add_ion(atom->type[i], atom->q[i], 0.0, 0, {mine.data(), mine.size()});
    return over_ranks(mine, world);
  }
  double ions = 0.0;
  for (std::size_t s = 0; s < present.size(); s++) ions += present[s];
  const uint64_t every = 1 + static_cast<uint64_t>(ions / ENOUGH);
  std::vector<int> chosen;
  std::vector<tagint> molecules;
  for (int i = 0; i < atom->nlocal; i++) {
    const tagint molecule = atom->molecule[i];
    if (!engine.is_ion(atom->type[i]) || !is_chosen(molecule > 0 || !atom->tag_enable ? molecule : atom->tag[i], every)) continue;
    chosen.push_back(i);
    if (molecule > 0) molecules.push_back(molecule);
  }
  const Molecules found = of_molecules(std::move(molecules));
  for (const int i : chosen) {
    const auto k = found.place(atom->molecule[i]);
    const double charge = k < 0 ? 0.0 : found.charge(k);
    engine.add_ion(atom->type[i], atom->q[i], charge, k < 0 ? 0 : found.named(k), {mine.data(), mine.size()});
  }
  return over_ranks(mine, world);
}

std::ptrdiff_t IonscapeCompute::Molecules::place(tagint molecule) const
{
  const auto found = std::lower_bound(ids.begin(), ids.end(), molecule);
  return found != ids.end() && *found == molecule ? found - ids.begin() : -1;
}

// Molecules that some rank names, whose atoms may be of any rank; all ranks call this.
IonscapeCompute::Molecules IonscapeCompute::of_molecules(std::vector<tagint> mine)
{
  Molecules found{of_all_ranks(std::move(mine)), {}};
  std::vector<double> own(2 * found.ids.size(), 0.0);
  for (int i = 0; i < atom->nlocal; i++) {
    const auto k = found.place(atom->molecule[i]);
    if (k < 0) continue;
    own[2 * k] += atom->q[i];
    own[2 * k + 1] += handle->engine->is_seen(atom->type[i]);
  }
  found.sums = over_ranks(own, world);
  return found;
}
