#pragma once

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
/* For the event loop; Swift's Glibc has neither. */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

/* prctl(2) is variadic, and pthread_setname_np(3) hidden from Swift: neither imports. */
static inline void clibvirt_name_this_thread(const char *name)
{
    prctl(PR_SET_NAME, name, 0, 0, 0);
}
