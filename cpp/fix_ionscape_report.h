#ifdef FIX_CLASS
// clang-format off
FixStyle(IONSCAPE/REPORT,FixIonscapeReport);
// clang-format on
#else

#ifndef LMP_FIX_IONSCAPE_REPORT_H
#define LMP_FIX_IONSCAPE_REPORT_H

#include "lammps_compat.h"

#include "fix.h"

#include <string>

namespace LAMMPS_NS {

// Tells a compute when a run begins and ends, when ghosts are chosen, and when atoms come, go and move to other places in
// memory, which LAMMPS tells fixes alone. Made by the compute, not in input files.
class FixIonscapeReport : public Fix {
 public:
  FixIonscapeReport(class LAMMPS *, int, char **);
  ~FixIonscapeReport() override;
  int setmask() override;
  void init() override;
  void setup_post_neighbor() override;
  void post_neighbor() override;
  void min_post_neighbor() override;
  void post_run() override;
  void grow_arrays(int) override;
  void copy_arrays(int, int, int) override;
  void set_arrays(int) override;
  int unpack_exchange(int, double *) override;

 private:
  std::string compute_id;
  class IonscapeCompute *find() const;
};

}    // namespace LAMMPS_NS

#endif
#endif
