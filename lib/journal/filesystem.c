#include "journal/filesystem.h"

#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

typedef struct known_filesystem {
    uint32_t magic;
    ll_filesystem_mode mode;
    const char *name;
} known_filesystem;

/* Numbers from linux/magic.h and, where it lacks them, from the file system's own source. */
static const known_filesystem known[] = {
    { 0x0000ef53, LL_FILESYSTEM_MAP, "ext4" }, /* ext2 and ext3 have the same number */
    { 0x01021994, LL_FILESYSTEM_MAP, "tmpfs" },
    { 0x58465342, LL_FILESYSTEM_WRITE, "XFS" },
    { 0x9123683e, LL_FILESYSTEM_WRITE, "btrfs" },
    { 0x794c7630, LL_FILESYSTEM_WRITE, "overlayfs" },
    { 0x2fc12fc1, LL_FILESYSTEM_WRITE, "ZFS" },
    { 0xca451a4e, LL_FILESYSTEM_WRITE, "bcachefs" },
    { 0xf2f52010, LL_FILESYSTEM_WRITE, "F2FS" },
    { 0x00006969, LL_FILESYSTEM_REFUSED, "NFS" },
    { 0x0000517b, LL_FILESYSTEM_REFUSED, "SMB" },
    { 0xff534d42, LL_FILESYSTEM_REFUSED, "CIFS" },
    { 0xfe534d42, LL_FILESYSTEM_REFUSED, "SMB2" },
    { 0x01021997, LL_FILESYSTEM_REFUSED, "9p" },
    { 0x5346414f, LL_FILESYSTEM_REFUSED, "AFS" },
    { 0x6b414653, LL_FILESYSTEM_REFUSED, "kAFS" },
    { 0x73757245, LL_FILESYSTEM_REFUSED, "Coda" },
    { 0x00c36400, LL_FILESYSTEM_REFUSED, "Ceph" },
    { 0x0bd00bd0, LL_FILESYSTEM_REFUSED, "Lustre" },
    { 0x01161970, LL_FILESYSTEM_REFUSED, "GFS2" },
    { 0x7461636f, LL_FILESYSTEM_REFUSED, "OCFS2" },
    { 0x47504653, LL_FILESYSTEM_REFUSED, "GPFS" },
    { 0x19830326, LL_FILESYSTEM_REFUSED, "BeeGFS" },
    { 0x20030528, LL_FILESYSTEM_REFUSED, "OrangeFS" },
    { 0xaad7aaea, LL_FILESYSTEM_REFUSED, "PanFS" },
    { 0x0000564c, LL_FILESYSTEM_REFUSED, "NCP" },
    { 0x65735546, LL_FILESYSTEM_REFUSED, "FUSE" }, /* sshfs, virtiofs, cloud buckets */
    { 0x786f4256, LL_FILESYSTEM_REFUSED, "VirtualBox shared folder" },
    { 0xbacbacbc, LL_FILESYSTEM_REFUSED, "VMware shared folder" },
};

ll_filesystem_mode ll_filesystem_mode_of(uint32_t magic, const char **out_name)
{
    assert(out_name != NULL);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].magic == magic) {
            *out_name = known[i].name;
            return known[i].mode;
        }
    }
    *out_name = NULL;
    return LL_FILESYSTEM_WRITE; /* an error code at worst, on any that we do not know */
}

/* Cuts the last name off a real path; false at the root. */
static bool to_parent(char *path)
{
    char *slash = strrchr(path, '/');

    if (slash == NULL || strcmp(path, "/") == 0)
        return false;
    slash[slash == path ? 1 : 0] = '\0';
    return true;
}

static int statfs_of_nearest(const char *directory, struct statfs *out)
{
    char *path = strdup(directory);
    int error = ENOMEM;

    if (path == NULL)
        return error;
    do {
        error = statfs(path, out) == 0 ? 0 : errno;
    } while (error == EINTR || (error == ENOENT && to_parent(path)));
    free(path);
    return error;
}

llmlearn_err ll_filesystem_mode_at(const char *directory, ll_filesystem_mode *out_mode)
{
    struct statfs about;
    const char *name;
    int error;

    assert(directory != NULL && out_mode != NULL);
    error = statfs_of_nearest(directory, &about);
    if (error != 0)
        return ll_fail_errno(error, "the journal directory %s", directory);
    ll_filesystem_mode mode = ll_filesystem_mode_of((uint32_t)about.f_type, &name);
    if (mode == LL_FILESYSTEM_REFUSED)
        return ll_fail(LLMLEARN_EUNSUPPORTED,
                       "the journal directory %s is on %s: network and user-space file systems "
                       "cannot share its locks; use a local disk",
                       directory, name);
    *out_mode = mode;
    return LLMLEARN_OK;
}
