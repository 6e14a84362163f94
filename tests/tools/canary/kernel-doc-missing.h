/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UDMABUF_CANARY_H
#define UDMABUF_CANARY_H

int udmabuf_canary(int number);

#endif /* UDMABUF_CANARY_H */
