//go:build !purego

package scope_test

// place is what @ stands for in a text that wantText asserts.
const place = `\(\S+_test\.go:\d+\)`
