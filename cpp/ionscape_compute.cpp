#include "ionscape_compute.h"

#include "ionscape_engine.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "force.h"
#include "group.h"
#include "memory.h"
#include "modify.h"
#include "neigh_list.h"
#include "neighbor.h"
#include "pair.h"
#include "timer.h"
#include "update.h"
#include "utils.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <exception>
#include <utility>

using namespace LAMMPS_NS;

namespace {

constexpr int FIRST_NAME = 4;    // after ID, group, style and model file

// The same text on all ranks: that of rank 0.
std::string broadcast(std::string text, MPI_Comm world)
{
  int n = static_cast<int>(text.size());
  MPI_Bcast(&n, 1, MPI_INT, 0, world);
  text.resize(n);
  MPI_Bcast(&text[0], n, MPI_CHAR, 0, world);
  return text;
}

}    // namespace

IonscapeCompute::IonscapeCompute(LAMMPS *lmp, int narg, char **arg) :
    Compute(lmp, narg, arg), list(nullptr), nmax(0), seen{}, spent{}
{
  if (!domain->box_exist) refuse("needs a simulation box; define one before the compute");

  const auto usage = fmt::format("Usage: compute ID group-ID {} model.onnx name1 name2 ... [threads N]", style);
  const int ntypes = atom->ntypes;
  int iarg = FIRST_NAME;
  while (iarg < narg && iarg < FIRST_NAME + ntypes && strcmp(arg[iarg], "threads") != 0) ++iarg;
  if (iarg < FIRST_NAME + ntypes)
    refuse(fmt::format("needs a model file and one species name, or NULL, for each of the {} atom types, and has {} "
                       "names. {}",
                       ntypes, std::max(iarg - FIRST_NAME, 0), usage));
  const std::vector<std::string> names(arg + FIRST_NAME, arg + iarg);

  int threads = 1;
  for (; iarg < narg; iarg += 2) {
    if (strcmp(arg[iarg], "threads") != 0)
      refuse(fmt::format("'{}' is no keyword, and there are {} atom types to name. {}", arg[iarg], ntypes, usage));
    const std::string number = iarg + 1 < narg ? arg[iarg + 1] : "";
    threads = utils::is_integer(number) && number.size() < 10 ? std::stoi(number) : 0;
    if (threads < 1) refuse(fmt::format("needs a number of threads of at least 1, not '{}'", number));
  }
  load(arg[FIRST_NAME - 1], names, threads);

  peratom_flag = 1;
  report_id = fmt::format("{}_ionscape_report", id);
  modify->add_fix(fmt::format("{} all IONSCAPE/REPORT {}", report_id, id));
}

IonscapeCompute::~IonscapeCompute()
{
  // LAMMPS deletes fixes before computes when it ends.
  if (modify->nfix && fix_by_id(modify, report_id)) modify->delete_fix(report_id);
  memory->destroy(array_atom);
}

void IonscapeCompute::refuse(const std::string &why)
{
  error->all(FLERR, fmt::format("Compute {} (style {}): {}", id, style, why));
}

// Rank 0 reads, so that a file system sees one reader and all ranks succeed or fail alike.
void IonscapeCompute::load(const std::string &path, const std::vector<std::string> &names, int threads)
{
  std::string model, problem;
  if (comm->me == 0) {
    try {
      const auto bytes = ionscape::read_model(ionscape_str(path));
      model.assign(reinterpret_cast<const char *>(bytes.data()), bytes.size());
    } catch (const std::exception &e) {
      problem = e.what();
    }
  }
  problem = broadcast(problem, world);
  if (!problem.empty()) refuse(problem);
  model = broadcast(model, world);

  try {
    std::vector<rust::String> species;
    for (const auto &name : names) species.emplace_back(name.data(), name.size());
    const rust::Slice<const uint8_t> bytes(reinterpret_cast<const uint8_t *>(model.data()), model.size());
    auto engine = ionscape::load(ionscape_str(path), bytes, {species.data(), species.size()}, update->unit_style, threads);
    handle.reset(new Handle{std::move(engine), {}});
  } catch (const std::exception &e) {
    problem = e.what();
  }
  // A damaged model fails on all ranks; threads may fail to start on one alone.
  int failed = problem.empty() ? 0 : 1;
  int failures = 0;
  MPI_Allreduce(&failed, &failures, 1, MPI_INT, MPI_SUM, world);
  if (failures == comm->nprocs) refuse(problem);
  if (failed) error->one(FLERR, fmt::format("Compute {} (style {}): {}", id, style, problem));
  if (failures) MPI_Barrier(world);
}

