// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Bundle.RuntimeSpec;

/// <summary>
/// The profile of a host that has none: what a container may ask the kernel for, by subject. Whatever is not named is
/// answered with ENOSYS, so that programs fall back to what older kernels have.
/// </summary>
/// <remarks>
/// The verdict on every system call, with any capabilities on any processor, is that of containers-common 0.50, which
/// Debian 12 has (SeccompProfileTests compare the two): what runs under podman there runs here. The profile of
/// containers/common 0.64 (2025) differs in this: it allows fanotify_init and fchmodat2; it lets CAP_BPF and
/// CAP_PERFMON do for bpf and perf_event_open, and knows quotactl_fd; it answers EPERM to cachestat, the futex_ calls
/// of Linux 6.7, io_pgetevents_time64, map_shadow_stack and syscall; and it has dropped readdir, sigaction, sigpending,
/// sigsuspend and timerfd. A host with that package has that profile, for it comes before this one
/// (<see cref="SeccompFile"/>).
/// </remarks>
static class DefaultSeccompProfile
{
    private const string Allow = "SCMP_ACT_ALLOW";
    private const string Refuse = "SCMP_ACT_ERRNO";
    private const string IsEqual = "SCMP_CMP_EQ";
    private const string IsOther = "SCMP_CMP_NE";

    // errno(3); the numbers are the same on every processor that .NET runs on.
    private const uint NotPermitted = 1;
    private const uint Invalid = 22;
    private const uint NotImplemented = 38;

    /// <summary>Open to every container. Those that need a capability are refused by the kernel without it.</summary>
    private static readonly string[] s_open =
    [
        // Programs, processes and threads: begun, ended, waited for.
        """
            clone clone3 execve execveat exit exit_group fork get_robust_list get_thread_area getcpu getpid getppid gettid kill
            landlock_add_rule landlock_create_ruleset landlock_restrict_self membarrier pidfd_getfd pidfd_open pidfd_send_signal
            prctl process_mrelease process_vm_readv process_vm_writev ptrace reboot restart_syscall rseq seccomp set_robust_list
            set_thread_area set_tid_address setns syscall tgkill tkill unshare vfork wait4 waitid waitpid
            """,
        // Who a process is, and what it may use.
        """
            capget capset getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getpgid getpgrp getpriority
            getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid getuid getuid32 ioprio_get ioprio_set keyctl
            prlimit64 setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setpgid setpriority setregid
            setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit setsid setuid setuid32 times
            ugetrlimit umask
            """,
        // Turns on the processor.
        """
            sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler
            sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler
            sched_yield
            """,
        // Memory.
        """
            brk get_mempolicy madvise mbind memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mmap2 mprotect mremap
            msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect remap_file_pages set_mempolicy
            """,
        // Signals.
        """
            pause rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
            rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaction sigaltstack signal signalfd signalfd4 sigpending sigprocmask
            sigreturn sigsuspend
            """,
        // Clocks and timers.
        """
            adjtimex alarm clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64
            clock_nanosleep clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time timer_create timer_delete
            timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd timerfd_create timerfd_gettime
            timerfd_gettime64 timerfd_settime timerfd_settime64
            """,
        // Waiting for several things at once, and being told.
        """
            _newselect epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old
            eventfd eventfd2 fanotify_mark futex futex_time64 inotify_add_watch inotify_init inotify_init1 inotify_rm_watch poll
            ppoll ppoll_time64 pselect6 pselect6_time64 select
            """,
        // Messages, semaphores and shared memory.
        """
            ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink
            msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget
            """,
        // Sockets.
        """
            accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmmsg_time64 recvmsg
            send sendmmsg sendmsg sendto setsockopt shutdown socketcall socketpair
            """,
        // Mounts: what the capability or the user namespace does not give, the kernel refuses itself.
        """
            fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree pivot_root umount umount2
            """,
        // Attributes of files.
        """
            access chmod chown chown32 faccessat faccessat2 fchmod fchmodat fchown fchown32 fchownat fgetxattr flistxattr
            fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 futimesat getxattr lchown lchown32 lgetxattr
            listxattr llistxattr lremovexattr lsetxattr lstat lstat64 newfstatat removexattr setxattr stat stat64 statfs statfs64
            statx utime utimensat utimensat_time64 utimes
            """,
        // The system as a whole.
        """
            getrandom sync sync_file_range syncfs sysinfo syslog uname
            """,
        // Reading, writing and whatever else is done with a descriptor.
        """
            _llseek close close_range copy_file_range dup dup2 dup3 fadvise64 fadvise64_64 fallocate fcntl fcntl64 fdatasync flock
            fsync ftruncate ftruncate64 io_cancel io_destroy io_getevents io_setup io_submit ioctl lseek pipe pipe2 pread64 preadv
            preadv2 pwrite64 pwritev pwritev2 read readahead readv sendfile sendfile64 splice tee truncate truncate64 write writev
            """,
        // Names in directories.
        """
            chdir creat fchdir getcwd getdents getdents64 link linkat mkdir mkdirat mknod mknodat name_to_handle_at open openat
            openat2 readdir readlink readlinkat rename renameat renameat2 rmdir symlink symlinkat unlink unlinkat
            """,
    ];

