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

// Tells a compute when a run begins and ends and when ghosts are chosen, which LAMMPS tells fixes alone. Made by the
// compute, not in input files.
class FixIonscapeReport : public Fix {
 public:
  FixIonscapeReport(class LAMMPS *, int, char **);
  int setmask() override;
  void init() override;
  void setup_post_neighbor() override;
  void post_neighbor() override;
  void min_post_neighbor() override;
  void post_run() override;

 private:
  std::string compute_id;
  class IonscapeCompute *find() const;
};

}    // namespace LAMMPS_NS

#endif
#endif
