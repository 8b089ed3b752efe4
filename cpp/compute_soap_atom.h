#ifdef COMPUTE_CLASS
// clang-format off
ComputeStyle(soap/atom,ComputeSOAPAtom);
// clang-format on
#else

#ifndef LMP_COMPUTE_SOAP_ATOM_H
#define LMP_COMPUTE_SOAP_ATOM_H

#include "ionscape_compute.h"

namespace LAMMPS_NS {

// The features that a model sees of each ion.
class ComputeSOAPAtom : public IonscapeCompute {
 public:
  ComputeSOAPAtom(class LAMMPS *, int, char **);

 protected:
  void evaluate(std::vector<double> &values) override;
  void evaluate_gathered(std::vector<double> &values) override;
};

}    // namespace LAMMPS_NS

#endif
#endif
