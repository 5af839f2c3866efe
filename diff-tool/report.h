// What wfdiff says: the summary, --explain and --json.
#pragma once

#include "diff-tool/session.h"

#include "llvm/Support/raw_ostream.h"

namespace wfdiff {

enum class Verdict { Written = 0, Refused = 1, Unchanged = 3 };

// All passes over S.Opts.Old and S.Opts.New; the update's bytes if there is one.  Nothing is written to a file.
llvm::Expected<Verdict> diff(Session &S, std::vector<uint8_t> &Update);

void printSummary(const Session &S, Verdict V, llvm::raw_ostream &Out);
void printRefusals(const Session &S, llvm::raw_ostream &Out);
void printExplanation(Session &S, llvm::raw_ostream &Out);
void printJson(const Session &S, Verdict V, llvm::raw_ostream &Out);

} // namespace wfdiff
