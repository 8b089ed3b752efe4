# Builds the compute styles into LAMMPS itself. Make this the last line of LAMMPS's cmake/CMakeLists.txt:
#   include(/path/to/ionscape/cmake/ionscape.cmake)

include("${CMAKE_CURRENT_LIST_DIR}/rust.cmake")

target_sources(lammps PRIVATE ${IONSCAPE_SOURCES})
target_include_directories(lammps PRIVATE ${IONSCAPE_INCLUDES})
add_dependencies(lammps ionscape_rust)
find_package(Threads REQUIRED)
target_link_libraries(lammps PRIVATE "${IONSCAPE_LIBRARY}" Threads::Threads ${CMAKE_DL_LIBS})

# LAMMPS has written its lists of styles by now: add ours, and write them again.
RegisterStyles("${IONSCAPE_ROOT}/cpp")
GenerateStyleHeaders("${LAMMPS_STYLE_HEADERS_DIR}")
