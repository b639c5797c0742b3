/* postprocess.c - marks an ELF file in place, through libelf's shared mapping
   SPDX-License-Identifier: GPL-3.0-or-later

   Sets the OS ABI in the file's header to GNU/Linux.  With ELF_C_RDWR_MMAP the header that libelf
   works on lies in a shared mapping of the file, so gelf_update_ehdr is the write.  elf_update, for
   files whose layout changes, is not needed, and with it goes the msync that elfutils has there (other
   libelfs, and the linkers that write through mappings, have none): the process ends with dirty
   pages. */

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int complain(const char *file, const char *why)
{
    fprintf(stderr, "postprocess: %s: %s\n", file, why);
    return 1;
}

static int mark(int fd, const char *file)
{
    Elf *elf = elf_begin(fd, ELF_C_RDWR_MMAP, NULL);
    GElf_Ehdr header;
    int status = 0;

    if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header)) {
        status = complain(file, elf ? "not an ELF file" : elf_errmsg(-1));
    } else {
        header.e_ident[EI_OSABI] = ELFOSABI_GNU;
        if (!gelf_update_ehdr(elf, &header))
            status = complain(file, elf_errmsg(-1));
    }
    elf_end(elf);
    return status;
}

/* A libelf that keeps a copy of the header would have changed nothing. */
static int check(int fd, const char *file)
{
    unsigned char ident[EI_NIDENT];

    if (pread(fd, ident, sizeof ident, 0) != sizeof ident)
        return complain(file, errno ? strerror(errno) : "too short");
    if (ident[EI_OSABI] != ELFOSABI_GNU)
        return complain(file, "this libelf does not write through its mapping");
    return 0;
}

int main(int argc, char *argv[])
{
    int fd, status;

    if (argc != 2) {
        fputs("Usage: postprocess FILE\n", stderr);
        return 2;
    }
    if (elf_version(EV_CURRENT) == EV_NONE)
        return complain(argv[1], elf_errmsg(-1));
    fd = open(argv[1], O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return complain(argv[1], strerror(errno));
    status = mark(fd, argv[1]);
    if (status == 0)
        status = check(fd, argv[1]);
    if (close(fd) < 0)
        status = complain(argv[1], strerror(errno));
    return status;
}
