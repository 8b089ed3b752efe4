// The entry points of ionscapeplugin.so for a program that runs LAMMPS within itself: they need no PLUGIN package.

#include "lammps_compat.h"
#include "misfit.h"
#include "styles.h"

#include "input.h"
#include "lammps.h"
#include "universe.h"

#include <cstdio>
#include <map>

using namespace LAMMPS_NS;

namespace {

template <class Style> Compute *create_compute(LAMMPS *lmp, int narg, char **arg)
{
  return new Style(lmp, narg, arg);
}

template <class Style> Fix *create_fix(LAMMPS *lmp, int narg, char **arg)
{
  return new Style(lmp, narg, arg);
}

void add_styles(LAMMPS *lmp)
{
  Modify &modify = *lmp->modify;
  (*modify.compute_map)["conductivity/atom"] = &create_compute<ComputeConductivityAtom>;
  (*modify.compute_map)["soap/atom"] = &create_compute<ComputeSOAPAtom>;
  (*modify.fix_map)["IONSCAPE/REPORT"] = &create_fix<FixIonscapeReport>;
}

// LAMMPS's own creators of the commands that make a simulation box.
std::map<std::string, Input::CommandCreator> &box_commands()
{
  static std::map<std::string, Input::CommandCreator> commands;
  return commands;
}

// The command `clear` takes all styles away that LAMMPS did not come with, and keeps the commands. A compute needs a box,
// and a box needs one of these: the styles come back with it.
template <int which> Command *create_box_command(LAMMPS *lmp);

struct BoxCommand {
  const char *name;
  Input::CommandCreator creator;
};

const BoxCommand BOX_COMMANDS[] = {{"create_box", &create_box_command<0>},
                                   {"read_data", &create_box_command<1>},
                                   {"read_restart", &create_box_command<2>}};

template <int which> Command *create_box_command(LAMMPS *lmp)
{
  add_styles(lmp);
  return box_commands()[BOX_COMMANDS[which].name](lmp);
}

}    // namespace

// Makes the styles known to a LAMMPS. Returns 0, or 1 with the reason in `why`, which has room for `size` bytes.
extern "C" int ionscape_register(void *handle, char *why, int size)
{
  const std::string problem = ionscape::misfit(handle);
  if (!problem.empty()) {
    std::snprintf(why, size, "%s", problem.c_str());
    return 1;
  }
  auto *lmp = static_cast<LAMMPS *>(handle);
  add_styles(lmp);
  for (const auto &[name, creator] : BOX_COMMANDS) {
    auto &current = (*lmp->input->command_map)[name];
    if (current != creator) box_commands()[name] = current;
    current = creator;
  }
  return 0;
}

// Ends all ranks after a failure that not all of them know of.
extern "C" void ionscape_abort(void *handle)
{
  MPI_Abort(static_cast<LAMMPS *>(handle)->universe->uworld, 1);
}
