//go:build linux || darwin

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// feed is what a producer has put into the spool folder.
type feed struct {
	place

	random *rand.Rand
	inputs map[string][]byte // by name
	orders map[string]int    // the ids of valid orders, and how many inputs have each
}

// put adds n inputs: new orders, the same ones again, other ones with the same
// id, and bad ones. Each appears under its name at once, as it should.
func (f *feed) put(t *testing.T, n int) {
	t.Helper()
	for range n {
		name := fmt.Sprintf("%05d.json", len(f.inputs))
		id := fmt.Sprintf("A-%d", len(f.inputs))
		body := order(id, 1+len(f.inputs))
		switch kind := f.random.IntN(10); {
		case kind == 0: // not an order
			body, id = body[:len(body)-f.random.IntN(10)-1], ""
		case kind <= 2 && len(f.inputs) > 10: // an id that may be there
			id = fmt.Sprintf("A-%d", f.random.IntN(len(f.inputs)))
			body = order(id, 1+f.random.IntN(3))
		case kind <= 4 && len(f.inputs) > 10: // content that may be there
			body = f.inputs[fmt.Sprintf("%05d.json", f.random.IntN(len(f.inputs)))]
			id = ""
			if parsed, err := ParseOrder(body); err == nil {
				id = parsed.ID
			}
		}
		f.inputs[name] = body
		if id != "" {
			f.orders[id]++
		}
		f.write(t, body, "spool", name+".tmp")
		old := time.Now().Add(-time.Minute) // so that bad ones need not settle
		if err := os.Chtimes(f.path("spool", name+".tmp"), old, old); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(f.path("spool", name+".tmp"), f.path("spool", name)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestKilledAtAnyMomentItNeitherLosesNorDoublesAnOrder(t *testing.T) {
	t.Parallel()
	const kills = 25
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	p := newPlace(t)
	p.settingsFile(t, nil)
	f := &feed{place: p, random: rand.New(rand.NewPCG(seed, 0)), inputs: map[string][]byte{}, orders: map[string]int{}}

	inHand := 0
	for range kills {
		f.put(t, 40)
		c := p.start(t)
		c.says(t, "waiting for orders")
		f.put(t, 10) // while it works
		kill := time.NewTimer(time.Duration(f.random.IntN(20_000)) * time.Microsecond)
		<-kill.C
		c.signal(t, syscall.SIGKILL)
		if code := c.exit(t); code != -1 {
			t.Fatalf("exit code %d before the kill:\n%s", code, c.out)
		}
		inHand += len(p.names(t, "spool", "work"))
	}
	t.Logf("%d inputs, %d of them in hand when the worker was killed", len(f.inputs), inHand)

	c := p.start(t)
	c.says(t, "waiting for orders")
	eventually(t, "all inputs handled", p.handled(t))
	c.signal(t, syscall.SIGTERM)
	if code := c.exit(t); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, c.out)
	}
	f.check(t)
}

// check compares what went in with what is there now.
func (f *feed) check(t *testing.T) {
	t.Helper()
	sums := map[string]string{} // of the recorded order, by id
	for _, entry := range f.entries(t) {
		if sums[entry.ID] != "" {
			t.Errorf("order %s is in the ledger twice", entry.ID)
		}
		if f.orders[entry.ID] == 0 {
			t.Errorf("order %s is in the ledger, and was not put in", entry.ID)
		}
		sum := sha256.Sum256(f.inputs[entry.Source])
		if hex.EncodeToString(sum[:]) != entry.SHA256 {
			t.Errorf("order %s did not come from %s", entry.ID, entry.Source)
		}
		sums[entry.ID] = entry.SHA256
	}
	for id := range f.orders {
		if sums[id] == "" {
			t.Errorf("order %s is lost", id)
		}
	}

	done, failed := f.names(t, "spool", "done"), f.names(t, "spool", "failed")
	for name, body := range f.inputs {
		folder := "failed"
		if parsed, err := ParseOrder(body); err == nil {
			if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) == sums[parsed.ID] {
				folder = "done"
			}
		}
		names := map[string]*[]string{"done": &done, "failed": &failed}[folder]
		at, there := slices.BinarySearch(*names, name)
		if !there {
			t.Errorf("%s is not in %s", name, folder)
			continue
		}
		*names = slices.Delete(*names, at, at+1)
		if got := f.read(t, "spool", folder, name); got != string(body) {
			t.Errorf("%s is now %q", name, got)
		}
		if folder == "failed" {
			at, there := slices.BinarySearch(failed, name+".reason.txt")
			if !there || strings.TrimSpace(f.read(t, "spool", folder, name+".reason.txt")) == "" {
				t.Errorf("%s has no reason", name)
				continue
			}
			failed = slices.Delete(failed, at, at+1)
		}
	}
	if len(done) > 0 || len(failed) > 0 {
		t.Errorf("more than was put in: in done %q, in failed %q", done, failed)
	}
	f.has(t, "")
	f.has(t, "work")
	if torn, err := os.ReadFile(f.ledger() + ".torn"); err == nil {
		t.Logf("%d records were torn", bytes.Count(torn, []byte("\n")))
	}
}
