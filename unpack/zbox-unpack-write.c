/*
 * zbox-unpack-write.c - what is in files, written beside the reading of the archive.
 *
 * Who reads the archive makes names; what has only to do with the descriptor of a file (its bytes,
 * owner, mode and time, closing it) is done by a second thread, in the order in which it came, a
 * batch at a time: one is filled while the other is written. So unpacking keeps two processors
 * busy, as tar with the program that decompresses for it. An archive that fits into one batch needs
 * no thread.
 *
 * What an attacker would try: to have bytes written to another file. A descriptor is closed by the
 * writer alone once it was handed over by unpack_finish(), and before that the reader keeps it open
 * until nothing waits, so its number is never another file's. Names are none of the writer's. What
 * goes wrong first in the archive's order is what is reported, whichever thread was there.
 */
#include "unpack/zbox-unpack.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define JOBS 128                    /* of a batch; as many descriptors may wait */
#define BYTES ((size_t)1024 * 1024) /* of a batch */
#define PATH_SHOWN 256              /* of a path, in messages */
#define OTHER_FDS 64                /* what may be open beside those that wait */

/* One piece of a file: bytes, what is done at its end, or both. */
struct job {
	int fd;
	const char *bytes; /* in the batch */
	size_t length;
	int64_t offset;
	bool last; /* sets attributes and closes fd */
	struct attributes wanted;
	char path[PATH_SHOWN];
};

struct batch {
	struct job jobs[JOBS];
	size_t count, used;
	char bytes[BYTES];
};

struct writer {
	struct batch batches[2];
	size_t limit;     /* jobs of a batch */
	unsigned filling; /* the batch of the reader; the other one is the writer's while it is busy
			   */
	bool started;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool busy, ending;
	/* the writer's while it is busy, then the reader's: */
	int err;          /* what went wrong first, 0 nothing; */
	const char *what; /* for unpack_not_set(), */
	struct job job;   /* at which */
};

/* ---- the writer ---- */

/* Returns 0, or an errno, with *what for unpack_not_set(). */
static int do_job(const struct job *job, const char **what)
{
	const char *next = job->bytes;
	size_t left = job->length;
	int64_t offset = job->offset;

	*what = "";
	while (left > 0) {
		ssize_t written = pwrite(job->fd, next, left, offset);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return errno;
		next += written;
		offset += written;
		left -= (size_t)written;
	}
	return job->last ? unpack_set_attributes(&job->wanted, job->fd, "", true, what) : 0;
}

/* After a failure only what is to be closed is. Only one thread at a time is here. */
static void do_batch(struct writer *w, struct batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		if (!w->err) {
			w->err = do_job(&b->jobs[i], &w->what);
			if (w->err)
				w->job = b->jobs[i];
		}
		if (b->jobs[i].last)
			close_fd(&b->jobs[i].fd);
	}
	b->count = b->used = 0;
}

