/* lease.h - asks the kernel whether anybody has a file open for writing
   SPDX-License-Identifier: GPL-3.0-or-later

   A read lease (fcntl(2), F_SETLEASE) is refused while any process, of whatever user or container, has the
   file open for writing or mapped shared and writable.  It is given back at once.  What another process sees
   of that instant (3-14 us): opening for writing waits until it is over, or with O_NONBLOCK may fail with
   EAGAIN; opening for reading, rename, unlink, chmod are not delayed. */

#ifndef SETTLE_LEASE_H
#define SETTLE_LEASE_H

enum lease_answer {
    LEASE_NONE_WRITES,
    LEASE_SOMEBODY_WRITES,
    LEASE_CANT_TELL,  /* no leases there, or neither owner of the file nor CAP_LEASE */
};

enum lease_sight { LEASE_SEES_ALL, LEASE_SEES_DESCRIPTORS, LEASE_SEES_NOTHING };

/* What a lease sees on a file system: overlayfs has the mappings in the file below. */
enum lease_sight lease_sight(unsigned long magic);

/* FD must be open for reading only. */
enum lease_answer lease_ask(int fd);

#endif
