// What the styles need of LAMMPS and its installed headers lack, in one place.

#ifndef IONSCAPE_LAMMPS_COMPAT_H
#define IONSCAPE_LAMMPS_COMPAT_H

namespace LAMMPS_NS {

// As in LAMMPS's neigh_request.h, which is not installed; the function is exported.
class NeighRequest {
 public:
  void set_cutoff(double);
};

}    // namespace LAMMPS_NS

// As in LAMMPS's lammpsplugin.h, which is not installed either.
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
