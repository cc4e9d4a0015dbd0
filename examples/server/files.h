/* files.h - the dashboard's files, all of them read at the start.
 *
 * What is not in the table cannot be asked for: no path leads out of the folder, and no request
 * touches the disk. A dashboard that was built anew needs a restart. */
#ifndef SERVER_FILES_H
#define SERVER_FILES_H

#include "request.h"

typedef struct files files;

/* folder NULL: none. NULL: it cannot be read, or is larger than 64 MiB; out_problem says why. */
files *files_read(const char *folder, char *out_problem, size_t problem_bytes);
void files_free(files *f);

void files_tell(request *r);

#endif
