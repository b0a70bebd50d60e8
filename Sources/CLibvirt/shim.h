#pragma once

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
/* For the event loop; Swift's Glibc has neither. */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <stddef.h>

/* prctl(2) is variadic, and pthread_setname_np(3) hidden from Swift: neither imports. */
static inline void clibvirt_name_this_thread(const char *name)
{
    prctl(PR_SET_NAME, name, 0, 0, 0);
}

/* Answers no question: libvirt itself looks user names and passwords up in auth.conf before it asks (virAuthGetUsername,
 * virAuthGetPassword), and virConnectAuthPtrDefault would ask on a terminal. */
static inline int clibvirt_answer_nothing(virConnectCredentialPtr credentials, unsigned int count, void *context)
{
    (void)credentials;
    (void)count;
    (void)context;
    return -1;
}

static inline virConnectAuthPtr clibvirt_auth_from_file(void)
{
    static int kinds[] = { VIR_CRED_AUTHNAME, VIR_CRED_PASSPHRASE };
    static virConnectAuth auth = { kinds, 2, clibvirt_answer_nothing, NULL };
    return &auth;
}
