// The summary and the JSON say the same things; --explain (explain.cpp) adds the evidence.
#include "diff-tool/report.h"

#include "llvm/Demangle/Demangle.h"
#include "llvm/Support/JSON.h"

using namespace llvm;

namespace wfdiff {

static std::string pretty(StringRef Name) { return demangle(std::string_view(Name.data(), Name.size())); }

static const char *changeName(Change C) {
  return C == Change::Added ? "added" : C == Change::Replaced ? "replaced" : "same";
}

void printSummary(const Session &S, Verdict V, raw_ostream &Out) {
  if (V == Verdict::Unchanged) {
    Out << "wfdiff: no change\n";
    // The running program's units keep OLD's ids, and an update from NEW would not fit them.
    if (any_of(S.Units, [](const UnitPair &U) { return U.Old && U.New && U.idChanged(); }))
      Out << "wfdiff: what differs (line numbers, say) is not worth an update; make the next one from OLD, which is what runs\n";
    return;
  }
  unsigned Replaced = 0, Added = 0, Removed = 0, Data = 0, Units = 0;
  for (const UnitPair &U : S.Units) {
    if (!U.Touched)
      continue;
    ++Units;
    Out << U.Path << ":\n";
    for (uint32_t I = 0; I < U.State.size(); ++I) {
      const Piece &P = U.New->Pieces[I];
      if (U.State[I].Kind != Change::Same) {
        Out << "  " << changeName(U.State[I].Kind) << " function " << pretty(U.New->label(P)) << "\n";
        ++(U.State[I].Kind == Change::Added ? Added : Replaced);
      } else if (U.State[I].Included && isData(P.Kind)) {
        Out << (U.Match.ToOld[I] == None ? "  added data " : "  replaced constant ") << pretty(U.New->label(P)) << "\n";
        ++Data;
      }
    }
    for (uint32_t P : U.Removed) {
      Out << "  removed function " << pretty(U.Old->label(U.Old->Pieces[P])) << "\n";
      ++Removed;
    }
  }
  Out << "wfdiff: " << Replaced << " replaced, " << Added << " added, " << Removed << " removed functions, " << Data
      << " new data, in " << Units << (Units == 1 ? " unit" : " units") << "\n";
}

void printRefusals(const Session &S, raw_ostream &Out) {
  for (const Refusal &R : S.Refusals)
    Out << "wfdiff: refused: " << R.File << ": " << pretty(R.Symbol) << ": " << R.Reason << "\n";
}

void printJson(const Session &S, Verdict V, raw_ostream &Out) {
  json::OStream J(Out, 2);
  J.object([&] {
    J.attribute("verdict", V == Verdict::Written ? "written" : V == Verdict::Refused ? "refused" : "unchanged");
    if (V == Verdict::Written)
      J.attribute("output", S.Opts.Output);
    J.attributeArray("units", [&] {
      for (const UnitPair &U : S.Units) {
        if (!U.Loaded || (!U.Touched && !U.idChanged()))
          continue;
        J.object([&] {
          J.attribute("path", U.Path);
          J.attribute("key", (U.Old ? U.Old : U.New)->Info.Key);
          J.attribute("touched", U.Touched);
          J.attributeArray("functions", [&] {
            for (uint32_t I = 0; I < U.State.size(); ++I)
              if (U.State[I].Kind != Change::Same)
                J.object([&] {
                  StringRef Name = U.New->name(U.New->Pieces[I]);
                  J.attribute("change", changeName(U.State[I].Kind));
                  J.attribute("name", Name);
                  J.attribute("display", pretty(Name));
                  J.attribute("why", U.State[I].Why);
                });
            for (uint32_t P : U.Removed)
              J.object([&] {
                StringRef Name = U.Old->name(U.Old->Pieces[P]);
                J.attribute("change", "removed");
                J.attribute("name", Name);
                J.attribute("display", pretty(Name));
                J.attribute("why", "only in OLD");
              });
          });
          J.attributeArray("data", [&] {
            for (uint32_t I = 0; I < U.State.size(); ++I)
              if (U.State[I].Included && isData(U.New->Pieces[I].Kind))
                J.object([&] {
                  J.attribute("name", U.New->label(U.New->Pieces[I]));
                  J.attribute("size", int64_t(U.New->Pieces[I].Size));
                  J.attribute("why", U.State[I].Why);
                });
          });
        });
      }
    });
    J.attributeArray("refusals", [&] {
      for (const Refusal &R : S.Refusals)
        J.object([&] {
          J.attribute("file", R.File);
          J.attribute("symbol", R.Symbol);
          J.attribute("reason", R.Reason);
        });
    });
    J.attributeArray("warnings", [&] {
      for (const std::string &W : S.Warnings)
        J.value(W);
    });
    J.attributeArray("notes", [&] {
      for (const std::string &N : S.Notes)
        J.value(N);
    });
  });
  Out << "\n";
}

} // namespace wfdiff
