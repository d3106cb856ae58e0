package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/hosttest"
)

func messages(logs *observer.ObservedLogs, message string) []map[string]any {
	var records []map[string]any
	for _, entry := range logs.FilterMessage(message).All() {
		records = append(records, entry.ContextMap())
	}
	return records
}

// In these tests time is fake, but that of files is real: it is later than that
// of the worker, as if the clock of the producer were wrong.

func TestFileThatIsBeingWrittenIsLeftUntilItIsComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t)
		h := hosttest.Start(t, p.settings(), services(&host.Environment{}))
		body := order("A", 100)
		for cut := 10; cut < len(body); cut += 10 {
			p.write(t, body[:cut], "spool", "a.json")
			time.Sleep(900 * time.Millisecond)
			p.has(t, "", "a.json")
		}
		p.write(t, body, "spool", "a.json")
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		p.has(t, "done", "a.json")
		if n := h.Logs.FilterMessage("order refused").Len(); n != 0 {
			t.Errorf("%d orders were refused", n)
		}
	})
}

func TestFileThatDoesNotParseIsRefusedOnceItHasSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t)
		h := hosttest.Start(t, p.settings(), services(&host.Environment{}))
		synctest.Wait() // the first scan is over
		p.write(t, []byte("{"), "spool", "a.json")
		old := time.Now().Add(-time.Minute)
		p.write(t, []byte("["), "spool", "b.json")
		if err := os.Chtimes(p.path("spool", "b.json"), old, old); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1400 * time.Millisecond)
		p.has(t, "", "a.json")
		p.has(t, "failed", "b.json", "b.json.reason.txt")
		time.Sleep(200 * time.Millisecond)
		p.has(t, "")
		p.has(t, "failed", "a.json", "a.json.reason.txt", "b.json", "b.json.reason.txt")
		if got := p.read(t, "spool", "failed", "a.json.reason.txt"); got != "not JSON: it ends in the middle\n" {
			t.Errorf("reason is %q", got)
		}
		if got := messages(h.Logs, "order refused"); len(got) != 2 || got[1]["reason"] != "not JSON: it ends in the middle" {
			t.Errorf("logged %v", got)
		}
	})
}

func TestInputThatCannotBeReadStaysAndIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t)
		h := hosttest.Start(t, p.settings(), services(&host.Environment{}))
		if err := os.Mkdir(p.path("spool", "folder.json"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(p.path("spool", "work", "stuck.json"), 0o755); err != nil {
			t.Fatal(err)
		}
		p.write(t, order("S", 1), "spool", "stuck.json")
		p.write(t, order("Z", 1), "spool", "z.json")
		time.Sleep(time.Minute)
		p.has(t, "", "stuck.json")
		p.has(t, "done", "z.json") // the others go on
		left := messages(h.Logs, "input left for the next scan")
		if len(left) != 3 { // the folder, what is stuck in hand, and the one that waits for it
			t.Fatalf("logged %d times, first %v", len(left), left[:min(len(left), 4)])
		}
		if err := os.Remove(p.path("spool", "work", "stuck.json")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		p.has(t, "done", "stuck.json", "z.json")
	})
}

func TestInputWithoutReadPermissionIsTakenOnceItHasIt(t *testing.T) {
	if os.Geteuid() <= 0 {
		t.Skip("root can read everything; Windows has no such permission")
	}
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t)
		h := hosttest.Start(t, p.settings(), services(&host.Environment{}))
		p.write(t, order("A", 1), "spool", "a.json")
		if err := os.Chmod(p.path("spool", "a.json"), 0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		p.has(t, "", "a.json")
		if n := h.Logs.FilterMessage("input left for the next scan").Len(); n != 1 {
			t.Errorf("logged %d times", n)
		}
		if err := os.Chmod(p.path("spool", "a.json"), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		p.has(t, "done", "a.json")
	})
}

func TestSameContentIsDoneAndSameIDFails(t *testing.T) {
	p := newPlace(t)
	p.write(t, order("A", 100), "spool", "1.json")
	p.write(t, order("A", 100), "spool", "2.json")
	p.write(t, order("A", 200), "spool", "3.json")
	logs := scanOnce(t, p)
	p.has(t, "done", "1.json", "2.json")
	p.has(t, "failed", "3.json", "3.json.reason.txt")
	if got := p.read(t, "spool", "failed", "3.json.reason.txt"); got != "duplicate order id, first seen in 1.json\n" {
		t.Errorf("reason is %q", got)
	}
	if got := p.recorded(t); !slices.Equal(got, []string{"A"}) {
		t.Errorf("ledger has %q", got)
	}
	for _, message := range []string{"order accepted", "order already recorded", "order refused"} {
		if n := logs.FilterMessage(message).Len(); n != 1 {
			t.Errorf("%d records %q", n, message)
		}
	}
}

