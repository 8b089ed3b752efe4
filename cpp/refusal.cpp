// Stops LAMMPS through its Error::all. Built twice, for both types that std::string has had, since a plugin that was
// built for one release must be able to say so in another.

#include <string>

namespace LAMMPS_NS {
class Error {
 public:
  [[noreturn]] void all(const std::string &, int, const std::string &);
};
}    // namespace LAMMPS_NS

#if _GLIBCXX_USE_CXX11_ABI
#define IONSCAPE_ALL ionscape_all_cxx11
#else
#define IONSCAPE_ALL ionscape_all_old
#endif

// Returns, with false, only where this LAMMPS has no such function.
extern "C" bool IONSCAPE_ALL(void *error, const char *text)
{
  void (LAMMPS_NS::Error::*volatile all)(const std::string &, int, const std::string &) = &LAMMPS_NS::Error::all;
  if (!all) return false;
  (static_cast<LAMMPS_NS::Error *>(error)->*all)(__FILE__, __LINE__, text);
  return false;
}
