// How the wrappers of system calls return (src/interpose_wrap.h): by an indirect jump instead of `ret`.
//
// After a system call the processor's stack of return addresses holds the kernel's, or what mitigations of speculation filled it with, so
// that the next few returns are mispredicted.  The program's own are in any case; a wrapper adds one, which costs some 30 ns.  Where an
// indirect jump goes is predicted by other means, which system calls leave alone.
//
// Compilers jump here for `ret` in functions with the attribute function_return("thunk-extern").  Keeps what functions return: rax, rdx, xmm.

        .text
        .globl  __x86_return_thunk
        .hidden __x86_return_thunk
        .type   __x86_return_thunk, @function
        .balign 64
        .cfi_startproc
__x86_return_thunk:
        popq    %rcx
        .cfi_adjust_cfa_offset -8
        .cfi_register %rip, %rcx
        jmpq    *%rcx
        .cfi_endproc
        .size   __x86_return_thunk, . - __x86_return_thunk

        .section .note.GNU-stack, "", @progbits
