/*
 * reader.h - what the option parser reads from the machine that it runs on.
 */
#ifndef ZBOX_READER_H
#define ZBOX_READER_H

#include "options.h"

/* Memory that the reader needs for values of its own; zeroed. */
struct reader_context {
	char *values[9]; /* made by reader_variable(); owned */
};

/* The reader that reads, with the given context. */
struct options_reader reader_of(struct reader_context *context);

void reader_free(struct reader_context *context);

#endif
