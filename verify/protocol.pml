/* The protocol between application threads and the control thread, for Spin.
 *
 * What is modelled, step by step as in the code: each step below is marked with its name where the model makes it, and the
 * code is marked with the same name (`Model: NAME`) in the file that is given.  verify/crossref.sh checks both ways.
 *
 *   thread   PARK      state = (sequence + 1, PARKED)                                     park_inline.h
 *            UNPARK    state &= ~PARKED; then wfp_view = table(state.view)                park_inline.h
 *            POLL      published, own stack, state, then wfp_view                         poll.cpp
 *            STALE     marks of a handler that siglongjmp left are cleared                poll.cpp
 *            ENTER     a handler begins: RUNNING, IN_HANDLER, wfp_view = table(view)      signal_entry.cpp
 *            LEAVE     it returns: what it interrupted is PARKED again                    signal_entry.cpp
 *            GATE      jmp gate; jmp *ptr; mov %fs:view, %r11; jmp *slot(%r11)            gate_code.cpp
 *            BIRTH     published, state, wfp_view, tid                                    thread_registry.cpp
 *            DEATH     the record goes, the task a little later                           thread_registry.cpp
 *   control  ARM       gates lead to dispatch, sleds to gates                             updater.cpp
 *            PUBLISH   the view and the ranges of all changes since each older one        publish.cpp
 *            MOVE      seen = state; the stack; compare-exchange                          mover.cpp
 *            LOOK      every task is known, and in the published view                     mover.cpp
 *            BASE      the base view becomes equal to the published one                   updater.cpp
 *            SETTLE    gates lead to bodies, reverted functions lose their jump           updater.cpp
 *
 * Checked:
 *   - an activation of an affected function sees one version only, in handlers as well (assert in activation and handler);
 *   - once a change has settled, nobody runs another version, and nobody begins to (assert in SETTLE and GATE);
 *   - the model ends: no thread waits for another (an invalid end state is an error), and there is no loop in a thread's steps
 *     but the program's own.  A thread's steps between two of its own actions are straight-line code here as in the runtime:
 *     bounded, whatever the control thread does or leaves undone in between.
 *
 * Two functions: f is changed by every update, g by the first one alone (so that a thread that is several versions behind
 * is held by what an older update changed).  An activation calls again through the gate, with a park, a poll, a handler or
 * nothing between.  Changes are updates and reversals, in any order, each before or after the one before has settled.
 * Handlers interrupt parks, the two halves of UNPARK and of POLL, a gate, and activations; they return, or leave by siglongjmp to
 * where nothing is active.  A handler may itself poll and be interrupted by one that returns, or leaves by siglongjmp to the outer one.  Threads are born and die at any time; a record is used again by the next life.
 *
 * Sequential consistency is assumed; the code's comments argue which orders x86-64 and C++ need for it
 * (test/unit/runtime/tsan_stress.cpp tries them).  Not modelled: handlers installed past sigaction (the gates' place in the stack
 * check is for them), stacks of coroutines, barrier mode, reuse of tables and publications, and fork.
 * Built with -DMUTANT=n the model leaves one precaution out, and Spin must find the error: run.sh checks that too.
 */
#ifndef THREADS
#define THREADS 2
#endif
#ifndef ROUNDS
#define ROUNDS 2      /* of a thread's program, in each life */
#endif
#ifndef CHANGES
#define CHANGES 2     /* updates and reversals */
#endif
#ifndef SIGNALS
#define SIGNALS 1     /* for each thread */
#endif
#ifndef INNER
#define INNER 0       /* signals, for each thread, that come while a handler runs */
#endif
#ifndef LIVES
#define LIVES 1       /* of each thread's record */
#endif
#ifndef UNSEEN
#define UNSEEN 0      /* of the threads */
#endif
#ifndef FUNCTIONS
#define FUNCTIONS 2   /* 1: f alone */
#endif
#ifndef MUTANT
#define MUTANT 0
#endif

#define F 0
#define G 1
#define DISPATCH 255  /* ptr leads to dispatch code */
#define VIEWS (CHANGES + 1)
#define BODY(view, function) body[(view) * 2 + (function)]

