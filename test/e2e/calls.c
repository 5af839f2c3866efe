// Every interposed blocking call behaves as without the runtime: the same program runs without it and with it, and says of each call what came
// of it in each situation: ready at once, blocked and then released, interrupted by signals, past its deadline, with
// a bad argument, cancelled while it waits, and with a cancellation pending.
//
// RUN: rm -rf %t && mkdir -p %t
// RUN: %wfclang -O2 -Wno-deprecated-declarations %s -o %t/program -pthread
// RUN: %t/program > %t/without
// RUN: env LD_PRELOAD=%librt/libwfpatch.so %t/program interposed > %t/with
// RUN: diff %t/without %t/with
//
// Each call of docs/quiescence.md's list is in the table:
// RUN: python3 %S/Inputs/exports.py %root/docs/quiescence.md %librt/libwfpatch.so %t/without

#define _GNU_SOURCE
#include <aio.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/uio.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define CHECK(condition)                                                                                               \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      fprintf(stderr, "%s:%d: not true: %s (%s)\n", __FILE__, __LINE__, #condition, strerror(errno));                   \
      _exit(1);                                                                                                        \
    }                                                                                                                  \
  } while (0)

// ---- what the calls work on; made anew for each of them

static struct {
  int s[2];             // a pair of stream sockets
  int full[2];          // the same: [0] takes no more bytes until [1] is read
  int p[2], fullp[2];   // pipes: an empty one, and one that takes no more bytes
  int listener, caller; // a socket without callers; one whose caller has to wait
  int epoll, zero, event, fullevent, lock[2];
  pthread_mutex_t mutex, other;
  pthread_rwlock_t rwlock;
  mtx_t mtx;
  pthread_cond_t cond;
  cnd_t cnd;
  sem_t sem;
  pthread_barrier_t barrier;
  pthread_t joined;
  thrd_t thrd;
  pid_t child;
  int child_may_end, messages, fullmessages, semaphores;
  mqd_t mq, fullmq;
  atomic_int futex, flag, joined_tid;
  struct aiocb aio;
  char byte;
} f;
static pthread_t target;
static struct timespec later, soon; // deadlines: in a minute; 1 ms from now at the time of the call

static struct timespec in(clockid_t clock, long ms) {
  struct timespec t;
  clock_gettime(clock, &t);
  t.tv_sec += ms / 1000;
  t.tv_nsec += ms % 1000 * 1000000;
  if (t.tv_nsec >= 1000000000)
    t.tv_nsec -= 1000000000, ++t.tv_sec;
  return t;
}

static void fill(int fd) {
  char block[4096] = {0};
  int flags = fcntl(fd, F_GETFL);
  fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  while (write(fd, block, sizeof(block)) > 0)
    ;
  while (write(fd, block, 1) > 0)
    ;
  fcntl(fd, F_SETFL, flags);
}
static void drain(int fd) {
  char block[4096];
  int flags = fcntl(fd, F_GETFL);
  fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  while (read(fd, block, sizeof(block)) > 0)
    ;
  fcntl(fd, F_SETFL, flags);
}

static socklen_t address(struct sockaddr_un *a, const char *what) {
  memset(a, 0, sizeof(*a));
  a->sun_family = AF_UNIX;
  snprintf(a->sun_path + 1, sizeof(a->sun_path) - 1, "wfpatch-calls-%d-%s", getpid(), what);
  return sizeof(*a);
}

static void *joined(void *unused) {
  (void)unused;
  f.joined_tid = (int)syscall(SYS_gettid);
  while (!f.flag)
    syscall(SYS_futex, &f.flag, FUTEX_WAIT_PRIVATE, 0, NULL);
  return NULL;
}
static int joined_thrd(void *unused) { joined(unused); return 7; }
static void end_joined(void) { // and wait until it is gone
  while (!f.joined_tid)
    sched_yield();
  f.flag = 1;
  syscall(SYS_futex, &f.flag, FUTEX_WAKE_PRIVATE, 1);
  while (syscall(SYS_tgkill, getpid(), f.joined_tid, 0) == 0)
    sched_yield();
}

