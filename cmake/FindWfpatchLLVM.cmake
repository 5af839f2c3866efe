# Finds LLVM and the matching clang, and says which major it is.  Default 22; 19 works too: -DLLVM_DIR=/usr/lib/llvm-19/lib/cmake/llvm
#
# Sets WFPATCH_CLANG, WFPATCH_CLANGXX, WFPATCH_LLVM_TOOLS (folder of opt, llvm-readelf, FileCheck ...), WFPATCH_LIT,
# and the INTERFACE target wfpatch_llvm (headers, definitions, -fno-rtti as LLVM's own build).
if(NOT LLVM_DIR AND EXISTS "/usr/lib/llvm-22/lib/cmake/llvm")
  set(LLVM_DIR "/usr/lib/llvm-22/lib/cmake/llvm" CACHE PATH "Where LLVMConfig.cmake is")
endif()
find_package(LLVM REQUIRED CONFIG)
set(wfpatch_llvm_supported 19 22)
if(NOT LLVM_VERSION_MAJOR IN_LIST wfpatch_llvm_supported)
  message(FATAL_ERROR "wfpatch needs LLVM 22 (or 19); ${LLVM_DIR} is LLVM ${LLVM_VERSION}. Set -DLLVM_DIR.")
endif()
message(STATUS "wfpatch: LLVM ${LLVM_VERSION} in ${LLVM_DIR}")

set(WFPATCH_LLVM_TOOLS "${LLVM_TOOLS_BINARY_DIR}")
find_program(WFPATCH_CLANG NAMES clang PATHS "${LLVM_TOOLS_BINARY_DIR}" NO_DEFAULT_PATH REQUIRED)
find_program(WFPATCH_CLANGXX NAMES clang++ PATHS "${LLVM_TOOLS_BINARY_DIR}" NO_DEFAULT_PATH REQUIRED)
# lit.py first: beside it, LLVM 19 has a folder called lit, which find_file takes too.
find_file(WFPATCH_LIT NAMES lit.py llvm-lit lit
  PATHS "${LLVM_TOOLS_BINARY_DIR}" "${LLVM_TOOLS_BINARY_DIR}/../build/utils/lit" NO_DEFAULT_PATH)

add_library(wfpatch_llvm INTERFACE)
target_include_directories(wfpatch_llvm SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS})
separate_arguments(wfpatch_llvm_definitions NATIVE_COMMAND "${LLVM_DEFINITIONS}")
target_compile_definitions(wfpatch_llvm INTERFACE ${wfpatch_llvm_definitions})
if(NOT LLVM_ENABLE_RTTI)
  target_compile_options(wfpatch_llvm INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-rtti>)
endif()
