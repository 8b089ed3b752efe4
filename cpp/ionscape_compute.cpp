#include "ionscape_compute.h"

#include "ionscape_engine.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "input.h"
#include "memory.h"
#include "modify.h"
#include "timer.h"
#include "update.h"
#include "utils.h"
#include "variable.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <exception>
#include <tuple>
#include <utility>

using namespace LAMMPS_NS;

namespace {

constexpr int MODEL = 3;    // after ID, group and style

// The same text on all ranks: that of one of them.
std::string broadcast(std::string text, MPI_Comm world, int from = 0)
{
  int n = static_cast<int>(text.size());
  MPI_Bcast(&n, 1, MPI_INT, from, world);
  text.resize(n);
  MPI_Bcast(&text[0], n, MPI_CHAR, from, world);
  return text;
}

}    // namespace

IonscapeCompute::IonscapeCompute(LAMMPS *lmp, int narg, char **arg) :
    Compute(lmp, narg, arg), temperature(NAN), goes_on(false), nmax(0), busy(false), spent{}
{
  if (!domain->box_exist) refuse("needs a simulation box; define one before the compute");
  // LAMMPS gives such a box no images along z, and dumps do not tell.
  if (domain->dimension == 2) refuse("needs a simulation in three dimensions, not 'dimension 2'");

  const auto given = read(narg, arg);
  goes_on = given.goes_on;
  load(given);
  check_molecules();
  const bool absent = given.temperature.kind == ionscape::TemperatureKind::Absent;
  if (handle->engine->takes_temperature() && absent)
    refuse("the model takes the temperature of the system; add 'temperature T' with a number, an equal-style variable "
           "as v_NAME, or a compute as c_ID");
  if (!handle->engine->takes_temperature() && !absent) refuse("the model takes no temperature; leave the keyword out");

  peratom_flag = 1;
  create_attribute = 1;
  comm_forward = 3;
  report_id = fmt::format("{}_ionscape_report", id);
  modify->add_fix(fmt::format("{} all IONSCAPE/REPORT {}", report_id, id));
}

IonscapeCompute::~IonscapeCompute()
{
  // LAMMPS deletes fixes before computes when it ends.
  if (modify->nfix && fix_by_id(modify, report_id)) {
    modify->delete_fix(report_id);
    // A run without setup would know its fixes by the places that they had.
    update->first_update = 0;
  }
  memory->destroy(array_atom);
}

void IonscapeCompute::refuse(const std::string &why)
{
  error->all(FLERR, fmt::format("Compute {} (style {}): {}", id, style, why));
}

ionscape::Arguments IonscapeCompute::read(int narg, char **arg)
{
  std::vector<rust::String> words;
  for (int i = MODEL; i < narg; i++) words.push_back(rust::String::lossy(arg[i]));
  try {
    return ionscape::arguments(style, {words.data(), words.size()}, atom->ntypes);
  } catch (const std::exception &e) {
    refuse(e.what());
  }
}

