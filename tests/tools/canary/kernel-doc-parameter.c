// SPDX-License-Identifier: GPL-2.0-only
/**
 * udmabuf_canary() - lacks a parameter
 * @number: is there
 *
 * Return: @number.
 */
int udmabuf_canary(int number, int size)
{
	return number;
}
