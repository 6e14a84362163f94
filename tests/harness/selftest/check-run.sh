#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The tests of tests/run: how it judges what comes out of the virtual machine.
# A made-up vm/run delivers results of every kind; no machine is started.
# Last line: "N passed, N failed, 0 skipped". Exit status: 0 all as expected, 1
# a difference (shown).
set -euo pipefail

top=$(cd "$(dirname "$(readlink -f "$0")")/../../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ran=0
wrong=0

# A checkout that has only what tests/run needs.
mkdir -p "$work/tree/"{vm/kernels,vm/source-kernels,tests/harness,tests/expected,tests/machines,docs,made}
cp "$top/tests/run" "$top/tests/machine.sh" "$top/tests/lists.sh" "$work/tree/tests/"
cp "$top/tests/harness/tap.awk" "$work/tree/tests/harness/"
cd "$work/tree"
: >vm/kernels/6.12
: >vm/source-kernels/9.0-debug
: >tests/machines/main
cat >vm/run <<'END'
#!/bin/bash
while [ "$1" != --results ]; do shift; done
made=made/${2##*/}
rm -rf "$2"
cp -r "$made" "$2"
# What follows: -- run-selftests DRIVER MACHINE SUITE...
[ $# -le 6 ] || printf '%s\n' "${@:7}" >"$2/suites"
exit "$(cat "$made/status")"
END
cat >tests/features <<'END'
#!/bin/bash
exit "$(cat made/features)"
END
cat >tests/bugs <<'END'
#!/bin/bash
exit "$(cat made/bugs)"
END
chmod +x vm/run tests/features tests/bugs

# suite NAME STATUS [MACHINE]: what a suite left, its TAP output on standard input.
suite() {
	local made=made/${3:-main}

	cat >"$made/$1.tap"
	echo "$2 1" >"$made/$1.end"
	echo "$1" >>"$made/suites"
}

# machine NAME: one that came up and went down as it should.
machine() {
	mkdir -p "made/$1"
	echo 0 >"made/$1/status"
	echo "Linux 6.12.0" >"made/$1/release"
	: >"made/$1/kernel.log"
	: >"tests/machines/$1"
}

# The start of every case: two suites of our driver, all well.
all_is_well() {
	rm -rf build made docs/* tests/expected/* tests/machines/*
	machine main
	echo 0 >made/features
	echo 0 >made/bugs
	suite one 0 <<'END'
TAP version 14
1..2
ok 1 a.first
# a.second: a remark
ok 2 a.second
2 passed, 0 failed, 0 skipped
END
	suite two 0 <<'END'
TAP version 14
1..1
ok 1 b.third # SKIP no moon
0 passed, 0 failed, 1 skipped
END
	printf '%s\n' 'one a.first' 'one a.second' \
		'two b.third skip: no moon' >tests/expected/selftests-6.12
	printf '%s\n' 'one a.second the second one' \
		'two b.f* sometimes: a race' >tests/expected/stock-6.12-notes
}

# A failure in suite one, as the stock driver may have.
second_fails() {
	sed -i '/^one$/d' made/main/suites
	suite one 1 <<'END'
TAP version 14
1..2
ok 1 a.first
# a.c:1: second: expected 1 == 2
not ok 2 a.second
1 passed, 1 failed, 0 skipped
END
}

# document_says SUITE TEST...: of the release that runs; document_release: of another.
document_says() {
	{
		echo "Linux 6.12.0."
		printf "| %s | \`%s\` | text |\n" "$@"
	} >docs/stock-6.12.md
}

document_release() {
	sed -i "1s/.*/Linux $1./" docs/stock-6.12.md
}

# expect NAME STATUS LINE [ARGUMENT...]: tests/run with these arguments must end
# with STATUS and with standard input, and "-" for nothing, among its output.
expect() {
	local name=$1 status=$2 last=$3 seen=0 line
	shift 3
	ran=$((ran + 1))
	tests/run "$@" >out 2>&1 || seen=$?
	if [ "$seen" -ne "$status" ]; then
		echo "$name: exit status $seen, expected $status"
	elif [ "$(tail -n 1 out)" != "$last" ]; then
		echo "$name: the last line is not '$last'"
	else
		while read -r line; do
			grep -qF -- "$line" out && continue
			echo "$name: does not say '$line'"
			last=
		done
		[ -z "$last" ] || return 0
	fi
	wrong=$((wrong + 1))
	sed 's/^/    /' out
}

all_is_well
expect 'all is well' 0 '2 passed, 0 failed, 1 skipped' </dev/null
expect 'one suite' 0 '2 passed, 0 failed, 1 skipped' --update-expected </dev/null
jq -e 'length == 2 and .[0].passed == 2 and .[1].skipped == 1' \
	build/results/summary.json >/dev/null || wrong=$((wrong + 1))

second_fails
expect 'a test fails' 1 '1 passed, 1 failed, 1 skipped' <<'END'
failed: one a.second: a.c:1: second: expected 1 == 2
END

all_is_well
echo 'one a.lost' >>tests/expected/selftests-6.12
expect 'a test is lost' 1 '2 passed, 1 failed, 1 skipped' <<'END'
failed: one a.lost: is missing
END

all_is_well
sed -i '/a.first/d' tests/expected/selftests-6.12
expect 'a test is new' 1 '2 passed, 1 failed, 1 skipped' <<'END'
failed: one a.first: is not in the list of expected tests
END

all_is_well
sed -i 's/ skip: .*//' tests/expected/selftests-6.12
expect 'a skip is not announced' 1 '2 passed, 1 failed, 1 skipped' <<'END'
failed: two b.third: skips unannounced
END

all_is_well
rm made/main/one.end
expect 'a suite did not end' 1 '2 passed, 1 failed, 1 skipped' <<'END'
failed: one (suite): did not come to its end
END

all_is_well
sed -i 's/^1\.\.2/1..3/' made/main/one.tap
expect 'a suite ends too early' 1 '2 passed, 1 failed, 1 skipped' <<'END'
failed: one (suite): planned 3 tests, ran 2
END

all_is_well
echo '139 1' >made/main/one.end
expect 'a suite crashes behind its tests' 1 '2 passed, 1 failed, 1 skipped' <<'END'
failed: one (suite): ended with status 139
END

all_is_well
sed -i '/^one$/d' made/main/suites
suite one 1 <<'END'
/src/selftest-one: cannot be started
END
expect 'a suite has no test' 1 '0 passed, 3 failed, 1 skipped' <<'END'
failed: one (suite): planned -1 tests, ran 0
failed: one a.first: is missing
END

all_is_well
echo 120 >made/main/status
cat >made/main/kernel.log <<'END'
[    1.000000] udmabuf-selftests: suite one
[    2.000000] udmabuf-selftests: suite two
[    2.500000] WARNING: CPU: 1 PID: 722 at mm/util.c:670 thing+0xc5/0xd0
END
expect 'the kernel warned' 1 '2 passed, 1 failed, 1 skipped' <<'END'
failed: two (kernel-log): WARNING: at mm/util.c:670 thing+0xc5/0xd0
END

all_is_well
echo 121 >made/main/status
expect 'the kernel panicked' 1 '2 passed, 1 failed, 1 skipped' <<'END'
failed: boot (machine): the kernel panicked
END

all_is_well
echo 121 >made/main/status
rm made/main/one.end
: >made/main/two.tap
cat >made/main/kernel.log <<'END'
[    0.000000] Command line: rcu_cpu_stall_timeout=60 panic=-1
[    1.000000] udmabuf-selftests: suite two
[    2.000000] Oops: int3: 0000 [#1] SMP
[    2.000001] RIP: 0010:thing+0xc5/0xd0
[    2.000002] RIP: 0033:0x7f3efdaa0d6b
[    2.000003] Kernel panic - not syncing: Fatal exception
END
expect 'the machine died' 1 '2 passed, 4 failed, 0 skipped' <<'END'
failed: boot (machine): the kernel panicked in suite two: Oops: int3: 0000 [#1] SMP in thing+0xc5/0xd0
failed: 2 suites did not end, 1 tests did not run
END

# A second machine, with a suite of the same name.
all_is_well_on_two() {
	all_is_well
	machine dev
	suite one 0 dev <<'END'
TAP version 14
1..1
ok 1 c.fourth
1 passed, 0 failed, 0 skipped
END
	echo 'one@dev c.fourth' >>tests/expected/selftests-6.12
}

all_is_well_on_two
expect 'two machines' 0 '3 passed, 0 failed, 1 skipped' </dev/null
expect 'one of them' 0 '1 passed, 0 failed, 0 skipped' --machine dev </dev/null
expect 'a suite of it' 0 '1 passed, 0 failed, 0 skipped' --suite one@dev </dev/null
expect 'a suite of the first machine' 0 '2 passed, 0 failed, 0 skipped' --suite one </dev/null
expect 'an unknown machine' 2 \
	"tests/run: no machine 'old' for 6.12: main dev (see tests/run --help)" \
	--machine old </dev/null

all_is_well_on_two
rm made/dev/suites
expect 'a machine ran nothing' 1 '2 passed, 1 failed, 1 skipped' <<'END'
failed: one@dev c.fourth: is missing
END

all_is_well_on_two
echo 'kernel 6.1' >tests/machines/dev
expect 'a machine for another kernel' 1 '2 passed, 1 failed, 1 skipped' <<'END'
failed: one@dev c.fourth: is missing
END

all_is_well_on_two
echo 120 >made/dev/status
echo "WARNING: it broke" >made/dev/kernel.log
expect 'the kernel of one machine warned' 1 '3 passed, 1 failed, 1 skipped' <<'END'
failed: boot@dev (kernel-log): WARNING: it broke
END

all_is_well_on_two
echo 'suit one' >tests/machines/dev
expect 'a key that is misspelled' 2 \
	'tests/machines/dev: the lines above have no known key' </dev/null

# A kernel that looks for mistakes: it is asked after the boot and each suite.
all_is_well_on_debug() {
	all_is_well
	: >made/main/boot.gates
	: >made/main/one.gates
	: >made/main/two.gates
	mv tests/expected/selftests-6.12 tests/expected/selftests-9.0-debug
}

all_is_well_on_debug
echo 1 >made/features
expect 'a kernel that noticed nothing' 0 '2 passed, 0 failed, 1 skipped' \
	--kernel 9.0-debug </dev/null
expect 'the driver in its tree' 0 '2 passed, 0 failed, 1 skipped' \
	--kernel 9.0-debug --driver intree </dev/null

# The other list has a test of the module, which is not there in a tree, and one of
# the skips that the kernel's own list has to announce.
all_is_well_on_debug
echo 'like 6.12' >vm/source-kernels/9.0-debug
printf '%s\n' 'one a.first' 'one a.second' 'two b.third' 'module m.loads' \
	>tests/expected/selftests-6.12
echo 'two b.third skip: no moon' >tests/expected/selftests-9.0-debug
expect 'the tests of another kernel, too' 0 '2 passed, 0 failed, 1 skipped' \
	--kernel 9.0-debug --driver intree </dev/null
expect 'what only it has is listed' 0 '2 passed, 0 failed, 1 skipped' \
	--kernel 9.0-debug --driver intree --update-expected </dev/null
[ "$(grep -v '^#' tests/expected/selftests-9.0-debug)" = 'two b.third skip: no moon' ] ||
	wrong=$((wrong + 1))
echo 'one a.lost' >>tests/expected/selftests-6.12
expect 'one of those is lost' 1 '2 passed, 1 failed, 1 skipped' \
	--kernel 9.0-debug --driver intree <<'END'
failed: one a.lost: is missing
END
: >vm/source-kernels/9.0-debug

all_is_well_on_debug
printf 'kmemleak\t3 objects are lost: kmalloc\n' >made/main/two.gates
expect 'a kernel that noticed a leak' 1 '2 passed, 1 failed, 1 skipped' \
	--kernel 9.0-debug <<'END'
failed: two (kmemleak): 3 objects are lost: kmalloc
END

all_is_well_on_debug
rm made/main/boot.gates made/main/one.gates
expect 'a kernel that was not asked' 1 '2 passed, 2 failed, 1 skipped' \
	--kernel 9.0-debug <<'END'
failed: boot (gates): the kernel was not asked what it noticed
failed: one (gates): the kernel was not asked what it noticed
END

all_is_well
echo 1 >made/features
expect 'the table of features is wrong' 1 '2 passed, 1 failed, 1 skipped' <<'END'
failed: features README.md: the table differs, see above (tests/features --update)
END

all_is_well
echo 1 >made/bugs
expect 'the table of bugs is wrong' 1 '2 passed, 1 failed, 1 skipped' <<'END'
failed: bugs docs/bugs.md: the table differs, or a bug is there, see above (tests/bugs --update)
END

all_is_well
echo 122 >made/main/status
expect 'the time was up' 1 '2 passed, 1 failed, 1 skipped' <<'END'
failed: boot (machine): the time was up
END

all_is_well
echo 123 >made/main/status
rm made/main/suites
expect 'the kernel did not boot' 3 '0 passed, 1 failed, 0 skipped' <<'END'
tests/run: no suite was run (vm/run ended with 123)
END

all_is_well
second_fails
document_says one a.second
expect 'stock fails what is listed' 0 '2 passed, 0 failed, 1 skipped' \
	--driver stock </dev/null

document_says one a.first
expect 'stock fails something else' 1 '1 passed, 2 failed, 1 skipped' \
	--driver stock <<'END'
failed: one a.first: is listed, but did not fail
failed: one a.second: failed, but is not listed
END

document_says one a.first one a.second
document_release 6.12.00
expect 'stock was repaired since' 0 '2 passed, 0 failed, 1 skipped' --driver stock <<'END'
tests/run: one a.first does not fail any more in Linux 6.12.0 (--update-expected)
END

document_says one a.first
document_release 6.12.00
expect 'another release of stock fails more' 1 '1 passed, 1 failed, 1 skipped' --driver stock <<'END'
failed: one a.second: failed, but is not listed
END

document_says one a.second two b.fourth
expect 'stock won a race' 0 '2 passed, 0 failed, 1 skipped' --driver stock \
	</dev/null

expect 'the list of stock is accepted' 0 '2 passed, 0 failed, 1 skipped' \
	--driver stock --update-expected </dev/null
grep -qxF "| one | \`a.second\` | the second one |" docs/stock-6.12.md ||
	wrong=$((wrong + 1))

expect 'an unknown driver' 2 \
	"tests/run: no driver 'other': ours or stock (see tests/run --help)" \
	--driver other </dev/null
expect 'in the tree of a kernel of Debian' 2 \
	"tests/run: no driver 'intree': ours or stock (see tests/run --help)" \
	--driver intree </dev/null
expect 'the own driver of a kernel that has ours' 2 \
	"tests/run: no driver 'stock' in 9.0-debug: ours or intree (see tests/run --help)" \
	--kernel 9.0-debug --driver stock </dev/null
expect 'an unknown kernel' 2 \
	"tests/run: no kernel '2.4' in vm/kernels (see tests/run --help)" \
	--kernel 2.4 </dev/null

echo "$((ran - wrong)) passed, $wrong failed, 0 skipped"
[ "$wrong" -eq 0 ]
