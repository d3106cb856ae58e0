//go:build linux || darwin

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// child is a worker in a process of its own.
type child struct {
	cmd *exec.Cmd
	out *output
}

// output can be read while the process writes it.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// settingsFile writes the settings that the workers of these tests have.
func (p place) settingsFile(t *testing.T, change map[string]any) {
	t.Helper()
	worker := map[string]any{"Concurrency": 3, "ScanInterval": "10ms", "SummaryInterval": "50ms"}
	maps.Copy(worker, change)
	content, err := json.Marshal(map[string]any{"Worker": worker})
	if err != nil {
		t.Fatal(err)
	}
	p.write(t, content, "appsettings.json")
}

func (p place) start(t *testing.T, env ...string) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0], "--contentRoot", p.root), out: &output{}}
	c.cmd.Env = append(append(os.Environ(), asWorker+"=1"), env...)
	c.cmd.Stdout, c.cmd.Stderr = c.out, c.out
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if c.cmd.ProcessState == nil {
			_ = c.cmd.Process.Kill()
			_ = c.cmd.Wait()
		}
		if t.Failed() {
			t.Logf("output of the worker:\n%s", c.out)
		}
	})
	return c
}

// exit waits for the end of the process and returns its exit code; -1 stands for
// a signal.
func (c *child) exit(t *testing.T) int {
	t.Helper()
	timer := time.AfterFunc(5*time.Minute, func() { _ = c.cmd.Process.Kill() })
	defer timer.Stop()
	_ = c.cmd.Wait() // its error is the exit code
	return c.cmd.ProcessState.ExitCode()
}

func (c *child) signal(t *testing.T, sig os.Signal) {
	t.Helper()
	if err := c.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for something that other processes do.
func eventually(t *testing.T, what string, happened func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !happened() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("this did not happen: %s", what)
		}
	}
}

func (c *child) says(t *testing.T, text string) {
	t.Helper()
	eventually(t, text, func() bool { return strings.Contains(c.out.String(), text) })
}

func (p place) handled(t *testing.T) func() bool {
	t.Helper()
	return func() bool { return len(p.names(t, "spool")) == 0 && len(p.names(t, "spool", "work")) == 0 }
}

func TestSamplesThenSIGTERMExitsWithZero(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.settingsFile(t, nil)
	for run, want := range []string{"order accepted", "order already recorded"} { // as make run twice
		paths, err := filepath.Glob("samples/*.json")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			body, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			p.write(t, body, "spool", filepath.Base(path))
		}
		c := p.start(t)
		eventually(t, "all samples handled", p.handled(t))
		c.signal(t, []os.Signal{syscall.SIGTERM, syscall.SIGINT}[run])
		if code := c.exit(t); code != 0 {
			t.Fatalf("exit code %d", code)
		}
		for text, n := range map[string]int{want: 4, "order refused": 3, "final summary": 1, "host stopped": 1} {
			if got := strings.Count(c.out.String(), text); got != n {
				t.Errorf("run %d: %q %d times, want %d:\n%s", run+1, text, got, n, c.out)
			}
		}
		if got := p.recorded(t); !slices.Equal(got, []string{"ORD-1001", "ORD-1002", "ORD-1003", "ORD-1004"}) {
			t.Errorf("run %d: ledger has %q", run+1, got)
		}
	}
	if done, failed := p.names(t, "spool", "done"), p.names(t, "spool", "failed"); len(done) != 8 || len(failed) != 12 {
		t.Errorf("done has %q, failed %q", done, failed)
	}
	if got := p.read(t, "summary.json"); !strings.Contains(got, `"repeated": 4`) || !strings.Contains(got, `"failed": 3`) {
		t.Errorf("summary is %s", got)
	}
}

func TestSIGTERMWhileThereIsMuchToDoLeavesNothingHalfDone(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.settingsFile(t, nil)
	const n = 3000
	for i := range n {
		p.write(t, order(fmt.Sprintf("A-%04d", i), 1), "spool", fmt.Sprintf("%04d.json", i))
	}
	c := p.start(t)
	c.says(t, "order accepted")
	c.signal(t, syscall.SIGTERM)
	if code := c.exit(t); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	p.has(t, "work")
	done, waiting, recorded := len(p.names(t, "spool", "done")), len(p.names(t, "spool")), len(p.entries(t))
	if done+waiting != n || recorded != done || waiting == 0 {
		t.Errorf("%d waiting, %d done, %d recorded", waiting, done, recorded)
	}
	if want := fmt.Sprintf(`"accepted": %d`, done); !strings.Contains(p.read(t, "summary.json"), want) {
		t.Errorf("the last summary lacks %s", want)
	}
}

