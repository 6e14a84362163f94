// SPDX-License-Identifier: GPL-2.0-only
/* Accesses that may go wrong: see touch.h. */
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>

#include "touch.h"

/* Words of a page that are looked at. */
static const uint32_t places[FUZZ_WORDS] = { 0, 255, 511 };

static _Thread_local sigjmp_buf touch_return;
static _Thread_local volatile sig_atomic_t touch_expected;

/* An access of the fuzzer's own that goes wrong shall be seen as what it is. */
static void touch_failed(int sig)
{
	if (!touch_expected) {
		signal(sig, SIG_DFL);
		return;
	}
	touch_expected = 0;
	siglongjmp(touch_return, sig);
}

/* The signal is not blocked meanwhile, so that no call has to restore it. */
bool fuzz_catch_signals(void)
{
	struct sigaction action = {
		.sa_handler = touch_failed,
		.sa_flags = SA_NODEFER,
	};

	return !sigaction(SIGSEGV, &action, NULL) &&
	       !sigaction(SIGBUS, &action, NULL);
}

int fuzz_read_words(const char *page, struct fuzz_words *words)
{
	const volatile uint64_t *at = (const volatile uint64_t *)page;
	uint32_t i;
	int sig;

	sig = sigsetjmp(touch_return, 0);
	if (sig)
		return sig;
	touch_expected = 1;
	for (i = 0; i < FUZZ_WORDS; i++)
		words->word[i] = at[places[i]];
	touch_expected = 0;
	return 0;
}

int fuzz_write_words(char *page, const struct fuzz_words *words)
{
	volatile uint64_t *at = (volatile uint64_t *)page;
	uint32_t i;
	int sig;

	sig = sigsetjmp(touch_return, 0);
	if (sig)
		return sig;
	touch_expected = 1;
	for (i = 0; i < FUZZ_WORDS; i++)
		at[places[i]] = words->word[i];
	touch_expected = 0;
	return 0;
}
