// SPDX-License-Identifier: GPL-2.0-only
int udmabuf_canary(int number)
{
	if (number>1) return 2;
	return 1;
}
