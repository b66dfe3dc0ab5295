#!/bin/bash
# kernel style: checkpatch --strict, kernel-doc, W=1, sparse, the binding's schema
# timeout: 600
#
# Each check of each file is a case of its own.
. "$(dirname "$0")/../board/lib.sh"

if [ -z "$in_toolbox" ]; then
	"$board_dir/build-kernel" >&2
fi
enter_toolbox "$@"

kernel=$cache_dir/kernels/$usual_kernel
source=$(readlink -f "$kernel/source")
scripts=$source/scripts
# what besides the test and the files decides: the kernel's scripts and build, and
# Debian's packages
tools="$(basename "$source") $(basename "$(readlink -f "$kernel")") $(
	dpkg-query -W sparse gcc-aarch64-linux-gnu perl dt-schema yamllint device-tree-compiler)"
# shellcheck source=silence.sh
. "$(dirname "$0")/silence.sh"

# checkpatch's own exceptions: the macros that tracepoints and the tables of
# tests are made of, what only a kernel tree can know (the list of vendors,
# MAINTAINERS), and -ENOSYS, by which a fault handler asks for the usual report.
checkpatch() {
	perl "$scripts/checkpatch.pl" --no-tree --strict --terse --no-summary \
		--ignore FILE_PATH_CHANGES,UNDOCUMENTED_DT_STRING,ENOSYS -f "$@"
}

# Programs of user space have <inttypes.h>, none of the kernel's macros, and
# volatile where they look at registers.
checkpatch_user() {
	perl "$scripts/checkpatch.pl" --no-tree --strict --terse --no-summary \
		--ignore CAMELCASE,PREFER_DEFINED_ATTRIBUTE_MACRO \
		--ignore MACRO_ARG_REUSE,EMBEDDED_FUNCTION_NAME,ARRAY_SIZE \
		--ignore MULTIPLE_ASSIGNMENTS,MACRO_WITH_FLOW_CONTROL,VOLATILE,SPACING -f "$@"
}

kernel_doc() {
	"$scripts/kernel-doc" -none -Wall "$@"
}

# The module and its tests, from nothing, with every warning: the compiler's
# W=1 and sparse's.  What make says of its own work is not a warning.  The name is
# always the same, for the compiler's cache, which keeps warnings too.  Its
# arguments are all that it reads, for expect_silence.
builds_in_silence() {
	local dir=/tmp/build
	mkdir -p "$dir/drivers/iommu" "$dir/include/linux" "$dir/tools/testing/cordon"
	cp -r drivers/iommu/cordon "$dir/drivers/iommu/"
	cp include/linux/cordon*.h "$dir/include/linux/"
	cp -r include/uapi "$dir/include/"
	cp -r tools/testing/cordon/model "$dir/tools/testing/cordon/"
	make -s -C "$kernel" M="$dir/drivers/iommu/cordon" ARCH=arm64 \
		CROSS_COMPILE=aarch64-linux-gnu- -j "$(nproc)" W=1 C=1 CHECK=sparse \
		modules 2>&1 | grep -E 'warning|error|Error' || :
}

schema_is_valid() {
	yamllint -d "{extends: relaxed, rules: {line-length: {max: 110}}}" "$1"
	dt-doc-validate -u "$source/Documentation/devicetree/bindings" "$1"
}

# The examples of a binding are compiled, and checked against it.
examples_are_valid() {
	local dir
	dir=$(mktemp -d -p "$tmp")
	dt-mk-schema -j "$1" >"$dir/schema.json"
	dt-extract-example "$1" >"$dir/example.dts"
	cpp -nostdinc -undef -x assembler-with-cpp -I "$source/include" \
		"$dir/example.dts" >"$dir/example.pp.dts"
	dtc -q -I dts -O dtb -o "$dir/example.dtb" "$dir/example.pp.dts"
	dt-validate -s "$dir/schema.json" "$dir/example.dtb"
}

mapfile -t driver < <(find drivers/iommu/cordon include -name '*.[ch]' | sort)
mapfile -t beside < <(find tools/testing/cordon/model tools/testing/cordon/engine \
	tools/testing/cordon/guest/engine -path '*/tests' -prune -o -name '*.[ch]' -print |
	sort)
mapfile -t user < <(find tools/testing/cordon/model/tests tools/testing/cordon/oracle \
	tools/testing/cordon/fuzz tools/testing/cordon/guest -path '*/guest/engine' -prune -o \
	-name '*.[ch]' -print | sort)

# what takes longest, first
mapfile -t built < <(find drivers/iommu/cordon include tools/testing/cordon/model \
	-path '*/tests' -prune -o -type f -print | sort)
expect_silence "W=1 and sparse" builds_in_silence "${built[@]}"
for file in "${driver[@]}" "${beside[@]}"; do
	expect_silence "checkpatch --strict $file" checkpatch "$file"
done
for file in "${user[@]}"; do
	expect_silence "checkpatch --strict $file" checkpatch_user "$file"
done
for file in "${driver[@]}"; do
	expect_silence "kernel-doc $file" kernel_doc "$file"
done
expect_silence "kernel-doc tools/testing/cordon/model/cordon_model.h" \
	kernel_doc tools/testing/cordon/model/cordon_model.h
for file in Documentation/devicetree/bindings/*/cordon*.yaml; do
	expect_silence "schema of $file" schema_is_valid "$file"
	expect_silence "examples of $file" examples_are_valid "$file"
done
report
