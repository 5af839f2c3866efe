// Exceptions through new code: thrown in new and caught in old, thrown in old and caught in new, through gates while the update
// is still moving, and destructors on the way.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: %wfclangxx -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %wfclangxx -O2 -c %s -o %t/old/unit.o && %wfclangxx -O2 -DNEW -c %s -o %t/new/unit.o
// RUN: %clangxx %t/program.o %t/old/unit.o -o %t/program %runtime -pthread
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %t/program %t/update.wfp

#include "Inputs/harness.h"
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>

struct Counted {
  explicit Counted(int &count) : count(count) { ++count; }
  ~Counted() { --count; }
  int &count;
};

extern int alive;
extern std::atomic<bool> leave, inside;
void old_throws(int value);
int thrower(int value);
std::string catcher(int value);
int affected_and_busy();

#ifndef PROGRAM

int thrower(int value) {
  Counted counted(alive);
#ifdef NEW
  if (value > 10)
    throw std::length_error("new " + std::to_string(value));
#endif
  return value;
}

std::string catcher(int value) {
  Counted counted(alive);
  try {
    old_throws(value);
#ifdef NEW
  } catch (const std::out_of_range &error) {
    return std::string("new code caught ") + error.what();
#else
  } catch (const std::logic_error &error) {
    return std::string("old code caught ") + error.what();
#endif
  }
  return "nothing";
}

// Holds the update back, so that gates still dispatch.
int affected_and_busy() {
  inside = true;
  while (!leave)
    ;
#ifdef NEW
  return 2;
#else
  return 1;
#endif
}

#else

int alive;
std::atomic<bool> leave, inside;

void old_throws(int value) {
  Counted counted(alive);
  if (value > 100)
    throw std::out_of_range("old " + std::to_string(value));
}

static std::string old_catches(int value) {
  try {
    return std::to_string(thrower(value));
  } catch (const std::logic_error &error) {
    return error.what();
  }
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  CHECK(old_catches(50) == "50");
  CHECK(catcher(500) == "old code caught old 500");
  std::thread holder([] { affected_and_busy(); });
  WAIT_UNTIL(inside);

  apply_now(argv[1]);
  WAIT_UNTIL(strstr(status(), "threads_moved=1"));
  for (int round = 0; round < 2; ++round) { // first through dispatch, then settled
    CHECK(old_catches(50) == "new 50");
    CHECK(old_catches(5) == "5");
    CHECK(catcher(500) == "new code caught old 500");
    CHECK(catcher(5) == "nothing");
    CHECK(alive == 0);
    if (round == 0) {
      CHECK(!settled());
      leave = true;
      holder.join();
      WAIT_UNTIL(settled());
    }
  }
  // From several threads at once.
  std::thread threads[4];
  std::atomic<int> wrong{0};
  for (auto &thread : threads)
    thread = std::thread([&] {
      for (int i = 0; i < 2000; ++i)
        try {
          thrower(11 + i);
          ++wrong;
        } catch (const std::length_error &) {
        }
    });
  for (auto &thread : threads)
    thread.join();
  CHECK(wrong == 0);
  revert();
  CHECK(old_catches(50) == "50");
  CHECK(catcher(500) == "old code caught old 500");
  return 0;
}
#endif
