// Everything that wfdiff refuses, each by file, symbol and reason.  All checks run; all reasons are reported.
#pragma once

#include "diff-tool/session.h"

namespace wfdiff {

void checkUnits(Session &S);   // records, compiler, options, name hashes
void checkCode(Session &S);    // sleds, parts, coroutines, ifuncs, constructors, relocations, removed callees
void checkData(Session &S);    // variables, constants, static locals
void checkLayouts(Session &S); // types of objects and of variables
void checkEnums(Session &S);   // enumerators
void checkActive(Session &S);  // functions that a thread may never leave: a warning

// The option that a section is due to in which a run-time counts what is executed, or nothing.
llvm::StringRef instrumentationOf(const Section &S);

// Why a thread may never leave an old function, or nothing.
std::string whyNeverLeft(const Session &S, uint32_t Unit, uint32_t OldPiece);
// What that means for an update of it, and what can be done.
std::string adviceNeverLeft(const Session &S, uint32_t Unit, uint32_t OldPiece);

// An old function that the update gives a new body.
bool isReplaced(const UnitPair &U, uint32_t OldPiece);
// Built for a shared library, by its options.
bool isSharedLibrary(const Object &New);
// An option's list holds `Name`, mangled or not.
bool isNamed(const std::set<std::string> &Names, llvm::StringRef Name);
// Likewise; remembers that the option had an effect.
bool isNamed(Session &S, const char *Option, const std::set<std::string> &Names, llvm::StringRef Name);

} // namespace wfdiff
