// All styles.

#ifndef IONSCAPE_STYLES_H
#define IONSCAPE_STYLES_H

#include "compute_conductivity_atom.h"
#include "compute_soap_atom.h"
#include "fix_ionscape_report.h"

#endif
