/* filesystem.h - which way of writing is safe on which file system.
 *
 * A store into a mapped page can kill the process when the file system finds at that
 * late moment that it has no space: a page shared by a reflink copy (XFS, btrfs), an upper
 * layer of unknown kind (overlayfs). So only file systems that never move a preallocated
 * page are mapped. On network file systems locks and memory are not shared as we need.
 *
 * Uses: err. */
#ifndef LL_JOURNAL_FILESYSTEM_H
#define LL_JOURNAL_FILESYSTEM_H

#include "llmlearn.h"

typedef enum ll_filesystem_mode {
    LL_FILESYSTEM_MAP = 1, /* a preallocated page never faults for space later */
    LL_FILESYSTEM_WRITE,   /* pwrite: a full disk is an error code */
    LL_FILESYSTEM_REFUSED  /* network or user space: no trust in locks */
} ll_filesystem_mode;

/* By the magic number of statfs(2). out_name: "NFS"...; NULL for one not in the table. */
ll_filesystem_mode ll_filesystem_mode_of(uint32_t magic, const char **out_name);

/* For a directory; if it is absent, for the nearest parent that is there.
 * LLMLEARN_EUNSUPPORTED for a refused one, LLMLEARN_EIO. */
llmlearn_err ll_filesystem_mode_at(const char *directory, ll_filesystem_mode *out_mode);

#endif
