// The entry point of ionscapeplugin.so: compares the LAMMPS that loads it with the one it was built for.

#include "lammps_compat.h"

#include "compute_conductivity_atom.h"
#include "compute_soap_atom.h"
#include "fix_ionscape_report.h"

#include "error.h"
#include "fmt/format.h"
#include "lammps.h"
#include "library.h"

#include <mpi.h>
#include <string>

using namespace LAMMPS_NS;

#ifndef IONSCAPE_LAMMPS_VERSION
#error "IONSCAPE_LAMMPS_VERSION must be the LAMMPS version as a number, such as 20250722"
#endif
#if !defined(IONSCAPE_ROOT) || !defined(IONSCAPE_BUILD_COMMAND)
#error "IONSCAPE_ROOT and IONSCAPE_BUILD_COMMAND must be the checkout's folder and the command that builds this file"
#endif

namespace {

template <class Style> void *create(void *lmp, int narg, char **arg)
{
  return new Style(static_cast<LAMMPS *>(lmp), narg, arg);
}

// Implementations that share a binary interface go by one name.
#if defined(OMPI_MAJOR_VERSION)
const char *const built_mpi = "Open MPI";
#elif defined(MPI_STUBS)
const char *const built_mpi = "no MPI";
#elif defined(MPICH_VERSION) || defined(I_MPI_VERSION) || defined(MVAPICH2_VERSION)
const char *const built_mpi = "MPICH";
#else
const char *const built_mpi = "";
#endif

std::string running_mpi()
{
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = {0};
  int length = 0;
  MPI_Get_library_version(text, &length);
  const std::string version(text);
  if (version.find("Open MPI") != std::string::npos) return "Open MPI";
  if (version.find("STUBS") != std::string::npos) return "no MPI";
  for (const char *name : {"MPICH", "Intel(R) MPI", "MVAPICH"})
    if (version.find(name) != std::string::npos) return "MPICH";
  return version.substr(0, version.find('\n'));
}

std::string mismatch(void *lmp)
{
  if (const int running = lammps_version(lmp); running != IONSCAPE_LAMMPS_VERSION)
    return fmt::format("was built for LAMMPS {}, and this is LAMMPS {}", IONSCAPE_LAMMPS_VERSION, running);
  const int bits[2] = {8 * lammps_extract_setting(lmp, "bigint"), 8 * lammps_extract_setting(lmp, "tagint")};
  if (bits[0] != 8 * int(sizeof(bigint)) || bits[1] != 8 * int(sizeof(tagint)))
    return fmt::format("was built for a LAMMPS with {}-bit counts and {}-bit atom ids, and this one has {} and {}",
                       8 * sizeof(bigint), 8 * sizeof(tagint), bits[0], bits[1]);
  if (const std::string mpi = running_mpi(); *built_mpi && mpi != built_mpi)
    return fmt::format("was built with {}, and this LAMMPS runs with {}", built_mpi, mpi);
  return "";
}

}    // namespace

extern "C" void lammpsplugin_init(void *lmp, void *handle, void *regfunc)
{
  const std::string problem = mismatch(lmp);
  if (!problem.empty())
    static_cast<LAMMPS *>(lmp)->error->all(
        FLERR,
        "ionscapeplugin.so {}. Rebuild it for this LAMMPS: cd {} && {} (cmake/README.md says how to build for a LAMMPS "
        "in another place)",
        problem, IONSCAPE_ROOT, IONSCAPE_BUILD_COMMAND);

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
  add("fix", "IONSCAPE/REPORT", "ionscape: its share of a run's time", &create<FixIonscapeReport>);
}
