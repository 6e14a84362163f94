/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between what is fuzzed (fuzz.c) and who makes inputs: fuzz_main.c, or libFuzzer.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#endif /* FUZZ_H */
