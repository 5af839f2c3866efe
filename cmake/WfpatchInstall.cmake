# What "cmake --install" puts where, beyond what plugin/ and diff-tool/ install themselves, for the parts that this build
# has: the command, the runtime with its header, the CMake package, the pkg-config file, the manual.
#
# The CMake package is written by hand and not exported from the targets: what a user of the runtime needs is a file and a
# folder, and an export would drag in the targets that the runtime is made of.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

if(TARGET wfpatch_command)
  install(TARGETS wfpatch_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(FILES "${PROJECT_SOURCE_DIR}/control/wfpatch.bash-completion"
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME wfpatch)
endif()
if(TARGET wfpatch_runtime)
  install(TARGETS wfpatch_runtime LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/runtime/include/wfpatch" DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endif()
if(TARGET wfpatch_runtime_static)
  install(TARGETS wfpatch_runtime_static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()

set(wfpatch_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/WfPatch)
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/WfPatchConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/package/WfPatchConfig.cmake"
  INSTALL_DESTINATION ${wfpatch_package_dir}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_BINDIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/package/WfPatchConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion) # 0.x: nothing is promised yet
install(FILES
  "${PROJECT_BINARY_DIR}/package/WfPatchConfig.cmake"
  "${PROJECT_BINARY_DIR}/package/WfPatchConfigVersion.cmake"
  DESTINATION ${wfpatch_package_dir})

# The way from the .pc file to the prefix, so that an installed tree can be moved.
file(RELATIVE_PATH WFPATCH_PC_PREFIX "/p/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/p")
configure_file("${PROJECT_SOURCE_DIR}/cmake/wfpatch.pc.in" "${PROJECT_BINARY_DIR}/package/wfpatch.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/package/wfpatch.pc" DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(FILES "${PROJECT_SOURCE_DIR}/docs/man/wfpatch.1" DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES "${PROJECT_SOURCE_DIR}/docs/man/wfpatch.7" DESTINATION ${CMAKE_INSTALL_MANDIR}/man7)
