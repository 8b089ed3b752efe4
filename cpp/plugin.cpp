// The entry point of ionscapeplugin.so for LAMMPS's plugin command.

#include "lammps_compat.h"
#include "misfit.h"
#include "styles.h"

#include "lammps.h"

using namespace LAMMPS_NS;

namespace {

template <class Style> void *create(void *lmp, int narg, char **arg)
{
  return new Style(static_cast<LAMMPS *>(lmp), narg, arg);
}

}    // namespace

extern "C" void lammpsplugin_init(void *lmp, void *handle, void *regfunc)
{
  const std::string problem = ionscape::misfit(lmp);
  if (!problem.empty()) return ionscape::refuse(lmp, problem);

  auto add = [&](const char *style, const char *name, const char *info, lammpsplugin_factory2 *creator) {
    lammpsplugin_t plugin;
    plugin.version = static_cast<LAMMPS *>(lmp)->version;
    plugin.style = style;
    plugin.name = name;
    plugin.info = info;
    plugin.author = "the ionscape developers";
    plugin.creator.v2 = creator;
    plugin.handle = handle;
    reinterpret_cast<lammpsplugin_regfunc>(regfunc)(&plugin, lmp);
  };
  add("compute", "conductivity/atom", "ionscape: local molar conductivity of ions", &create<ComputeConductivityAtom>);
  add("compute", "soap/atom", "ionscape: SOAP power spectrum around ions", &create<ComputeSOAPAtom>);
  add("fix", "IONSCAPE/REPORT", "ionscape: when runs begin and end, and its share of their time", &create<FixIonscapeReport>);
}
