#include "test/unit/runtime/loader_sample.h"

#include "format/records.h"

namespace wfp::test {

extern "C" {
int sample_variable = 41;
}
thread_local int sample_thread_local = 17;

namespace {

constexpr std::uint64_t hash(const char *name) {
  std::size_t length = 0;
  while (name[length])
    ++length;
  return format::name_hash(name, length);
}
// In halves, since operands of assembly are no wider.
constexpr int low(const char *name) { return static_cast<int>(hash(name)); }
constexpr int high(const char *name) { return static_cast<int>(hash(name) >> 32); }

// Never called: top-level assembly takes no operands, and the hashes must come from name_hash().
__attribute__((used, noinline)) void emit() {
  __asm__ volatile(R"(
    .pushsection .text.sample, "ax", @progbits
    .balign 16
    .globl sample_add, sample_fold_a, sample_plain, sample_comdat, sample_split, sample_split_cold
    sample_add:      .byte 0xa9, 0, 0, 0, 0
                     leal (%%rdi,%%rsi), %%eax
                     ret
    .balign 16
    sample_fold_a:   .byte 0xa9, 0, 0, 0, 0
                     movl $7, %%eax
                     ret
    .balign 16
    sample_plain:    movl $9, %%eax
                     ret
    .balign 16
    sample_comdat:   .byte 0xa9, 0, 0, 0, 0
                     movl $3, %%eax
                     ret
    .balign 16
    sample_hooked:   .byte 0xcc, 0, 0, 0, 0
                     movl $2, %%eax
                     ret
    .balign 16
    sample_split:    .byte 0xa9, 0, 0, 0, 0
                     .byte 0xe9
                     .long sample_split_cold - . - 4
    .balign 16
    sample_split_cold: movl $5, %%eax
                     ret
    .popsection

    .pushsection .data.sample, "aw", @progbits
    .balign 64
    sample_image_state: .fill 64, 1, 0
    .popsection

    .macro sample_unit label, id, key
    .pushsection .note.wfpatch, "a", @note
    .balign 4
    .long 8, 2f - 1f, 1
    .asciz "wfpatch"
    1:
    \label:
    .long 1, 72
    .fill 32, 1, \id
    .long __start_wfp_functions - .
    .long __stop_wfp_functions - .
    .long __start_wfp_variables - .
    .long __stop_wfp_variables - .
    .long __start_wfp_tls - .
    .long __stop_wfp_tls - .
    .long sample_image_state - .
    .long 0
    .asciz "\key"
    .balign 4
    2:
    .popsection
    .endm
    .hidden __start_wfp_functions, __stop_wfp_functions, __start_wfp_variables, __stop_wfp_variables
    .hidden __start_wfp_tls, __stop_wfp_tls
    sample_unit sample_unit_a, 0x11, "sample/a.c|sample/a.o"
    sample_unit sample_unit_b, 0x33, "sample/b.c|sample/b.o"

    sample_unit sample_unit_twice, 0x44, "sample/twice.c|sample/twice.o"
    sample_unit sample_unit_twice_again, 0x44, "sample/twice.c|sample/twice.o"

    .macro sample_function entry, low, high, flags, unit=sample_unit_a
    .pushsection wfp_functions, "a", @progbits
    .balign 8
    .long \entry - .
    .long \unit - .
    .long \low, \high
    .long \flags, 0
    .popsection
    .endm
    sample_function sample_add, %c[add_low], %c[add_high], 0x100
    sample_function sample_fold_a, %c[fold_a_low], %c[fold_a_high], 0x100
    sample_function sample_fold_a, %c[fold_b_low], %c[fold_b_high], 0x101
    sample_function sample_plain, %c[plain_low], %c[plain_high], 0x400
    sample_function sample_comdat, %c[comdat_low], %c[comdat_high], 0x10a, sample_unit_b
    sample_function sample_hooked, %c[hooked_low], %c[hooked_high], 0x100
    sample_function sample_split, %c[split_low], %c[split_high], 0x100
    .pushsection wfp_functions, "a", @progbits
    .balign 8
    .quad 0, 0, 0
    .popsection

    .pushsection wfp_variables, "a", @progbits
    .balign 8
    .quad 0, 0, 0
    .long sample_variable - .
    .long sample_unit_a - .
    .long %c[variable_low], %c[variable_high]
    .long 0, 4
    .popsection

    .pushsection wfp_tls, "a", @progbits
    .balign 8
    .quad 0, 0, 0, 0
    .quad _ZN3wfp4test19sample_thread_localE@dtpoff
    .long %c[tls_low], %c[tls_high]
    .long sample_unit_a - .
    .long 0, 4, 0
    .popsection
  )"
                   :
                   : [add_low] "i"(low("sample_add")), [add_high] "i"(high("sample_add")),
                     [fold_a_low] "i"(low("sample_fold_a")), [fold_a_high] "i"(high("sample_fold_a")),
                     [fold_b_low] "i"(low("sample_fold_b")), [fold_b_high] "i"(high("sample_fold_b")),
                     [plain_low] "i"(low("sample_plain")), [plain_high] "i"(high("sample_plain")),
                     [comdat_low] "i"(low("sample_comdat")), [comdat_high] "i"(high("sample_comdat")),
                     [hooked_low] "i"(low("sample_hooked")), [hooked_high] "i"(high("sample_hooked")),
                     [split_low] "i"(low("sample_split")), [split_high] "i"(high("sample_split")),
                     [variable_low] "i"(low("sample_variable")), [variable_high] "i"(high("sample_variable")),
                     [tls_low] "i"(low("sample_thread_local")), [tls_high] "i"(high("sample_thread_local")));
}

} // namespace
} // namespace wfp::test
