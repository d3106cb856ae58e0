package main

import (
	"strings"
	"testing"
	"time"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/hosttest"
)

func options(t *testing.T, root string, sources ...config.Source) (*Options, error) {
	t.Helper()
	manager, err := config.New(sources...)
	if err != nil {
		t.Fatal(err)
	}
	monitor, err := config.NewMonitor(manager, "Worker", optionsBelow(&host.Environment{ContentRoot: root})...)
	if err != nil {
		return nil, err
	}
	return monitor.Current(), nil
}

func TestOptionsHaveDefaultsAndPathsBelowTheContentRoot(t *testing.T) {
	p := place{root: t.TempDir()}
	got, err := options(t, p.root)
	want := Options{
		Spool: p.path("spool"), Ledger: p.path("ledger.jsonl"), Summary: p.path("summary.json"),
		Concurrency: 4, ScanInterval: 500 * time.Millisecond, SummaryInterval: 10 * time.Second,
	}
	if err != nil || *got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestSettingsBesideTheWorkerAreGood(t *testing.T) {
	p := place{root: t.TempDir()}
	got, err := options(t, p.root, config.File("appsettings.json"))
	want := Options{
		Spool: p.path("data", "spool"), Ledger: p.path("data", "ledger.jsonl"), Summary: p.path("data", "summary.json"),
		Concurrency: 4, ScanInterval: 500 * time.Millisecond, SummaryInterval: 10 * time.Second,
	}
	if err != nil || *got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestOptionsThatMakeNoSenseAreRefusedWithTheirKey(t *testing.T) {
	root := t.TempDir()
	for _, test := range []struct {
		key   string
		value any
		want  string
	}{
		{"Concurrency", 0, "0: want 1 to 256"},
		{"Concurrency", 257, "257: want 1 to 256"},
		{"ScanInterval", "0s", `"0s": want at least 10ms`},
		{"ScanInterval", "500", `duration needs a unit`},
		{"SummaryInterval", "-1s", `"-1s": want at least 10ms`},
		{"Spool", "", `"": want a path`},
		{"Ledger", "spool/ledger.json", "could be taken for an order"},
		{"Summary", "spool/../spool/s.json", "could be taken for an order"},
		{"Summary", "./ledger.jsonl", "is the ledger"},
		{"Legder", "x", "unknown key"},
	} {
		_, err := options(t, root, config.Map(map[string]any{"Worker": map[string]any{test.key: test.value}}))
		if err == nil || !strings.Contains(err.Error(), "config: Worker:"+test.key+": ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s = %v: error is %v, want %s", test.key, test.value, err, test.want)
		}
	}
}

func TestWorkerIsComplete(t *testing.T) { hosttest.Validate(t, nil, services(&host.Environment{})) }
