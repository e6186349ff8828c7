/*
 * dns.c - messages of the domain name system: reading and writing.
 *
 *   question   one, of class IN; its name in one form, in which rules are written too
 *   answer     read with the question in hand: only records whose owner is the name that was asked
 *              for, or one to which that leads by CNAMEs in this very message, count. Everything
 *              else that a server may add (other names' addresses, additional sections) is not
 *              even looked at, so a server of an allowed zone cannot speak for another.
 *   writing    nothing is copied from the server's message: what the sandbox gets was put together
 *              here from names and addresses. Records that could carry addresses around the rules
 *              (HTTPS and SVCB with their hints, and whatever comes to be) do not exist here.
 *
 * What an attacker would try, on either side: compression that points forward or in circles (a
 * pointer has to lead backwards, and the number of labels is bounded), names of 255 bytes made of
 * more, counts that promise what is not there, CNAMEs in a circle (a chain is bounded), labels with
 * dots or zeros in them, which another parser would read as two (a name with such bytes is none).
 */
#include "network/dns.h"

#include <ctype.h>
#include <netinet/in.h>
#include <string.h>

enum {
	CLASS_IN = 1,
	FLAG_ANSWER = 0x80,    /* in byte 2 */
	FLAG_TRUNCATED = 0x02, /* there */
	FLAG_RECURSION = 0x01, /* there */
	FLAG_CAN = 0x80,       /* in byte 3 */
	OPERATION = 0x78,      /* in byte 2 */
	LABEL_MAX = 63,
	LABELS_MAX = 127,
	RECORDS_MAX = 1000, /* of an answer that are looked at */
	OWN_LIMIT = 1232    /* bytes that we say we take by UDP */
};

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

/* ---- reading ---- */

static bool plain(uint8_t c)
{
	return isalnum(c) || c == '-' || c == '_';
}

/* Adds a label to a name. Returns its new length, 0 where it becomes none that is plain. */
static size_t add_label(char name[RULE_NAME], size_t used, const uint8_t *label, size_t length)
{
	if (used > 0)
		name[used++] = '.';
	for (size_t i = 0; i < length; i++) {
		if (!plain(label[i]))
			return 0;
		name[used++] = (char)tolower(label[i]);
	}
	return used;
}

/* Reads the name at *at and moves *at behind it. A name that is not plain, or the root, becomes "".
 * Returns false when there is no name. */
static bool read_name(const uint8_t *bytes, size_t length, size_t *at, bool pointers,
		      char name[RULE_NAME])
{
	size_t here = *at, used = 0, wire = 1;
	bool jumped = false, good = true;

	for (unsigned labels = 0; labels <= LABELS_MAX && here < length; labels++) {
		uint8_t size = bytes[here];

		if (size == 0) {
			name[good ? used : 0] = '\0';
			*at = jumped ? *at : here + 1;
			return true;
		}
		if (size >= 0xc0) {
			size_t to;

			if (!pointers || here + 2 > length)
				return false;
			to = get16(bytes + here) & 0x3fff;
			if (to >= here || to < DNS_HEADER)
				return false;
			*at = jumped ? *at : here + 2;
			jumped = true;
			here = to;
			continue;
		}
		wire += size + 1U;
		if (size > LABEL_MAX || size > length - here - 1 || wire > 255)
			return false;
		if (good) {
			used = add_label(name, used, bytes + here + 1, size);
			good = used > 0;
		}
		here += size + 1U;
	}
	return false;
}

struct record {
	char owner[RULE_NAME];
	uint16_t type;
	uint16_t class;
	uint32_t ttl;
	size_t data, size; /* where it is in the message */
};

static bool read_record(const uint8_t *bytes, size_t length, size_t *at, struct record *r)
{
	if (!read_name(bytes, length, at, true, r->owner) || length - *at < 10)
		return false;
	r->type = get16(bytes + *at);
	r->class = get16(bytes + *at + 2);
	r->ttl = get32(bytes + *at + 4);
	r->size = get16(bytes + *at + 8);
	r->data = *at + 10;
	if (r->size > length - r->data)
		return false;
	*at = r->data + r->size;
	return true;
}

/* EDNS: what size of answers the client takes. */
static void read_extension(const uint8_t *bytes, size_t length, size_t at, struct dns_question *q)
{
	struct record r;

	for (unsigned left = get16(bytes + 10); left > 0; left--) {
		if (!read_record(bytes, length, &at, &r))
			return;
		if (r.type != DNS_OPT)
			continue;
		q->extended = true;
		q->limit = r.class < DNS_DATAGRAM ? DNS_DATAGRAM : r.class;
	}
}