void IonscapeCompute::init()
{
  seen = {};
  check_neighbor_settings();
  check_ghosts();
  check_charges();
  // An occasional list is built once for each reneighbouring and used until the next: hence the skin.
  request_full_list(neighbor, this, instance_me, handle->engine->reach() + neighbor->skin);
}

void IonscapeCompute::init_list(int, NeighList *ptr)
{
  list = ptr;
}

void IonscapeCompute::setup()
{
  check_special_bonds();
}

void IonscapeCompute::check_neighbor_settings()
{
  if (is_multi(neighbor))
    refuse("gets wrong neighbors from neighbor style multi; use 'neighbor ... bin'");

  bool excluded = neighbor->includegroup > 0;
  for (int k = 0; k < neighbor->nex_type; k++)
    excluded |= handle->engine->is_ion(neighbor->ex1_type[k]) && handle->engine->is_ion(neighbor->ex2_type[k]);
  for (int k = 0; k < neighbor->nex_group; k++)
    excluded |= has_ions(neighbor->ex1_group[k]) && has_ions(neighbor->ex2_group[k]);
  for (int k = 0; k < neighbor->nex_mol; k++) excluded |= has_ions(neighbor->ex_mol_group[k]);
  if (excluded)
    refuse("'neigh_modify exclude' or 'include' hides ions from each other, and the model would take them for absent; "
           "remove it, or restrict it to types that are NULL here");
}

// Whether any rank has ions in a group.
bool IonscapeCompute::has_ions(int igroup)
{
  const int bit = group->bitmask[igroup];
  int mine = 0, any = 0;
  for (int i = 0; i < atom->nlocal && !mine; i++) mine = (atom->mask[i] & bit) && handle->engine->is_ion(atom->type[i]);
  MPI_Allreduce(&mine, &any, 1, MPI_INT, MPI_MAX, world);
  return any;
}

// Ghost atoms must reach as far as the neighbour list. Too few of them are no error to some LAMMPS versions.
void IonscapeCompute::check_ghosts()
{
  const double need = handle->engine->reach() + neighbor->skin;
  if (comm->mode != Comm::SINGLE) refuse("needs ghost atoms within one cutoff; use 'comm_modify mode single'");
  // Not comm->get_comm_cutoff(): it is 0 before the first run.
  const double pair_reach = force->pair ? force->pair->cutforce + neighbor->skin : 0.0;
  const double have = std::max(pair_reach, comm->cutghostuser);
  if (have < need) {
    const double digit = std::pow(10.0, std::floor(std::log10(need)) - 4.0);
    refuse(fmt::format("the model sees {:.8g} far and needs ghost atoms up to {:.8g} with the neighbor skin, and they "
                       "reach {:.8g}; add 'comm_modify cutoff {:.8g}' to the input",
                       handle->engine->reach(), need, have, digit * std::ceil(need / digit)));
  }
}

void IonscapeCompute::check_charges()
{
  if (!atom->q_flag) return;
  std::string problem;
  for (int i = 0; i < atom->nlocal && problem.empty(); i++) {
    try {
      ionscape::check(*handle->engine, atom->type[i], atom->q[i]);
    } catch (const std::exception &e) {
      problem = e.what();
    }
  }
  // The lowest rank that found something speaks, to all.
  int speaker = problem.empty() ? comm->nprocs : comm->me, lowest = 0;
  MPI_Allreduce(&speaker, &lowest, 1, MPI_INT, MPI_MIN, world);
  if (lowest == comm->nprocs) return;
  int n = static_cast<int>(problem.size());
  MPI_Bcast(&n, 1, MPI_INT, lowest, world);
  problem.resize(n);
  MPI_Bcast(&problem[0], n, MPI_CHAR, lowest, world);
  refuse(problem);
}

// Bonded neighbours with a factor of 0 are left out of every neighbour list, this one too.
void IonscapeCompute::check_special_bonds()
{
  const int *flag = neighbor->special_flag;
  if (atom->molecular == Atom::ATOMIC || (flag[1] && flag[2] && flag[3])) return;
  if (atom->molecular == Atom::TEMPLATE)
    refuse("cannot tell whether ions lose bonded neighbors to a special_bonds factor of 0 in atom_style template; use "
           "a factor such as 1.0e-50 in its place");
  int lost = 0;
  for (int i = 0; i < atom->nlocal && !lost; i++) {
    if (!handle->engine->is_ion(atom->type[i])) continue;
    for (int k = 0; k < atom->nspecial[i][2] && !lost; k++) {
      const int order = k < atom->nspecial[i][0] ? 1 : k < atom->nspecial[i][1] ? 2 : 3;
      const int j = atom->map(atom->special[i][k]);
      lost = !flag[order] && j >= 0 && handle->engine->is_ion(atom->type[j]);
    }
  }
  int any = 0;
  MPI_Allreduce(&lost, &any, 1, MPI_INT, MPI_MAX, world);
  if (any)
    refuse("ions that are bonded to each other do not see each other, since special_bonds has a factor of 0; "
           "use a factor such as 1.0e-50 in its place");
}