static void make(void) {
  memset(&f, 0, sizeof(f));
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, f.s) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, f.full) == 0);
  CHECK(pipe(f.p) == 0 && pipe(f.fullp) == 0);
  fill(f.full[0]);
  fill(f.fullp[1]);
  struct sockaddr_un a;
  CHECK((f.listener = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
  CHECK(bind(f.listener, (struct sockaddr *)&a, address(&a, "listener")) == 0 && listen(f.listener, 0) == 0);
  CHECK((f.caller = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
  CHECK((f.epoll = epoll_create1(0)) >= 0);
  struct epoll_event event = {.events = EPOLLIN};
  CHECK(epoll_ctl(f.epoll, EPOLL_CTL_ADD, f.s[0], &event) == 0);
  CHECK((f.zero = open("/dev/zero", O_RDONLY)) >= 0);
  CHECK((f.event = eventfd(0, 0)) >= 0 && (f.fullevent = eventfd(0, 0)) >= 0 && eventfd_write(f.fullevent, -2ull) == 0);
  char name[] = "/tmp/wfpatch-calls-XXXXXX";
  CHECK((f.lock[0] = mkstemp(name)) >= 0 && (f.lock[1] = open(name, O_RDWR)) >= 0 && unlink(name) == 0);
  CHECK(pthread_mutex_init(&f.mutex, NULL) == 0 && pthread_mutex_init(&f.other, NULL) == 0);
  CHECK(pthread_rwlock_init(&f.rwlock, NULL) == 0 && mtx_init(&f.mtx, mtx_timed) == thrd_success);
  CHECK(pthread_cond_init(&f.cond, NULL) == 0 && cnd_init(&f.cnd) == thrd_success && sem_init(&f.sem, 0, 0) == 0);
  CHECK(pthread_barrier_init(&f.barrier, NULL, 2) == 0);
  later = in(CLOCK_REALTIME, 60000);
  soon = (struct timespec){0, 1};
}

// Whatever of the expensive kinds a case wants, and gives back.
static void make_thread(void) { CHECK(pthread_create(&f.joined, NULL, joined, NULL) == 0); }
static void make_thrd(void) { CHECK(thrd_create(&f.thrd, joined_thrd, NULL) == thrd_success); f.joined = f.thrd; }
static void make_child(void) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  fflush(stdout);
  CHECK((f.child = fork()) >= 0);
  if (f.child == 0) {
    char byte;
    close(ends[1]);
    (void)!read(ends[0], &byte, 1);
    _exit(3);
  }
  close(ends[0]);
  f.child_may_end = ends[1];
}
static void make_ipc(void) {
  CHECK((f.messages = msgget(IPC_PRIVATE, 0600)) >= 0 && (f.fullmessages = msgget(IPC_PRIVATE, 0600)) >= 0);
  CHECK((f.semaphores = semget(IPC_PRIVATE, 1, 0600)) >= 0);
  struct { long type; char text[1024]; } message = {1, ""};
  while (msgsnd(f.fullmessages, &message, sizeof(message.text), IPC_NOWAIT) == 0)
    ;
  char name[64];
  struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};
  snprintf(name, sizeof(name), "/wfpatch-calls-%d", getpid());
  CHECK((f.mq = mq_open(name, O_CREAT | O_RDWR, 0600, &attributes)) >= 0 && mq_unlink(name) == 0);
  CHECK((f.fullmq = mq_open(name, O_CREAT | O_RDWR, 0600, &attributes)) >= 0 && mq_unlink(name) == 0);
  CHECK(mq_send(f.fullmq, "x", 1, 0) == 0);
}
static void make_aio(void) { f.aio = (struct aiocb){.aio_fildes = f.p[0], .aio_buf = &f.byte, .aio_nbytes = 1}; CHECK(aio_read(&f.aio) == 0); }
static void make_calls(void) { // the caller has to wait: as many others are waiting as may
  struct sockaddr_un a;
  for (;;) {
    int other = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (connect(other, (struct sockaddr *)&a, address(&a, "listener")) != 0) {
      close(other);
      return;
    }
    // stays open until unmake()
  }
}
static void hold_mutex(void) { pthread_mutex_lock(&f.mutex); }
static void hold_rwlock(void) { pthread_rwlock_wrlock(&f.rwlock); }
static void hold_mtx(void) { mtx_lock(&f.mtx); }
static void hold_flock(void) { CHECK(flock(f.lock[1], LOCK_EX) == 0); }
static void hold_ofd(void) { struct flock l = {.l_type = F_WRLCK}; CHECK(fcntl(f.lock[1], F_OFD_SETLK, &l) == 0); }
static void hold_cond(void) {}

static void unmake(void) {
  if (f.child) {
    close(f.child_may_end);
    waitpid(f.child, NULL, 0);
  }
  if (f.joined)
    end_joined();
  if (f.messages)
    msgctl(f.messages, IPC_RMID, NULL), msgctl(f.fullmessages, IPC_RMID, NULL), semctl(f.semaphores, 0, IPC_RMID);
  if (f.aio.aio_fildes) {
    (void)!write(f.p[1], "x", 1);
    while (aio_error(&f.aio) == EINPROGRESS)
      sched_yield();
  }
  for (int fd = 3; fd < 200; ++fd)
    close(fd);
}

// ---- how what the call waits for comes

static void give(void) { CHECK(write(f.s[1], "x", 1) == 1 && write(f.p[1], "x", 1) == 1); }
static void finish_aio(void) { give(); while (aio_error(&f.aio) == EINPROGRESS) sched_yield(); }
static void make_room(void) { drain(f.full[1]); drain(f.fullp[0]); }
static void call_listener(void) { struct sockaddr_un a; CHECK(connect(f.caller, (struct sockaddr *)&a, address(&a, "listener")) == 0); }
static void answer_callers(void) { CHECK(accept(f.listener, NULL, NULL) >= 0); }
static void let_child_end(void) { close(f.child_may_end); siginfo_t info; waitid(P_PID, f.child, &info, WEXITED | WNOWAIT); f.child_may_end = -1; }
static void unlock_mutex(void) { pthread_mutex_unlock(&f.mutex); }
static void unlock_rwlock(void) { pthread_rwlock_unlock(&f.rwlock); }
static void unlock_mtx(void) { mtx_unlock(&f.mtx); }
static void unlock_file(void) { flock(f.lock[1], LOCK_UN); struct flock l = {.l_type = F_UNLCK}; fcntl(f.lock[1], F_OFD_SETLK, &l); }
static void signal_cond(void) {
  pthread_mutex_lock(&f.other);
  f.flag = 1;
  pthread_mutex_unlock(&f.other);
  pthread_cond_broadcast(&f.cond);
}
static void signal_cnd(void) { mtx_lock(&f.mtx); f.flag = 1; mtx_unlock(&f.mtx); cnd_broadcast(&f.cnd); }
static void post(void) { sem_post(&f.sem); }
static void send_usr2(void) { pthread_kill(target, SIGUSR2); }
static void *second(void *unused) { (void)unused; pthread_barrier_wait(&f.barrier); return NULL; }
static void come_to_barrier(void) { pthread_t t; CHECK(pthread_create(&t, NULL, second, NULL) == 0); pthread_detach(t); }
static void give_message(void) {
  struct { long type; char text[1]; } message = {1, "x"};
  struct sembuf up = {0, 1, 0};
  CHECK(msgsnd(f.messages, &message, 1, 0) == 0 && semop(f.semaphores, &up, 1) == 0 && mq_send(f.mq, "x", 1, 0) == 0);
}
static void take_message(void) {
  struct { long type; char text[1024]; } message;
  char byte[8];
  while (msgrcv(f.fullmessages, &message, sizeof(message.text), 0, IPC_NOWAIT) >= 0)
    ;
  CHECK(mq_receive(f.fullmq, byte, sizeof(byte), NULL) == 1);
}
static void wake_futex(void) { f.futex = 1; syscall(SYS_futex, &f.futex, FUTEX_WAKE_PRIVATE, 1); }
static void post_event(void) { eventfd_write(f.event, 5); }
static void empty_event(void) { eventfd_t v; eventfd_read(f.fullevent, &v); }

// ---- the calls

static char buffer[64 * 1024];
static struct iovec part = {buffer, 1};
static struct timespec *limit; // of the calls with a relative time-out; NULL: none
static struct timespec *deadline;
static int milliseconds(void) { return limit ? 1 : -1; }
static int bad; // -1 in place of the descriptor
#define FD(fd) (bad ? -1 : (fd))

static long c_read(void) { return read(FD(f.s[0]), buffer, 1); }
static long c___read(void) { extern ssize_t __read(int, void *, size_t); return __read(FD(f.s[0]), buffer, 1); }
static long c_readv(void) { return readv(FD(f.s[0]), &part, 1); }
static long c_recv(void) { return recv(FD(f.s[0]), buffer, 1, 0); }
static long c_recvfrom(void) { return recvfrom(FD(f.s[0]), buffer, 1, 0, NULL, NULL); }
static long c_recvmsg(void) { struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1}; return recvmsg(FD(f.s[0]), &m, 0); }
static long c_recvmmsg(void) { struct mmsghdr m = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}}; return recvmmsg(FD(f.s[0]), &m, 1, 0, NULL); }
extern ssize_t __read_chk(int, void *, size_t, size_t), __recv_chk(int, void *, size_t, size_t, int),
    __recvfrom_chk(int, void *, size_t, size_t, int, struct sockaddr *, socklen_t *);
