package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fxhost/fxhost/config"
)

type pair struct{ A, B int }

// Validate refuses what no valid file has.
func (p *pair) Validate() error {
	if p.A != p.B {
		return errors.New("A and B differ")
	}
	return nil
}

// Eight readers, and a writer that rewrites the file 200 times, each fifth time
// with something broken: nobody ever sees it, and what is valid at the end of a
// burst arrives (V1, V3).
func TestReadersNeverSeeAnInvalidValue(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.json")
	write := func(i, step int) {
		valid := fmt.Sprintf("{\n  \"P\": {\"A\": %d, \"B\": %[1]d}\n}", i)
		content := valid
		if step%5 == 3 {
			content = []string{
				valid[:len(valid)/2], "", "{\"P\": {\"A\": 1, \"B\": 2}}", "{\"P\": {\"A\": \"x\", \"B\": 1}}", "{\"P\": {\"C\": 1}}",
			}[step/5%5]
		}
		if step%2 == 0 {
			writeFile(t, path, content)
			return
		}
		writeFile(t, path+".tmp", content)
		if err := os.Rename(path+".tmp", path); err != nil {
			t.Error(err)
		}
	}
	write(0, 0)
	w := watch(t, config.File(path))
	p, err := config.NewMonitor[pair](w.Manager, "P")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	last := *p.Current()
	told := 0
	p.OnChange(func(old, current *pair) {
		mu.Lock()
		defer mu.Unlock()
		if *old != last || *current == last {
			t.Errorf("told of %v to %v after %v", old, current, last)
		}
		last = *current
		told++
	})

	var over atomic.Bool
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			for !over.Load() {
				var bound pair
				if c := p.Current(); c.A != c.B || c.A < 0 {
					t.Errorf("saw %v", c)
				}
				if err := w.Bind("P", &bound); err != nil || bound.A != bound.B {
					t.Errorf("bound %v, %v", bound, err)
				}
			}
		})
	}
	const bursts, rewrites = 10, 20
	for burst := range bursts {
		for i := range rewrites {
			step := burst*rewrites + i + 1
			write(step, step)
			if step%5 == 3 { // the watcher waits for quiet; this does not
				if err := w.Reload(); err == nil {
					t.Errorf("step %d: what is broken was loaded", step)
				}
			}
			if step%3 == 0 {
				time.Sleep(time.Millisecond) // spreads the writes over the reads
			}
		}
		for begin := time.Now(); p.Current().A != (burst+1)*rewrites; time.Sleep(time.Millisecond) {
			if time.Since(begin) > 2*time.Minute {
				t.Fatalf("burst %d: have %v, last error %v", burst, p.Current(), w.watcher.LastError())
			}
		}
	}
	over.Store(true)
	readers.Wait()
	mu.Lock()
	defer mu.Unlock()
	if told < bursts {
		t.Errorf("told %d times", told)
	}
}
