#include "compute_soap_atom.h"

#include "ionscape_engine.h"

using namespace LAMMPS_NS;

ComputeSOAPAtom::ComputeSOAPAtom(LAMMPS *lmp, int narg, char **arg) : IonscapeCompute(lmp, narg, arg)
{
  size_peratom_cols = static_cast<int>(handle->engine->n_features());
}

void ComputeSOAPAtom::evaluate(std::vector<double> &values)
{
  contained([&] {
    check_places();
    ionscape::features(*handle->engine, handle->atoms, {centers.data(), centers.size()}, temperature,
                       {values.data(), values.size()});
  });
}

void ComputeSOAPAtom::evaluate_gathered(std::vector<double> &values)
{
  contained([&] {
    ionscape::features_gathered(*handle->engine, handle->configuration, handle->all_wanted(), temperature,
                                {values.data(), values.size()}, handle->all_counted());
  });
}
