# What all targets share: output folders as documented in README, and one INTERFACE target with language level and warnings.
include(GNUInstallDirs)

set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")

add_library(wfpatch_options INTERFACE)
target_compile_features(wfpatch_options INTERFACE cxx_std_20)
target_compile_options(wfpatch_options INTERFACE
  -Wall -Wextra -Wno-unused-parameter
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>)
target_include_directories(wfpatch_options INTERFACE "${PROJECT_SOURCE_DIR}")

set(WFPATCH_SANITIZER "" CACHE STRING "address, thread, undefined or empty: what the presets asan and tsan set")
if(WFPATCH_SANITIZER)
  target_compile_options(wfpatch_options INTERFACE -fsanitize=${WFPATCH_SANITIZER} -fno-omit-frame-pointer)
  target_link_options(wfpatch_options INTERFACE -fsanitize=${WFPATCH_SANITIZER})
endif()
