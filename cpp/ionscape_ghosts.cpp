// Whether ghost atoms hold all that a model sees: far enough when they are chosen, and still so at an evaluation; and where they are then.

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

// A box's vectors in the order of domain->h: three lengths, then yz, xz and xy.
using Shape = std::array<double, 6>;

static Shape shape_of(const double *h)
{
  return {h[0], h[1], h[2], h[3], h[4], h[5]};
}

static Shape product(const Shape &a, const Shape &b)
{
  return {a[0] * b[0], a[1] * b[1], a[2] * b[2], a[1] * b[3] + a[3] * b[2], a[0] * b[4] + a[5] * b[3] + a[4] * b[2],
          a[0] * b[5] + a[5] * b[1]};
}

// Not less than what it makes of a vector's length.
static double stretch(const Shape &a)
{
  const Shape s = {std::fabs(a[0]), std::fabs(a[1]), std::fabs(a[2]), std::fabs(a[3]), std::fabs(a[4]), std::fabs(a[5])};
  return std::sqrt(std::max({s[0] + s[5] + s[4], s[1] + s[3], s[2]}) * std::max({s[0], s[5] + s[1], s[4] + s[3] + s[2]}));
}

// How far ghosts reach that are chosen now; settings may say otherwise since a run without setup took its own over. Nowhere, if
// not all atoms have ghosts.
static double reach_of_ghosts(const Comm *comm, const Domain *domain)
{
  if (ghost_group(comm) != 0 || comm->mode != Comm::SINGLE) return 0.0;
  const double *h = domain->h_inv, *cut = comm->cutghost;
  if (!domain->triclinic) return std::min({cut[0], cut[1], cut[2]});
  // In shares of the box.
  return std::min({cut[0] / std::hypot(std::hypot(h[0], h[5]), h[4]), cut[1] / std::hypot(h[1], h[3]), cut[2] / h[2]});
}

void IonscapeCompute::hold_atoms()
{
  if (handle->engine->has_molecules()) return;
  const std::size_t n = atom->nlocal;
  const double *x = n ? atom->x[0] : nullptr;
  held.comm = comm;
  held.nghost = atom->nghost;
  held.reach = reach_of_ghosts(comm, domain);
  held.x.assign(x, x + 3 * n);
  held.types.assign(atom->type, atom->type + n);
  held.tags.clear();
  if (atom->tag_enable) held.tags.assign(atom->tag, atom->tag + n);
  held.h = shape_of(domain->h);
  held.inverse = shape_of(domain->h_inv);
  std::copy_n(domain->boxlo, 3, held.lo.begin());
}

// Whether all neighbours are among the ghosts once these are where their atoms are; the same on all ranks. Between runs commands
// may have changed anything, and in runs fixes insert atoms, take them away, and change their types.
bool IonscapeCompute::ghosts_serve()
{
  if (handle->engine->has_molecules()) return false;
  const int mine = update->whichflag != 0 && has_held_atoms();
  int all = 0;
  MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_MIN, world);
  if (!all) return false;
  const double nearer = approach();
  if (nearer <= held.reach - handle->engine->reach()) return true;
  if (atom->tag_enable) return false;
  tell_of_approach(nearer);
  return true;
}

// Whether this rank's atoms are those for which ghosts were chosen, wherever they are now.
bool IonscapeCompute::has_held_atoms() const
{
  const std::size_t n = atom->nlocal;
  return held.comm == comm && held.nghost == atom->nghost && held.types.size() == n && std::equal(held.types.begin(), held.types.end(), atom->type) &&
      (!atom->tag_enable || (held.tags.size() == n && std::equal(held.tags.begin(), held.tags.end(), atom->tag)));
}

