package host_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
)

// soakVariable is how long a soak test runs, such as 10m. make soak sets it.
const soakVariable = "SOAK"

func soakTime(t *testing.T, usual time.Duration) time.Duration {
	t.Helper()
	text := os.Getenv(soakVariable)
	if text == "" {
		return usual
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// pause waits up to limit.
func pause(random *rand.Rand, limit time.Duration) {
	timer := time.NewTimer(time.Duration(random.Int64N(int64(limit))))
	<-timer.C
}

// pair is a section whose values belong together: one that is torn shows.
type pair struct {
	A, B int
	Text string
}

func (p *pair) whole() bool { return p.A == p.B && p.Text == pairText(p.A) }

func pairText(n int) string { return strings.Repeat(string(rune('a'+n%26)), n%5000) }

// soakFiles are settings in a folder, rewritten as editors, deployments and
// Kubernetes do it.
type soakFiles struct {
	t      *testing.T
	folder string
	random *rand.Rand
	n      int // of the last value written
	last   map[string]int
}

func (f *soakFiles) path(parts ...string) string {
	return filepath.Join(append([]string{f.folder}, parts...)...)
}

func (f *soakFiles) must(errs ...error) {
	f.t.Helper()
	if err := errors.Join(errs...); err != nil {
		f.t.Fatal(err)
	}
}

func (f *soakFiles) next(name string) int {
	f.n++
	f.last[name] = f.n
	return f.n
}

func (f *soakFiles) json() []byte {
	n := f.next("json")
	return fmt.Appendf(nil, `{"Json": {"A": %d, "Text": %q, "B": %d}}`, n, pairText(n), n)
}

// rewriteJSON truncates the file and writes it in parts: a part of it does not
// parse.
func (f *soakFiles) rewriteJSON() {
	file, err := os.Create(f.path("a.json"))
	f.must(err)
	for content := f.json(); len(content) > 0; {
		n := 1 + f.random.IntN(len(content))
		_, err := file.Write(content[:n])
		f.must(err)
		content = content[n:]
		pause(f.random, 2*time.Millisecond)
	}
	f.must(file.Close())
}

func (f *soakFiles) replaceJSON() {
	f.must(os.WriteFile(f.path("a.tmp"), f.json(), 0o600), os.Rename(f.path("a.tmp"), f.path("a.json")))
}

func (f *soakFiles) removeJSON() {
	f.must(os.Remove(f.path("a.json")))
	pause(f.random, 20*time.Millisecond)
	f.replaceJSON()
}

func (f *soakFiles) replaceYAML() {
	n := f.next("yaml")
	content := fmt.Sprintf("Yaml:\n  A: %d\n  Text: %q\n  B: %d\n", n, pairText(n), n)
	f.must(os.WriteFile(f.path("b.tmp"), []byte(content), 0o600), os.Rename(f.path("b.tmp"), f.path("b.yaml")))
}

// swapMount does what Kubernetes does with a secret: a new folder, and a link that
// is replaced in one step.
func (f *soakFiles) swapMount() {
	n := f.next("mount")
	version := fmt.Sprintf("..%d", n)
	f.must(os.MkdirAll(f.path("mount", version), 0o700))
	for name, value := range map[string]string{"A": fmt.Sprint(n), "Text": pairText(n), "B": fmt.Sprint(n)} {
		f.must(os.WriteFile(f.path("mount", version, "Mount__"+name), []byte(value), 0o600))
		if _, err := os.Lstat(f.path("mount", "Mount__"+name)); err != nil {
			f.must(os.Symlink(filepath.Join("..data", "Mount__"+name), f.path("mount", "Mount__"+name)))
		}
	}
	old, _ := os.Readlink(f.path("mount", "..data"))
	f.must(os.Symlink(version, f.path("mount", "..tmp")), os.Rename(f.path("mount", "..tmp"), f.path("mount", "..data")))
	if old != "" {
		f.must(os.RemoveAll(f.path("mount", old)))
	}
}

// Files are rewritten under a running host in every way that is usual. Nobody ever
// sees a value that was not written as a whole, nor an older one after a newer one,
// and in the end the last values are there.
func TestSoakFiles(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("a file that is open cannot be replaced, and links need a right")
	}
	seed := uint64(time.Now().UnixNano())
	f := &soakFiles{t: t, folder: t.TempDir(), random: rand.New(rand.NewPCG(seed, 0)), last: map[string]int{}}
	f.replaceJSON()
	f.replaceYAML()
	f.swapMount()

	builder := host.NewEmptyBuilder()
	builder.UseLifetime(nil)
	builder.Logging.Output = discard{}
	f.must(builder.Configuration.Add(config.OptionalFile(f.path("a.json")), config.File(f.path("b.yaml")), config.KeyPerFile(f.path("mount"))))
	var monitor *config.Monitor[pair]
	sections := map[string]string{"json": "Json", "yaml": "Yaml", "mount": "Mount"}
	builder.Add(config.ConfigureNamed[pair](sections), fx.Populate(&monitor))
	h, err := builder.Build()
	f.must(err)
	f.must(h.Start(t.Context()))

	stop := make(chan struct{})
	var readers sync.WaitGroup
	for name := range sections {
		monitor.OnNamedChange(name, func(_, now *pair) {
			if !now.whole() {
				t.Errorf("%s changed to a torn value: %+v", name, now)
			}
		})
		readers.Go(func() { f.read(monitor, name, stop) })
	}
	ways := []func(){f.rewriteJSON, f.replaceJSON, f.removeJSON, f.replaceYAML, f.swapMount}
	for end := time.Now().Add(soakTime(t, 3*time.Second)); time.Now().Before(end) && !t.Failed(); {
		ways[f.random.IntN(len(ways))]()
		if f.random.IntN(20) == 0 {
			pause(f.random, 700*time.Millisecond) // long enough to be reloaded in between
		} else {
			pause(f.random, 20*time.Millisecond)
		}
	}
	f.replaceJSON()
	for name := range sections {
		f.becomes(monitor, name)
	}
	close(stop)
	readers.Wait()
	status := builder.Configuration.Status()
	if status.LastError != nil {
		t.Errorf("the configuration is still wrong: %v", status.LastError)
	}
	f.must(h.Stop(t.Context()))
	t.Logf("seed %d: %d files written, %d reloads, %d refused", seed, f.n, status.Reloads, status.Failures)
}

// read looks at a value again and again.
func (f *soakFiles) read(monitor *config.Monitor[pair], name string, stop <-chan struct{}) {
	newest := 0
	ticker := time.NewTicker(100 * time.Microsecond)
	defer ticker.Stop()
	for !f.t.Failed() {
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
		value, _ := monitor.Get(name)
		removed := name == "json" && *value == pair{}
		switch {
		case !value.whole() || value.A == 0 && !removed:
			f.t.Errorf("%s is torn: %+v", name, value)
		case value.A < newest && !removed:
			f.t.Errorf("%s went back from %d to %d", name, newest, value.A)
		}
		newest = max(newest, value.A)
	}
}

// becomes waits until the last value is there.
func (f *soakFiles) becomes(monitor *config.Monitor[pair], name string) {
	f.t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for range 2000 {
		if value, _ := monitor.Get(name); value.A == f.last[name] {
			return
		}
		<-ticker.C
	}
	value, _ := monitor.Get(name)
	f.t.Errorf("%s is still %d after 20 seconds, %d was written", name, value.A, f.last[name])
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) Sync() error                 { return nil }
