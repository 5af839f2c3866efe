// What the `wfpatch` command and a process's control thread say to each other.
//
// An AF_UNIX SOCK_SEQPACKET socket, abstract name "@wfpatch/<pid>" (the target's innermost pid).  One request packet, then
// reply packets until one whose row kind is `end` or `error`; then the peer may send the next request or close.
// A packet holds one or more rows, each ended by '\n'.  A row is a kind, then fields, separated by '\t':
//
//     apply<TAB>file=fix.wfp<TAB>mode=wait-free<TAB>timeout_ms=10000
//
// Values escape '\\', '\t', '\n' as "\\\\", "\\t", "\\n".  Unknown fields are ignored, so that both sides may grow; an
// unknown kind of request gets an `error`.  The .wfp itself travels as a file descriptor (SCM_RIGHTS) with the request.
//
// Requests                                      Replies
//   hello                                         hello version= pid= exe= protocol=
//   apply file= mode=wait-free|barrier            applied id= view= apply_us= functions= images= skipped= note=... ;
//         [timeout_ms=] [allow_active=]... + fd     returns once the update is published (wait-free), or once every
//                                                 thread has changed over (barrier)
//   revert [update=ID-PREFIX-OR-FILE]             applied ... as above, of the reverted update's id
//         [mode=] [timeout_ms=] [allow_active=]...
//   status                                        process ..., update ..., thread ..., end
//   any                                           error message=  (one line; nothing was changed)
//
// A row never spans packets.  A successful reply always finishes with the row `end`, in the same packet or a later one:
// "applied ...\n" "end\n".  note= may occur several times; functions=, images= and skipped= are counts.
//
// Rows of status
//   process  pid= exe= version= view=             view: the number of the published view
//   update   id= file= state=moving|settled|reverted functions= threads_total= threads_moved= apply_us= settle_us= view=
//            (settle_us is empty until it has settled), oldest first
//            after `revert` it is `reverted` at once; view, threads_* and *_us are then the revert's, and settle_us is
//            empty until no thread is left in the update's code
//   thread   tid= name= view= state=running|parked|unknown held_by=
//            held_by: the affected function that keeps it in an older view, empty if none is known
//   stack    low= size= view= state=running|suspended held_by=    only stacks of the program's own making (coroutines)
//            that are in an older view; the thread that runs on one has a row as well
#pragma once

namespace wfp::format {

inline constexpr char kSocketPrefix[] = "wfpatch/"; // after the leading NUL of an abstract name
inline constexpr int kProtocolVersion = 1;
inline constexpr unsigned kMaxRequestBytes = 64 * 1024;
inline constexpr unsigned kMaxPacketBytes = 64 * 1024;

} // namespace wfp::format