// Rank 0 reads, so that a file system sees one reader and all ranks succeed or fail alike.
void IonscapeCompute::load(const ionscape::Arguments &given)
{
  std::string model, problem;
  if (comm->me == 0) {
    try {
      const auto bytes = ionscape::read_model(given.model);
      model.assign(reinterpret_cast<const char *>(bytes.data()), bytes.size());
    } catch (const std::exception &e) {
      problem = e.what();
    }
  }
  problem = broadcast(problem, world);
  if (!problem.empty()) refuse(problem);
  model = broadcast(model, world);

  try {
    const rust::Slice<const uint8_t> bytes(reinterpret_cast<const uint8_t *>(model.data()), model.size());
    auto engine =
        ionscape::load(given.model, bytes, {given.names.data(), given.names.size()}, update->unit_style, given.threads);
    handle.reset(new Handle{std::move(engine), given.temperature, {}, {}, {}, {}, {}});
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
  if (!fix_by_id(modify, report_id))
    refuse(fmt::format("its fix {} is gone, which tells when runs end and ghosts are chosen; define the compute again", report_id));
  seen = {};
  // Until LAMMPS has chosen ghosts again, which the set-up of a run asks for values before.
  held.comm = nullptr;
  // A partition that has the sums over waves alone has types of atoms and charges that do not belong together.
  if (!utils::strmatch(update->integrate_style, "^verlet/split")) check_charges();
  check_molecules();
  if (!handle->engine->has_molecules()) check_ghosts();
  tell_of_temperature();
}

// Whatever has a scalar is taken for a temperature. And asked once more, a compute that takes a bias off velocities finds the bias
// anew, which fix nvt and its kind take off later.
void IonscapeCompute::tell_of_temperature()
{
  if (handle->temperature.kind != ionscape::TemperatureKind::Compute) return;
  const std::string name = ionscape_text(handle->temperature.name);
  const Compute *compute = compute_by_id(modify, name);
  if (compute && !compute->tempflag && comm->me == 0)
    error->warning(FLERR, fmt::format("Compute {} (style {}): its temperature c_{} is none by LAMMPS's own word (compute {} is of style "
                                      "{})",
                                      id, style, name, name, compute->style));
  if (compute && compute->tempbias && comm->me == 0)
    error->warning(FLERR, fmt::format("Compute {} (style {}): temperature c_{} takes a bias off velocities; if a thermostat uses it "
                                      "too, asking for it may change the trajectory: define a compute of its own for the field",
                                      id, style, name));
}

void IonscapeCompute::check_molecules()
{
  if (handle->engine->has_molecules() && (!atom->molecule_flag || !atom->tag_enable))
    refuse("some ions of the model are centres of mass of molecules; use an atom_style with molecule ids, and ids of atoms");
}

// The lowest rank that has something to say speaks, to all.
std::string IonscapeCompute::of_any_rank(std::string text)
{
  const int speaker = text.empty() ? comm->nprocs : comm->me;
  int lowest = 0;
  MPI_Allreduce(&speaker, &lowest, 1, MPI_INT, MPI_MIN, world);
  return lowest == comm->nprocs ? std::string() : broadcast(text, world, lowest);
}

void IonscapeCompute::find_temperature()
{
  const auto kind = handle->temperature.kind;
  const std::string name = ionscape_text(handle->temperature.name);
  if (kind == ionscape::TemperatureKind::Compute) {
    Compute *compute = compute_by_id(modify, name);
    if (!compute || !compute->scalar_flag) refuse(fmt::format("there is no compute {} with a scalar, for the temperature", name));
    if (!is_ready(compute, 0))
      refuse(fmt::format("no run has begun since compute {} was defined, and it has no temperature yet; 'run 0' makes it ready", name));
    // What it has of this step may be of velocities before a thermostat or a command changed them. LAMMPS gets back what it
    // had: a barostat that asks later must find the same with and without this compute.
    const auto known = std::make_pair(compute->scalar, compute->invoked_scalar);
    temperature = compute->compute_scalar();
    std::tie(compute->scalar, compute->invoked_scalar) = known;
  } else if (kind == ionscape::TemperatureKind::Variable) {
    const int variable = input->variable->find(name.c_str());
    if (variable < 0 || !input->variable->equalstyle(variable))
      refuse(fmt::format("there is no equal-style variable {}, for the temperature", name));
    temperature = input->variable->compute_equal(variable);
  } else
    temperature = handle->temperature.number;
}

// The centers, and the atoms among which their neighbours are.
void IonscapeCompute::look_at_atoms()
{
  centers.clear();
  for (int i = 0; i < atom->nlocal; i++)
    if ((atom->mask[i] & groupbit) && handle->engine->is_ion(atom->type[i])) centers.push_back(i);
  handle->look(atom, places);
  handle->counted.reset();
}

void IonscapeCompute::compute_peratom()
{
  if (std::exchange(busy, true)) refuse("the temperature that it takes depends on its own values");
  const std::unique_ptr<bool, void (*)(bool *)> rests(&busy, [](bool *busy) { *busy = false; });
  // A program that goes on after an error asks again.
  invoked_peratom = -1;
  find_values();
  if (update->whichflag != 0) {
    invoked_peratom = update->ntimestep;
    return;
  }
  // Between runs atoms may change before a program asks again at this step, and it asks where this is another step. No run's
  // report counts what was asked for there.
  spent = {};
}

void IonscapeCompute::find_values()
{
  find_temperature();
  // Fixes change charges while a run is under way, and commands between runs.
  check_charges();
  const bool among_ghosts = ghosts_serve();
  if (among_ghosts)
    find_places();
  else
    gather();
  // All ranks take part, if the atoms of one have moved.
  const int mine = seen_before(among_ghosts);
  int same = 0;
  MPI_Allreduce(&mine, &same, 1, MPI_INT, MPI_MIN, world);
  if (same) return;
  // Not seen until all is well: a host that goes on after an error must not be given what is left.
  const bigint step = std::exchange(seen.step, -1);
  evaluate_atoms(among_ghosts);
  seen.step = step;
}

// By their bits: charges that are not known are no numbers.
template <class T> static bool holds(const std::vector<T> &kept, const T *now, std::size_t n)
{
  return kept.size() == n && (!n || !std::memcmp(kept.data(), now, n * sizeof(T)));
}

// Whether this rank has exactly the atoms of the last evaluation. LAMMPS asks more than once a step (each dump, thermo), and
// between two of these atoms may also have moved, been sorted or changed groups.
bool IonscapeCompute::seen_before(bool among_ghosts)
{
  const std::size_t nlocal = atom->nlocal, n = among_ghosts ? nlocal + atom->nghost : nlocal;
  const std::vector<double> gathered = among_ghosts ? std::vector<double>() : handle->everything();
  const std::vector<double> &x = among_ghosts ? places : gathered;
  // Which atoms have values, whatever other groups they join and leave.
  std::vector<int> mask(atom->mask, atom->mask + nlocal);
  for (int &groups : mask) groups &= groupbit;
  // Without one both are no number.
  const bool as_warm = seen.temperature == temperature || (std::isnan(seen.temperature) && std::isnan(temperature));
  if (as_warm && seen.step == update->ntimestep && seen.among_ghosts == among_ghosts && holds(seen.types, atom->type, n) &&
      holds(seen.mask, mask.data(), nlocal) && holds(seen.x, x.data(), x.size()))
    return true;
  seen.step = update->ntimestep;
  seen.temperature = temperature;
  seen.among_ghosts = among_ghosts;
  seen.types.assign(atom->type, atom->type + n);
  seen.mask = mask;
  seen.x = x;
  return false;
}

void IonscapeCompute::evaluate_atoms(bool among_ghosts)
{
  const double began = MPI_Wtime();

  grow_values();
  const int columns = size_peratom_cols;
  if (atom->nlocal) std::fill_n(array_atom[0], static_cast<std::size_t>(atom->nlocal) * columns, 0.0);

  if (!std::exchange(looked, true)) look_at_composition();
  // What was asked for between runs is left over.
  if (!spent.evaluations) forget_findings();
  std::vector<int> of_values;
  if (among_ghosts) {
    look_at_atoms();
    of_values = centers;
    values.resize(of_values.size() * columns);
    evaluate(values);
  } else {
    for (int i = 0; i < atom->nlocal; i++)
      if ((atom->mask[i] & groupbit) && handle->engine->is_ion(atom->type[i])) of_values.push_back(i);
    values.resize(of_values.size() * columns);
    evaluate_gathered(values);
    look_at_molecules();
    centers.clear();
    for (std::size_t k = 0; k < of_values.size(); k++)
      if (handle->counted[k]) centers.push_back(of_values[k]);
  }
  for (std::size_t k = 0; k < of_values.size(); k++) std::copy_n(&values[k * columns], columns, array_atom[of_values[k]]);

  spent.ions.resize(handle->engine->n_species());
  for (const int i : centers) spent.ions[handle->engine->species_of(atom->type[i])]++;
  const double seconds = MPI_Wtime() - began;
  spent.evaluations++;
  spent.centers += static_cast<bigint>(centers.size());
  spent.seconds += seconds;
  // LAMMPS does not count what is asked for while a run is set up, its first step, as part of its loop.
  if (!update->setupflag && update->ntimestep != update->firststep) spent.loop_seconds += seconds;
}

void IonscapeCompute::grow_values()
{
  if (atom->nmax <= nmax) return;
  memory->grow(array_atom, atom->nmax, size_peratom_cols, "ionscape:array_atom");
  for (int i = nmax; i < atom->nmax; i++) blank(array_atom[i]);
  nmax = atom->nmax;
}

void IonscapeCompute::blank(double *row) const
{
  std::fill_n(row, size_peratom_cols, 0.0);
}

void IonscapeCompute::set_arrays(int i)
{
  grow_values();
  blank(array_atom[i]);
}

double IonscapeCompute::memory_usage()
{
  return static_cast<double>(nmax) * size_peratom_cols * sizeof(double) + values.capacity() * sizeof(double) +
      (places.capacity() + seen.x.capacity() + held.x.capacity() + handle->rows.capacity()) * sizeof(double) +
      (centers.capacity() + seen.types.capacity() + seen.mask.capacity()) * sizeof(int) +
      handle->engine->memory(atom->nlocal + atom->nghost);
}

void IonscapeCompute::begin_report()
{
  // A rerun comes here for every frame, and is one run all the same.
  const Span run{update->firststep, update->laststep};
  if (run == under_way) return;
  under_way = run;
  spent = {};
  looked = false;
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
  const bigint evaluations = spent.evaluations, unsure = spent.unsure;
  const auto own = std::move(spent.ions);
  spent = {};
  under_way = {};
  if (!evaluations) return;
  std::vector<double> ions(own.size());
  MPI_Allreduce(own.data(), ions.data(), static_cast<int>(own.size()), MPI_DOUBLE, MPI_SUM, world);
  print_findings(evaluated, handle->engine->are_part({ions.data(), ions.size()}, {present.data(), present.size()}));
  if (comm->me) return;
  if (unsure)
    error->warning(FLERR, fmt::format("Compute {} (style {}): neighbors may have been missing in {} of this run's {} evaluations; "
                                      "see above",
                                      id, style, unsure, evaluations));
  // Without a timer (timer off) the loop's time is not known.
  const auto share = loop > 0.0 ? fmt::format(" ({:.2f}% of this run's loop)", 100.0 * slowest[1] / loop) : std::string();
  utils::logmesg(lmp, fmt::format("Compute {} ({}): {} evaluations of {:.1f} ions, {:.4g} s on the slowest rank{}, "
                                  "{:.4g} microseconds per ion and rank\n",
                                  id, style, evaluations, static_cast<double>(evaluated) / evaluations, slowest[0], share,
                                  evaluated ? 1e6 * slowest[0] * comm->nprocs / evaluated : 0.0));
}