extern int __poll_chk(struct pollfd *, nfds_t, int, size_t), __ppoll_chk(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *, size_t);
static long c___read_chk(void) { return __read_chk(FD(f.s[0]), buffer, 1, sizeof(buffer)); }
static long c___recv_chk(void) { return __recv_chk(FD(f.s[0]), buffer, 1, sizeof(buffer), 0); }
static long c___recvfrom_chk(void) { return __recvfrom_chk(FD(f.s[0]), buffer, 1, sizeof(buffer), 0, NULL, NULL); }
static long c_accept(void) { return accept(FD(f.listener), NULL, NULL) >= 0 ? 1 : -1; }
static long c_accept4(void) { return accept4(FD(f.listener), NULL, NULL, SOCK_CLOEXEC) >= 0 ? 1 : -1; }
static long c_connect(void) { struct sockaddr_un a; return connect(FD(f.caller), (struct sockaddr *)&a, address(&a, "listener")); }
static long c___connect(void) { extern int __connect(int, const struct sockaddr *, socklen_t); struct sockaddr_un a; return __connect(FD(f.caller), (struct sockaddr *)&a, address(&a, "listener")); }
static long c_poll(void) { struct pollfd p = {f.s[0], POLLIN, 0}; return poll(bad ? (void *)1 : &p, 1, milliseconds()); }
static long c___poll(void) { extern int __poll(struct pollfd *, nfds_t, int); struct pollfd p = {f.s[0], POLLIN, 0}; return __poll(bad ? (void *)1 : &p, 1, milliseconds()); }
static long c___poll_chk(void) { struct pollfd p = {f.s[0], POLLIN, 0}; return __poll_chk(bad ? (void *)1 : &p, 1, milliseconds(), sizeof(p)); }
static long c_ppoll(void) { struct pollfd p = {f.s[0], POLLIN, 0}; return ppoll(bad ? (void *)1 : &p, 1, limit, NULL); }
static long c___ppoll_chk(void) { struct pollfd p = {f.s[0], POLLIN, 0}; return __ppoll_chk(bad ? (void *)1 : &p, 1, limit, NULL, sizeof(p)); }
#define SELECT(call, time)                                                                                             \
  fd_set set;                                                                                                          \
  FD_ZERO(&set);                                                                                                       \
  FD_SET(f.s[0], &set);                                                                                                \
  return call(bad ? -1 : f.s[0] + 1, &set, NULL, NULL, time)
