# One case of the corpus: a source in two versions is compiled, diffed, applied to a running process, observed, reverted.
#
#     // RUN: %corpus %s %t -O2 -g          (bash corpus.bash SOURCE WORK-DIRECTORY FLAG...)
#
# The source is one file.  With -DPROGRAM it is the program: its main gets the path of the update, applies, observes and
# reverts it (harness.h).  Without, it is a unit, and with -DNEW what the unit is after the change.  Lines of it that begin
# with these words say the rest:
#
#     // UNITS: a b          the units, each compiled with -DUNIT_a ...; without the line there is one
#     // DIFF: LINE          what wfdiff must report: exactly these lines, e.g. `replaced function f(int)`
#     // REFUSED: TEXT       wfdiff must refuse, for exactly these reasons: `SYMBOL: REASON`, each up to where TEXT ends
#     // WFDIFF: OPTIONS     for wfdiff
#     // NEW-FLAGS: FLAGS    for the new version only
#     // WARNED: TEXT        what wfdiff must warn of, and of nothing else: likewise
#     // LINK: FLAGS         for the program
#     // SHARED: NAME UNITS  a shared object of these units, compiled with -fPIC; a word NAME.so in it is another one that it needs.
#                            The program is linked with those named lib*; of others main opens argv[2]/NAME
#     // PROGRAM: UNITS      what the program has itself, if not all units that are in no shared object; each such line is a
#                            program of its own that runs
#
# A unit `.libs/a` is libtool's other object of the same source: it is compiled with -DUNIT_a too.
#
# Three comparisons belong to every case:
#
#     OLD against itself, its lines moved    no change
#     OLD against NEW                        as above; then the program runs
#     the same with an unrelated change      as above plus that change (corpus.h); then the program runs with that
#
# CORPUS_FORM says what becomes of the units after they are compiled: archive, relocatable (`ld -r` makes one object of them
# for the program; wfdiff still gets the units), or stripped (the programs and shared objects).  CORPUS_FLAGS adds flags, and
# CORPUS_ANY=1 leaves out the comparison with DIFF lines, which other flags may well alter: for trying the whole corpus with
# other code generation.
set -u
source=$1 work=$2
shift 2
flags=(-Wno-unused-command-line-argument "$@" ${CORPUS_FLAGS:-})

fail() {
  echo "corpus: $(basename "$source") ${flags[*]}: $*" >&2
  exit 1
}
words() { sed -n "s|^// $1: ||p" "$source"; }
read -ra units <<<"$(words UNITS)"
[ ${#units[@]} -gt 0 ] || units=(unit)
read -ra options <<<"$(words WFDIFF)"
read -ra new_flags <<<"$(words NEW-FLAGS)"
read -ra link <<<"$(words LINK)"
[[ " ${flags[*]} " != *" -fno-pie "* ]] || link+=(-no-pie)
mapfile -t shared < <(words SHARED)
mapfile -t programs < <(words PROGRAM)
[ "${CORPUS_FORM:-}" != stripped ] || link+=(-s)
in_shared=" $(words SHARED | tr '\n' ' ')"
name=$(basename "$source")
case $name in
*.cpp) compile=$WFCLANGXX linker=$CLANGXX ;;
*) compile=$WFCLANG linker=$CLANG ;;
esac

rm -rf "$work"
mkdir -p "$work"/{plain,moved,old,new,self,old-unrelated,new-unrelated}
cp "$source" "$work/plain/$name"
{ printf '// Moved.\n\n\n' && cat "$source"; } >"$work/moved/$name"

# build WHERE VERSION FLAG...: all units of a version.
build() {
  local from=$1 to=$2 unit
  shift 2
  for unit in "${units[@]}"; do
    local first=()
    [ "$unit" = "${units[0]}" ] && first=(-DFIRST_UNIT)
    [[ $in_shared == *" $unit "* ]] && first+=(-fPIC)
    mkdir -p "$(dirname "$work/$to/$unit")"
    (cd "$work/$from" && $compile "${flags[@]}" "$@" "${first[@]}" "-DUNIT_${unit##*/}" -I"$(dirname "$source")/.." \
      -fplugin-arg-wfpatch-root="$work/$to" -c "$name" -o "$work/$to/$unit.o") || fail "cannot be compiled"
  done
  case ${CORPUS_FORM:-} in
  archive) (cd "$work/$to" && llvm-ar rc all.a "${units[@]/%/.o}" && rm "${units[@]/%/.o}") || fail "no archive" ;;
  esac
}

# diff OLD NEW: the report goes to report.txt, refusals to refusals.txt.
diff_versions() {
  "$WFDIFF" "$work/$1" "$work/$2" -o "$work/$2.wfp" "${options[@]}" >"$work/report.txt" 2>"$work/refusals.txt"
  verdict=$?
}

