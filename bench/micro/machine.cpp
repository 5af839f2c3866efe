// What the machine itself charges for what an apply is made of, so that its figures can be read: on some virtual machines a
// page fault costs fifty times what it costs on bare metal.
#include <benchmark/benchmark.h>

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

constexpr std::size_t kPage = 4096;

void *map_pages(std::size_t count) {
  void *pages = mmap(nullptr, count * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages != MAP_FAILED)
    madvise(pages, count * kPage, MADV_NOHUGEPAGE);
  return pages;
}

void system_call(benchmark::State &state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(syscall(SYS_getppid));
}

void page_fault(benchmark::State &state) {
  constexpr std::size_t kPages = 1024;
  auto *pages = static_cast<volatile char *>(map_pages(kPages));
  std::size_t next = 0;
  for (auto _ : state) {
    if (next == kPages) {
      state.PauseTiming();
      madvise(const_cast<char *>(pages), kPages * kPage, MADV_DONTNEED);
      next = 0;
      state.ResumeTiming();
    }
    pages[next++ * kPage] = 1;
  }
  munmap(const_cast<char *>(pages), kPages * kPage);
}

void map_touch_unmap(benchmark::State &state) {
  for (auto _ : state) {
    void *page = map_pages(1);
    *static_cast<volatile char *>(page) = 1;
    munmap(page, kPage);
  }
}

BENCHMARK(system_call)->Name("machine/system_call");
BENCHMARK(page_fault)->Name("machine/page_fault");
BENCHMARK(map_touch_unmap)->Name("machine/map_touch_unmap");

} // namespace
