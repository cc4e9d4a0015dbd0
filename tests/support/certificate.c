#include "support/certificate.h"

#include "support/child.h"

#include <stdio.h>

bool certificate_make(const char *folder, const char *name, const char *for_names)
{
    char command[1024];

    if (!child_exists("openssl"))
        return false;
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
             " -subj /CN=test -addext subjectAltName=%s -keyout %s/%s.key -out %s/%s.crt",
             for_names, folder, name, folder, name);
    child_run(command);
    return true;
}
