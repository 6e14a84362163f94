// SPDX-License-Identifier: GPL-2.0-only
/*
 * A QEMU that is driven from outside: see vmm.h.
 *
 * Debian's QEMU has no qtest accelerator. A processor that does not start (-S) is as
 * good, for the devices do not need it.
 */
#include "vmm.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../share.h"

/* Emulated, on a machine that has other work: no answer takes that long. */
#define VMM_PATIENCE_MS	(120 * 1000)

#define VMM_LINE	4096

#define VMM_SCREENDUMP \
	"{\"execute\":\"screendump\",\"arguments\":{\"filename\":\"%s\",\"format\":\"%s\"}}\n"

/* One line, without its end. */
static int vmm_line(int fd, char *line, size_t size)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	size_t length = 0;

	while (length < size - 1) {
		ssize_t got;

		if (poll(&wait, 1, VMM_PATIENCE_MS) <= 0)
			return -ETIMEDOUT;
		got = read(fd, line + length, 1);
		if (got <= 0)
			return -EPIPE;
		if (line[length] == '\n') {
			line[length] = '\0';
			return 0;
		}
		length++;
	}
	return -EMSGSIZE;
}

static int vmm_say(int fd, const char *text)
{
	size_t length = strlen(text);

	while (length) {
		ssize_t done = send(fd, text, length, MSG_NOSIGNAL);

		if (done < 0)
			return -errno;
		text += done;
		length -= (size_t)done;
	}
	return 0;
}

/* A command of qtest; its answer is "OK" and sometimes a number. */
static int vmm_ask(struct vmm *vmm, const char *command, uint64_t *value)
{
	char line[VMM_LINE];
	int ret;

	ret = vmm_say(vmm->qtest, command);
	if (!ret)
		ret = vmm_line(vmm->qtest, line, sizeof(line));
	if (ret)
		return ret;
	if (strncmp(line, "OK", 2))
		return -EPROTO;
	if (value)
		*value = strtoull(line + 2, NULL, 0);
	return 0;
}

int vmm_out(struct vmm *vmm, uint16_t port, uint32_t value)
{
	char command[64];

	snprintf(command, sizeof(command), "outl 0x%x 0x%x\n", port, value);
	return vmm_ask(vmm, command, NULL);
}

int vmm_in(struct vmm *vmm, uint16_t port, uint32_t *value)
{
	char command[64];
	uint64_t found;
	int ret;

	snprintf(command, sizeof(command), "inl 0x%x\n", port);
	ret = vmm_ask(vmm, command, &found);
	if (!ret)
		*value = (uint32_t)found;
	return ret;
}

int vmm_write(struct vmm *vmm, char width, uint64_t address, uint64_t value)
{
	char command[64];

	snprintf(command, sizeof(command), "write%c 0x%llx 0x%llx\n", width,
		 (unsigned long long)address, (unsigned long long)value);
	return vmm_ask(vmm, command, NULL);
}

int vmm_read(struct vmm *vmm, char width, uint64_t address, uint64_t *value)
{
	char command[64];

	snprintf(command, sizeof(command), "read%c 0x%llx\n", width,
		 (unsigned long long)address);
	return vmm_ask(vmm, command, value);
}

/* A command of the monitor. Events may come before the answer. */
static int vmm_command(struct vmm *vmm, const char *command)
{
	char line[VMM_LINE];
	int ret;

	ret = vmm_say(vmm->qmp, command);
	while (!ret) {
		ret = vmm_line(vmm->qmp, line, sizeof(line));
		if (ret)
			break;
		if (!strncmp(line, "{\"return\"", 9))
			return 0;
		if (!strncmp(line, "{\"error\"", 8))
			return -EPROTO;
	}
	return ret;
}

int vmm_screendump(struct vmm *vmm, const char *path, const char *format)
{
	char command[512];

	snprintf(command, sizeof(command), VMM_SCREENDUMP, path, format);
	return vmm_command(vmm, command);
}

/* Words of QEMU's command line. */
struct vmm_words {
	const char *word[48];
	size_t nr;
};

static void vmm_add(struct vmm_words *words, const char *option,
		    const char *value)
{
	words->word[words->nr++] = option;
	if (value)
		words->word[words->nr++] = value;
}

static void vmm_add_fixed(struct vmm_words *words)
{
	vmm_add(words, "qemu-system-x86_64", NULL);
	vmm_add(words, "-no-user-config", NULL);
	vmm_add(words, "-nodefaults", NULL);
	vmm_add(words, "-accel", "tcg");
	vmm_add(words, "-machine", "q35,memory-backend=ram");
	vmm_add(words, "-display", "none");
	vmm_add(words, "-vga", "none");
	vmm_add(words, "-device",
		"virtio-gpu-pci,blob=true,xres=1024,yres=768");
	vmm_add(words, "-qtest", "chardev:qtest");
	vmm_add(words, "-qtest-log", "none");
	vmm_add(words, "-mon", "chardev=qmp,mode=control");
}