int dns_read_question(const uint8_t *bytes, size_t length, struct dns_question *q)
{
	size_t at = DNS_HEADER;

	*q = (struct dns_question){.limit = DNS_DATAGRAM};
	if (length < DNS_HEADER || (bytes[2] & FLAG_ANSWER))
		return -1;
	q->id = get16(bytes);
	q->recursion = bytes[2] & FLAG_RECURSION;
	if (bytes[2] & OPERATION)
		return DNS_NOT_DONE;
	if (get16(bytes + 4) != 1 || get16(bytes + 6) != 0 || get16(bytes + 8) != 0)
		return DNS_FORMAT;
	if (!read_name(bytes, length, &at, false, q->name) || length - at < 4)
		return DNS_FORMAT;
	q->type = get16(bytes + at);
	q->bytes = bytes + DNS_HEADER;
	q->length = at + 4 - DNS_HEADER;
	if (get16(bytes + at + 2) != CLASS_IN)
		return DNS_REFUSED;
	read_extension(bytes, length, at + 4, q);
	return DNS_GOOD;
}

/* Where the answer's records are. */
struct section {
	const uint8_t *bytes;
	size_t length, start;
	unsigned count;
};

static void note_ttl(struct dns_answer *a, uint32_t ttl)
{
	if (ttl > INT32_MAX)
		ttl = 0; /* RFC 2181, 8 */
	if (ttl < a->ttl)
		a->ttl = ttl;
}

/* The CNAME of a name. Returns 1; 0: there is none; -1: the message is broken. */
static int read_alias(const struct section *s, const char *name, struct dns_answer *a,
		      char target[RULE_NAME])
{
	size_t at = s->start;
	struct record r;

	for (unsigned i = 0; i < s->count; i++) {
		size_t data;

		if (!read_record(s->bytes, s->length, &at, &r))
			return -1;
		data = r.data;
		if (r.type != DNS_CNAME || r.class != CLASS_IN || strcmp(r.owner, name) != 0)
			continue;
		if (!read_name(s->bytes, at, &data, true, target) || target[0] == '\0')
			return -1;
		note_ttl(a, r.ttl);
		return 1;
	}
	return 0;
}

static int read_addresses(const struct section *s, const char *name, uint16_t type,
			  struct dns_answer *a)
{
	size_t at = s->start, size = type == DNS_A ? 4 : 16;
	struct record r;

	for (unsigned i = 0; i < s->count; i++) {
		struct filter_address *address = &a->addresses[a->count];

		if (!read_record(s->bytes, s->length, &at, &r))
			return -1;
		if (r.type != type || r.class != CLASS_IN || strcmp(r.owner, name) != 0)
			continue;
		if (r.size != size)
			return -1;
		if (a->count == DNS_ADDRESSES)
			break;
		*address = (struct filter_address){.bytes = {[10] = 0xff, [11] = 0xff}};
		memcpy(address->bytes + 16 - size, s->bytes + r.data, size);
		a->count++;
		note_ttl(a, r.ttl);
	}
	return 0;
}

int dns_read_answer(const uint8_t *bytes, size_t length, const struct dns_question *q, uint16_t id,
		    struct dns_answer *a)
{
	struct section s = {.bytes = bytes, .length = length, .start = DNS_HEADER};
	char name[RULE_NAME];
	int alias = 0;

	if (length < DNS_HEADER || get16(bytes) != id || !(bytes[2] & FLAG_ANSWER) ||
	    (bytes[2] & OPERATION) || get16(bytes + 4) != 1)
		return -1;
	if (!read_name(bytes, length, &s.start, false, name) || length - s.start < 4 ||
	    strcmp(name, q->name) != 0 || get16(bytes + s.start) != q->type)
		return -1;
	s.start += 4;
	s.count = get16(bytes + 6);
	if (s.count > RECORDS_MAX)
		s.count = RECORDS_MAX;
	a->code = bytes[3] & 0x0f;
	a->truncated = bytes[2] & FLAG_TRUNCATED;
	a->chain_count = a->count = 0;
	a->ttl = INT32_MAX;
	if (a->code != DNS_GOOD || a->truncated)
		return 0;
	while (a->chain_count < DNS_CHAIN) {
		alias = read_alias(&s, name, a, a->chain[a->chain_count]);
		if (alias <= 0)
			break;
		memcpy(name, a->chain[a->chain_count++], sizeof(name));
	}
	if (alias != 0 || (q->type != DNS_CNAME && read_addresses(&s, name, q->type, a) < 0))
		a->code = DNS_FAILURE;
	return 0;
}

/* ---- writing ---- */

struct writer {
	uint8_t *out;
	size_t used, room;
	bool full;
};

static uint8_t *take(struct writer *w, size_t size)
{
	uint8_t *place = w->out + w->used;

	if (w->full || size > w->room - w->used) {
		w->full = true;
		return NULL;
	}
	w->used += size;
	return place;
}

