/*
 * causes.h - what made it fail: the conditions that the rows of hints.c ask for.
 */
#ifndef ZBOX_CAUSES_H
#define ZBOX_CAUSES_H

#include "sandbox.h"
#include "utils.h"

#define CAUSE_DETAIL 1024

/* Is this the cause of the failure? Some write what they found to detail, CAUSE_DETAIL bytes. */
typedef bool cause(const struct sandbox *sb, const struct failure *f, char *detail);

/* namespaces */
cause cause_apparmor;        /* Ubuntu's restriction of unprivileged user namespaces */
cause cause_clone_sysctl;    /* Debian's kernel.unprivileged_userns_clone is 0 */
cause cause_nested;          /* this is already in a sandbox that closes nested ones */
cause cause_unmappable_root; /* uid 0 of another sandbox */
cause cause_filter;          /* a seccomp filter is on, as in a container */
cause cause_chroot;          /* this is in a chroot */
cause cause_selinux;         /* SELinux enforces */
cause cause_no_userns;       /* the kernel was built without */
cause cause_limit_zero;      /* a limit on namespaces is 0; detail: its sysctl */

/* limits */
cause cause_tight_limit; /* detail: --memory with its operand */

/* mounts */
cause cause_proc_masked;     /* something is mounted below /proc */
cause cause_upper_read_only; /* detail: an overlay's upper directory that is read-only */

/* the command; each names the file on the host, or the interpreter, in detail */
cause cause_interpreter;    /* its interpreter is not inside */
cause cause_loader;         /* the same, and it is a dynamic loader */
cause cause_outside;        /* it is on the host, not inside */
cause cause_noexec;         /* its file system is mounted noexec */
cause cause_not_executable; /* no x bit */
cause cause_directory;      /* it is a directory */

#endif
