// SPDX-License-Identifier: GPL-2.0-only
int udmabuf_canary; /* TODO: take it out */