static long c_select(void) { struct timeval t = {0, 1000}; SELECT(select, limit ? &t : NULL); }
static long c___select(void) { extern int __select(int, fd_set *, fd_set *, fd_set *, struct timeval *); struct timeval t = {0, 1000}; SELECT(__select, limit ? &t : NULL); }
#define PSELECT(n, r, w, e, t) pselect(n, r, w, e, t, NULL)
static long c_pselect(void) { SELECT(PSELECT, limit); }
static long c_epoll_wait(void) { struct epoll_event e; return epoll_wait(FD(f.epoll), &e, 1, milliseconds()); }
static long c_epoll_pwait(void) { struct epoll_event e; return epoll_pwait(FD(f.epoll), &e, 1, milliseconds(), NULL); }
static long c_epoll_pwait2(void) { struct epoll_event e; return epoll_pwait2(FD(f.epoll), &e, 1, limit, NULL); }
static long c_send(void) { return send(FD(f.full[0]), buffer, 1, 0); }
static long c___send(void) { extern ssize_t __send(int, const void *, size_t, int); return __send(FD(f.full[0]), buffer, 1, 0); }
static long c_sendto(void) { return sendto(FD(f.full[0]), buffer, 1, 0, NULL, 0); }
static long c_sendmsg(void) { struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1}; return sendmsg(FD(f.full[0]), &m, 0); }
static long c_sendmmsg(void) { struct mmsghdr m = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}}; return sendmmsg(FD(f.full[0]), &m, 1, 0); }
static long c_write(void) { return write(FD(f.full[0]), buffer, 1); }
static long c___write(void) { extern ssize_t __write(int, const void *, size_t); return __write(FD(f.full[0]), buffer, 1); }
static long c_writev(void) { return writev(FD(f.full[0]), &part, 1); }
static long c_sendfile(void) { return sendfile(FD(f.full[0]), f.lock[0], NULL, 1); }
static long c_sendfile64(void) { return sendfile64(FD(f.full[0]), f.lock[0], NULL, 1); }
static void one_byte(void) { CHECK(pwrite(f.lock[0], "x", 1, 0) == 1); }
static long c_splice(void) { return splice(FD(f.p[0]), NULL, f.s[1], NULL, 1, 0); }
static void second_pipe(void) { int to[2]; CHECK(pipe(to) == 0); f.child_may_end = to[1]; }
static long c_tee(void) { return tee(FD(f.p[0]), f.child_may_end, 1, 0); }
static long c_vmsplice(void) { return vmsplice(FD(f.fullp[1]), &part, 1, 0); }
static long c_flock(void) { return flock(FD(f.lock[0]), LOCK_EX); }
static long c_lockf(void) { return lockf(FD(f.lock[0]), F_LOCK, 0); }
static long c_lockf64(void) { return lockf64(FD(f.lock[0]), F_LOCK, 0); }
static long c_fcntl(void) { struct flock l = {.l_type = F_WRLCK}; return fcntl(FD(f.lock[0]), F_OFD_SETLKW, &l); }
static long c_fcntl64(void) { extern int fcntl64(int, int, ...); struct flock l = {.l_type = F_WRLCK}; return fcntl64(FD(f.lock[0]), F_SETLKW, &l); }
static long c_eventfd_read(void) { eventfd_t v; return eventfd_read(FD(f.event), &v); }
static long c_eventfd_write(void) { return eventfd_write(FD(f.fullevent), 1); }
static long c_aio_suspend(void) { const struct aiocb *list[] = {&f.aio}; return aio_suspend(list, 1, limit); }
static long c_aio_suspend64(void) { const struct aiocb64 *list[] = {(void *)&f.aio}; return aio_suspend64(list, 1, limit); }
struct message { long type; char text[1024]; };
static long c_msgrcv(void) { struct message m; return msgrcv(FD(f.messages), &m, sizeof(m.text), 0, 0); }
static long c_msgsnd(void) { struct message m = {1, ""}; return msgsnd(FD(f.fullmessages), &m, sizeof(m.text), 0); }
static struct sembuf down = {0, -1, 0};
static long c_semop(void) { return semop(FD(f.semaphores), &down, 1); }
static long c_semtimedop(void) { return semtimedop(FD(f.semaphores), &down, 1, limit); }
static long c_mq_receive(void) { return mq_receive(FD(f.mq), buffer, 8, NULL); }
static long c_mq_timedreceive(void) { return mq_timedreceive(FD(f.mq), buffer, 8, NULL, deadline); }
static long c_mq_send(void) { return mq_send(FD(f.fullmq), "x", 1, 0); }
static long c_mq_timedsend(void) { return mq_timedsend(FD(f.fullmq), "x", 1, 0, deadline); }
static void unlock_other(void *unused) { (void)unused; pthread_mutex_unlock(&f.other); }
#define COND(wait)                                                                                                     \
  int e = 0;                                                                                                           \
  pthread_mutex_lock(&f.other);                                                                                        \
  pthread_cleanup_push(unlock_other, NULL);                                                                            \
  while (!f.flag && !e)                                                                                                \
    e = wait;                                                                                                          \
  pthread_cleanup_pop(1);                                                                                              \
  return e
