#include "fix_ionscape_report.h"

#include "ionscape_compute.h"

#include "atom.h"
#include "error.h"
#include "modify.h"

using namespace LAMMPS_NS;

FixIonscapeReport::FixIonscapeReport(LAMMPS *lmp, int narg, char **arg) : Fix(lmp, narg, arg)
{
  if (narg != 4) error->all(FLERR, fmt::format("Fix {} is made by computes, not in input files", style));
  compute_id = arg[3];
  create_attribute = 1;
  atom->add_callback(Atom::GROW);
}

FixIonscapeReport::~FixIonscapeReport()
{
  if (atom) atom->delete_callback(id, Atom::GROW);
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

void FixIonscapeReport::grow_arrays(int nmax)
{
  if (auto *compute = find()) compute->grow_values(nmax);
}

void FixIonscapeReport::copy_arrays(int from, int to, int /*delflag*/)
{
  if (auto *compute = find()) compute->copy_values(from, to);
}

void FixIonscapeReport::set_arrays(int i)
{
  if (auto *compute = find()) compute->clear_values(i);
}

// Atoms that come from other ranks leave their values there: before the next evaluation only commands between runs bring any
// that could be asked for.
int FixIonscapeReport::unpack_exchange(int i, double * /*buffer*/)
{
  set_arrays(i);
  return 0;
}

IonscapeCompute *FixIonscapeReport::find() const
{
  return dynamic_cast<IonscapeCompute *>(compute_by_id(modify, compute_id));
}
