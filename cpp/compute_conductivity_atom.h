#ifdef COMPUTE_CLASS
// clang-format off
ComputeStyle(conductivity/atom,ComputeConductivityAtom);
// clang-format on
#else

#ifndef LMP_COMPUTE_CONDUCTIVITY_ATOM_H
#define LMP_COMPUTE_CONDUCTIVITY_ATOM_H

#include "ionscape_compute.h"

namespace LAMMPS_NS {

// Local molar conductivity, its deviation over the ensemble, and the extrapolation grade of each ion.
class ComputeConductivityAtom : public IonscapeCompute {
 public:
  ComputeConductivityAtom(class LAMMPS *, int, char **);
  double compute_scalar() override;

 protected:
  void evaluate(std::vector<double> &values) override;

 private:
  bool warned;
};

}    // namespace LAMMPS_NS

#endif
#endif
