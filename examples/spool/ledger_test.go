package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/zap"
)

func openLedger(t *testing.T, p place) *Ledger {
	t.Helper()
	l := NewLedger(&Options{Ledger: p.ledger()}, zap.NewNop())
	if err := l.StartAsync(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.StopAsync(t.Context()); err != nil {
			t.Error(err)
		}
	})
	return l
}

func newEntry(t *testing.T, source string, body []byte) *Entry {
	t.Helper()
	parsed, err := ParseOrder(body)
	if err != nil {
		t.Fatal(err)
	}
	return NewEntry(parsed, source, body)
}

func TestLedgerKnowsAnOrderAlsoAfterItWasOpenedAgain(t *testing.T) {
	p := newPlace(t)
	l := openLedger(t, p)
	entry := newEntry(t, "a.json", order("A", 100))
	for range 2 {
		earlier, err := l.Record(entry)
		if err != nil {
			t.Fatal(err)
		}
		if earlier != nil && (earlier.Source != "a.json" || earlier.SHA256 != entry.SHA256) {
			t.Errorf("earlier is %+v", earlier)
		}
	}
	if err := l.StopAsync(t.Context()); err != nil {
		t.Fatal(err)
	}
	earlier, err := openLedger(t, p).Record(newEntry(t, "b.json", order("A", 200)))
	if err != nil || earlier == nil || earlier.Source != "a.json" || earlier.SHA256 != entry.SHA256 {
		t.Errorf("after opening again: %+v, %v", earlier, err)
	}
	if got := p.entries(t); len(got) != 1 || got[0].TotalCents != 100 || got[0].Source != "a.json" {
		t.Errorf("ledger has %+v", got)
	}
}

func TestLedgerCutsOffATornRecordAndKeepsACopy(t *testing.T) {
	t.Parallel()
	a, b := record(t, "a.json", order("A", 1)), record(t, "b.json", order("B", 2))
	for name, torn := range map[string][]byte{
		"half a record":                  b[:len(b)/2],
		"one byte":                       b[:1],
		"all but the newline":            b[:len(b)-1],
		"zeros":                          make([]byte, 4096),
		"zeros and a newline":            append(make([]byte, 100), '\n'),
		"a page of zeros within":         append(append(bytes.Clone(b[:20]), make([]byte, 50)...), b[70:]...),
		"JSON that is no record":         []byte("{}\n"),
		"an empty line":                  []byte("\n"),
		"one line that is no ledger":     []byte("a note that somebody wrote"),
		"a record that has no checksum":  []byte(`{"id":"B","source":"b.json"}` + "\n"),
		"a record with a wrong checksum": []byte(`{"id":"B","source":"b.json","sha256":"12"}` + "\n"),
	} {
		for before, whole := range map[string][]byte{"alone": nil, "after a record": a} {
			t.Run(name+" "+before, func(t *testing.T) {
				t.Parallel()
				p := newPlace(t)
				p.write(t, append(bytes.Clone(whole), torn...), "ledger.jsonl")
				l := openLedger(t, p)
				if got := p.read(t, "ledger.jsonl"); got != string(whole) {
					t.Fatalf("ledger is %q, want %q", got, whole)
				}
				if got := p.read(t, "ledger.jsonl.torn"); got != string(torn)+"\n" {
					t.Errorf("copy is %q, want %q", got, torn)
				}
				if earlier, err := l.Record(newEntry(t, "b.json", order("B", 2))); err != nil || earlier != nil {
					t.Errorf("order of the torn record: %+v, %v", earlier, err)
				}
				if got := p.recorded(t); got[len(got)-1] != "B" || len(got) != 1+bytes.Count(whole, []byte("\n")) {
					t.Errorf("ledger has %q", got)
				}
			})
		}
	}
}

func TestLedgerThatIsDamagedInTheMiddleIsAnErrorAndStaysAsItIs(t *testing.T) {
	t.Parallel()
	a, b := record(t, "a.json", order("A", 1)), record(t, "b.json", order("B", 2))
	for name, test := range map[string]struct {
		content [][]byte
		want    string
	}{
		"no JSON":          {[][]byte{a, []byte("oops\n"), b}, "line 2: not a record"},
		"half a record":    {[][]byte{a[:30], []byte("\n"), b}, "line 1: not a record"},
		"record and torn":  {[][]byte{[]byte("{}\n"), a, b[:9]}, "line 1: not a record"},
		"an empty line":    {[][]byte{a, []byte("\n"), b}, "line 2: not a record"},
		"one order twice":  {[][]byte{a, b, record(t, "c.json", order("A", 3))}, `line 3: order "A" is on line 1 already`},
		"twice at the end": {[][]byte{a, a, b[:9]}, `line 2: order "A" is on line 1 already`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			content := bytes.Join(test.content, nil)
			p.write(t, content, "ledger.jsonl")
			err := NewLedger(&Options{Ledger: p.ledger()}, zap.NewNop()).StartAsync(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), fmt.Sprintf("%q", p.ledger())) {
				t.Errorf("error is %v, want %s", err, test.want)
			}
			if got := p.read(t, "ledger.jsonl"); got != string(content) {
				t.Errorf("ledger is now %q", got)
			}
			if got := p.names(t); len(got) != 1 {
				t.Errorf("there are now %q", got)
			}
		})
	}
}

