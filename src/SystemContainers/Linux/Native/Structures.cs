// Structures of the kernel and libc, as Tmds.LibC lays them out for each processor.
global using iovec = Tmds.Linux.iovec;
global using msghdr = Tmds.Linux.msghdr;
global using open_how = Tmds.Linux.open_how;
global using pollfd = Tmds.Linux.pollfd;
global using statvfs_t = Tmds.Linux.statvfs;
global using statx_t = Tmds.Linux.statx;
global using termios = Tmds.Linux.termios;
global using timespec = Tmds.Linux.timespec;
global using winsize = Tmds.Linux.winsize;
