# Builds the compute styles into LAMMPS itself. Make this the last line of LAMMPS's cmake/CMakeLists.txt:
#   include(/path/to/ionscape/cmake/ionscape.cmake)

include("${CMAKE_CURRENT_LIST_DIR}/rust.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/version.cmake")
source_version("${LAMMPS_SOURCE_DIR}" IONSCAPE_LAMMPS_VERSION)

target_sources(lammps PRIVATE ${IONSCAPE_SOURCES})
target_include_directories(lammps PRIVATE ${IONSCAPE_INCLUDES})
target_compile_definitions(lammps PRIVATE IONSCAPE_LAMMPS_VERSION=${IONSCAPE_LAMMPS_VERSION})
add_dependencies(lammps ionscape_rust)
find_package(Threads REQUIRED)
target_link_libraries(lammps PRIVATE "${IONSCAPE_LIBRARY}" Threads::Threads ${CMAKE_DL_LIBS})

# LAMMPS has written its lists of styles by now: add ours, and write them again.
RegisterStyles("${IONSCAPE_ROOT}/cpp")
GenerateStyleHeaders("${LAMMPS_STYLE_HEADERS_DIR}")