/* A thread's record and what only the thread itself knows. */
typedef Thread {
  /* state: sequence, view, flags; changed in one step each time, as the one word that it is */
  byte sequence, view;
  bool parked, in_handler;
  byte tls_view;       /* wfp_view */
  bool task, known;    /* in /proc/self/task; has a tid in its record */
  byte handlers;       /* that run, as the record has it */
  byte running;        /* ... and as it is: what the stack pointer shows; fewer once siglongjmp has left one */
  byte frames[2];      /* activations of f and g on its stack, as a look at the stack finds them */
  byte runs[2]         /* ... and the version that they are; for the assertions only */
};
Thread thread[THREADS];
byte signals[THREADS];
byte inner_signals[THREADS];

byte body[VIEWS * 2];  /* the view tables */
byte g_changes[VIEWS]; /* how many changes of g lead to that view: what a publication's ranges say */
byte ptr[2];           /* of the gates: DISPATCH or a body */
bool armed[2];
byte published;
bool moving;

/* GATE: which body a call reaches. */
inline call(t, function, version) {
  if
  :: !armed[function] -> version = 0
  :: else ->
       version = ptr[function];
       if
       :: version == DISPATCH ->
            version = thread[t].tls_view;        /* mov %fs:view, %r11 */
            version = BODY(version, function)    /* jmp *slot(%r11) */
       :: else
       fi
  fi;
  enter_body(t, function, version)
}
inline enter_body(t, function, version) {
  d_step {
    assert(moving || version == BODY(published, function));
    thread[t].frames[function]++;
    thread[t].runs[function] = version
  }
}

/* Whether nothing is active that was changed between the two views. */
inline quiescent(t, from, to, answer) {
#if MUTANT == 1
  answer = true                             /* no stack check */
#elif MUTANT == 5
  answer = thread[t].frames[F] == 0 && (thread[t].frames[G] == 0 || g_changes[to] == g_changes[to - 1]) /* only the newest */
#else
  answer = thread[t].frames[F] == 0 && (thread[t].frames[G] == 0 || g_changes[to] == g_changes[from])
#endif
}

inline clear_stale_marks(t) { /* STALE */
  if
  :: thread[t].handlers > thread[t].running ->
       d_step {
         thread[t].handlers = thread[t].running;
#if MUTANT == 7
         thread[t].in_handler = false; /* as if no other handler ran */
#else
         thread[t].in_handler = thread[t].running > 0;
#endif
         thread[t].sequence++
       }
  :: else
  fi
}

inline park(t) { /* PARK */
  clear_stale_marks(t);
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
  maybe_handler(t);
  thread[t].tls_view = got
}

inline poll(t, got, answer) { /* POLL */
  if
  :: moving ->
       clear_stale_marks(t);
       got = published;
       quiescent(t, thread[t].view, got, answer);
       if
       :: answer && got != thread[t].view ->
            d_step {
              thread[t].sequence++;
              thread[t].view = got
            };
            maybe_handler(t);
            thread[t].tls_view = got
       :: else
       fi
  :: else
  fi
}

/* In a handler it moves nothing, unless the marks are wrong. */
inline poll_in_handler(t, got, answer) {
  clear_stale_marks(t);
  got = published;
  quiescent(t, thread[t].view, got, answer);
  d_step {
    if
    :: answer && !thread[t].in_handler ->
         thread[t].view = got;
         thread[t].tls_view = got
    :: else
    fi;
    got = 0;
    answer = false
  }
}

