/* The protocol between application threads and the control thread, for Spin.
 *
 * What is modelled, step by step as in the code (each label names the code's step):
 *
 *   thread   PARK     wfp_park: sp, then state = (sequence + 1, PARKED)                      park.cpp            (P)
 *            UNPARK   wfp_unpark: old = fetch_and(~PARKED); wfp_view = table(old.view)       park.cpp            (U)
 *            POLL     wfp_poll_slow: published, own stack, state, wfp_view                   poll.cpp            (M)
 *            HANDLER  wfp_enter_handler, the handler, wfp_leave_handler                      signal_entry.cpp
 *            GATE     jmp *ptr; mov %fs:view, %r11; jmp *slot(%r11)                          gate_code.cpp
 *            BIRTH    begin_thread: published, state, wfp_view, tid                          thread_registry.cpp
 *            DEATH    end_thread: the record goes, the task a little later
 *   control  PUBLISH  lead_to_dispatch, publish                                             updater.cpp
 *            MOVE     try_parked: seen = state; the stack; compare-exchange                 mover.cpp           (C)
 *            SETTLE   everybody_has_moved; enter_base_view; everybody_has_moved; ptr = body  mover.cpp, updater.cpp
 *
 * Checked:
 *   - an activation of an affected function sees one version only (assert in f);
 *   - once an update has settled, nobody runs an older version (assert in f);
 *   - the model ends: no thread waits for another, there is no loop in a thread's steps but the program's own.  A
 *     thread's steps between two of its own actions are straight-line code here as in the runtime: bounded.
 *
 * f stands for all affected functions: it calls itself through the gate twice, with a park, a poll or nothing between.
 * Sequential consistency is assumed; the code's comments argue which orders x86-64 and C++ need for it.
 * Not modelled: handlers that were installed past sigaction (the gates' place in the stack check is for them), barrier mode,
 * reuse of tables and publications, fork.
 * Built with -DMUTANT=n the model leaves one precaution out, and Spin must find the error: run.sh checks that too.
 */
#ifndef THREADS
#define THREADS 2
#endif
#ifndef ROUNDS
#define ROUNDS 2      /* of a thread's program */
#endif
#ifndef UPDATES
#define UPDATES 2
#endif
#ifndef SIGNALS
#define SIGNALS 1     /* for each thread */
#endif
#ifndef MUTANT
#define MUTANT 0
#endif

#define DISPATCH 255  /* ptr leads to dispatch code */

/* A thread's record and what only the thread itself knows. */
typedef Thread {
  /* state: sequence, view, flags; changed in one step each time, as the one word that it is */
  byte sequence, view;
  bool parked, in_handler;
  byte tls_view;      /* wfp_view */
  bool task, known;   /* in /proc/self/task; has a tid in its record */
  byte frames;        /* activations of f on its stack, as a scan of the stack finds them */
  bool in_gate        /* or an interrupted program counter in a gate */
};
Thread thread[THREADS];

byte published;       /* view number; tables are never reused here */
byte base;            /* what the base view holds */
byte ptr;             /* the gate's pointer: DISPATCH or a version */
byte settled;
bool moving;

/* GATE: which version a call reaches. */
inline call_f(t, version) {
  thread[t].in_gate = true;
  version = ptr;
  if
  :: version == DISPATCH ->
       version = thread[t].tls_view;        /* mov %fs:view, %r11 */
       if
       :: version == 0 -> version = base    /* the base view's table, read by the jump itself */
       :: else
       fi
  :: else
  fi;
  thread[t].frames++;
  thread[t].in_gate = false
}

inline quiescent(t, answer) {
#if MUTANT == 1
  answer = true                             /* no stack check */
#else
  answer = (thread[t].frames == 0 && !thread[t].in_gate)
#endif
}

inline park(t) { /* PARK */
  d_step {
    thread[t].sequence++;
    thread[t].parked = true
  }
}

inline unpark(t, got) { /* UNPARK: two steps, a handler may come between */
  d_step {
    thread[t].parked = false;
    got = thread[t].view
  };
  thread[t].tls_view = got
}

inline poll(t, got, answer) { /* POLL */
  if
  :: moving && !thread[t].in_handler ->
       got = published;
       quiescent(t, answer);
       if
       :: answer && got != thread[t].view ->
            d_step {
              thread[t].sequence++;
              thread[t].view = got
            };
            thread[t].tls_view = got
       :: else
       fi
  :: else
  fi
}

