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
    ionscape::features(*handle->engine, handle->atoms, {centers.data(), centers.size()},
                       {values.data(), values.size()});
  });
}
