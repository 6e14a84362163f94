// SPDX-License-Identifier: GPL-2.0-only
#include <limits.h>

int main(int argc, char **argv)
{
	int number = INT_MAX;

	(void)argv;
	number += argc;
	return number & 0;
}
