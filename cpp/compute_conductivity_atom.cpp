#include "compute_conductivity_atom.h"

#include "ionscape_engine.h"

#include "comm.h"
#include "error.h"
#include "update.h"

#include <algorithm>

using namespace LAMMPS_NS;

ComputeConductivityAtom::ComputeConductivityAtom(LAMMPS *lmp, int narg, char **arg) :
    IonscapeCompute(lmp, narg, arg), warned(false), members(handle->engine->n_members())
{
  scalar_flag = 1;
  extscalar = 0;
  size_peratom_cols = 3;
  if (comm->me == 0 && !handle->engine->has_domain())
    error->warning(FLERR, fmt::format("Compute {}: the model carries no training domain, so the extrapolation grade is -1",
                                      id));
}

void ComputeConductivityAtom::evaluate(std::vector<double> &values)
{
  contained([&] {
    ionscape::evaluate(*handle->engine, handle->atoms, {centers.data(), centers.size()}, temperature,
                       {values.data(), values.size()}, {members.data(), members.size()});
  });
}

void ComputeConductivityAtom::evaluate_gathered(std::vector<double> &values)
{
  contained([&] {
    ionscape::evaluate_gathered(*handle->engine, handle->configuration, handle->all_wanted(), temperature,
                                {values.data(), values.size()}, handle->all_counted(), {members.data(), members.size()});
  });
}

void ComputeConductivityAtom::begin_findings()
{
  std::fill(members.begin(), members.end(), 0.0);
}

// The members' means over a run tell a liquid that the model does not know, even where each ion by itself looks familiar.
void ComputeConductivityAtom::print_findings(bigint evaluated)
{
  std::vector<double> all(members.size());
  MPI_Allreduce(members.data(), all.data(), static_cast<int>(all.size()), MPI_DOUBLE, MPI_SUM, world);
  begin_findings();
  if (comm->me || !evaluated) return;
  const auto found =
      ionscape::agreement(*handle->engine, {all.data(), all.size()}, static_cast<std::size_t>(evaluated));
  std::string grade;
  if (found.extrapolation >= 0.0)
    grade = fmt::format(", {:.3g} times the largest of a training system", found.extrapolation);
  utils::logmesg(lmp, fmt::format("Compute {} ({}): mean {:.6g}, deviation over the ensemble {:.3g}{}\n", id, style,
                                  found.mean, found.deviation, grade));
}

// The mean over the ions of the group: the molar conductivity of the system, as predicted from this instant.
double ComputeConductivityAtom::compute_scalar()
{
  compute_peratom();
  invoked_scalar = update->ntimestep;

  double mine[2] = {0.0, static_cast<double>(centers.size())}, all[2];
  for (const int i : centers) mine[0] += array_atom[i][0];
  MPI_Allreduce(mine, all, 2, MPI_DOUBLE, MPI_SUM, world);
  if (all[1] == 0.0 && !warned) {
    warned = true;
    if (comm->me == 0)
      error->warning(FLERR, fmt::format("Compute {}: the group holds no ion, and the mean over it is set to 0", id));
  }
  scalar = all[1] > 0.0 ? all[0] / all[1] : 0.0;
  return scalar;
}
