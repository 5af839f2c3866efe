// What wfdiff says: the summary, --explain and --json.
#pragma once

#include "diff-tool/session.h"

#include "llvm/Support/raw_ostream.h"

namespace wfdiff {

enum class Verdict { Written = 0, Refused = 1, Unchanged = 3 };

void printSummary(const Session &S, Verdict V, llvm::raw_ostream &Out);
void printRefusals(const Session &S, llvm::raw_ostream &Out);
void printExplanation(Session &S, llvm::raw_ostream &Out);
void printJson(const Session &S, Verdict V, llvm::raw_ostream &Out);

} // namespace wfdiff
