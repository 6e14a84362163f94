// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

int main(int argc, char **argv)
{
	char *text = malloc(argc);
	int status = text ? text[argc] : 0;

	(void)argv;
	free(text);
	return status & 0;
}
