// The project's version, from CMake.
#pragma once

namespace wfp {
inline constexpr char kRuntimeVersion[] = WFPATCH_VERSION;
}
