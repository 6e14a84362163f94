// SPDX-License-Identifier: MIT
/*
 * Why a load failed, in numbers and in words. The first failure is the one that
 * counts: those of other threads mostly come of it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"

static void udb_load_failure_fill(struct udb_load_failure *failure, int error,
				  enum udb_load_fault fault, const char *path,
				  const char *format, va_list list)
{
	failure->error = error;
	failure->fault = fault;
	snprintf(failure->path, sizeof(failure->path), "%s", path ? path : "");
	vsnprintf(failure->text, sizeof(failure->text), format, list);
}

/**
 * udb_load_note() - note a failure
 * @failure: where.
 * @error: negative error number.
 * @fault: what went wrong.
 * @path: of the file, or NULL.
 * @format: a sentence for a person.
 *
 * Return: @error.
 */
int udb_load_note(struct udb_load_failure *failure, int error,
		  enum udb_load_fault fault, const char *path,
		  const char *format, ...)
{
	va_list list;

	va_start(list, format);
	udb_load_failure_fill(failure, error, fault, path, format, list);
	va_end(list);
	return error;
}

/**
 * udb_load_failure_give() - tell the caller
 * @to: of the caller, or NULL.
 * @from: what to tell; NULL: only check the size.
 *
 * Return: 0 or -EINVAL: @to is too small.
 */
int udb_load_failure_give(struct udb_load_failure *to,
			  const struct udb_load_failure *from)
{
	if (!to)
		return 0;
	return udb_struct_give(to, from, sizeof(*from), sizeof(*from));
}

/**
 * udb_load_failed() - whether to go on
 * @job: the load.
 *
 * Return: true when it has failed already.
 */
bool udb_load_failed(struct udb_load_job *job)
{
	bool failed;

	pthread_mutex_lock(&job->lock);
	failed = job->failure.error;
	pthread_mutex_unlock(&job->lock);
	return failed;
}

/**
 * udb_load_fail() - fail, unless somebody else has
 * @job: the load.
 * @offset: in the file, or 0.
 * @wanted: bytes that were needed, or 0.
 * @had: bytes that there were, or 0.
 * @error: negative error number.
 * @fault: what went wrong.
 * @path: of the file, or NULL.
 * @format: a sentence for a person.
 *
 * Return: true when this was the first.
 */
bool udb_load_fail(struct udb_load_job *job, uint64_t offset, uint64_t wanted,
		   uint64_t had, int error, enum udb_load_fault fault,
		   const char *path, const char *format, ...)
{
	struct udb_load_failure *failure = &job->failure;
	bool first;
	va_list list;

	pthread_mutex_lock(&job->lock);
	first = !failure->error;
	if (first) {
		va_start(list, format);
		udb_load_failure_fill(failure, error, fault, path, format,
				      list);
		va_end(list);
		failure->offset = offset;
		failure->wanted = wanted;
		failure->had = had;
		pthread_cond_broadcast(&job->changed);
	}
	pthread_mutex_unlock(&job->lock);
	return first;
}

/**
 * udb_load_text() - a copy of a text
 * @text: the text.
 * @size: bytes of it.
 *
 * Return: the copy, terminated, or NULL.
 */
char *udb_load_text(const char *text, size_t size)
{
	char *copy = malloc(size + 1);

	if (!copy)
		return NULL;
	memcpy(copy, text, size);
	copy[size] = '\0';
	return copy;
}
