#include "base/filesystem.h"

#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <sys/vfs.h>

#define NETWORK 1
#define MAPS_SAFELY 2

/* Numbers from statfs(2); linux/magic.h lacks several of them. Copy-on-write file systems
 * (xfs with reflinks, btrfs, zfs) are not in the safe list: a page that was preallocated must be
 * allocated again after a snapshot, and on a full disk the store faults. */
static const struct {
    unsigned long magic;
    int flags;
    const char *name;
} known[] = {
    { 0x0000ef53, MAPS_SAFELY, "ext4" }, /* and ext2, ext3 */
    { 0x01021994, MAPS_SAFELY, "tmpfs" }, { 0x58465342, 0, "xfs" },
    { 0x9123683e, 0, "btrfs" },           { 0x2fc12fc1, 0, "zfs" },
    { 0xca451a4e, 0, "bcachefs" },        { 0xf2f52010, 0, "f2fs" },
    { 0x794c7630, 0, "overlay" },         { 0x00006969, NETWORK, "nfs" },
    { 0xff534d42, NETWORK, "cifs" },      { 0xfe534d42, NETWORK, "smb2" },
    { 0x0000517b, NETWORK, "smb" },       { 0x0000564c, NETWORK, "ncp" },
    { 0x01021997, NETWORK, "9p" },        { 0x5346414f, NETWORK, "afs" },
    { 0x6b414653, NETWORK, "afs" },       { 0x73757245, NETWORK, "coda" },
    { 0x00c36400, NETWORK, "ceph" },      { 0x0bd00bd0, NETWORK, "lustre" },
    { 0x47504653, NETWORK, "gpfs" },      { 0x19830326, NETWORK, "beegfs" },
    { 0x01161970, NETWORK, "gfs2" },      { 0x7461636f, NETWORK, "ocfs2" },
    { 0xaad7aaea, NETWORK, "panfs" },     { 0x65735546, NETWORK, "fuse" },
    { 0x786f4256, NETWORK, "vboxsf" },    { 0xbacbacbc, NETWORK, "vmhgfs" },
};

ll_filesystem ll_filesystem_by_magic(unsigned long magic)
{
    ll_filesystem result = { .name = "unknown" };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].magic == magic) {
            result.network = (known[i].flags & NETWORK) != 0;
            result.maps_safely = (known[i].flags & MAPS_SAFELY) != 0;
            result.name = known[i].name;
            break;
        }
    }
    return result;
}

llmlearn_err ll_filesystem_of(const char *path, ll_filesystem *out_filesystem)
{
    struct statfs found;

    assert(path != NULL);
    assert(out_filesystem != NULL);
    while (statfs(path, &found) != 0) {
        if (errno != EINTR)
            return ll_fail_errno(errno, "path %s: statfs", path);
    }
    /* The magic is 32 bits wide, but its C type may sign-extend it. */
    *out_filesystem = ll_filesystem_by_magic((unsigned long)found.f_type & 0xffffffffUL);
    return LLMLEARN_OK;
}
