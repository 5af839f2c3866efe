# Installs the build, moves what was installed somewhere else, and uses it from there as a stranger would:
# with find_package(WfPatch), with pkg-config, and with the wrong compiler.
#
#   cmake -DBUILD=... -DSCRATCH=... -DVERSION=... -DCC=... -DCLANG=... -P install_test.cmake
# CLANG is empty if this build has no plugin.
cmake_minimum_required(VERSION 3.25)

function(run what)
  cmake_parse_arguments(PARSE_ARGV 1 arg "FAILS" "MATCHES" "COMMAND")
  execute_process(COMMAND ${arg_COMMAND} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if((result EQUAL 0 AND arg_FAILS) OR NOT (result EQUAL 0 OR arg_FAILS))
    message(FATAL_ERROR "${what}: exit status ${result}\n${output}")
  endif()
  string(REGEX REPLACE "[ \n]+" " " flat "${output}") # CMake wraps its messages
  if(arg_MATCHES AND NOT flat MATCHES "${arg_MATCHES}")
    message(FATAL_ERROR "${what}: expected ${arg_MATCHES} in\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
  message(STATUS "${what}: as expected")
endfunction()

file(REMOVE_RECURSE "${SCRATCH}")
run("install" COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${SCRATCH}/first)
file(RENAME "${SCRATCH}/first" "${SCRATCH}/moved")
set(prefix "${SCRATCH}/moved")
file(GLOB_RECURSE installed LIST_DIRECTORIES FALSE RELATIVE "${prefix}" "${prefix}/*")
foreach(expected bin/wfpatch libwfpatch[.]so libwfpatch[.]a include/wfpatch/wfpatch[.]h man1/wfpatch[.]1 man7/wfpatch[.]7)
  if(NOT "${installed}" MATCHES "${expected}(;|$)")
    message(FATAL_ERROR "${expected} is not installed; there is: ${installed}")
  endif()
endforeach()
file(GLOB_RECURSE library_dir "${prefix}/libwfpatch.so")
cmake_path(GET library_dir PARENT_PATH library_dir)

# The command runs from where it lies and needs no LLVM: production machines have none.
run("the command" MATCHES "^wfpatch ${VERSION}" COMMAND ${prefix}/bin/wfpatch --version)
run("its libraries" COMMAND ldd ${prefix}/bin/wfpatch)
if(output MATCHES "LLVM|not found")
  message(FATAL_ERROR "wfpatch links too much:\n${output}")
endif()

set(consumer ${CMAKE_CURRENT_LIST_DIR}/consumer)
function(consume name compiler components)
  cmake_parse_arguments(PARSE_ARGV 3 arg "" "REFUSED" "")
  set(configure ${CMAKE_COMMAND} -G Ninja -S ${consumer} -B ${SCRATCH}/${name} -DCMAKE_C_COMPILER=${compiler}
    -DCMAKE_PREFIX_PATH=${prefix} -DCOMPONENTS=${components} -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF)
  if(arg_REFUSED)
    run("${name}: refused" FAILS MATCHES "${arg_REFUSED}" COMMAND ${configure})
    return()
  endif()
  run("${name}: configure" COMMAND ${configure})
  run("${name}: build" COMMAND ${CMAKE_COMMAND} --build ${SCRATCH}/${name})
  run("${name}: run" MATCHES "view 0" COMMAND ${SCRATCH}/${name}/consumer-runtime)
  run("${name}: run, static" MATCHES "view 0" COMMAND ${SCRATCH}/${name}/consumer-runtime_static)
endfunction()

consume(runtime-only ${CC} runtime,runtime_static)
consume(unknown ${CC} "frobnicator" REFUSED "frobnicator")
if(NOT CLANG)
  consume(no-plugin ${CC} patchable,runtime REFUSED "the Clang plugin is not installed")
  return()
endif()
consume(wrong-compiler ${CC} patchable,runtime REFUSED "WfPatch::patchable needs Clang [0-9]+. the C compiler is GNU")
consume(patchable ${CLANG} patchable,runtime,runtime_static)
foreach(kind runtime runtime_static)
  # Built patchable it carries our note, and can be asked about itself.
  run("${kind}: its note" MATCHES "wfpatch" COMMAND readelf -n ${SCRATCH}/patchable/consumer-${kind})
  run("${kind}: asks about itself" MATCHES "\"exe\": \"${SCRATCH}/patchable/consumer-${kind}\""
    COMMAND ${SCRATCH}/patchable/consumer-${kind} ${prefix}/bin/wfpatch)
endforeach()

find_program(pkg_config pkg-config REQUIRED)
set(ENV{PKG_CONFIG_PATH} ${library_dir}/pkgconfig)
run("pkg-config: plugin" COMMAND ${pkg_config} --variable=plugin wfpatch)
string(STRIP "${output}" plugin)
run("pkg-config: flags" COMMAND ${pkg_config} --cflags --libs wfpatch)
string(STRIP "${output}" flags)
separate_arguments(flags UNIX_COMMAND "${flags}")
run("pkg-config: build" COMMAND ${CLANG} -fplugin=${plugin} ${consumer}/consumer.c -o ${SCRATCH}/by-pkg-config ${flags}
  -Wl,-rpath,${library_dir})
run("pkg-config: run" MATCHES "\"view\": 0" COMMAND ${SCRATCH}/by-pkg-config ${prefix}/bin/wfpatch)