static long c_pthread_cond_wait(void) { COND(pthread_cond_wait(&f.cond, &f.other)); }
static long c_pthread_cond_timedwait(void) { COND(pthread_cond_timedwait(&f.cond, &f.other, deadline)); }
static long c_pthread_cond_clockwait(void) { COND(pthread_cond_clockwait(&f.cond, &f.other, CLOCK_REALTIME, deadline)); }
static void unlock_mtx_(void *unused) { (void)unused; mtx_unlock(&f.mtx); }
#define CND(wait)                                                                                                      \
  int e = thrd_success;                                                                                                \
  mtx_lock(&f.mtx);                                                                                                    \
  pthread_cleanup_push(unlock_mtx_, NULL);                                                                             \
  while (!f.flag && e == thrd_success)                                                                                 \
    e = wait;                                                                                                          \
  pthread_cleanup_pop(1);                                                                                              \
  return e
static long c_cnd_wait(void) { CND(cnd_wait(&f.cnd, &f.mtx)); }
static long c_cnd_timedwait(void) { CND(cnd_timedwait(&f.cnd, &f.mtx, deadline)); }
static long c_sem_wait(void) { return sem_wait(&f.sem); }
static long c_sem_timedwait(void) { return sem_timedwait(&f.sem, deadline); }
static long c_sem_clockwait(void) { return sem_clockwait(&f.sem, CLOCK_REALTIME, deadline); }
static long c_pthread_mutex_lock(void) { return pthread_mutex_lock(&f.mutex); }
static long c_pthread_mutex_timedlock(void) { return pthread_mutex_timedlock(&f.mutex, deadline); }
static long c_pthread_mutex_clocklock(void) { return pthread_mutex_clocklock(&f.mutex, CLOCK_REALTIME, deadline); }
static long c_mtx_lock(void) { return mtx_lock(&f.mtx); }
static long c_mtx_timedlock(void) { return mtx_timedlock(&f.mtx, deadline); }
static long c_pthread_rwlock_rdlock(void) { return pthread_rwlock_rdlock(&f.rwlock); }
static long c_pthread_rwlock_wrlock(void) { return pthread_rwlock_wrlock(&f.rwlock); }
static long c_pthread_rwlock_timedrdlock(void) { return pthread_rwlock_timedrdlock(&f.rwlock, deadline); }
static long c_pthread_rwlock_timedwrlock(void) { return pthread_rwlock_timedwrlock(&f.rwlock, deadline); }
static long c_pthread_rwlock_clockrdlock(void) { return pthread_rwlock_clockrdlock(&f.rwlock, CLOCK_REALTIME, deadline); }
static long c_pthread_rwlock_clockwrlock(void) { return pthread_rwlock_clockwrlock(&f.rwlock, CLOCK_REALTIME, deadline); }
static long c_pthread_barrier_wait(void) { int e = pthread_barrier_wait(&f.barrier); return e == PTHREAD_BARRIER_SERIAL_THREAD ? 0 : e; }
static long c_pthread_join(void) { return pthread_join(f.joined, NULL); }
static long c_pthread_timedjoin_np(void) { return pthread_timedjoin_np(f.joined, NULL, deadline); }
static long c_pthread_clockjoin_np(void) { return pthread_clockjoin_np(f.joined, NULL, CLOCK_REALTIME, deadline); }
static long c_thrd_join(void) { int result = 0, e = thrd_join(f.thrd, &result); return e == thrd_success ? result : -e; }
static sigset_t usr2(void) { sigset_t s; sigemptyset(&s); sigaddset(&s, SIGUSR2); return s; }
static long c_sigwait(void) { sigset_t s = usr2(); int number = 0, e = sigwait(&s, &number); return e ? -e : number; }
static long c_sigwaitinfo(void) { sigset_t s = usr2(); siginfo_t info; return sigwaitinfo(&s, &info); }
static long c_sigtimedwait(void) { sigset_t s = usr2(); siginfo_t info; return sigtimedwait(&s, &info, limit); }
static long c_sigsuspend(void) { sigset_t s = usr2(); return sigsuspend(&s); }
static long c___sigsuspend(void) { extern int __sigsuspend(const sigset_t *); sigset_t s = usr2(); return __sigsuspend(&s); }
static long c_pause(void) { return pause(); }
static long c_sleep(void) { return sleep(60) > 0; }
static long c_usleep(void) { return usleep(limit ? 1000 : 60000000); }
static struct timespec minute = {60, 0}, tick = {0, 1000000}, invalid = {0, -1};
static const struct timespec *nap(void) { return bad ? &invalid : limit ? &tick : &minute; }
static long c_nanosleep(void) { return nanosleep(nap(), NULL); }
static long c___nanosleep(void) { extern int __nanosleep(const struct timespec *, struct timespec *); return __nanosleep(nap(), NULL); }
static long c_clock_nanosleep(void) { return clock_nanosleep(CLOCK_MONOTONIC, 0, nap(), NULL); }
static long c_thrd_sleep(void) { return thrd_sleep(nap(), NULL); }
static long child_is(long pid) { return pid == f.child ? 1 : pid; }
static long c_wait(void) { return child_is(wait(NULL)); }
static long c___wait(void) { extern pid_t __wait(int *); return child_is(__wait(NULL)); }
static long c_waitpid(void) { int s; return child_is(waitpid(f.child, &s, 0)); }
static long c___waitpid(void) { extern pid_t __waitpid(pid_t, int *, int); int s; return child_is(__waitpid(f.child, &s, 0)); }
static long c_wait3(void) { return child_is(wait3(NULL, 0, NULL)); }
static long c_wait4(void) { return child_is(wait4(f.child, NULL, 0, NULL)); }
static long c_waitid(void) { siginfo_t info; return waitid(P_PID, (id_t)f.child, &info, WEXITED); }
static long c_syscall(void) { return syscall(bad ? 100000 : SYS_futex, &f.futex, FUTEX_WAIT_PRIVATE, 0, limit); }
static long c_syscall_epoll(void) { struct epoll_event e; return syscall(SYS_epoll_pwait, FD(f.epoll), &e, 1, milliseconds(), NULL, 8); }
static long c_syscall_read(void) { return syscall(SYS_read, FD(f.s[0]), buffer, 1); }

