// Where polls in instrumented code arrive when an update is on its way.
//
// The plugin calls these with the preserve_most convention, so that a poll costs the loop around it no registers: all
// general registers but r11 come back as they were; vector registers may change, as in any call.
//
// A thread that has moved already leaves after one comparison.  `wfp_published_table` is the published view's table, or 0
// while a barrier gathers (no thread has that table, so that all take the slow path).

        .text

        .macro  poll_entry name, explicit
        .globl  \name
        .hidden \name
        .type   \name, @function
        .balign 16
\name:
        .cfi_startproc
        endbr64
        movq    wfp_view@gottpoff(%rip), %r11
        movq    %fs:(%r11), %r11
        cmpq    wfp_published_table(%rip), %r11
        jne     1f
        ret
1:
        .irp    reg, rax, rcx, rdx, rsi, rdi, r8, r9, r10
        pushq   %\reg
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset \reg, 0
        .endr
        // rsp was 8 mod 16 at entry, and still is: eight registers were pushed.
        leaq    64(%rsp), %rdi          // the word with the poll's return address
        movl    $\explicit, %esi
        movq    %rbp, %rdx
        subq    $8, %rsp
        .cfi_adjust_cfa_offset 8
        call    wfp_poll_slow
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8
        .irp    reg, r10, r9, r8, rdi, rsi, rdx, rcx, rax
        popq    %\reg
        .cfi_adjust_cfa_offset -8
        .cfi_restore \reg
        .endr
        ret
        .cfi_endproc
        .size   \name, . - \name
        .endm

        poll_entry wfp_poll_entry, 0
        poll_entry wfp_quiescence_point_entry, 1

        .section .note.GNU-stack, "", @progbits