# match VERB FOUND-ARRAY TEXT...: each found reason begins with a text, and each text begins one.
match() {
  local verb=$1 reason text known
  declare -n found=$2
  shift 2
  for reason in "${found[@]}"; do
    known=
    for text in "$@"; do [ "${reason#"$text"}" = "$reason" ] || known=1; done
    [ "$known" ] || fail "$verb for another reason: $reason"
  done
  for text in "$@"; do
    known=
    for reason in "${found[@]}"; do [ "${reason#"$text"}" = "$reason" ] || known=1; done
    [ "$known" ] || fail "not $verb for: $text"
  done
}

# expect VERSION LINE...: what the report must say besides the source's DIFF lines.
expect() {
  [ "${CORPUS_ANY:-}" ] && return
  local version=$1
  shift
  { words DIFF && [ $# -gt 0 ] && printf '%s\n' "$@"; } | sort >"$work/expected.txt"
  sed -n 's/^  //p' "$work/report.txt" | sort >"$work/found.txt"
  diff "$work/expected.txt" "$work/found.txt" >&2 || fail "$version: not what was expected (<), but (>)"
}

# objects WORD...: units as objects of OLD, shared objects as what they are.
objects() {
  local word
  for word in "$@"; do
    case $word in
    *.so) printf '%s\n' "$work/$word" ;;
    *)
      case ${CORPUS_FORM:-} in
      archive) printf '%s\n' "$work/old/all.a" ;;
      relocatable) printf '%s\n' "$work/relocatable.o" ;;
      *) printf '%s\n' "$work/old/$word.o" ;;
      esac
      ;;
    esac
  done | uniq
}

# link_old: the shared objects, and program-1, program-2, ...
link_old() {
  local line parts names=() libraries=() unit i
  for line in "${shared[@]}"; do
    read -ra parts <<<"$line"
    mapfile -t names < <(objects "${parts[@]:1}")
    $linker "${flags[@]}" -shared "${names[@]}" -o "$work/${parts[0]}" -Wl,-soname,"${parts[0]}" -Wl,-rpath,"$work" ||
      fail "${parts[0]} cannot be linked"
    [[ ${parts[0]} == lib* ]] && libraries+=("$work/${parts[0]}")
  done
  if [ "${CORPUS_FORM:-}" = relocatable ]; then
    mapfile -t names < <(printf "$work/old/%s.o\n" "${units[@]}")
    $linker "${flags[@]}" -r "${names[@]}" -o "$work/relocatable.o" || fail "cannot be made relocatable"
  fi
  if [ ${#programs[@]} = 0 ]; then
    programs=("")
    for unit in "${units[@]}"; do [[ $in_shared == *" $unit "* ]] || programs[0]+="$unit "; done
  fi
  for i in "${!programs[@]}"; do
    read -ra parts <<<"${programs[$i]}"
    mapfile -t names < <(objects "${parts[@]}")
    $linker "${flags[@]}" "$work/program.o" "${names[@]}" -o "$work/program-$i" "${libraries[@]}" -Wl,-rpath,"$work" "${link[@]}" \
      $RUNTIME -pthread || fail "cannot be linked"
  done
}

run_programs() {
  local i
  for i in "${!programs[@]}"; do
    timeout -k 5 60 "$work/program-$i" "$work/$1.wfp" "$work" || fail "$2program $i failed ($?)"
  done
}

build plain old
build moved self
diff_versions old self
[ $verdict = 3 ] || { cat "$work/report.txt" "$work/refusals.txt" >&2 && fail "differs from itself"; }

build plain new -DNEW "${new_flags[@]}"
diff_versions old new
mapfile -t refused < <(words REFUSED)
if [ ${#refused[@]} -gt 0 ]; then
  [ $verdict = 1 ] || fail "was not refused"
  mapfile -t reasons < <(sed -n 's/^wfdiff: refused: [^:]*: //p' "$work/refusals.txt")
  match refused reasons "${refused[@]}"
  exit 0
fi
[ $verdict = 0 ] || { cat "$work/report.txt" "$work/refusals.txt" >&2 && fail "wfdiff's verdict is $verdict"; }
mapfile -t warned < <(words WARNED)
mapfile -t warnings < <(sed -n 's/^wfdiff: warning: [^:]*: //p' "$work/refusals.txt")
[ "${CORPUS_ANY:-}" ] || [ ${#warned[@]} = 0 ] || match warned warnings "${warned[@]}"
expect new

(cd "$work/plain" && $compile "${flags[@]}" -DPROGRAM -I"$(dirname "$source")/.." -c "$name" -o "$work/program.o") ||
  fail "the program cannot be compiled"
link_old
run_programs new ""

build plain old-unrelated
build plain new-unrelated -DNEW -DUNRELATED "${new_flags[@]}"
diff_versions old-unrelated new-unrelated
[ $verdict = 0 ] || { cat "$work/report.txt" "$work/refusals.txt" >&2 && fail "with an unrelated change: verdict $verdict"; }
case $name in
*.cpp) expect "with an unrelated change" "replaced function unrelated" "added function unrelated_helper(int)" \
  "added function unrelated::\$_0::operator()(int) const" "added data unrelated_helper(int)::calls" ;;
*) expect "with an unrelated change" "replaced function unrelated" "added function unrelated_helper" \
  "added data unrelated_helper.calls" ;;
esac
run_programs new-unrelated "with an unrelated change: "
