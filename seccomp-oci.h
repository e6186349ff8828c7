/*
 * seccomp-oci.h - the import of OCI JSON. Private to seccomp-oci.c, which reads the file, and
 * seccomp-oci-args.c, which reads the conditions of an entry.
 */
#ifndef ZBOX_SECCOMP_OCI_H
#define ZBOX_SECCOMP_OCI_H

#include "seccomp-json.h"
#include "seccomp-rules.h"

enum { ARGS = 32 };

struct import {
	struct profile *p;
	struct json_tree j;
	const char *file;
	const struct seccomp_host *host;
	bool *whole;            /* for each call: an entry without args has answered */
	short newest[MACHINES]; /* number of the newest call that the file names */
};

struct operator;

/* One of the "args" of an entry. */
struct arg {
	const struct json_value *at;
	const struct operator* op;
	bool masked; /* value is the mask, second what has to be there */
	uint64_t index, value, second;
};

/* An error at a value of the file. Returns -1. */
int import_wrong(const struct import *im, const struct json_value *v, const char *what);

struct place import_place(const struct import *im, const struct json_value *v);

/* Every key of the object has to be one of the words, each with a blank behind it. */
int import_keys(const struct import *im, const struct json_value *object,
		const char *words) MUST_CHECK;

/* What an object has under a key, which has to be of the type. Returns 0 with NULL for nothing. */
int import_get(const struct import *im, const struct json_value *object, const char *key,
	       enum json_type type, const struct json_value **value) MUST_CHECK;

/* The conditions of an entry. */
int import_args(const struct import *im, const struct json_value *entry, struct arg args[ARGS],
		size_t *count) MUST_CHECK;

/* Says an entry's answer about one call, under its conditions: one rule where these have to hold
 * together, several where two are about the same argument. */
int import_say(const struct import *im, const struct json_value *entry, uint32_t answer, int call,
	       const struct arg *args, size_t count) MUST_CHECK;

#endif