func TestLedgerIsOpenForOneWorkerOnly(t *testing.T) {
	p := newPlace(t)
	first := openLedger(t, p)
	second := NewLedger(&Options{Ledger: p.ledger()}, zap.NewNop())
	if err := second.StartAsync(t.Context()); err == nil || !strings.Contains(err.Error(), "another worker has it open: stop that one") {
		t.Errorf("second worker: %v", err)
	}
	if err := second.StopAsync(t.Context()); err != nil {
		t.Errorf("stop after a failed start: %v", err)
	}
	if err := first.StopAsync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := second.StartAsync(t.Context()); err != nil {
		t.Errorf("second worker after the first: %v", err)
	}
	if err := second.StopAsync(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestLedgerMustBeAFile(t *testing.T) {
	p := newPlace(t)
	err := NewLedger(&Options{Ledger: p.path("spool")}, zap.NewNop()).StartAsync(t.Context())
	if err == nil || !strings.Contains(err.Error(), "want a file") {
		t.Errorf("a folder as ledger: %v", err)
	}
}

func TestLedgerThatIsNotOpenRecordsNothing(t *testing.T) {
	p := newPlace(t)
	l := NewLedger(&Options{Ledger: p.ledger()}, zap.NewNop())
	if _, err := l.Record(newEntry(t, "a.json", order("A", 1))); !errors.Is(err, errNotOpen) {
		t.Errorf("error is %v", err)
	}
}

// brokenFile writes as much as it has room for, and fails.
type brokenFile struct {
	*os.File
	room     int
	writeErr error
	syncErr  error
}

func (f *brokenFile) Write(p []byte) (int, error) {
	if f.writeErr == nil {
		return f.File.Write(p)
	}
	n, _ := f.File.Write(p[:f.room])
	return n, f.writeErr
}

func (f *brokenFile) Sync() error { return errors.Join(f.syncErr, f.File.Sync()) }

func TestLedgerThatFailedOnceFailsFromThenOn(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]*brokenFile{
		"write": {writeErr: syscall.ENOSPC, room: 20},
		"sync":  {syncErr: syscall.EIO},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			p.write(t, record(t, "a.json", order("A", 1)), "ledger.jsonl")
			l := openLedger(t, p)
			whole := l.file
			broken.File = whole.(*os.File)
			l.file = broken
			_, first := l.Record(newEntry(t, "b.json", order("B", 1)))
			if first == nil || !strings.Contains(first.Error(), fmt.Sprintf("worker: ledger %q: ", p.ledger())) {
				t.Fatalf("error is %v", first)
			}
			l.file = whole // the disk has room again, but what was written is not known
			size := len(p.read(t, "ledger.jsonl"))
			for _, id := range []string{"A", "B", "C"} {
				if _, err := l.Record(newEntry(t, "x.json", order(id, 1))); !errors.Is(err, first) {
					t.Errorf("order %s: %v, want the first error", id, err)
				}
			}
			if got := len(p.read(t, "ledger.jsonl")); got != size {
				t.Errorf("ledger went from %d to %d bytes", size, got)
			}
		})
	}
}

func TestLedgerThatIsRemovedOrReplacedWhileOpenIsAnError(t *testing.T) {
	t.Parallel()
	if os.PathSeparator == '\\' {
		t.Skip("Windows does not let go of an open file")
	}
	for name, change := range map[string]func(p place) error{
		"removed":  func(p place) error { return os.Remove(p.ledger()) },
		"renamed":  func(p place) error { return os.Rename(p.ledger(), p.path("old")) },
		"replaced": func(p place) error { return errors.Join(os.Remove(p.ledger()), os.WriteFile(p.ledger(), nil, 0o600)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			l := openLedger(t, p)
			if err := change(p); err != nil {
				t.Fatal(err)
			}
			_, err := l.Record(newEntry(t, "a.json", order("A", 1)))
			if err == nil || !strings.Contains(err.Error(), "while in use") {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func FuzzReadRecords(f *testing.F) {
	a := `{"id":"A","source":"a.json","sha256":"` + strings.Repeat("0", 64) + `"}` + "\n"
	f.Add([]byte(a))
	f.Add([]byte(a + strings.Replace(a, "A", "B", 1)))
	f.Add([]byte(a + a))
	f.Add([]byte(a + a[:30]))
	f.Add([]byte("\n\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		all, err := readRecords(bytes.NewReader(content))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "line ") {
				t.Fatalf("no line in %v", err)
			}
			return
		}
		if all.size+int64(len(all.torn)) != int64(len(content)) || all.lines != len(all.receipts) {
			t.Fatalf("%d bytes read as %+v", len(content), all)
		}
		again, err := readRecords(bytes.NewReader(content[:all.size]))
		if err != nil || len(again.torn) > 0 || again.lines != all.lines {
			t.Fatalf("after the cut: %+v, %v", again, err)
		}
	})
}

// watchedFile tells what is done to it.
type watchedFile struct {
	*os.File
	done func(call string)
}

func (f *watchedFile) Write(p []byte) (int, error) {
	f.done("write " + string(p[max(0, len(p)-2):]))
	return f.File.Write(p)
}

func (f *watchedFile) Sync() error {
	f.done("sync")
	return f.File.Sync()
}

func TestRecordIsOneWriteAndFlushedBeforeTheInputIsMoved(t *testing.T) {
	p := newPlace(t)
	options := &Options{Spool: p.path("spool"), Concurrency: 1}
	l := openLedger(t, p)
	var calls []string
	l.file = &watchedFile{File: l.file.(*os.File), done: func(call string) {
		calls = append(calls, call)
		p.has(t, "work", "a.json")
		p.has(t, "done")
	}}
	p.write(t, order("A", 1), "spool", "a.json")
	if err := NewWatcher(options, l, NewTally(), zap.NewNop()).scan(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(calls, []string{"write }\n", "sync"}) {
		t.Errorf("calls were %q", calls)
	}
	p.has(t, "done", "a.json")
}
