//go:build !windows

package windows_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The tests of real services need Windows. With a wine whose service manager runs,
// they run elsewhere, too: WINE_RUNNER is the command that runs a Windows program. It
// is wine, not Windows: it has no shutdown, no recovery actions and no event log.
func TestUnderWine(t *testing.T) {
	runner := os.Getenv("WINE_RUNNER")
	if runner == "" {
		t.Skip("WINE_RUNNER is not set to what runs Windows programs")
	}
	program := filepath.Join(t.TempDir(), "windows.test.exe")
	build := exec.Command("go", "test", "-c", "-o", program, ".")
	build.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS=")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	run := exec.Command(runner, program, "-test.v", "-test.timeout=5m")
	run.Dir = filepath.Dir(program)
	output, err := run.CombinedOutput()
	t.Logf("%s", output)
	if err != nil {
		t.Error(err)
	}
}
