#include "compute_conductivity_atom.h"

#include "ionscape_engine.h"

#include "atom.h"
#include "comm.h"
#include "error.h"
#include "update.h"

#include <algorithm>
#include <exception>
#include <iterator>

using namespace LAMMPS_NS;

namespace {

// Stands for an ion that the model failed on, as on the Rust side.
constexpr double FLAG[] = {0.0, 0.0, -2.0};

}    // namespace

ComputeConductivityAtom::ComputeConductivityAtom(LAMMPS *lmp, int narg, char **arg) :
    IonscapeCompute(lmp, narg, arg), warned(false), failed(0), told(false), members(handle->engine->n_members())
{
  scalar_flag = 1;
  extscalar = 0;
  size_peratom_cols = 3;
  if (comm->me == 0 && !handle->engine->has_domain())
    error->warning(FLERR, fmt::format("Compute {}: the model carries no training domain, so the extrapolation grade is -1",
                                      id));
}

template <typename Work>
void ComputeConductivityAtom::watch(std::vector<double> &values, Work &&work)
{
  const std::size_t n = values.size() / 3;
  ionscape::Failures failures{0, 0, {}};
  try {
    failures = work();
  } catch (const std::exception &e) {
    // Nothing was evaluated: each atom counts as an ion.
    failures = {n, n, e.what()};
    for (std::size_t k = 0; k < n; k++) blank(&values[3 * k]);
    if (handle->counted) std::fill_n(handle->counted.get(), n, true);
  }
  failed += static_cast<bigint>(failures.count);
  std::string message;
  if (failures.count) {
    const bool one = failures.first < n;
    const tagint tag = !one ? 0 : handle->counted ? handle->wanted[failures.first] : atom->tag[centers[failures.first]];
    message = fmt::format("step {}{}: {}", update->ntimestep, tag ? fmt::format(", atom {}", tag) : "",
                          ionscape_text(failures.reason));
  }
  // All ranks come here, and end together.
  message = of_any_rank(message);
  if (message.empty()) return;
  if (!goes_on) refuse(message);
  if (comm->me == 0 && !told)
    error->warning(FLERR, fmt::format("Compute {} (style {}): {}; ions that the model fails on get 0, 0 and a grade of {:g}",
                                      id, style, message, FLAG[2]));
  told = true;
}

void ComputeConductivityAtom::evaluate(std::vector<double> &values)
{
  watch(values, [&] {
    check_places();
    return ionscape::evaluate(*handle->engine, handle->atoms, {centers.data(), centers.size()}, temperature,
                              {values.data(), values.size()}, {members.data(), members.size()});
  });
}

void ComputeConductivityAtom::evaluate_gathered(std::vector<double> &values)
{
  watch(values, [&] {
    return ionscape::evaluate_gathered(*handle->engine, handle->configuration, handle->all_wanted(), temperature,
                                       {values.data(), values.size()}, handle->all_counted(),
                                       {members.data(), members.size()});
  });
}

void ComputeConductivityAtom::forget_findings()
{
  std::fill(members.begin(), members.end(), 0.0);
  failed = 0;
}

void ComputeConductivityAtom::begin_findings()
{
  forget_findings();
  told = false;
}

// The members' means over a run tell a liquid that the model does not know, even where each ion by itself looks familiar.
void ComputeConductivityAtom::print_findings(bigint evaluated, bool part)
{
  std::vector<double> all(members.size());
  MPI_Allreduce(members.data(), all.data(), static_cast<int>(all.size()), MPI_DOUBLE, MPI_SUM, world);
  bigint failures = 0;
  MPI_Allreduce(&failed, &failures, 1, MPI_LMP_BIGINT, MPI_SUM, world);
  begin_findings();
  if (comm->me) return;
  if (failures)
    utils::logmesg(lmp, fmt::format("Compute {} ({}): the model failed on {} of {} evaluations of an ion\n", id, style,
                                    failures, evaluated));
  if (evaluated <= failures) return;
  const auto found =
      ionscape::agreement(*handle->engine, {all.data(), all.size()}, static_cast<std::size_t>(evaluated - failures));
  std::string grade;
  if (part)
    grade = ", of part of a liquid or of ions with a net charge, which is not compared with training systems";
  else if (found.extrapolation >= 0.0)
    grade = fmt::format(", {:.3g} times the largest of a training system", found.extrapolation);
  utils::logmesg(lmp, fmt::format("Compute {} ({}): mean {:.6g}, deviation over the ensemble {:.6g}{}\n", id, style,
                                  found.mean, found.deviation, grade));
}

void ComputeConductivityAtom::blank(double *row) const
{
  std::copy(std::begin(FLAG), std::end(FLAG), row);
}

// The mean over the ions of the group: the molar conductivity of the system, as predicted from this instant.
double ComputeConductivityAtom::compute_scalar()
{
  compute_peratom();
  invoked_scalar = invoked_peratom;

  double mine[2] = {0.0, 0.0}, all[2];
  for (const int i : centers) {
    if (array_atom[i][2] == FLAG[2]) continue;
    mine[0] += array_atom[i][0];
    mine[1] += 1.0;
  }
  MPI_Allreduce(mine, all, 2, MPI_DOUBLE, MPI_SUM, world);
  if (all[1] == 0.0 && !warned) {
    warned = true;
    if (comm->me == 0)
      error->warning(FLERR, fmt::format("Compute {}: the group holds no ion with a value, and the mean over it is set to 0",
                                        id));
  }
  scalar = all[1] > 0.0 ? all[0] / all[1] : 0.0;
  return scalar;
}
