package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func openSpool(t *testing.T, p place) *Spool {
	t.Helper()
	s := NewSpool(p.path("spool"))
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestSpoolMakesItsFolders(t *testing.T) {
	p := place{root: t.TempDir()}
	s := NewSpool(p.path("a", "b", "spool"))
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"work", "done", "failed"} {
		if got := p.names(t, "a", "b", "spool", folder); len(got) != 0 {
			t.Errorf("%s has %q", folder, got)
		}
	}
}

func TestSpoolIsOpenForOneWorkerOnlyAndSaysForWhich(t *testing.T) {
	p := newPlace(t)
	first := openSpool(t, p)
	err := NewSpool(p.path("spool")).Open()
	if err == nil || !strings.Contains(err.Error(), "another worker takes orders from it (process ") {
		t.Errorf("second worker: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	openSpool(t, p)
}

func TestSpoolListsOrdersOnly(t *testing.T) {
	p := newPlace(t)
	for _, name := range []string{"b.json", "a.json", ".hidden.json", "c.json.tmp", "d.tmp", "e.txt", "f.JSON", ".json"} {
		p.write(t, nil, "spool", name)
	}
	inputs, err := openSpool(t, p).Waiting()
	var names []string
	for _, input := range inputs {
		names = append(names, input.Name)
	}
	if err != nil || !slices.Equal(names, []string{"a.json", "b.json"}) {
		t.Errorf("waiting are %q, %v", names, err)
	}
}

func TestNothingInDoneOrFailedIsOverwritten(t *testing.T) {
	p := newPlace(t)
	s := openSpool(t, p)
	p.write(t, []byte("first"), "spool", "done", "a.json")
	p.write(t, []byte("second"), "spool", "done", "a.2.json")
	p.write(t, []byte("third"), "spool", "work", "a.json")
	if target, err := s.Done(p.inHand("a.json")); err != nil || target != "a.3.json" {
		t.Errorf("moved to %q, %v", target, err)
	}
	p.has(t, "done", "a.2.json", "a.3.json", "a.json")

	p.write(t, []byte("first"), "spool", "failed", "a.json")
	p.write(t, []byte("of another one"), "spool", "failed", "a.2.json.reason.txt")
	p.write(t, []byte("second"), "spool", "work", "a.json")
	if target, err := s.Fail(p.inHand("a.json"), "bad"); err != nil || target != "a.3.json" {
		t.Errorf("moved to %q, %v", target, err)
	}
	p.has(t, "failed", "a.2.json.reason.txt", "a.3.json", "a.3.json.reason.txt", "a.json")
	p.has(t, "work")
	for name, want := range map[string]string{
		"done/a.json": "first", "done/a.2.json": "second", "done/a.3.json": "third",
		"failed/a.json": "first", "failed/a.2.json.reason.txt": "of another one",
		"failed/a.3.json": "second", "failed/a.3.json.reason.txt": "bad\n",
	} {
		if got := p.read(t, "spool", name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestNamesOfAnyLengthHaveRoomForAReason(t *testing.T) {
	p := newPlace(t)
	s := openSpool(t, p)
	for _, name := range []string{strings.Repeat("a", 250) + ".json", strings.Repeat("a", 249) + "b.json", strings.Repeat("é", 125) + ".json"} {
		p.write(t, []byte("x"), "spool", "work", name)
		target, err := s.Fail(p.inHand(name), "bad")
		if err != nil || !isOrder(target) {
			t.Fatalf("moved to %q, %v", target, err)
		}
		p.write(t, []byte("x"), "spool", "work", name)
		if _, err := s.Done(p.inHand(name)); err != nil {
			t.Fatal(err)
		}
	}
	if failed, done := p.names(t, "spool", "failed"), p.names(t, "spool", "done"); len(failed) != 6 || len(done) != 3 {
		t.Errorf("failed has %q, done %q", failed, done)
	}
}

func TestAMissingFolderIsAnErrorAndTheInputStays(t *testing.T) {
	p := newPlace(t)
	s := openSpool(t, p)
	p.write(t, []byte("x"), "spool", "work", "a.json")
	for _, folder := range []string{"done", "failed"} {
		if err := os.Remove(p.path("spool", folder)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Done(p.inHand("a.json")); err == nil || !strings.Contains(err.Error(), `worker: move "a.json" to done: `) {
		t.Errorf("error is %v", err)
	}
	if _, err := s.Fail(p.inHand("a.json"), "bad"); err == nil || !strings.Contains(err.Error(), `worker: move "a.json" to failed: `) {
		t.Errorf("error is %v", err)
	}
	p.has(t, "work", "a.json")
}

// A kill can leave an input in any of these states. From each of them one scan
// must lead to the same end.
//
// It is not parallel: it opens a ledger that was closed a moment ago, and a test
// that forks at that moment has its lock, too, until the child execs.
func TestEveryStateThatAKillLeavesIsBroughtToItsEnd(t *testing.T) {
	const name, note = "a.json", "a.json.reason.txt"
	good, bad := order("A", 100), []byte(`{"id":"A"}`)
	_, badErr := ParseOrder(bad)
	reason := badErr.Error() + "\n"
	recorded := record(t, name, good)
	type files map[string]string

	for state, test := range map[string]struct {
		body   []byte
		folder string // that the input is in
		link   string // folder that it is in, too
		ledger []byte
		other  files
	}{
		"good, not taken":     {body: good, folder: ""},
		"good, taken":         {body: good, folder: "work"},
		"good, half recorded": {body: good, folder: "work", ledger: recorded[:50]},
		"good, recorded":      {body: good, folder: "work", ledger: recorded},
		"good, taking undone": {body: good, folder: "", ledger: recorded}, // by a power failure
		"good, both names":    {body: good, folder: "work", ledger: recorded, link: "done"},
		"good, moved":         {body: good, folder: "done", ledger: recorded},

		"bad, taken":               {body: bad, folder: "work"},
		"bad, half a reason":       {body: bad, folder: "work", other: files{"work/.reason-1": reason[:5]}},
		"bad, reason, both names":  {body: bad, folder: "work", other: files{"work/.reason-1": reason, "failed/" + note: reason}},
		"bad, reason":              {body: bad, folder: "work", other: files{"failed/" + note: reason}},
		"bad, reason and its link": {body: bad, folder: "work", other: files{"failed/" + note: reason}, link: "failed"},
	} {
		t.Run(state, func(t *testing.T) {
			p := newPlace(t)
			p.write(t, test.body, "spool", test.folder, name)
			p.write(t, test.ledger, "ledger.jsonl")
			for path, content := range test.other {
				p.write(t, []byte(content), "spool", path)
			}
			if test.link != "" {
				if err := os.Link(p.path("spool", test.folder, name), p.path("spool", test.link, name)); err != nil {
					t.Fatal(err)
				}
			}
			scanOnce(t, p)
			scanOnce(t, p) // and a second start finds nothing to do
			p.has(t, "")
			p.has(t, "work")
			if bytes.Equal(test.body, good) {
				p.has(t, "done", name)
				p.has(t, "failed")
				if got := p.recorded(t); !slices.Equal(got, []string{"A"}) {
					t.Errorf("ledger has %q", got)
				}
				return
			}
			p.has(t, "done")
			p.has(t, "failed", name, note)
			if got := p.read(t, "spool", "failed", note); got != reason {
				t.Errorf("reason is %q, want %q", got, reason)
			}
			if got := p.recorded(t); len(got) > 0 {
				t.Errorf("ledger has %q", got)
			}
		})
	}
}

// scanOnce is a worker that is started, scans once, and is stopped. It returns
// what it logged.
func scanOnce(t *testing.T, p place) *observer.ObservedLogs {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	options := &Options{Spool: p.path("spool"), Ledger: p.ledger(), Concurrency: 4}
	ledger := NewLedger(options, zap.New(core))
	if err := ledger.StartAsync(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := NewWatcher(options, ledger, NewTally(), zap.New(core))
	if err := w.spool.Open(); err != nil {
		t.Fatal(err)
	}
	if err := w.scan(t.Context()); err != nil {
		t.Error(err)
	}
	if err := w.spool.Close(); err != nil {
		t.Error(err)
	}
	if err := ledger.StopAsync(t.Context()); err != nil {
		t.Error(err)
	}
	return logs
}

// A folder stands for a file that must not be linked, as one of another user.
func TestMoveWorksWhereHardLinksDoNot(t *testing.T) {
	p := newPlace(t)
	from, to := p.path("spool", "work"), p.path("spool", "done")
	p.write(t, []byte("x"), "spool", "done", "there.json")
	if err := moveNew(from, to); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("to a name that is taken: %v", err)
	}
	p.has(t, "done", "there.json")
	if err := moveNew(from, p.path("spool", "new")); err != nil {
		t.Fatalf("to a free name: %v", err)
	}
	if _, err := os.Stat(p.path("spool", "new")); err != nil {
		t.Error(err)
	}
	if err := moveNew(from, p.path("spool", "new2")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of a file that is not there: %v", err)
	}
}