/* HANDLER: a signal may arrive at any of the places where this stands; the handler runs f. */
inline maybe_handler(t, h_version, h_second, h_was_parked) {
  if
  :: handlers[t] > 0 ->
       handlers[t]--;
       h_was_parked = thread[t].parked;
#if MUTANT != 2
       d_step { /* wfp_unpark, then IN_HANDLER: what the control thread does in between is what it could do before */
         thread[t].parked = false;
         thread[t].sequence++;
         thread[t].in_handler = true
       };
       thread[t].tls_view = thread[t].view;
#endif
       call_f(t, h_version);
       call_f(t, h_second);
       thread[t].frames--;
       assert(h_version == h_second);
       thread[t].frames--;
#if MUTANT != 2
       d_step {
         thread[t].sequence++;
         thread[t].parked = h_was_parked;
         thread[t].in_handler = false
       }
#endif
  :: true
  fi
}

byte handlers[THREADS];

proctype program(byte t) {
  byte version, second, got, rounds, h_version, h_second;
  bool answer, h_was_parked;

  /* BIRTH: the record exists, the tid comes last */
  got = published;
  d_step {
    thread[t].sequence++;
    thread[t].view = got
  };
  thread[t].tls_view = got;
  thread[t].known = true;

  do
  :: rounds < ROUNDS ->
       rounds++;
       /* something outside of f */
       if
       :: true -> park(t); maybe_handler(t, h_version, h_second, h_was_parked); unpark(t, got)
       :: poll(t, got, answer)
       fi;
       /* an activation of f */
       call_f(t, version);
       assert(version >= settled || moving);
       if
       :: true -> park(t); maybe_handler(t, h_version, h_second, h_was_parked); unpark(t, got)
       :: poll(t, got, answer)
       :: true -> maybe_handler(t, h_version, h_second, h_was_parked)
       fi;
       call_f(t, second);
       assert(version == second);
       thread[t].frames--;
       thread[t].frames--
  :: else -> break
  od;

  /* DEATH */
  thread[t].known = false;
  thread[t].task = false
}

/* MOVE: one attempt for one thread. */
inline try_parked(t, sequence, view, answer) {
  d_step { /* seen = state.load() */
    sequence = thread[t].sequence;
    view = thread[t].view;
    answer = thread[t].known && thread[t].parked && !thread[t].in_handler
  };
  if
  :: answer && view != published ->
       quiescent(t, answer); /* the stack as it is now, not as it was when `state` was read */
       if
       :: answer ->
            d_step {
              if
#if MUTANT == 3
              :: true -> thread[t].view = published /* a store instead of a compare-exchange */
#else
              :: thread[t].sequence == sequence && thread[t].view == view && thread[t].parked &&
                 !thread[t].in_handler -> thread[t].view = published
#endif
              :: else
              fi
            }
       :: else
       fi
  :: else
  fi
}

/* Whether each task is known to be in the published view; not one step: tasks are looked at one after the other. */
inline everybody_has_moved(t, answer) {
  answer = true;
  t = 0;
  do
  :: t < THREADS ->
       if
       :: thread[t].task && !(thread[t].known && thread[t].view == published) -> answer = false
       :: else
       fi;
       t++
  :: else -> break
  od
}

active proctype control() {
  byte t, sequence, view, update;
  bool answer;

  ptr = DISPATCH;
  t = 0;
  do
  :: t < THREADS ->
       handlers[t] = SIGNALS;
       thread[t].task = true;
       run program(t);
       t++
  :: else -> break
  od;

  do
  :: update < UPDATES ->
       update++;
       /* PUBLISH; an update may follow before the one before has settled */
       ptr = DISPATCH;
       d_step {
         moving = true;
         published = update
       };
       do
       :: true -> /* a round: MOVE, then SETTLE */
            t = 0;
            do
            :: t < THREADS -> try_parked(t, sequence, view, answer); t++
            :: else -> break
            od;
            everybody_has_moved(t, answer);
#if MUTANT == 4
            answer = true; /* settles without looking */
#endif
            if
            :: answer ->
                 base = published;
                 everybody_has_moved(t, answer);
#if MUTANT == 4
                 answer = true;
#endif
                 if
                 :: answer ->
                      ptr = published;
                      d_step {
                        settled = published;
                        moving = false
                      };
                      break
                 :: else
                 fi
            :: else
            fi
       :: update < UPDATES -> break /* the next one comes first */
       :: true -> skip              /* later: threads go on meanwhile */
       od
  :: else -> break
  od
}
