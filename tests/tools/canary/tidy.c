// SPDX-License-Identifier: GPL-2.0-only
int udmabuf_canary(const int *number)
{
	if (!number)
		return *number;
	return 0;
}