enum {
  POINT = 1,     // a cancellation point
  EINTR_ = 2,    // returns when a handler has run
  RELATIVE = 4,  // has a relative time-out: `limit`
  ABSOLUTE = 8,  // has a deadline
  BAD = 16,      // has an argument that can be bad
  NEVER = 32,    // only ends by a signal or time-out
};
static const struct {
  const char *name;
  long (*call)(void);
  int flags;
  void (*prepare)(void), (*release)(void);
} table[] = {
#define C(name, flags, prepare, release) {#name, c_##name, flags, prepare, release}
    C(read, POINT | EINTR_ | BAD, NULL, give), C(__read, POINT | EINTR_ | BAD, NULL, give),
    C(__read_chk, POINT | EINTR_ | BAD, NULL, give), C(readv, POINT | EINTR_ | BAD, NULL, give),
    C(recv, POINT | EINTR_ | BAD, NULL, give), C(__recv_chk, POINT | EINTR_ | BAD, NULL, give),
    C(recvfrom, POINT | EINTR_ | BAD, NULL, give), C(__recvfrom_chk, POINT | EINTR_ | BAD, NULL, give),
    C(recvmsg, POINT | EINTR_ | BAD, NULL, give), C(recvmmsg, POINT | EINTR_ | BAD, NULL, give),
    C(accept, POINT | EINTR_ | BAD, NULL, call_listener), C(accept4, POINT | EINTR_ | BAD, NULL, call_listener),
    C(connect, POINT | EINTR_ | BAD, make_calls, answer_callers), C(__connect, POINT | EINTR_ | BAD, make_calls, answer_callers),
    C(poll, POINT | EINTR_ | RELATIVE | BAD, NULL, give), C(__poll, POINT | EINTR_ | RELATIVE | BAD, NULL, give),
    C(__poll_chk, POINT | EINTR_ | RELATIVE | BAD, NULL, give), C(ppoll, POINT | EINTR_ | RELATIVE | BAD, NULL, give),
    C(__ppoll_chk, POINT | EINTR_ | RELATIVE | BAD, NULL, give), C(select, POINT | EINTR_ | RELATIVE | BAD, NULL, give),
    C(__select, POINT | EINTR_ | RELATIVE | BAD, NULL, give), C(pselect, POINT | EINTR_ | RELATIVE | BAD, NULL, give),
    C(epoll_wait, POINT | EINTR_ | RELATIVE | BAD, NULL, give), C(epoll_pwait, POINT | EINTR_ | RELATIVE | BAD, NULL, give),
    C(epoll_pwait2, POINT | EINTR_ | RELATIVE | BAD, NULL, give),
    C(send, POINT | EINTR_ | BAD, NULL, make_room), C(__send, POINT | EINTR_ | BAD, NULL, make_room),
    C(sendto, POINT | EINTR_ | BAD, NULL, make_room), C(sendmsg, POINT | EINTR_ | BAD, NULL, make_room),
    C(sendmmsg, POINT | EINTR_ | BAD, NULL, make_room), C(write, POINT | EINTR_ | BAD, NULL, make_room),
    C(__write, POINT | EINTR_ | BAD, NULL, make_room), C(writev, POINT | EINTR_ | BAD, NULL, make_room),
    C(sendfile, EINTR_ | BAD, one_byte, make_room), C(sendfile64, EINTR_ | BAD, one_byte, make_room),
    C(splice, POINT | EINTR_ | BAD, NULL, give), C(tee, POINT | EINTR_ | BAD, second_pipe, give),
    C(vmsplice, POINT | EINTR_ | BAD, NULL, make_room),
    C(flock, EINTR_ | BAD, hold_flock, unlock_file), C(lockf, POINT | EINTR_ | BAD, hold_ofd, unlock_file),
    C(lockf64, POINT | EINTR_ | BAD, hold_ofd, unlock_file), C(fcntl, POINT | EINTR_ | BAD, hold_ofd, unlock_file),
    C(fcntl64, POINT | EINTR_ | BAD, hold_ofd, unlock_file),
    C(eventfd_read, POINT | EINTR_ | BAD, NULL, post_event), C(eventfd_write, POINT | EINTR_ | BAD, NULL, empty_event),
    C(aio_suspend, POINT | EINTR_ | RELATIVE, make_aio, finish_aio), C(aio_suspend64, POINT | EINTR_ | RELATIVE, make_aio, finish_aio),
    C(msgrcv, POINT | EINTR_ | BAD, make_ipc, give_message), C(msgsnd, POINT | EINTR_ | BAD, make_ipc, take_message),
    C(semop, EINTR_ | BAD, make_ipc, give_message), C(semtimedop, EINTR_ | RELATIVE | BAD, make_ipc, give_message),
    C(mq_receive, POINT | EINTR_ | BAD, make_ipc, give_message), C(mq_timedreceive, POINT | EINTR_ | ABSOLUTE | BAD, make_ipc, give_message),
    C(mq_send, POINT | EINTR_ | BAD, make_ipc, take_message), C(mq_timedsend, POINT | EINTR_ | ABSOLUTE | BAD, make_ipc, take_message),
    C(pthread_cond_wait, POINT, hold_cond, signal_cond), C(pthread_cond_timedwait, POINT | ABSOLUTE, hold_cond, signal_cond),
    C(pthread_cond_clockwait, POINT | ABSOLUTE, hold_cond, signal_cond), C(cnd_wait, POINT, hold_cond, signal_cnd),
    C(cnd_timedwait, POINT | ABSOLUTE, hold_cond, signal_cnd),
    C(sem_wait, POINT | EINTR_, NULL, post), C(sem_timedwait, POINT | EINTR_ | ABSOLUTE, NULL, post),
    C(sem_clockwait, POINT | EINTR_ | ABSOLUTE, NULL, post),
    C(pthread_mutex_lock, 0, hold_mutex, unlock_mutex), C(pthread_mutex_timedlock, ABSOLUTE, hold_mutex, unlock_mutex),
    C(pthread_mutex_clocklock, ABSOLUTE, hold_mutex, unlock_mutex), C(mtx_lock, 0, hold_mtx, unlock_mtx),
    C(mtx_timedlock, ABSOLUTE, hold_mtx, unlock_mtx), C(pthread_rwlock_rdlock, 0, hold_rwlock, unlock_rwlock),
    C(pthread_rwlock_wrlock, 0, hold_rwlock, unlock_rwlock), C(pthread_rwlock_timedrdlock, ABSOLUTE, hold_rwlock, unlock_rwlock),
    C(pthread_rwlock_timedwrlock, ABSOLUTE, hold_rwlock, unlock_rwlock),
    C(pthread_rwlock_clockrdlock, ABSOLUTE, hold_rwlock, unlock_rwlock),
    C(pthread_rwlock_clockwrlock, ABSOLUTE, hold_rwlock, unlock_rwlock),
    C(pthread_barrier_wait, 0, NULL, come_to_barrier),
    C(pthread_join, POINT, make_thread, end_joined), C(pthread_timedjoin_np, POINT | ABSOLUTE, make_thread, end_joined),
    C(pthread_clockjoin_np, POINT | ABSOLUTE, make_thread, end_joined), C(thrd_join, POINT, make_thrd, end_joined),
    C(sigwait, POINT, NULL, send_usr2), C(sigwaitinfo, POINT | EINTR_, NULL, send_usr2),
    C(sigtimedwait, POINT | EINTR_ | RELATIVE, NULL, send_usr2), C(sigsuspend, POINT | EINTR_ | NEVER, NULL, NULL),
    C(__sigsuspend, POINT | EINTR_ | NEVER, NULL, NULL), C(pause, POINT | EINTR_ | NEVER, NULL, NULL),
    C(sleep, POINT | EINTR_ | NEVER, NULL, NULL), C(usleep, POINT | EINTR_ | RELATIVE | NEVER, NULL, NULL),
    C(nanosleep, POINT | EINTR_ | RELATIVE | BAD | NEVER, NULL, NULL), C(__nanosleep, POINT | EINTR_ | RELATIVE | BAD | NEVER, NULL, NULL),
    C(clock_nanosleep, POINT | EINTR_ | RELATIVE | BAD | NEVER, NULL, NULL),
    C(thrd_sleep, POINT | EINTR_ | RELATIVE | BAD | NEVER, NULL, NULL),
    C(wait, POINT | EINTR_, make_child, let_child_end), C(__wait, POINT | EINTR_, make_child, let_child_end),
    C(waitpid, POINT | EINTR_, make_child, let_child_end), C(__waitpid, POINT | EINTR_, make_child, let_child_end),
    C(wait3, POINT | EINTR_, make_child, let_child_end), C(wait4, POINT | EINTR_, make_child, let_child_end),
    C(waitid, POINT | EINTR_, make_child, let_child_end),
    C(syscall, EINTR_ | RELATIVE | BAD, NULL, wake_futex), C(syscall_epoll, EINTR_ | RELATIVE | BAD, NULL, give),
    C(syscall_read, EINTR_ | BAD, NULL, give),
};
enum { kCases = sizeof(table) / sizeof(table[0]) };

