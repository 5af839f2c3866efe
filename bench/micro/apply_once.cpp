// Helper of apply.cpp: makes so many megabytes resident, more that it gives back, applies an update once, prints what it took, and
// ends.
#include "bench/micro/callees.h"
#include "bench/micro/in_process.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s RESIDENT_MB FREED_MB UPDATE\n", argv[0]);
    return 2;
  }
  try {
    const std::size_t resident = std::strtoul(argv[1], nullptr, 10) << 20, freed = std::strtoul(argv[2], nullptr, 10) << 20;
    const std::size_t bytes = resident + freed;
    auto *memory = static_cast<volatile char *>(
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (memory == MAP_FAILED)
      throw std::runtime_error("no memory");
    madvise(const_cast<char *>(memory), bytes, MADV_NOHUGEPAGE); // many page table entries: the harder case
    for (std::size_t at = 0; at < bytes; at += 4096)
      memory[at] = 1;
    if (freed)
      munmap(const_cast<char *>(memory) + resident, freed);

    const long before = ten_all(5);
    const auto begin = std::chrono::steady_clock::now();
    wfp::bench::apply(argv[3]);
    const std::chrono::duration<double, std::micro> wall = std::chrono::steady_clock::now() - begin;
    wfp::bench::wait_until_settled();
    if (ten_version() != 2 || ten_all(5) != before)
      throw std::runtime_error("the update is not in force");
    const wfp::bench::Row row = wfp::bench::newest_update();
    std::printf("%ld %ld %.1f\n", wfp::bench::number(row, "apply_us"), wfp::bench::number(row, "settle_us"), wall.count());
    return 0;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "apply_once: %s\n", error.what());
    return 1;
  }
}
