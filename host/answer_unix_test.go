//go:build unix

package host_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The answer is all there is on stdout, also when the settings are broken.
func TestVersion(t *testing.T) {
	t.Parallel()
	want := regexp.MustCompile(`^\S+ \S+\ngo1\.\S+ \w+/\w+\n(revision .+\n)?deferred\n$`)
	output := run(t, "constructor", "--version").exit(0)
	if !want.MatchString(output) {
		t.Errorf("output:\n%s", output)
	}
	output = run(t, "constructor", "-v", "--applicationName", "shop").exit(0)
	if !regexp.MustCompile(`^shop \S+\n`).MatchString(output) {
		t.Errorf("by its short switch:\n%s", output)
	}

	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "appsettings.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if output := run(t, "constructor", "--version", "--contentRoot", root).exit(0); !want.MatchString(output) {
		t.Errorf("output with broken settings:\n%s", output)
	}
}

// A program without package health has nothing that probes could ask.
func TestManifestWithoutHealth(t *testing.T) {
	t.Parallel()
	output := run(t, "constructor", "--print-manifest").exit(0)
	if !strings.Contains(output, "\n          # no probes: the program has no health.Use()\n") || strings.Contains(output, "Probe:") ||
		strings.Contains(output, "ports:") || !strings.Contains(output, "terminationGracePeriodSeconds: 35\n") {
		t.Errorf("output:\n%s", output)
	}
}