// ---- situations

static int index_now;
static atomic_int tid, about_to_call, returned, cleaned;
static int release_first, cancel_first;
static long result;
static int error_number;

static void clean(void *unused) { (void)unused; cleaned = 1; }
static void handler(int number) { (void)number; }

static void *run(void *unused) {
  (void)unused;
  pthread_cleanup_push(clean, NULL);
  target = pthread_self();
  tid = (int)syscall(SYS_gettid);
  if (release_first && table[index_now].release)
    table[index_now].release();
  if (cancel_first)
    pthread_cancel(pthread_self());
  errno = 0;
  about_to_call = 1;
  result = table[index_now].call();
  error_number = errno;
  returned = 1;
  pthread_testcancel();
  pthread_cleanup_pop(0);
  return NULL;
}

static void pause_a_little(void) { struct timespec t = {0, 200000}; nanosleep(&t, NULL); }
static int asleep(void) {
  char path[64], text[512];
  snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return 1;
  ssize_t size = read(fd, text, sizeof(text) - 1);
  close(fd);
  text[size > 0 ? size : 0] = '\0';
  const char *end = strrchr(text, ')');
  return end && end[2] == 'S';
}
static void until_blocked(void) { while (!returned && !(about_to_call && asleep())) pause_a_little(); }

