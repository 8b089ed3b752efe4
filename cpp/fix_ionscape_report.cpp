#include "fix_ionscape_report.h"

#include "ionscape_compute.h"

#include "error.h"
#include "modify.h"

using namespace LAMMPS_NS;

FixIonscapeReport::FixIonscapeReport(LAMMPS *lmp, int narg, char **arg) : Fix(lmp, narg, arg)
{
  if (narg != 4) error->all(FLERR, fmt::format("Fix {} is made by computes, not in input files", style));
  compute_id = arg[3];
}

int FixIonscapeReport::setmask()
{
  return FixConst::POST_NEIGHBOR | FixConst::MIN_POST_NEIGHBOR;
}

void FixIonscapeReport::init()
{
  if (auto *compute = find()) compute->begin_report();
}

void FixIonscapeReport::setup_post_neighbor()
{
  if (auto *compute = find()) compute->hold_atoms();
}

void FixIonscapeReport::post_neighbor()
{
  setup_post_neighbor();
}

void FixIonscapeReport::min_post_neighbor()
{
  setup_post_neighbor();
}

void FixIonscapeReport::post_run()
{
  if (auto *compute = find()) {
    compute->end_run();
    compute->print_report();
  }
}

IonscapeCompute *FixIonscapeReport::find() const
{
  return dynamic_cast<IonscapeCompute *>(compute_by_id(modify, compute_id));
}
