/* filesystem.h - what kind of file system a path is on, as far as that decides how we write.
 *
 * Threads: pure of state; one system call.
 * Uses:    err. */
#ifndef LL_BASE_FILESYSTEM_H
#define LL_BASE_FILESYSTEM_H

#include "llmlearn.h"

#include <stdbool.h>

typedef struct ll_filesystem {
    bool network; /* locks or shared memory may not hold between its users: NFS, SMB, FUSE ... */
    bool maps_safely; /* storing into a mapped, preallocated page never faults: ext4, tmpfs */
    const char *name; /* "ext4", "nfs"; "unknown" for one we have no word for. Static */
} ll_filesystem;

/* Of an existing file or folder. LLMLEARN_EIO if the path cannot be looked at. */
llmlearn_err ll_filesystem_of(const char *path, ll_filesystem *out_filesystem);

/* The same by the number that statfs(2) gives. */
ll_filesystem ll_filesystem_by_magic(unsigned long magic);

#endif
