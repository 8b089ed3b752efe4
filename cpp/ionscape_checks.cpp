// What would give wrong values without a word, and is refused: settings of LAMMPS, and what changes while nobody looks.

#include "ionscape_engine.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "force.h"
#include "neighbor.h"
#include "pair.h"
#include "update.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <functional>
#include <string_view>

using namespace LAMMPS_NS;

// Ghost atoms must reach as far as the model sees, and a skin farther, since they are chosen at reneighboring alone.
void IonscapeCompute::check_ghosts()
{
  const double need = handle->engine->reach() + neighbor->skin;
  const double have = ghost_reach();
  if (ghost_group(comm) != 0)
    refuse("'comm_modify group' hides ions from each other across the borders of ranks and of the box; use 'comm_modify group all'");
  if (comm->mode != Comm::SINGLE) refuse("needs ghost atoms within one cutoff; use 'comm_modify mode single'");
  if (have < need) {
    const double digit = std::pow(10.0, std::floor(std::log10(need)) - 4.0);
    refuse(fmt::format("the model sees {:.8g} far and needs ghost atoms up to {:.8g} with the neighbor skin, and they "
                       "reach {:.8g}; add 'comm_modify cutoff {:.8g}' to the input",
                       handle->engine->reach(), need, have, digit * std::ceil(need / digit)));
  }
}

double IonscapeCompute::ghost_reach() const
{
  // Not comm->get_comm_cutoff(): it is 0 before the first run.
  const double pair_reach = force->pair ? force->pair->cutforce + neighbor->skin : 0.0;
  return std::max(pair_reach, comm->cutghostuser);
}

static std::array<double, 6> shape_of(const Domain &domain)
{
  return {domain.xprd, domain.yprd, domain.zprd, domain.yz, domain.xz, domain.xy};
}

void IonscapeCompute::hold_atoms()
{
  const double *x = atom->nlocal ? atom->x[0] : nullptr;
  held.x.assign(x, x + 3 * static_cast<std::size_t>(atom->nlocal));
  held.shape = shape_of(*domain);
}

// An ion sees all neighbors if twice the way that one has gone since the ghosts were chosen, and what the box has added to the
// way to an image, are no more than the ghosts reach farther than the model. LAMMPS sees to that for forces and so for this,
// unless 'neigh_modify' keeps it from looking, or the box changes by a skin at once.
void IonscapeCompute::check_moves()
{
  double farthest = 0.0;
  if (held.x.size() == 3 * static_cast<std::size_t>(atom->nlocal))
    for (int i = 0; i < atom->nlocal; i++) {
      if (!handle->engine->is_seen(atom->type[i])) continue;
      const double *before = &held.x[3 * static_cast<std::size_t>(i)], *x = atom->x[i];
      farthest = std::max(farthest, std::hypot(x[0] - before[0], x[1] - before[1], x[2] - before[2]));
    }
  double moved = 0.0;
  MPI_Allreduce(&farthest, &moved, 1, MPI_DOUBLE, MPI_MAX, world);

  const double reach = handle->engine->reach();
  const double *inverse = domain->h_inv;
  const double per_width[] = {std::hypot(inverse[0], inverse[5], inverse[4]), std::hypot(inverse[1], inverse[3]), inverse[2]};
  std::array<double, 6> change = shape_of(*domain);
  for (int k = 0; k < 6; k++) change[k] -= held.shape[k];
  double boxes[3], stretched = 0.0;
  for (int k = 0; k < 3; k++) boxes[k] = domain->periodicity[k] ? 1.0 + std::floor(reach * per_width[k]) : 0.0;
  for (const double a : {-boxes[0], boxes[0]})
    for (const double b : {-boxes[1], boxes[1]})
      stretched = std::max(stretched, std::hypot(a * change[0] + b * change[5] + boxes[2] * change[4],
                                                 b * change[1] + boxes[2] * change[3], boxes[2] * change[2]));
  const double far = 2.0 * moved + stretched, slack = ghost_reach() - reach;
  if (far <= slack) return;
  if (!spent.unsure++ && comm->me == 0)
    error->warning(FLERR, fmt::format("Compute {} (style {}): at step {} ions and box may have moved by {:.3g} since ghost atoms were "
                                      "chosen, which reach only {:.3g} farther than the model: neighbors may be missing; use "
                                      "'neigh_modify every 1 delay 0 check yes', or a larger skin or 'comm_modify cutoff'",
                                      id, style, update->ntimestep, far, slack));
}

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
  end = {update->ntimestep, fingerprint()};
}