static void vmm_add_kernel(struct vmm_words *words,
			   const struct vmm_setup *setup)
{
	if (!setup->kernel) {
		vmm_add(words, "-S", NULL);
		return;
	}
	vmm_add(words, "-no-reboot", NULL);
	vmm_add(words, "-cpu", "max");
	vmm_add(words, "-chardev", "file,id=serial,path=/dev/stderr,append=on");
	vmm_add(words, "-serial", "chardev:serial");
	vmm_add(words, "-kernel", setup->kernel);
	vmm_add(words, "-initrd", setup->initramfs);
	vmm_add(words, "-append",
		"console=ttyS0 no_timer_check tsc=unstable panic=-1");
}

/* What QEMU becomes in the child. */
static void vmm_exec(struct vmm *vmm, int qtest, int qmp,
		     const struct vmm_setup *setup)
{
	char memory[128], qtest_fd[64], qmp_fd[64], size[32];
	int log = open(vmm->log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	struct vmm_words words = {};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(size, sizeof(size), "%zuM", setup->ram_size >> 20);
	snprintf(memory, sizeof(memory),
		 "memory-backend-memfd,id=ram,size=%s%s", size,
		 setup->hugetlb ? ",hugetlb=on,hugetlbsize=2M" : "");
	snprintf(qtest_fd, sizeof(qtest_fd), "socket,id=qtest,fd=%d", qtest);
	snprintf(qmp_fd, sizeof(qmp_fd), "socket,id=qmp,fd=%d", qmp);
	vmm_add_fixed(&words);
	vmm_add(&words, "-m", size);
	vmm_add(&words, "-object", memory);
	vmm_add(&words, "-chardev", qtest_fd);
	vmm_add(&words, "-chardev", qmp_fd);
	vmm_add_kernel(&words, setup);
	dup2(log, STDERR_FILENO);
	dup2(log, STDOUT_FILENO);
	execvp(words.word[0], (char *const *)(uintptr_t)words.word);
	_exit(127);
}

/* The file descriptor of its memory is open in there; so it is for us. */
static int vmm_map(struct vmm *vmm)
{
	char folder[64], path[320], target[128];
	struct dirent *entry;
	int fd = -1;
	DIR *dir;

	snprintf(folder, sizeof(folder), "/proc/%d/fd", vmm->pid);
	dir = opendir(folder);
	if (!dir)
		return -errno;
	while (fd < 0 && (entry = readdir(dir))) {
		ssize_t length;

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		length = readlink(path, target, sizeof(target) - 1);
		target[length > 0 ? length : 0] = '\0';
		if (strstr(target, "memfd:memory-backend-memfd"))
			fd = open(path, O_RDWR | O_CLOEXEC);
	}
	closedir(dir);
	if (fd < 0)
		return -ENOENT;
	vmm->ram = mmap(NULL, vmm->ram_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			fd, 0);
	close(fd);
	return vmm->ram == MAP_FAILED ? -errno : 0;
}

static int vmm_fork(struct vmm *vmm, const struct vmm_setup *setup)
{
	int qtest[2], qmp[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, qtest))
		return -errno;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, qmp)) {
		close(qtest[0]);
		close(qtest[1]);
		return -EMFILE;
	}
	fcntl(qtest[0], F_SETFD, FD_CLOEXEC);
	fcntl(qmp[0], F_SETFD, FD_CLOEXEC);
	vmm->qtest = qtest[0];
	vmm->qmp = qmp[0];
	vmm->pid = fork();
	if (!vmm->pid)
		vmm_exec(vmm, qtest[1], qmp[1], setup);
	close(qtest[1]);
	close(qmp[1]);
	return vmm->pid < 0 ? -EAGAIN : 0;
}

int vmm_start(struct vmm *vmm, const struct vmm_setup *setup)
{
	int ret;

	*vmm = (struct vmm){ .qtest = -1,
			     .qmp = -1,
			     .ram = MAP_FAILED,
			     .ram_size = setup->ram_size };
	snprintf(vmm->log, sizeof(vmm->log), "/tmp/qemu-%d.log", getpid());
	ret = vmm_fork(vmm, setup);
	if (!ret)
		ret = vmm_command(vmm, "{\"execute\": \"qmp_capabilities\"}\n");
	if (!ret)
		ret = vmm_map(vmm);
	if (ret)
		vmm_stop(vmm);
	return ret;
}

void vmm_stop(struct vmm *vmm)
{
	if (vmm->ram != MAP_FAILED)
		munmap(vmm->ram, vmm->ram_size);
	if (vmm->pid > 0) {
		kill(vmm->pid, SIGKILL);
		waitpid(vmm->pid, NULL, 0);
	}
	close(vmm->qtest);
	close(vmm->qmp);
}

static int vmm_count(const struct vmm *vmm, bool buffers)
{
	char folder[64], path[320];
	struct dirent *entry;
	int count = 0;
	DIR *dir;

	snprintf(folder, sizeof(folder), "/proc/%d/fdinfo", vmm->pid);
	dir = opendir(folder);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (entry->d_name[0] != '.' &&
		    (!buffers || share_tells_udmabuf(path)))
			count++;
	}
	closedir(dir);
	return count;
}

int vmm_count_fds(const struct vmm *vmm)
{
	return vmm_count(vmm, false);
}

int vmm_count_buffers(const struct vmm *vmm)
{
	return vmm_count(vmm, true);
}
