// SPDX-License-Identifier: GPL-2.0-only
/*
 * udmabuf: the command of udmabuf-ng. A verb is a function in a file of its own
 * and a row in the table below.
 */
#include <errno.h>
#include <string.h>

#include "cli.h"

static const struct {
	const char *name;
	const char *help;
	int (*run)(int argc, char **argv);
} cli_verbs[] = {
	{ "info", "what there is on this machine, and what is wrong with it",
	  cli_info },
	{ "ls", "each dma-buf, and who uses it", cli_ls },
	{ "create", "make a dma-buf, for a command or to look at", cli_create },
	{ "bench", "how fast this machine and this driver are", cli_bench },
	{ "load", "files into a dma-buf, at the speed of the disk", cli_load },
	{ "fetch", "what another udmabuf load has loaded and serves",
	  cli_fetch },
	{ "tensors", "what is in the file of a model", cli_tensors },
	{ "takeover", "who gets /dev/udmabuf: enable, disable, status",
	  cli_takeover },
};

static int cli_help(void)
{
	puts("udmabuf VERB [OPTION]...\n\n"
	     "dma-bufs of ordinary memory, and the driver that makes them.\n");
	for (size_t i = 0; i < CLI_COUNT(cli_verbs); i++)
		printf("  %-10s %s\n", cli_verbs[i].name, cli_verbs[i].help);
	puts("\n  --version  print the version\n"
	     "  --help     print this\n\n"
	     "'udmabuf VERB --help' and 'man udmabuf-VERB' tell more.\n\n"
	     "Exit status: that of the verb; 0 done, 1 it failed, 2 wrong usage.");
	return CLI_DONE;
}

static int cli_run(int argc, char **argv)
{
	if (!argc)
		return cli_misuse("no verb");
	if (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h"))
		return cli_help();
	if (!strcmp(argv[0], "--version"))
		return cli_print_version();
	for (size_t i = 0; i < CLI_COUNT(cli_verbs); i++) {
		if (strcmp(argv[0], cli_verbs[i].name) != 0)
			continue;
		cli_set_verb(cli_verbs[i].name);
		return cli_verbs[i].run(argc, argv);
	}
	return cli_misuse("unknown verb '%s'", argv[0]);
}

int main(int argc, char **argv)
{
	int status = cli_run(argc - 1, argv + 1);

	/* what did not get to its reader was not done */
	if ((fflush(stdout) || ferror(stdout)) && status == CLI_DONE)
		return cli_fail("cannot write: %s", strerror(errno));
	return status;
}
