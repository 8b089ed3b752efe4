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
#include "neighbor.h"

#include <string>

#if __has_include("neigh_request.h")
#include "neigh_request.h"
#elif IONSCAPE_LAMMPS_VERSION < 20220623
#include "pointers.h"
namespace LAMMPS_NS {
// The order of members in 2021's neigh_request.h, as far as they are needed.
class NeighRequest : protected Pointers {
 public:
  int index;
  void *requestor;
  int requestor_instance, id;
  int pair, fix, compute, command, neigh;
  int half, full;
  int occasional, newton, ghost, size, history, granonesided, respainner, respamiddle, respaouter, bond, omp, intel,
      kokkos_host, kokkos_device, ssa, cut;
  double cutoff;
};
}    // namespace LAMMPS_NS
#else
namespace LAMMPS_NS {
// As in LAMMPS's neigh_request.h; the function is exported.
class NeighRequest {
 public:
  void set_cutoff(double);
};
}    // namespace LAMMPS_NS
#endif

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

// Asks for a full list, built when the compute needs it, of the neighbors up to a cutoff.
inline void request_full_list(Neighbor *neighbor, Compute *compute, int instance, double cutoff)
{
  // The array moves when it grows.
  const int index = neighbor->request(compute, instance);
  NeighRequest *request = neighbor->requests[index];
  request->pair = request->half = 0;
  request->compute = request->full = request->occasional = request->cut = 1;
  request->cutoff = cutoff;
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

// Asks for a full list, built when the compute needs it, of the neighbors up to a cutoff.
inline void request_full_list(Neighbor *neighbor, Compute *compute, int /*instance*/, double cutoff)
{
  neighbor->add_request(compute, NeighConst::REQ_FULL | NeighConst::REQ_OCCASIONAL)->set_cutoff(cutoff);
}

#endif

// Whether bins differ between types: multi, and multi/old up to the releases of 2025.
inline bool is_multi(const Neighbor *neighbor)
{
  return neighbor->style != Neighbor::NSQ && neighbor->style != Neighbor::BIN;
}

template <class N> auto build_one(N *neighbor, NeighList *list, int) -> decltype(neighbor->build_one(list, 1))
{
  neighbor->build_one(list, 1);
}

template <class N> void build_one(N *neighbor, NeighList *list, long)
{
  neighbor->build_one(list);
}

// Builds such a list from where the atoms are now, and for the bins as they are now. By itself LAMMPS does neither:
// - it keeps a list until the next reneighboring, but atoms that were one skin apart on one side of their places when it was
//   built may since have come to the other side, twice as far; and releases up to 2023 keep one over the step that atoms
//   were sorted and exchanged in, as at the start of a run after a minimization;
// - it keeps the stencil of bins where these are set up twice in a step, as by `run 0`, `change_box` and `run 0`.
inline void build_list(Neighbor *neighbor, NeighList *list, bigint now)
{
  const bigint lastcall = neighbor->lastcall, last_setup_bins = neighbor->last_setup_bins;
  neighbor->lastcall = now;
  neighbor->last_setup_bins = now + 1;
  build_one(neighbor, list, 0);
  neighbor->lastcall = lastcall;
  neighbor->last_setup_bins = last_setup_bins;
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