static void *write_batches(void *context)
{
	struct writer *w = context;

	(void)pthread_mutex_lock(&w->lock);
	for (;;) {
		struct batch *b;

		while (!w->busy && !w->ending)
			(void)pthread_cond_wait(&w->changed, &w->lock);
		if (!w->busy)
			break;
		b = &w->batches[1 - w->filling];
		(void)pthread_mutex_unlock(&w->lock);
		do_batch(w, b);
		(void)pthread_mutex_lock(&w->lock);
		w->busy = false;
		(void)pthread_cond_signal(&w->changed);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* ---- the reader ---- */

static struct writer *writer_of(struct unpack *u)
{
	struct rlimit files;

	if (u->writer)
		return u->writer;
	u->writer = malloc(sizeof(*u->writer));
	if (!u->writer) {
		(void)fail(0, "out of memory");
		return NULL;
	}
	u->writer->batches[0].count = u->writer->batches[0].used = 0;
	u->writer->batches[1].count = u->writer->batches[1].used = 0;
	u->writer->limit = JOBS;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < 2 * JOBS + OTHER_FDS)
		u->writer->limit =
			files.rlim_cur > OTHER_FDS + 4 ? (files.rlim_cur - OTHER_FDS) / 2 : 1;
	u->writer->filling = 0;
	u->writer->started = u->writer->busy = u->writer->ending = false;
	u->writer->err = 0;
	(void)pthread_mutex_init(&u->writer->lock, NULL);
	(void)pthread_cond_init(&u->writer->changed, NULL);
	return u->writer;
}

/* Until the writer has nothing to do. Returns 0, or -1 after fail() with what it failed at. */
static int wait_for(struct writer *w)
{
	(void)pthread_mutex_lock(&w->lock);
	while (w->busy)
		(void)pthread_cond_wait(&w->changed, &w->lock);
	(void)pthread_mutex_unlock(&w->lock);
	return w->err ? unpack_not_set(w->err, w->what, &w->job.wanted, w->job.path) : 0;
}

/* The batch that was filled becomes the writer's. */
static int hand_over(struct writer *w)
{
	if (wait_for(w) < 0)
		return -1;
	if (!w->started) {
		int err = pthread_create(&w->thread, NULL, write_batches, w);

		if (err)
			return fail(err, "a thread");
		w->started = true;
	}
	(void)pthread_mutex_lock(&w->lock);
	w->filling = 1 - w->filling;
	w->busy = true;
	(void)pthread_cond_signal(&w->changed);
	(void)pthread_mutex_unlock(&w->lock);
	return 0;
}

/* The next job, with room for some bytes. Returns NULL after fail(). */
static struct job *add_job(struct unpack *u, int fd, const char *path)
{
	struct writer *w = writer_of(u);
	struct batch *b = w ? &w->batches[w->filling] : NULL;
	struct job *job;

	if (!w)
		return NULL;
	if (b->count == w->limit || b->used == BYTES) {
		if (hand_over(w) < 0)
			return NULL;
		b = &w->batches[w->filling];
	}
	job = &b->jobs[b->count++];
	job->fd = fd;
	job->bytes = b->bytes + b->used;
	job->length = 0;
	job->last = false;
	(void)snprintf(job->path, sizeof(job->path), "%s", path);
	return job;
}

int unpack_write(struct unpack *u, int fd, const char *path, const void *bytes, size_t length,
		 int64_t offset)
{
	for (const char *next = bytes; length > 0;) {
		struct job *job = add_job(u, fd, path);
		struct batch *b;
		size_t part;

		if (!job)
			return -1;
		b = &u->writer->batches[u->writer->filling];
		part = length < BYTES - b->used ? length : BYTES - b->used;
		memcpy(b->bytes + b->used, next, part);
		b->used += part;
		job->length = part;
		job->offset = offset;
		next += part;
		offset += (int64_t)part;
		length -= part;
	}
	return 0;
}

int unpack_finish(struct unpack *u, int *fd, const char *path, const struct attributes *wanted)
{
	struct writer *w = writer_of(u);
	struct batch *b = w ? &w->batches[w->filling] : NULL;
	struct job *job = b && b->count > 0 ? &b->jobs[b->count - 1] : NULL;

	if (!job || job->fd != *fd || job->last)
		job = add_job(u, *fd, path);
	if (!job)
		return -1;
	job->last = true;
	job->wanted = *wanted;
	*fd = -1;
	return 0;
}

int unpack_drain(struct unpack *u)
{
	struct writer *w = u->writer;

	if (!w)
		return 0;
	if (wait_for(w) < 0)
		return -1;
	do_batch(w, &w->batches[w->filling]);
	return wait_for(w);
}

void unpack_drain_failed(struct unpack *u)
{
	const struct failure *f = failure_get();
	struct failure later;

	if (!f)
		return;
	later = *f;
	failure_clear();
	if (unpack_drain(u) == 0)
		failure_adopt(&later);
}

void unpack_stop_writing(struct unpack *u)
{
	struct writer *w = u->writer;

	if (!w)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->ending = true;
	(void)pthread_cond_signal(&w->changed);
	(void)pthread_mutex_unlock(&w->lock);
	if (w->started)
		(void)pthread_join(w->thread, NULL);
	w->err = ECANCELED;
	do_batch(w, &w->batches[w->filling]);
	(void)pthread_cond_destroy(&w->changed);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
	u->writer = NULL;
}
