// What ionscapeplugin.so was built for, compared with the LAMMPS that it finds itself in.

#ifndef IONSCAPE_MISFIT_H
#define IONSCAPE_MISFIT_H

#include <string>

namespace ionscape {

// Why the plugin cannot be used in this LAMMPS, and how it is rebuilt; empty if it can. Needs nothing of LAMMPS but its
// C interface, which is the same in all releases.
std::string misfit(void *lmp);

// Stops LAMMPS on all ranks, whatever its release.
void refuse(void *lmp, const std::string &why);

}    // namespace ionscape

#endif