static void write_name(struct writer *w, const char *name)
{
	for (const char *end; *name; name = *end ? end + 1 : end) {
		uint8_t *place;
		size_t length;

		end = name + strcspn(name, ".");
		length = (size_t)(end - name);
		place = take(w, length + 1);
		if (!place)
			return;
		place[0] = (uint8_t)length;
		memcpy(place + 1, name, length);
	}
	if (take(w, 1))
		w->out[w->used - 1] = 0;
}

/* Owner as a pointer, type, class, time; the length of the data is written behind it. */
static bool write_record(struct writer *w, size_t owner, uint16_t type, uint32_t ttl)
{
	uint8_t *place = take(w, 12);

	if (!place)
		return false;
	put16(place, 0xc000U | (unsigned)owner);
	put16(place + 2, type);
	put16(place + 4, CLASS_IN);
	put32(place + 6, ttl);
	return true;
}

static void write_records(struct writer *w, const struct dns_question *q,
			  const struct dns_answer *a)
{
	size_t owner = DNS_HEADER, size = q->type == DNS_A ? 4 : 16, records = 0;

	for (size_t i = 0; i < a->chain_count; i++) {
		size_t start;

		if (!write_record(w, owner, DNS_CNAME, a->ttl))
			return;
		start = w->used;
		write_name(w, a->chain[i]);
		if (w->full)
			return;
		put16(w->out + start - 2, (unsigned)(w->used - start));
		owner = start;
		records++;
	}
	for (size_t i = 0; i < a->count; i++) {
		uint8_t *data;

		if (!write_record(w, owner, q->type, a->ttl))
			return;
		put16(w->out + w->used - 2, (unsigned)size);
		data = take(w, size);
		if (!data)
			return;
		memcpy(data, a->addresses[i].bytes + 16 - size, size);
		records++;
	}
	put16(w->out + 6, (unsigned)records);
}

/* EDNS, with the reason where there is one. */
static void write_extension(struct writer *w, enum dns_extra extra)
{
	size_t data = extra == DNS_EXTRA_NONE ? 0 : 6;
	uint8_t *place = take(w, 11 + data);

	if (!place)
		return;
	memset(place, 0, 11 + data);
	put16(place + 1, DNS_OPT);
	put16(place + 3, OWN_LIMIT);
	put16(place + 9, (unsigned)data);
	if (data) {
		put16(place + 11, 15); /* option code, RFC 8914 */
		put16(place + 13, 2);
		put16(place + 15, (unsigned)extra);
	}
	put16(w->out + 10, 1);
}

static void write_header(struct writer *w, const struct dns_question *q, enum dns_code code)
{
	uint8_t *head = w->out;

	memset(head, 0, DNS_HEADER);
	w->used = DNS_HEADER + q->length;
	put16(head, q->id);
	head[2] = (uint8_t)(FLAG_ANSWER | (q->recursion ? FLAG_RECURSION : 0));
	head[3] = (uint8_t)(FLAG_CAN | code);
	if (q->length > 0) {
		put16(head + 4, 1);
		memcpy(head + DNS_HEADER, q->bytes, q->length);
	}
}

size_t dns_write_answer(const struct dns_question *q, enum dns_code code, enum dns_extra extra,
			const struct dns_answer *a, size_t limit, uint8_t out[DNS_MESSAGE])
{
	/* header and question always fit, and so does the extension: a question has 259 bytes */
	struct writer w = {.out = out, .room = limit < DNS_MESSAGE ? limit : DNS_MESSAGE};
	size_t start;

	write_header(&w, q, code);
	start = w.used;
	if (a)
		write_records(&w, q, a);
	if (q->extended)
		write_extension(&w, extra);
	if (!w.full)
		return w.used;
	w.full = false;
	w.used = start;
	put16(out + 6, 0);
	put16(out + 10, 0);
	out[2] |= FLAG_TRUNCATED;
	if (q->extended)
		write_extension(&w, extra);
	return w.used;
}

size_t dns_write_question(const struct dns_question *q, uint16_t id, uint8_t out[DNS_QUERY])
{
	struct writer w = {.out = out, .used = DNS_HEADER, .room = DNS_QUERY};
	uint8_t *end;

	memset(out, 0, DNS_HEADER);
	put16(out, id);
	out[2] = FLAG_RECURSION;
	put16(out + 4, 1);
	write_name(&w, q->name);
	end = take(&w, 4);
	if (end) { /* a name that was read has at most 255 bytes */
		put16(end, q->type);
		put16(end + 2, CLASS_IN);
	}
	write_extension(&w, DNS_EXTRA_NONE);
	return w.used;
}