/* A signal may arrive at any of the places where this stands; the handler runs f.  Uses locals of the program. */
inline maybe_handler(t) {
  if
  :: signals[t] > 0 ->
       signals[t]--;
       h_was_parked = thread[t].parked;
#if MUTANT != 2
       clear_stale_marks(t);
       d_step { /* ENTER: unpark, then IN_HANDLER; what the control thread does in between is what it could do before */
         thread[t].parked = false;
         thread[t].sequence++;
         thread[t].in_handler = true;
         thread[t].handlers++;
         thread[t].running++
       };
       thread[t].tls_view = thread[t].view;
#endif
#if INNER
       maybe_inner_handler(t);
       poll_in_handler(t, h_got, h_answer);
#endif
       call(t, F, h_first);
       call(t, F, h_second);
       assert(h_first == h_second);
       d_step {
         thread[t].frames[F] = thread[t].frames[F] - 2;
         thread[t].runs[F] = version
       };
       if
       :: true ->
#if MUTANT != 2
            d_step { /* LEAVE */
              thread[t].sequence++;
              thread[t].parked = h_was_parked;
              thread[t].in_handler = false;
              thread[t].handlers = 0;
              thread[t].running = 0
            }
#else
            skip
#endif
       :: true -> goto jumped /* siglongjmp */
       fi
  :: true
  fi
}

/* The same in a handler: no park to go back to. */
inline maybe_inner_handler(t) {
  if
  :: inner_signals[t] > 0 ->
       inner_signals[t]--;
       clear_stale_marks(t);
       d_step { /* ENTER */
         thread[t].sequence++;
         thread[t].in_handler = true;
         thread[t].handlers++;
         thread[t].running++
       };
       thread[t].tls_view = thread[t].view;
       call(t, F, h_first);
       call(t, F, h_second);
       assert(h_first == h_second);
       d_step {
         thread[t].frames[F] = thread[t].frames[F] - 2;
         thread[t].runs[F] = version;
         thread[t].running--
       };
       if
       :: true ->
            d_step { /* LEAVE */
              thread[t].sequence++;
              thread[t].handlers = thread[t].running
            }
       :: true /* siglongjmp, to the outer handler */
       fi
  :: true
  fi
}

/* A call whose gate is interrupted between its two loads, when nothing else need be active. */
inline interrupted_call(t, function, version) {
  if
  :: INNER > 0 && armed[function] && ptr[function] == DISPATCH -> /* GATE */
       second = thread[t].tls_view;
       maybe_handler(t);
       version = BODY(second, function);
       second = 0;
       enter_body(t, function, version)
  :: else -> call(t, function, version)
  fi
}

inline activation(t, function) {
  interrupted_call(t, function, version);
  if
  :: true -> park(t); maybe_handler(t); unpark(t, got)
  :: poll(t, got, answer)
  :: true -> maybe_handler(t)
  fi;
  /* GATE, with a handler between the two loads */
  if
  :: armed[function] && ptr[function] == DISPATCH ->
       second = thread[t].tls_view;
       maybe_handler(t);
       second = BODY(second, function);
       enter_body(t, function, second)
  :: else -> call(t, function, second)
  fi;
  assert(version == second);
  d_step {
    thread[t].frames[function] = 0;
    version = 0;
    second = 0
  }
}

proctype program(byte t) {
  byte version, second, got, rounds, lives, h_first, h_second, h_got;
  bool answer, h_was_parked, h_answer;

next_life:
  skip;
  d_step { /* clone(): in the base view */
    thread[t].task = true;
    thread[t].tls_view = 0;
    rounds = 0
  };
  got = published; /* BIRTH: the tid comes last */
  d_step {
    thread[t].sequence++;
    thread[t].view = got
  };
  thread[t].tls_view = got;
  thread[t].known = true;

next_round:
  do
  :: rounds < ROUNDS ->
       rounds++;
       /* outside of f and g */
       if
       :: true -> park(t); maybe_handler(t); unpark(t, got)
       :: poll(t, got, answer)
       fi;
       if
       :: true -> activation(t, F)
       :: FUNCTIONS > 1 -> activation(t, G)
       fi
  :: else -> break
  od;

  skip;
  d_step { /* DEATH: the record's sequence goes on, so that a late compare-exchange fails */
    thread[t].known = false;
    thread[t].parked = false;
    thread[t].in_handler = false;
    thread[t].handlers = 0;
    thread[t].running = 0;
    thread[t].view = 0;
    thread[t].sequence++
  };
  if /* what runs after our last destructor runs in the view that the thread was in */
  :: true ->
       call(t, F, version);
       call(t, F, second);
       assert(version == second);
       d_step {
         thread[t].frames[F] = 0;
         version = 0;
         second = 0
       }
  :: true
  fi;
  thread[t].task = false;
  if
  :: lives < LIVES - 1 -> lives++; goto next_life
  :: else -> goto end_of_program
  fi;

jumped: /* to where nothing is active; the handler's mark stays until it is recognised */
  skip;
  d_step {
    thread[t].frames[F] = 0;
    thread[t].frames[G] = 0;
    thread[t].running = 0;
    version = 0;
    second = 0
  };
  goto next_round;

end_of_program:
  skip
}