func TestSecondWorkerExitsAndTheFirstGoesOn(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.settingsFile(t, nil)
	first := p.start(t)
	first.says(t, "host started")

	for _, test := range []struct{ setting, want string }{
		{"Worker__Spool=other", "another worker has it open: stop that one"},
		{"Worker__Ledger=other.jsonl", fmt.Sprintf("another worker takes orders from it (process %d on ", first.cmd.Process.Pid)},
	} {
		second := p.start(t, test.setting)
		if code := second.exit(t); code != 1 || !strings.Contains(second.out.String(), test.want) {
			t.Errorf("%s: exit code %d:\n%s", test.setting, code, second.out)
		}
	}
	p.write(t, order("A", 1), "spool", "a.json")
	eventually(t, "order of the first worker", p.handled(t))
	first.signal(t, syscall.SIGTERM)
	if code := first.exit(t); code != 0 {
		t.Errorf("first worker: exit code %d", code)
	}
}

func TestDamagedLedgerExitsWithOneAndChangesNothing(t *testing.T) {
	t.Parallel()
	p := place{root: t.TempDir()} // without a spool folder
	p.settingsFile(t, nil)
	content := append(append(record(t, "a.json", order("A", 1)), "oops\n"...), record(t, "b.json", order("B", 1))...)
	p.write(t, content, "ledger.jsonl")
	c := p.start(t)
	if code := c.exit(t); code != 1 || !strings.Contains(c.out.String(), fmt.Sprintf("worker: ledger %q: line 2: not a record", p.ledger())) {
		t.Errorf("exit code %d:\n%s", code, c.out)
	}
	if strings.Contains(c.out.String(), "goroutine ") {
		t.Errorf("stack trace:\n%s", c.out)
	}
	if got := p.read(t, "ledger.jsonl"); got != string(content) {
		t.Errorf("ledger is now %q", got)
	}
	if got := p.names(t); !slices.Equal(got, []string{"appsettings.json", "ledger.jsonl"}) {
		t.Errorf("there are now %q", got)
	}
}

func TestBadSettingExitsWithOneAndNamesIt(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]string{
		"Worker__Concurrency=0":    `config: Worker:Concurrency: "0": want 1 to 256 (environment)`,
		"Worker__ScanInterval=500": "config: Worker:ScanInterval: ",
		"Worker__Sppol=x":          "unknown key",
	} {
		p := place{root: t.TempDir()}
		p.settingsFile(t, nil)
		c := p.start(t, setting)
		if code := c.exit(t); code != 1 || !strings.Contains(c.out.String(), want) || strings.Contains(c.out.String(), "goroutine ") {
			t.Errorf("%s: exit code %d:\n%s", setting, code, c.out)
		}
	}
}

func TestFullDiskExitsWithOneAndTheNextStartGoesOn(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.settingsFile(t, nil)
	const n = 60
	for i := range n {
		p.write(t, order(fmt.Sprintf("A-%02d", i), 1), "spool", fmt.Sprintf("%02d.json", i))
	}
	c := p.start(t, fileLimit+"=4321") // in the middle of a record
	if code := c.exit(t); code != 1 || !strings.Contains(c.out.String(), fmt.Sprintf("worker: ledger %q: write ", p.ledger())) {
		t.Fatalf("exit code %d:\n%s", code, c.out)
	}
	if got := len(p.read(t, "ledger.jsonl")); got != 4321 {
		t.Errorf("ledger has %d bytes: no torn record", got)
	}
	done, inHand, waiting := p.names(t, "spool", "done"), p.names(t, "spool", "work"), p.names(t, "spool")
	if len(done) == 0 || len(done)+len(inHand)+len(waiting) != n || len(inHand) == 0 {
		t.Errorf("%d done, %d in hand, %d waiting", len(done), len(inHand), len(waiting))
	}

	c = p.start(t)
	c.says(t, "torn record cut off")
	eventually(t, "all orders handled", p.handled(t))
	c.signal(t, syscall.SIGTERM)
	if code := c.exit(t); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	got := p.recorded(t)
	slices.Sort(got)
	if len(got) != n || len(slices.Compact(got)) != n || len(p.names(t, "spool", "done")) != n {
		t.Errorf("ledger has %d orders, done %d", len(got), len(p.names(t, "spool", "done")))
	}
}

func TestLedgerFolderThatIsRemovedExitsWithOne(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.settingsFile(t, map[string]any{"Ledger": "books/ledger.jsonl"})
	c := p.start(t)
	c.says(t, "host started")
	if err := os.RemoveAll(p.path("books")); err != nil {
		t.Fatal(err)
	}
	p.write(t, order("A", 1), "spool", "a.json")
	if code := c.exit(t); code != 1 || !strings.Contains(c.out.String(), fmt.Sprintf("worker: ledger %q: removed while in use", p.path("books", "ledger.jsonl"))) {
		t.Errorf("exit code %d:\n%s", code, c.out)
	}
	p.has(t, "work", "a.json")
	p.has(t, "done")
}
