// SPDX-License-Identifier: GPL-2.0-only
/*
 * Load a kernel, to be started now or when this one crashes.
 *
 * Usage: kexec-load now|crash KERNEL INITRAMFS COMMAND-LINE
 */
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int complain(const char *what)
{
	perror(what);
	return 1;
}

int main(int argc, char **argv)
{
	int kernel, initramfs, crash;

	if (argc != 5 || (strcmp(argv[1], "now") && strcmp(argv[1], "crash"))) {
		fprintf(stderr,
			"usage: kexec-load now|crash KERNEL INITRAMFS COMMAND-LINE\n");
		return 2;
	}
	crash = !strcmp(argv[1], "crash");
	kernel = open(argv[2], O_RDONLY);
	if (kernel < 0)
		return complain(argv[2]);
	initramfs = open(argv[3], O_RDONLY);
	if (initramfs < 0)
		return complain(argv[3]);
	if (syscall(SYS_kexec_file_load, kernel, initramfs, strlen(argv[4]) + 1,
		    argv[4], crash ? KEXEC_FILE_ON_CRASH : 0UL))
		return complain("kexec_file_load");
	if (crash)
		return 0;
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		LINUX_REBOOT_CMD_KEXEC, NULL);
	return complain("reboot");
}
