#ifdef COMPUTE_CLASS
// clang-format off
ComputeStyle(conductivity/atom,ComputeConductivityAtom);
// clang-format on
#else

#ifndef LMP_COMPUTE_CONDUCTIVITY_ATOM_H
#define LMP_COMPUTE_CONDUCTIVITY_ATOM_H

#include "ionscape_compute.h"

#include <vector>

namespace LAMMPS_NS {

// Local molar conductivity, its deviation over the ensemble, and the extrapolation grade of each ion.
class ComputeConductivityAtom : public IonscapeCompute {
 public:
  ComputeConductivityAtom(class LAMMPS *, int, char **);
  double compute_scalar() override;

 protected:
  void evaluate(std::vector<double> &values) override;
  void evaluate_gathered(std::vector<double> &values) override;
  void forget_findings() override;
  void begin_findings() override;
  void print_findings(bigint evaluated, bool part) override;
  void blank(double *row) const override;

 private:
  bool warned;
  // Evaluations of this rank's ions that failed since the run began, and whether that was said.
  bigint failed;
  bool told;
  // Each member's sum over this rank's ions since the run began.
  std::vector<double> members;

  // Runs a call that gives these values; what fails stops LAMMPS, or is flagged and remembered.
  template <typename Work> void watch(std::vector<double> &values, Work &&work);
};

}    // namespace LAMMPS_NS

#endif
#endif
