// The Rust side as the compute styles see it. Only their source files include this.

#ifndef IONSCAPE_ENGINE_H
#define IONSCAPE_ENGINE_H

#include "ionscape_compute.h"

#include "atom.h"
#include "error.h"
#include "ionscape/src/lammps/bridge.rs.h"
#include "update.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace LAMMPS_NS {

// Text of the Rust side. The conversion of rust::String itself is there for one kind of std::string alone, and not every LAMMPS is
// built with that.
inline std::string ionscape_text(const rust::String &text)
{
  return {text.data(), text.size()};
}

struct IonscapeCompute::Handle {
  rust::Box<ionscape::Engine> engine;
  ionscape::Temperature temperature;
  ionscape::AtomsView atoms;

  // In place of those, where ghosts do not serve: the atoms of all ranks, the cell, and the ids of this rank's atoms that are
  // wanted.
  std::vector<double> rows;
  ionscape::Configuration configuration;
  std::vector<int64_t> wanted;
  std::unique_ptr<bool[]> counted;

  rust::Slice<const int64_t> all_wanted() const { return {wanted.data(), wanted.size()}; }
  rust::Slice<bool> all_counted() { return {counted.get(), wanted.size()}; }

  // All that values of the gathered atoms depend on.
  std::vector<double> everything() const
  {
    auto all = rows;
    for (const auto &three : {configuration.lo, configuration.hi, configuration.tilt})
      all.insert(all.end(), three.begin(), three.end());
    all.insert(all.end(), configuration.periodic.begin(), configuration.periodic.end());
    return all;
  }

  // Looks at the atoms of this rank, ghosts included, at these places.
  void look(const Atom *atom, const std::vector<double> &places)
  {
    atoms = {places.data(), atom->type, places.size() / 3};
  }
};

// All ranks come here, and end together where one has failed: ended by that one, the others would lose what they have not
// yet written of the log.
template <typename Work> void IonscapeCompute::contained(Work &&work)
{
  std::string message;
  try {
    work();
  } catch (const std::exception &e) {
    message = e.what();
  }
  message = of_any_rank(message);
  if (!message.empty()) refuse(fmt::format("step {}: {}", update->ntimestep, message));
}

}    // namespace LAMMPS_NS

#endif