/* A thread that the runtime does not see begin: it stays in the base view.  (That an activation of it that begins between BASE and the look
 * before can see both versions is a known limit: docs/quiescence.md.) */
proctype unseen(byte t) {
  byte version;
  d_step {
    thread[t].task = true;
    thread[t].tls_view = 0
  };
  call(t, F, version);
  thread[t].frames[F] = 0;
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
       quiescent(t, view, published, answer); /* the stack as it is now, not as it was when `state` was read */
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
  fi;
  d_step { sequence = 0; view = 0; answer = false }
}

/* LOOK: not one step, tasks are looked at one after the other. */
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
  od;
  t = 0
}

inline settle_function(function) {
  if
  :: BODY(published, function) == 0 -> armed[function] = false
  :: else -> ptr[function] = BODY(published, function)
  fi
}

active proctype control() {
  byte t, sequence, view, change, depth;
  bool answer;

  d_step {
    ptr[F] = DISPATCH;
    ptr[G] = DISPATCH;
    t = 0;
    do
    :: t < THREADS -> signals[t] = SIGNALS; inner_signals[t] = INNER; t++
    :: else -> break
    od;
    t = 0
  };
  do
  :: t < THREADS - UNSEEN -> run program(t); t++
  :: t >= THREADS - UNSEEN && t < THREADS -> run unseen(t); t++
  :: t >= THREADS -> break
  od;
  t = 0;

  do
  :: change < CHANGES ->
       change++;
       if /* another update upon those in force, or the newest one is taken back */
       :: true -> depth++
       :: depth > 0 -> depth--
       fi;
       d_step { /* a table and a publication that nobody has seen yet */
         BODY(change, F) = depth;
         BODY(change, G) = (depth > 0 -> 1 : 0);
         g_changes[change] = g_changes[change - 1] + (BODY(change, G) != BODY(change - 1, G) -> 1 : 0)
       };
       ptr[F] = DISPATCH; /* ARM */
       armed[F] = true;
       if
       :: BODY(change, G) != BODY(change - 1, G) -> ptr[G] = DISPATCH; armed[G] = true
       :: else
       fi;
       d_step { /* PUBLISH */
         moving = true;
         published = change
       };
       do
       :: true -> /* a round: MOVE, then SETTLE */
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
                 BODY(0, F) = BODY(published, F); /* BASE */
                 BODY(0, G) = BODY(published, G);
                 g_changes[0] = g_changes[published];
#if MUTANT != 6
                 everybody_has_moved(t, answer); /* whoever began in the base view before it changed */
#endif
#if MUTANT == 4
                 answer = true;
#endif
                 if
                 :: answer ->
                      settle_function(F); /* SETTLE */
                      settle_function(G);
                      d_step {
                        do
                        :: t < THREADS ->
                             assert(!thread[t].task || thread[t].frames[F] == 0 || thread[t].runs[F] == BODY(published, F));
                             assert(!thread[t].task || thread[t].frames[G] == 0 || thread[t].runs[G] == BODY(published, G));
                             t++
                        :: else -> break
                        od;
                        t = 0;
                        answer = false;
                        moving = false
                      };
                      break
                 :: else
                 fi
            :: else
            fi
       :: change < CHANGES -> break /* the next one comes first */
       :: true -> break             /* left there: threads go on without the control thread */
       od
  :: else -> break
  od
}
