package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The lists of which test shows which rule have every rule, and name no test that
// is gone.
func TestTheListsOfRulesAreTrue(t *testing.T) {
	t.Parallel()
	var tests strings.Builder
	for _, folder := range []string{"config", "config/validate", "logging", "host", "hosted", "hosted/scope"} {
		paths, err := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			tests.WriteString(readFile(t, path))
		}
	}
	rules := map[string]bool{}
	for _, folder := range []string{"config", "logging"} {
		list, _, _ := strings.Cut(readFile(t, filepath.Join(root, folder, "rules_test.go")), "import (")
		for _, match := range regexp.MustCompile(`(?m)^//\t([A-Z]{2})-\d+ `).FindAllString(list, -1) {
			rules[strings.Trim(match, "/\t ")] = true
		}
		for _, name := range regexp.MustCompile(`\b(Test|Fuzz)[A-Z]\w+`).FindAllString(list, -1) {
			if !strings.Contains(tests.String(), "\nfunc "+name+"(") {
				t.Errorf("%s/rules_test.go: there is no %s", folder, name)
			}
		}
	}
	counts := map[string]int{}
	for rule := range rules {
		counts[rule[:2]]++
	}
	for prefix, want := range map[string]int{"CF": 9, "CG": 15, "HO": 5, "EV": 4, "OP": 12, "LO": 14} {
		if counts[prefix] != want {
			t.Errorf("%d rules %s, want %d", counts[prefix], prefix, want)
		}
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
