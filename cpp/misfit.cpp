#include "misfit.h"

#include "lammps_compat.h"

#include "lammps.h"
#include "library.h"

#include <dlfcn.h>
#include <fstream>
#include <mpi.h>

#if !defined(IONSCAPE_ROOT) || !defined(IONSCAPE_BUILD_COMMAND) || !defined(IONSCAPE_SIZES)
#error "IONSCAPE_ROOT, IONSCAPE_BUILD_COMMAND and IONSCAPE_SIZES must be the checkout, what builds this file, and SMALLBIG"
#endif

// Implementations that share a binary interface go by one name.
#if defined(OMPI_MAJOR_VERSION)
#define BUILT_MPI "Open MPI"
#elif defined(MPI_STUBS)
#define BUILT_MPI "no MPI"
#elif defined(MPICH_VERSION) || defined(I_MPI_VERSION) || defined(MVAPICH2_VERSION)
#define BUILT_MPI "MPICH"
#else
#define BUILT_MPI ""
#endif

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

// Read from the file by `ionscape`, which looks for the plugin that fits a LAMMPS.
extern "C" const char ionscape_built_for[] =
    "ionscapeplugin.so for LAMMPS " TEXT(IONSCAPE_LAMMPS_VERSION) ", " IONSCAPE_SIZES ", " BUILT_MPI ";";

// LAMMPS's Error::all, by both types that std::string has had: each release has one of them.
extern "C" bool ionscape_all_cxx11(void *error, const char *text);
extern "C" bool ionscape_all_old(void *error, const char *text);

namespace {

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

std::string difference(void *lmp)
{
  using std::to_string;
  if (const int running = lammps_version(lmp); running != IONSCAPE_LAMMPS_VERSION)
    return "was built for LAMMPS " TEXT(IONSCAPE_LAMMPS_VERSION) ", and this is LAMMPS " + to_string(running);
  const int bits[2] = {8 * lammps_extract_setting(lmp, "bigint"), 8 * lammps_extract_setting(lmp, "tagint")};
  const int built[2] = {8 * int(sizeof(LAMMPS_NS::bigint)), 8 * int(sizeof(LAMMPS_NS::tagint))};
  if (bits[0] != built[0] || bits[1] != built[1])
    return "was built for a LAMMPS with " + to_string(built[0]) + "-bit counts and " + to_string(built[1]) +
        "-bit atom ids, and this one has " + to_string(bits[0]) + " and " + to_string(bits[1]);
  if (const std::string mpi = running_mpi(); *BUILT_MPI && mpi != BUILT_MPI)
    return "was built with " BUILT_MPI ", and this LAMMPS runs with " + mpi;
  return "";
}

// What builds the plugin for the LAMMPS that runs: its CMake package lies beside its library.
std::string build_command(void *lmp)
{
  Dl_info library{};
  if (!dladdr(reinterpret_cast<void *>(&lammps_version), &library) || !library.dli_fname) return IONSCAPE_BUILD_COMMAND;
  const std::string path(library.dli_fname);
  const std::string package = path.substr(0, path.rfind('/') + 1) + "cmake/LAMMPS";
  if (!std::ifstream(package + "/LAMMPSConfig.cmake").good()) return IONSCAPE_BUILD_COMMAND;
  const std::string folder = "build-" + std::to_string(lammps_version(lmp));
  return "cmake -S cmake -B " + folder + " -D LAMMPS_DIR=" + package + " && cmake --build " + folder;
}

}    // namespace

std::string ionscape::misfit(void *lmp)
{
  const std::string found = difference(lmp);
  if (found.empty()) return "";
  return "ionscapeplugin.so " + found + ". Rebuild it for this LAMMPS: cd " IONSCAPE_ROOT " && " + build_command(lmp) +
      " (cmake/README.md says how to build for a LAMMPS in another place)";
}

void ionscape::refuse(void *lmp, const std::string &why)
{
  // The first pointers of the class are the same in all releases.
  void *error = static_cast<LAMMPS_NS::LAMMPS *>(lmp)->error;
  if (!ionscape_all_cxx11(error, why.c_str())) ionscape_all_old(error, why.c_str());
}