    /// <summary>Never: they reach the whole host, or no program of today needs them.</summary>
    private const string Closed = """
        bdflush io_pgetevents kexec_file_load kexec_load migrate_pages move_pages nfsservctl nice oldfstat oldlstat oldolduname
        oldstat olduname pciconfig_iobase pciconfig_read pciconfig_write sgetmask ssetmask swapcontext swapoff swapon sysfs
        uselib userfaultfd ustat vm86 vm86old vmsplice
        """;

    /// <summary>Open to those who hold a capability, EPERM to others.</summary>
    private static readonly (string Capability, string Calls)[] s_byCapability =
    [
        ("CAP_DAC_READ_SEARCH", "open_by_handle_at"),
        ("CAP_SYS_ADMIN", "bpf fanotify_init lookup_dcookie perf_event_open quotactl setdomainname sethostname setns"),
        ("CAP_SYS_CHROOT", "chroot"),
        ("CAP_SYS_MODULE", "delete_module finit_module init_module query_module"),
        ("CAP_SYS_PACCT", "acct"),
        ("CAP_SYS_PTRACE", "kcmp process_madvise"),
        ("CAP_SYS_RAWIO", "ioperm iopl"),
        ("CAP_SYS_TIME", "clock_settime clock_settime64 settimeofday stime"),
        ("CAP_SYS_TTY_CONFIG", "vhangup"),
    ];

    /// <summary>Of one family of processors.</summary>
    private static readonly (string[] Processors, string Calls)[] s_byProcessor =
    [
        (["ppc64le"], "sync_file_range2"),
        (["arm", "arm64"], "arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls sync_file_range2"),
        (["amd64", "x32"], "arch_prctl"),
        (["amd64", "x32", "x86"], "modify_ldt"),
        (["s390", "s390x"], "s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr"),
    ];

    /// <summary>personality(2): Linux and Linux on 32 bits, each also with the old layout of uname (0x20000), and
    /// "which one is it".</summary>
    private static readonly ulong[] s_personalities = [0, 8, 0x20000, 0x20008, 0xffffffff];

    private const ulong Netlink = 16;
    private const ulong Audit = 9;

    public static SeccompProfile Value { get; } =
        new()
        {
            DefaultAction = Refuse,
            DefaultErrnoRet = NotImplemented,
            ArchMap =
            [
                new("SCMP_ARCH_X86_64", ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]),
                new("SCMP_ARCH_AARCH64", ["SCMP_ARCH_ARM"]),
                new("SCMP_ARCH_MIPS64", ["SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64N32"]),
                new("SCMP_ARCH_MIPS64N32", ["SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64"]),
                new("SCMP_ARCH_MIPSEL64", ["SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64N32"]),
                new("SCMP_ARCH_MIPSEL64N32", ["SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64"]),
                new("SCMP_ARCH_S390X", ["SCMP_ARCH_S390"]),
            ],

            // In this order, for runtimes add them so, and of two rules for the same call the first may be the one that
            // counts.
            Syscalls =
            [
                Rule(Closed, Refuse, NotPermitted),
                .. s_open.Select(calls => Rule(calls, Allow)),
                .. s_personalities.Select(p => Rule("personality", Allow, arguments: [new(0, p, 0, IsEqual)])),
                .. s_byProcessor.Select(p =>
                    Rule(p.Calls, Allow, includes: new ProfileCondition(p.Processors, null, null))
                ),
                .. s_byCapability.SelectMany(c =>
                    (ProfileRule[])
                        [
                            Rule(c.Calls, Allow, includes: Holding(c.Capability)),
                            Rule(c.Calls, Refuse, NotPermitted, excludes: Holding(c.Capability)),
                        ]
                ),
                // The audit system's socket looks at the caller in the host's namespaces (as if the protocol were not
                // there).
                Rule(
                    "socket",
                    Refuse,
                    Invalid,
                    [new(0, Netlink, 0, IsEqual), new(2, Audit, 0, IsEqual)],
                    excludes: Holding("CAP_AUDIT_WRITE")
                ),
                Rule("socket", Allow, arguments: [new(2, Audit, 0, IsOther)], excludes: Holding("CAP_AUDIT_WRITE")),
                Rule("socket", Allow, arguments: [new(0, Netlink, 0, IsOther)], excludes: Holding("CAP_AUDIT_WRITE")),
                Rule("socket", Allow, includes: Holding("CAP_AUDIT_WRITE")),
            ],
        };

    private static ProfileRule Rule(
        string calls,
        string action,
        uint? errno = null,
        SeccompArgument[]? arguments = null,
        ProfileCondition? includes = null,
        ProfileCondition? excludes = null
    ) =>
        new()
        {
            Names = calls.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries),
            Action = action,
            ErrnoRet = errno,
            Args = arguments,
            Includes = includes,
            Excludes = excludes,
        };

    private static ProfileCondition Holding(string capability) => new(null, [capability], null);
}
