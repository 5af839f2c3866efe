// Where a function that makecontext() started returns to: the runtime hears of it, and goes on to where glibc wanted to.
//
// glibc's own code there finds the pointer to uc_link at (rbx), and loads rsp from rbx.  The outermost frame of its stack.

        .text
        .globl  wfp_context_end
        .hidden wfp_context_end
        .type   wfp_context_end, @function
        .balign 16
        // A return address is looked up one byte below.
        .cfi_startproc
        .cfi_undefined rip
        nop
wfp_context_end:
        endbr64
        movq    (%rbx), %rdi            // uc_link
        testq   %rdi, %rdi
        jz      1f
        movq    160(%rdi), %rdi         // its uc_mcontext.gregs[REG_RSP]
1:      andq    $-16, %rsp
        call    wfp_context_ended
        jmpq    *wfp_after_context(%rip)
        .cfi_endproc
        .size   wfp_context_end, . - wfp_context_end

        .section .note.GNU-stack, "", @progbits
