// SPDX-License-Identifier: GPL-2.0-only
/**
 * Says something about the number below.
 */
int udmabuf_canary;
