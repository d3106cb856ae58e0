package host_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A folder that may be entered and not be listed cannot be watched, though its
// files can be read: the host says so and looks from time to time.
func TestWhatCannotBeWatchedIsPolled(t *testing.T) { // CG-12
	t.Parallel()
	folder := t.TempDir()
	settings := filepath.Join(folder, "appsettings.json")
	write(t, folder, "appsettings.json", `{"Worker": {"Name": "a"}}`)
	binary := filepath.Join(filepath.Dir(folder), "host.test") // beside the folder
	b, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(binary, b, 0o755); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{filepath.Dir(folder): 0o755, folder: 0o311, settings: 0o644} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(folder, 0o700) }) // to be removed

	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "--contentRoot="+folder)
	cmd.Dir = filepath.Dir(folder)
	cmd.Env = append(os.Environ(), scenarioVariable+"=configured", "HOME=/nonexistent")
	if os.Getuid() == 0 { // root may list every folder
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(output)
	until := func(text string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), text) {
				return
			}
		}
		t.Fatalf("the program did not write %q", text)
	}
	until("configuration files are polled")
	for _, name := range []string{"b", "c"} { // the first one may be seen by the first look
		write(t, folder, "appsettings.json", `{"Worker": {"Name": "`+name+`"}}`)
		until("configuration reloaded")
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	until("host stopped")
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