func TestOrdersAreRecordedInTheOrderOfTheirNames(t *testing.T) {
	p := newPlace(t)
	var want []string
	for i := range 100 {
		id := fmt.Sprintf("A-%03d", i)
		want = append(want, id)
		p.write(t, order(id, 1), "spool", id+".json")
		p.write(t, order(id, 2), "spool", id+"-second.json") // "-" is before "."
	}
	scanOnce(t, p)
	if got := p.recorded(t); !slices.Equal(got, want) {
		t.Errorf("recorded %q", got)
	}
	for _, entry := range p.entries(t) {
		if entry.TotalCents != 2 {
			t.Errorf("order %s came from %s", entry.ID, entry.Source)
		}
	}
}

func TestFaultNamesTheFileAndLeavesTheInputs(t *testing.T) {
	t.Parallel()
	if os.PathSeparator == '\\' {
		t.Skip("Windows does not let go of an open file")
	}
	for name, test := range map[string]struct {
		remove string
		body   []byte
		want   []string
	}{
		"ledger": {"ledger.jsonl", order("A", 1), []string{"worker: ledger ", "ledger.jsonl", "removed while in use"}},
		"done":   {"spool/done", order("A", 1), []string{`worker: move "a.json" to done: `}},
		"failed": {"spool/failed", []byte(`{"id":"A"}`), []string{`worker: move "a.json" to failed: `}},
		"spool":  {"spool", nil, []string{"worker: spool: ", "spool/work"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPlace(t)
				h := hosttest.New(t, p.settings(), services(&host.Environment{}))
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				var over sync.WaitGroup
				var err error
				over.Go(func() { err = h.Run(ctx) })
				time.Sleep(100 * time.Millisecond)
				if err := os.RemoveAll(p.path(test.remove)); err != nil {
					t.Fatal(err)
				}
				if test.body != nil {
					p.write(t, test.body, "spool", "a.json")
				}
				over.Wait() // the fault ends it
				if err == nil {
					t.Fatal("no error")
				}
				for _, part := range append(test.want, `service "watcher"`) {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("error %q lacks %q", err, part)
					}
				}
				if test.body != nil {
					p.has(t, "work", "a.json")
				}
			})
		})
	}
}

func TestWatcherStopsWithTheInputsInHandFinished(t *testing.T) {
	p := newPlace(t)
	for i := range 50 {
		p.write(t, order(fmt.Sprintf("A-%02d", i), 1), "spool", fmt.Sprintf("%02d.json", i))
	}
	h := hosttest.Start(t, p.settings(), services(&host.Environment{}))
	if err := h.Stop(t.Context()); err != nil { // somewhere within the first scan
		t.Fatal(err)
	}
	done, waiting := p.names(t, "spool", "done"), p.names(t, "spool")
	p.has(t, "work")
	if len(done)+len(waiting) != 50 || len(p.entries(t)) != len(done) {
		t.Errorf("%d waiting, %d done, %d recorded", len(waiting), len(done), len(p.entries(t)))
	}
	t.Logf("%d done when it was stopped", len(done))
}

func TestSummaryIsWrittenAtEachIntervalAndAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t)
		p.write(t, order("A", 100), "spool", "1.json")
		p.write(t, order("A", 200), "spool", "2.json")
		h := hosttest.Start(t, p.settings(), services(&host.Environment{}))
		time.Sleep(9 * time.Second)
		if _, err := os.Stat(p.path("summary.json")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a summary before the first interval: %v", err)
		}
		time.Sleep(2 * time.Second)
		for _, part := range []string{`"accepted": 1`, `"failed": 1`, `"duplicates": 1`, `"totalCents": 100`} {
			if got := p.read(t, "summary.json"); !strings.Contains(got, part) {
				t.Errorf("summary %s lacks %s", got, part)
			}
		}
		p.write(t, order("B", 300), "spool", "3.json")
		time.Sleep(time.Second)
		if err := h.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := p.read(t, "summary.json"); !strings.Contains(got, `"totalCents": 400`) {
			t.Errorf("last summary is %s", got)
		}
		if got := p.names(t); !slices.Equal(got, []string{"ledger.jsonl", "summary.json"}) {
			t.Errorf("there are %q", got)
		}
		if got := messages(h.Logs, "summary"); len(got) != 1 || got[0]["total_cents"] != int64(100) {
			t.Errorf("logged %v", got)
		}
		if got := messages(h.Logs, "final summary"); len(got) != 1 || got[0]["total_cents"] != int64(400) {
			t.Errorf("logged %v", got)
		}
	})
}

func TestSummaryThatSaysNothingNewIsNotLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t)
		h := hosttest.Start(t, p.settings(), services(&host.Environment{}))
		time.Sleep(time.Hour)
		if n := h.Logs.FilterMessage("summary").Len(); n != 0 {
			t.Errorf("logged %d times", n)
		}
	})
}

func TestSummaryThatCannotBeWrittenKeepsNoOrderWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t)
		if err := os.Mkdir(p.path("summary.json"), 0o755); err != nil {
			t.Fatal(err)
		}
		h := hosttest.Start(t, p.settings(), services(&host.Environment{}))
		time.Sleep(time.Minute)
		p.write(t, order("A", 100), "spool", "a.json")
		time.Sleep(time.Second)
		p.has(t, "done", "a.json")
		if n := h.Logs.FilterMessage("summary not written").Len(); n != 1 {
			t.Errorf("logged %d times, want once", n)
		}
	})
}
