package benchmarks

import (
	"strconv"
	"testing"
)

// scopeName names the n-th scope of a benchmark: do demands a name of its own for
// each.
func scopeName(n int) string { return strconv.Itoa(n) }

// A benchmark may run for long.
func TestScopesHaveNamesThatDiffer(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for n := range 0x110001 { // one more than there are code points
		names[scopeName(n)] = true
	}
	if len(names) != 0x110001 {
		t.Errorf("%d names of %d scopes", len(names), 0x110001)
	}
}
