// Every difference between LAMMPS releases that the styles meet, in one place, and what its installed headers lack.
// Include it before LAMMPS's own headers.

#ifndef IONSCAPE_LAMMPS_COMPAT_H
#define IONSCAPE_LAMMPS_COMPAT_H

#ifndef IONSCAPE_LAMMPS_VERSION
#error "IONSCAPE_LAMMPS_VERSION must be the LAMMPS version as a number, such as 20250722"
#endif

#if IONSCAPE_LAMMPS_VERSION < 20220623 && defined(FMT_HEADER_ONLY)
// Packages of 2021 leave out the fmt that their headers were written for; later ones no longer have this function.
// The headers name it in templates that the styles never use.
#include <fmt/format.h>
#if FMT_VERSION >= 90000
namespace fmt {
template <typename... Args, typename Format> format_args make_args_checked(const Format &, const Args &...);
}
#endif
#endif

#include "comm.h"
#include "modify.h"

#include <string>

namespace LAMMPS_NS {

#if IONSCAPE_LAMMPS_VERSION < 20220623

inline Fix *fix_by_id(Modify *modify, const std::string &id)
{
  const int index = modify->find_fix(id);
  return index < 0 ? nullptr : modify->fix[index];
}

inline Compute *compute_by_id(Modify *modify, const std::string &id)
{
  const int index = modify->find_compute(id);
  return index < 0 ? nullptr : modify->compute[index];
}

#else

inline Fix *fix_by_id(Modify *modify, const std::string &id)
{
  return modify->get_fix_by_id(id);
}

inline Compute *compute_by_id(Modify *modify, const std::string &id)
{
  return modify->get_compute_by_id(id);
}

#endif

// Whether LAMMPS asks between runs for values that it has not; before, it refused those that were of no run's last step.
constexpr bool ASKS_BETWEEN_RUNS = IONSCAPE_LAMMPS_VERSION > 20220623;

// Whether a run has made a compute ready since it was defined; releases that do not know say that it has.
template <class T> auto is_ready(const T *compute, int) -> decltype(compute->is_initialized())
{
  return compute->is_initialized();
}

template <class T> bool is_ready(const T *, long)
{
  return true;
}

// What a compute packs of atoms, sent to where their ghosts are.
template <class C, class T> auto send_to_ghosts(C *comm, T *compute, int) -> decltype(comm->forward_comm(compute))
{
  comm->forward_comm(compute);
}

template <class C, class T> void send_to_ghosts(C *comm, T *compute, long)
{
  comm->forward_comm_compute(compute);
}

// The group that alone has ghosts, of `comm_modify group`; 0, which is everyone, by default. Comm keeps it to itself.
inline int ghost_group(const Comm *comm)
{
  struct Open : Comm {
    using Comm::bordergroup;
  };
  return comm->*(&Open::bordergroup);
}

}    // namespace LAMMPS_NS

// As in LAMMPS's lammpsplugin.h, which is not installed.
extern "C" {
typedef void *(lammpsplugin_factory1) (void *);
typedef void *(lammpsplugin_factory2) (void *, int, char **);

typedef struct {
  const char *version;
  const char *style;
  const char *name;
  const char *info;
  const char *author;
  union {
    lammpsplugin_factory1 *v1;
    lammpsplugin_factory2 *v2;
  } creator;
  void *handle;
} lammpsplugin_t;

typedef void (*lammpsplugin_regfunc)(lammpsplugin_t *, void *);
}

#endif
