// Mutations that know ELF: half of the inputs get a field of a header, symbol, relocation or record changed, where bytes at
// random would nearly always hit code.  A target includes this and has libFuzzer call it for every input.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wfp::fuzz {

// Changes one field of the file in `data`, if it is an ELF file whose section headers can be found; false: nothing changed.
bool mutate_elf(std::uint8_t *data, std::size_t size, unsigned seed);

} // namespace wfp::fuzz

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t *data, std::size_t size, std::size_t room);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t room, unsigned seed);
