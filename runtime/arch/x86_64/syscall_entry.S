// syscall(), interposed (src/interpose_syscall.c): a number whose bit is set in wfp_blocking_syscalls goes to the function that parks, every
// other straight to the real one, with registers and stack as the caller left them.  rax, r10 and r11 are free here.

        .text
        .globl  syscall
        .type   syscall, @function
        .balign 16
syscall:
        .cfi_startproc
        endbr64
        cmpq    $512, %rdi
        jae     1f
        leaq    wfp_blocking_syscalls(%rip), %r11
        movq    %rdi, %rax
        shrq    $6, %rax
        movq    (%r11,%rax,8), %rax
        btq     %rdi, %rax              // bit rdi mod 64
        jc      wfp_blocking_syscall
1:      jmpq    *wfp_real_syscall(%rip)
        .cfi_endproc
        .size   syscall, . - syscall

// Before the real function is known: the system call itself, and errno as libc sets it.
        .globl  wfp_plain_syscall
        .hidden wfp_plain_syscall
        .type   wfp_plain_syscall, @function
        .balign 16
wfp_plain_syscall:
        .cfi_startproc
        endbr64
        movq    %rdi, %rax
        movq    %rsi, %rdi
        movq    %rdx, %rsi
        movq    %rcx, %rdx
        movq    %r8, %r10
        movq    %r9, %r8
        movq    8(%rsp), %r9
        syscall
        cmpq    $-4095, %rax
        jae     1f
        ret
1:      pushq   %rax
        .cfi_adjust_cfa_offset 8
        call    __errno_location@PLT    // rsp is a multiple of 16 here
        popq    %rcx
        .cfi_adjust_cfa_offset -8
        negl    %ecx
        movl    %ecx, (%rax)
        movq    $-1, %rax
        ret
        .cfi_endproc
        .size   wfp_plain_syscall, . - wfp_plain_syscall

        .section .note.GNU-stack, "", @progbits
