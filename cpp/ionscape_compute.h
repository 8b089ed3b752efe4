// What the compute styles share: arguments, model, neighbours, and the guards around them.

#ifndef LMP_IONSCAPE_COMPUTE_H
#define LMP_IONSCAPE_COMPUTE_H

#include "lammps_compat.h"

#include "compute.h"

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace ionscape {
struct Arguments;
}

namespace LAMMPS_NS {

class IonscapeCompute : public Compute {
 public:
  IonscapeCompute(class LAMMPS *, int, char **);
  ~IonscapeCompute() override;

  void init() override;
  void compute_peratom() override;

  // Where atoms are, for their ghosts.
  int pack_forward_comm(int n, int *list, double *buf, int pbc_flag, int *pbc) override;
  void unpack_forward_comm(int n, int first, double *buf) override;

  double memory_usage() override;

  void end_run();

  // Ghosts have just been chosen, for atoms and a box as they are now.
  void hold_atoms();

  // An atom that is new has no values until it is evaluated.
  void set_arrays(int i) override;

  // For the report at the end of a run.
  void begin_report();
  void print_report();

 protected:
  // The Rust side, behind a type that this header does not know.
  struct Handle;
  std::unique_ptr<Handle> handle;

  // Local atoms of the last evaluation that stand for an ion: the ion itself, or its atom of the lowest id.
  std::vector<int> centers;

  // Values of local atoms, one row each: of the centers, or of all atoms that were gathered as wanted.
  virtual void evaluate(std::vector<double> &values) = 0;
  virtual void evaluate_gathered(std::vector<double> &values) = 0;

  // Makes a row that of an atom without values.
  virtual void blank(double *row) const;

  // The temperature for models that take it, NaN for others.
  double temperature;

  // Whether ions that the model fails on are flagged, in place of an end of the run.
  bool goes_on;

  // What a style found in a run over so many evaluations of ions, which may be part of a liquid: forget it, also which warnings were
  // given, and tell it. All ranks call these.
  virtual void forget_findings() {}
  virtual void begin_findings() {}
  virtual void print_findings(bigint /*evaluated*/, bool /*part*/) {}

  // Runs a call of the Rust side on each rank; a failure of any stops LAMMPS.
  template <typename Work> void contained(Work &&work);
  std::string of_any_rank(std::string text);

  [[noreturn]] void refuse(const std::string &);
  void check_places() const;

 private:
  int nmax;
  std::vector<double> values;
  std::string report_id;

  // Whether this compute is at work: what it asks for may ask it in turn.
  bool busy;

  // Where the atoms of this rank and its ghosts are now. LAMMPS's own ghosts may still be where a fix left them, and stay there: what
  // else looks at them in this step must find the same with and without this compute.
  std::vector<double> places;

  // The atoms of the last evaluation: positions and types of local and ghost ones, or all that was gathered and types of local
  // ones; masks of local ones.
  struct Seen {
    bigint step = -1;
    double temperature = 0.0;
    bool among_ghosts = false;
    std::vector<double> x;
    std::vector<int> types, mask;
  } seen;

  // Local atoms and the box, in the order of domain->h, when ghosts were chosen, and what chose them: none where ghosts are not
  // those of a run.
  struct {
    const class Comm *comm = nullptr;
    // How many ghosts were chosen with them, and how far they reach.
    int nghost = 0;
    double reach = 0.0;
    std::vector<double> x;
    std::vector<tagint> tags;
    std::vector<int> types;
    std::array<double, 6> h{}, inverse{};
    std::array<double, 3> lo{};
  } held;

  // Since the run began: evaluations, those that may lack neighbors, centers, seconds in all and within the run's loop; centers of
  // each species.
  struct {
    bigint evaluations, unsure, centers;
    double seconds, loop_seconds;
    std::vector<double> ions;
  } spent;

  // The steps of the run that is under way.
  struct Span {
    bigint first = -1, last = -1;
    bool operator==(const Span &other) const { return first == other.first && last == other.last; }
  } under_way;

  // Whether this run's atoms were looked at together, how many each species had on all ranks, and what was said of them.
  bool looked = false, told_of_absent = false, told_of_charges = false, told_of_molecules = false;
  std::vector<double> present;

  // Molecules by their ids in order; of each its charge, and how many of its atoms have a species.
  struct Molecules {
    std::vector<tagint> ids;
    std::vector<double> sums;
    std::ptrdiff_t place(tagint) const;    // -1 if it is none of them
    double charge(std::size_t k) const { return sums[2 * k]; }
    std::size_t named(std::size_t k) const { return static_cast<std::size_t>(sums[2 * k + 1]); }
  };

  void grow_values();
  ionscape::Arguments read(int, char **);
  void load(const ionscape::Arguments &);
  void check_ghosts();
  void tell_of_temperature();
  double ghost_reach() const;
  void check_molecules();
  bool ghosts_serve();
  bool has_held_atoms() const;
  double approach() const;
  void tell_of_approach(double);
  void check_charges();
  std::vector<int> of_another_sign() const;
  int first_that_stands_for_no_molecule(const std::vector<int> &wrong);
  std::vector<tagint> of_all_ranks(std::vector<tagint>);
  Molecules of_molecules(std::vector<tagint>);
  void look_at_composition();
  void look_at_molecules();
  std::vector<double> ion_charges();
  void tell_once(bool &told, const std::string &what);
  void find_values();
  void find_places();
  void find_temperature();
  void evaluate_atoms(bool among_ghosts);
  void look_at_atoms();
  void gather();
  bool seen_before(bool among_ghosts);
};

}    // namespace LAMMPS_NS

#endif
