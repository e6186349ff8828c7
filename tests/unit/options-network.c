/*
 * The options of the network: which namespaces follow from them, and what contradicts what.
 */
#include "parse.h"

#include <sched.h>

static void test_modes(void)
{
	(void)parse_as(1000, "zbox true");
	check(sb.net == NET_NAMESPACES && (sb.unshare & CLONE_NEWNET), "without --net: new, empty");
	(void)parse_as(1000, "zbox --net none true");
	check(sb.net == NET_NAMESPACES && (sb.unshare & CLONE_NEWNET), "--net none");
	(void)parse_as(1000, "zbox --net host true");
	check(sb.net == NET_NAMESPACES && !(sb.unshare & CLONE_NEWNET), "--net host");
	(void)parse_as(1000, "zbox --net slirp true");
	check(sb.net == NET_SLIRP && (sb.unshare & CLONE_NEWNET), "--net slirp");
	(void)parse_as(1000, "zbox --net=join:77 true");
	check(sb.net == NET_JOIN && sb.net_pid == 77 &&
		      !((sb.unshare | sb.unshare_try) & (CLONE_NEWNET | CLONE_NEWUSER)),
	      "--net join:");
	(void)parse_as(1000, "zbox --net host --net slirp true");
	check(sb.net == NET_SLIRP && (sb.unshare & CLONE_NEWNET) && sb.warning_count == 1,
	      "the last --net wins, with a warning");
	(void)parse_as(1000, "zbox --share-net --net none true");
	check(sb.unshare & CLONE_NEWNET, "--net none takes --share-net back");
	expect_as(1000, "zbox --net dhcp true",
		  "--net takes none, slirp, host or join:PID, not dhcp");
	expect_as(1000, "zbox --net join:x true",
		  "--net join: takes the number of a process, not x");
	expect_as(1000, "zbox --net join: true", "--net join: takes the number of a process, not ");
	expect_as(1000, "zbox --net join:0 true",
		  "--net join: takes the number of a process, not 0");
	expect_as(1000, "bwrap --net slirp true", "Unknown option --net");
}

static void test_conflicts(void)
{
	expect_as(1000, "zbox --net slirp --share-net true",
		  "--net cannot be combined with --share-net");
	expect_as(1000, "zbox --net slirp --unshare-net true",
		  "--net cannot be combined with --unshare-net");
	expect_as(1000, "zbox --net slirp --netns 3 true", "--net cannot be combined with --netns");
	expect_as(1000, "zbox --net slirp --landlock-only true",
		  "--landlock-only makes no namespace that --net could speak of");
	expect_as(1000, "zbox --net host --landlock-only true", NULL);
	expect_as(1000, "zbox --net join:5 --userns 3 true",
		  "--net join: joins the user namespace as well, and --userns says another");
	expect_as(1000, "zbox --net-open lan true", "--net-open requires --net slirp");
	expect_as(1000, "zbox --net host --net-mtu 1500 true", "--net-mtu requires --net slirp");
	expect_as(1000, "zbox --net none --net-ipv6 on true", "--net-ipv6 requires --net slirp");
	expect_as(1000, "zbox --net join:5 --dns 1.1.1.1 true", "--dns requires --net slirp");
	expect_as(1000, "zbox --net-open lan --net slirp true", NULL);
}

static void test_details(void)
{
	(void)parse("zbox --net slirp --net-open host-loopback --net-open host-loopback:5432 "
		    "--net-open lan --net-mtu 1500 --net-ipv6 off --dns 1.1.1.1 --dns ::1 true");
	check(sb.net_open_count == 3 && !sb.net_open[0].lan && sb.net_open[0].port == 0 &&
		      sb.net_open[1].port == 5432 && sb.net_open[2].lan,
	      "--net-open");
	check(sb.net_mtu == 1500 && sb.net_ipv6 == NET_IPV6_OFF, "--net-mtu and --net-ipv6");
	check(sb.dns_count == 2 && same(sb.dns[1], "::1"), "--dns");
	expect_as(1000, "zbox --net slirp --net-open host true",
		  "--net-open takes host-loopback, host-loopback:PORT or lan, not host");
	expect_as(1000, "zbox --net slirp --net-open host-loopbackx true",
		  "--net-open takes host-loopback, host-loopback:PORT or lan, not host-loopbackx");
	expect_as(1000, "zbox --net slirp --net-open host-loopback: true",
		  "--net-open host-loopback: takes a port, not ");
	expect_as(1000, "zbox --net slirp --net-open host-loopback:65536 true",
		  "--net-open host-loopback: takes a port, not 65536");
	expect_as(1000, "zbox --net slirp --net-mtu 1279 true",
		  "--net-mtu takes a number from 1280 to 65521, not 1279");
	expect_as(1000, "zbox --net slirp --dns localhost true",
		  "--dns takes an address, not localhost");
	expect_as(1000, "zbox --net slirp --dns 1.1.1.1 --dns 1.1.1.2 --dns 1.1.1.3 --dns 1.1.1.4",
		  "--dns may be given 3 times");
}

static void test_rules(void)
{
	(void)parse("zbox --net slirp --allow web.test:443 --deny 198.51.100.0/24/tcp "
		    "--allow=*.cdn.test true");
	check(sb.net_rule_count == 3 && sb.net_rules[0].allow && !sb.net_rules[1].allow &&
		      same(sb.net_rules[2].text, "*.cdn.test"),
	      "--allow and --deny");
	expect_as(1000, "zbox --net slirp --allow web true",
		  "--allow web: a name needs a dot: names are not completed inside");
	expect_as(1000, "zbox --net slirp --deny web.test:x true",
		  "--deny web.test:x: the port has to be a number from 1 to 65535, or two with a - "
		  "between");
	expect_as(1000, "zbox --net host --allow web.test true", "--allow requires --net slirp");
	expect_as(1000, "zbox --net none --deny web.test true", "--deny requires --net slirp");
	expect_as(1000, "zbox --net join:5 --allow web.test true", "--allow requires --net slirp");
	expect_as(1000, "zbox --allow web.test true", "--allow requires --net slirp");
}

int main(void)
{
	test_modes();
	test_conflicts();
	test_details();
	test_rules();
	sandbox_free(&sb);
	return test_done();
}
