// SPDX-License-Identifier: GPL-2.0-only
/**
 * udmabuf_canary() - does not say what it returns
 * @number: is there
 */
int udmabuf_canary(int number)
{
	return number;
}