// Whether this rank's atoms are exactly those of the last evaluation. LAMMPS asks more than once a step (each dump,
// thermo), and between two of these atoms may also have moved, been sorted or changed groups.
bool IonscapeCompute::seen_before()
{
  const std::size_t nlocal = atom->nlocal, nall = nlocal + atom->nghost;
  const double *x = nall ? atom->x[0] : nullptr;
  if (seen.step == update->ntimestep && seen.types.size() == nall && seen.mask.size() == nlocal &&
      std::equal(seen.x.begin(), seen.x.end(), x) && std::equal(seen.types.begin(), seen.types.end(), atom->type) &&
      std::equal(seen.mask.begin(), seen.mask.end(), atom->mask))
    return true;
  seen.step = update->ntimestep;
  seen.x.assign(x, x + 3 * nall);
  seen.types.assign(atom->type, atom->type + nall);
  seen.mask.assign(atom->mask, atom->mask + nlocal);
  return false;
}

void IonscapeCompute::compute_peratom()
{
  invoked_peratom = update->ntimestep;
  // A fix that has just changed the box or moved atoms, such as fix deform, leaves ghosts where they were.
  comm->forward_comm();
  if (seen_before()) return;
  const double began = MPI_Wtime();

  if (atom->nmax > nmax) {
    nmax = atom->nmax;
    memory->destroy(array_atom);
    memory->create(array_atom, nmax, size_peratom_cols, "ionscape:array_atom");
  }
  const int columns = size_peratom_cols;
  if (atom->nlocal) std::fill_n(array_atom[0], static_cast<std::size_t>(atom->nlocal) * columns, 0.0);

  build_list(neighbor, list);
  centers.clear();
  for (int ii = 0; ii < list->inum; ii++) {
    const int i = list->ilist[ii];
    if ((atom->mask[i] & groupbit) && handle->engine->is_ion(atom->type[i])) centers.push_back(i);
  }
  handle->look(atom, list);
  values.resize(centers.size() * columns);
  evaluate(values);
  for (std::size_t k = 0; k < centers.size(); k++)
    std::copy_n(&values[k * columns], columns, array_atom[centers[k]]);

  const double seconds = MPI_Wtime() - began;
  spent.evaluations++;
  spent.centers += static_cast<bigint>(centers.size());
  spent.seconds += seconds;
  // The first step is evaluated while a run is set up, which LAMMPS does not count as part of its loop.
  if (update->ntimestep != update->firststep) spent.loop_seconds += seconds;
}

double IonscapeCompute::memory_usage()
{
  return static_cast<double>(nmax) * size_peratom_cols * sizeof(double) + values.capacity() * sizeof(double) +
      seen.x.capacity() * sizeof(double) +
      (centers.capacity() + seen.types.capacity() + seen.mask.capacity()) * sizeof(int) + handle->engine->memory();
}

void IonscapeCompute::begin_report()
{
  // A rerun comes here for every frame, and is one run all the same.
  const Span run{update->firststep, update->laststep};
  if (run == under_way) return;
  under_way = run;
  spent = {};
  begin_findings();
}

void IonscapeCompute::print_report()
{
  const double loop = timer->get_wall(Timer::TOTAL);
  double mine[2] = {spent.seconds, spent.loop_seconds};
  double slowest[2];
  bigint evaluated = 0;
  MPI_Allreduce(mine, slowest, 2, MPI_DOUBLE, MPI_MAX, world);
  MPI_Allreduce(&spent.centers, &evaluated, 1, MPI_LMP_BIGINT, MPI_SUM, world);
  const bigint evaluations = spent.evaluations;
  spent = {};
  under_way = {};
  if (!evaluations) return;
  print_findings(evaluated);
  if (comm->me) return;
  utils::logmesg(lmp, fmt::format("Compute {} ({}): {} evaluations of {:.1f} ions, {:.4g} s on the slowest rank "
                                  "({:.2f}% of this run's loop), {:.4g} microseconds per ion and rank\n",
                                  id, style, evaluations, static_cast<double>(evaluated) / evaluations, slowest[0],
                                  loop > 0.0 ? 100.0 * slowest[1] / loop : 0.0,
                                  evaluated ? 1e6 * slowest[0] * comm->nprocs / evaluated : 0.0));
}
