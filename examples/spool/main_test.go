package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/fxhost/fxhost/host/hosttest"
)

// asWorker is set for a test binary that is to be the worker itself: with it,
// signals, exit codes and kill -9 are tested without a build step.
const asWorker = "WORKER_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asWorker) != "" {
		prepareChild()
		main()
	}
	goleak.VerifyTestMain(m)
}

// place is a content root with a spool folder and a ledger in it.
type place struct{ root string }

func newPlace(t *testing.T) place {
	t.Helper()
	p := place{root: t.TempDir()}
	for _, folder := range []string{"work", "done", "failed"} {
		if err := os.MkdirAll(p.path("spool", folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p place) path(parts ...string) string {
	return filepath.Join(append([]string{p.root}, parts...)...)
}

func (p place) inHand(name string) Input {
	return Input{Name: name, Path: p.path("spool", "work", name)}
}

func (p place) ledger() string { return p.path("ledger.jsonl") }

func (p place) settings() hosttest.Settings {
	return hosttest.Settings{"Worker": map[string]any{
		"Spool": p.path("spool"), "Ledger": p.ledger(), "Summary": p.path("summary.json"),
	}}
}

func (p place) write(t *testing.T, content []byte, parts ...string) {
	t.Helper()
	if err := os.WriteFile(p.path(parts...), content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func (p place) read(t *testing.T, parts ...string) string {
	t.Helper()
	content, err := os.ReadFile(p.path(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// names lists the files in a folder, those in folders below left out.
func (p place) names(t *testing.T, parts ...string) []string {
	t.Helper()
	entries, err := os.ReadDir(p.path(parts...))
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, entry := range entries {
		if !entry.IsDir() && entry.Name() != ".lock" && entry.Name() != ".holder" {
			names = append(names, entry.Name())
		}
	}
	return names
}

func (p place) has(t *testing.T, folder string, want ...string) {
	t.Helper()
	if got := p.names(t, "spool", folder); !slices.Equal(got, want) {
		t.Errorf("spool/%s has %q, want %q", folder, got, want)
	}
}

// entries reads the ledger; each line of it must be whole.
func (p place) entries(t *testing.T) []Entry {
	t.Helper()
	content, err := os.ReadFile(p.ledger())
	if err != nil {
		t.Fatal(err)
	}
	var entries []Entry
	for line := range bytes.Lines(content) {
		var entry Entry
		if err := json.Unmarshal(line, &entry); err != nil || !bytes.HasSuffix(line, []byte("\n")) {
			t.Fatalf("ledger has a torn line %q: %v", line, err)
		}
		entries = append(entries, entry)
	}
	return entries
}

func (p place) recorded(t *testing.T) []string {
	t.Helper()
	var ids []string
	for _, entry := range p.entries(t) {
		ids = append(ids, entry.ID)
	}
	return ids
}

// order is the content of a valid input.
func order(id string, cents int) []byte {
	return fmt.Appendf(nil, `{"id": %q, "customer": "Ada", "lines": [{"sku": "TEA", "quantity": 1, "unitPriceCents": %d}]}`, id, cents)
}

// record is a line of the ledger, as a worker writes it for an input.
func record(t *testing.T, source string, body []byte) []byte {
	t.Helper()
	parsed, err := ParseOrder(body)
	if err != nil {
		t.Fatal(err)
	}
	line, err := json.Marshal(NewEntry(parsed, source, body))
	if err != nil {
		t.Fatal(err)
	}
	return append(line, '\n')
}