enum Situation { READY, BLOCKED, INTERRUPTED, TIMED_OUT, WRONG, CANCELLED, PENDING };
static const char *const names[] = {"ready", "blocked", "interrupted", "timed out", "bad", "cancelled", "pending"};

static int applies(enum Situation situation, int flags) {
  switch (situation) {
  case READY: case BLOCKED: case PENDING: return !(flags & NEVER);
  case INTERRUPTED: return flags & EINTR_ || !(flags & NEVER);
  case TIMED_OUT: return flags & (RELATIVE | ABSOLUTE);
  case WRONG: return flags & BAD;
  case CANCELLED: return 1;
  }
  return 0;
}

static void try(enum Situation situation) {
  const int flags = table[index_now].flags;
  void (*release)(void) = table[index_now].release;
  make();
  if (table[index_now].prepare)
    table[index_now].prepare();
  tid = about_to_call = returned = cleaned = 0;
  int own_lock = release == unlock_mutex || release == unlock_rwlock || release == unlock_mtx;
  release_first = (situation == READY || situation == PENDING) && !own_lock && release != come_to_barrier;
  if ((situation == READY || situation == PENDING) && !release_first)
    release(); // what only the holder may do
  cancel_first = situation == PENDING;
  bad = situation == WRONG;
  limit = situation == TIMED_OUT ? &tick : NULL;
  deadline = situation == TIMED_OUT ? &soon : &later;

  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, run, NULL) == 0);
  if (situation == BLOCKED) {
    until_blocked();
    release();
  } else if (situation == INTERRUPTED && flags & EINTR_) {
    while (!about_to_call)
      pause_a_little();
    while (!returned) {
      pthread_kill(thread, SIGUSR1);
      pause_a_little();
    }
  } else if (situation == INTERRUPTED) {
    for (int i = 0; i < 3; ++i) {
      until_blocked();
      pthread_kill(thread, SIGUSR1);
      pause_a_little();
    }
    release();
  } else if (situation == CANCELLED) {
    until_blocked();
    pthread_cancel(thread);
    if (!(flags & POINT))
      release(); // it goes on waiting until then
  }
  void *value;
  CHECK(pthread_join(thread, &value) == 0);
  printf("%s, %s:", table[index_now].name, names[situation]);
  if (returned)
    printf(" %ld", result);
  if (returned && result == -1)
    printf(" errno %d", error_number);
  printf("%s%s\n", value == PTHREAD_CANCELED ? " cancelled" : "", cleaned ? " cleaned up" : "");
  if (situation != CANCELLED && (own_lock && situation != TIMED_OUT))
    CHECK(returned);
  unmake();
}

static void check_interposed(const char *name) {
  char symbol[64];
  snprintf(symbol, sizeof(symbol), "%.*s", strncmp(name, "syscall", 7) ? 63 : 7, name);
  Dl_info info;
  CHECK(dladdr(dlsym(RTLD_DEFAULT, symbol), &info) && strstr(info.dli_fname, "libwfpatch"));
}

int main(int argc, char **argv) {
  (void)argv;
  alarm(60);
  setvbuf(stdout, NULL, _IOLBF, 0);
  struct sigaction action = {.sa_handler = handler};
  CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
  signal(SIGPIPE, SIG_IGN);
  sigset_t set = usr2();
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  for (index_now = 0; index_now < kCases; ++index_now) {
    if (argc > 1)
      check_interposed(table[index_now].name);
    for (enum Situation situation = READY; situation <= PENDING; ++situation)
      if (applies(situation, table[index_now].flags))
        try(situation);
  }
  return 0;
}