// By how much atoms may be nearer to each other than when ghosts were chosen. It is bounded twice: by how far atoms and images of
// the box have moved, and, since a box that changes takes atoms along, by how far they have moved in it. LAMMPS looks before
// forces; what fixes do to the box at the end of a step comes after that, and the compute sees it.
double IonscapeCompute::approach() const
{
  const Shape h = shape_of(domain->h), inverse = shape_of(domain->h_inv);
  const Shape forth = product(h, held.inverse), back = product(held.h, inverse);
  double mine[2] = {0.0, 0.0}, squares[2];
  for (int i = 0; i < atom->nlocal; i++) {
    if (!handle->engine->is_seen(atom->type[i])) continue;
    const double *before = &held.x[3 * static_cast<std::size_t>(i)], *x = atom->x[i];
    const double r[3] = {before[0] - held.lo[0], before[1] - held.lo[1], before[2] - held.lo[2]};
    const double along[3] = {forth[0] * r[0] + forth[5] * r[1] + forth[4] * r[2], forth[1] * r[1] + forth[3] * r[2],
                             forth[2] * r[2]};
    double moved = 0.0, within = 0.0;
    for (int k = 0; k < 3; k++) {
      const double step = x[k] - before[k], rest = x[k] - domain->boxlo[k] - along[k];
      moved += step * step;
      within += rest * rest;
    }
    mine[0] = std::max(mine[0], moved);
    mine[1] = std::max(mine[1], within);
  }
  MPI_Allreduce(mine, squares, 2, MPI_DOUBLE, MPI_MAX, world);

  // Images that an ion can see are at most so many boxes away.
  const double reach = handle->engine->reach();
  const double per_width[] = {std::hypot(std::hypot(inverse[0], inverse[5]), inverse[4]),
                              std::hypot(inverse[1], inverse[3]), inverse[2]};
  double boxes[3], shifted = 0.0;
  for (int k = 0; k < 3; k++) boxes[k] = domain->periodicity[k] ? 1.0 + std::floor(reach * per_width[k]) : 0.0;
  for (const double a : {-boxes[0], boxes[0]})
    for (const double b : {-boxes[1], boxes[1]}) {
      const double z = boxes[2] * (h[2] - held.h[2]), y = b * (h[1] - held.h[1]) + boxes[2] * (h[3] - held.h[3]);
      const double x = a * (h[0] - held.h[0]) + b * (h[5] - held.h[5]) + boxes[2] * (h[4] - held.h[4]);
      shifted = std::max(shifted, std::sqrt(x * x + y * y + z * z));
    }
  const double as_moved = 2.0 * std::sqrt(squares[0]) + shifted;
  const double in_the_box = stretch(back) * (reach + 2.0 * std::sqrt(squares[1])) - reach;
  return std::min(as_moved, in_the_box);
}

// Without ids, the atoms of all ranks are not looked among.
void IonscapeCompute::tell_of_approach(double nearer)
{
  if (!spent.unsure++ && comm->me == 0)
    error->warning(FLERR, fmt::format("Compute {} (style {}): at step {} neighbors may have come nearer by {:.4g} since ghost "
                                      "atoms were chosen, which reach only {:.4g} farther than the model: neighbors may be "
                                      "missing; use 'neigh_modify every 1 delay 0 check yes', a larger skin or "
                                      "'comm_modify cutoff', or 'atom_modify id yes'",
                                      id, style, update->ntimestep, nearer, held.reach - handle->engine->reach()));
}

// As LAMMPS sends positions: ghosts beyond the box's sides are so many of its vectors away.
int IonscapeCompute::pack_forward_comm(int n, int *list, double *buf, int pbc_flag, int *pbc)
{
  double shift[3] = {0.0, 0.0, 0.0};
  if (pbc_flag) {
    for (int k = 0; k < 3; k++) shift[k] = pbc[k] * domain->prd[k];
    if (domain->triclinic) {
      shift[0] = shift[0] + pbc[5] * domain->xy + pbc[4] * domain->xz;
      shift[1] += pbc[3] * domain->yz;
    }
  }
  for (int i = 0; i < n; i++)
    for (int k = 0; k < 3; k++) buf[3 * i + k] = places[3 * static_cast<std::size_t>(list[i]) + k] + shift[k];
  return 3 * n;
}

void IonscapeCompute::unpack_forward_comm(int n, int first, double *buf)
{
  std::copy_n(buf, 3 * n, places.data() + 3 * static_cast<std::size_t>(first));
}

// A fix that has just changed the box or moved atoms, such as fix deform, leaves ghosts where they were.
void IonscapeCompute::find_places()
{
  const std::size_t n = atom->nlocal;
  places.resize(3 * (n + atom->nghost));
  if (n) std::copy_n(atom->x[0], 3 * n, places.data());
  send_to_ghosts(comm, static_cast<Compute *>(this), 0);
}
