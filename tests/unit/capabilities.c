/*
 * Capabilities that cannot be dropped from the bounding set: when that is an error. The kernel does
 * not refuse, so prctl(2) is played here.
 */
#include "test.h"

#include "capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>

#define BIT(cap) (1ULL << (cap))

static int refusal; /* what dropping gives; 0: it works */
static unsigned dropped;

int prctl(int option, ...)
{
	if (option != PR_CAPBSET_DROP)
		return 0;
	dropped++;
	errno = refusal;
	return refusal ? -1 : 0;
}

static bool bounded(enum personality personality, uint64_t keep, size_t changes, int error)
{
	struct cap_change list[] = {{.add = true, .cap = CAP_CHOWN}};
	struct sandbox sb = {.personality = personality,
			     .unshare = CLONE_NEWUSER,
			     .caps = changes ? list : NULL,
			     .cap_count = changes};

	refusal = error;
	dropped = 0;
	return capabilities_bound(&sb, keep) == 0;
}

int main(void)
{
	const uint64_t some = CAPABILITIES_ALL & ~BIT(CAP_SYS_RESOURCE);

	check(bounded(PERSONALITY_ZBOX, 0, 0, 0) && dropped == 64, "all are dropped");
	check(!bounded(PERSONALITY_ZBOX, 0, 0, EPERM), "zbox does not go on without");
	check(bounded(PERSONALITY_BWRAP, 0, 0, EPERM), "bwrap does: nothing is held");
	check(bounded(PERSONALITY_BWRAP, BIT(CAP_CHOWN), 1, EPERM),
	      "and when sets are made as asked for");
	check(!bounded(PERSONALITY_BWRAP, some, 0, EPERM),
	      "not for a root that keeps what it has: its exec would give it more");
	check(bounded(PERSONALITY_BWRAP, some, 0, 0) && dropped > 0, "which works else");
	return test_done();
}
