package settings_test

import (
	"path/filepath"
	"slices"
	"testing"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/config"
)

// What `dotnet new worker` makes, unchanged.
const dotnetSettings = `{
  "Logging": {
    "LogLevel": {
      "Default": "Information",
      "Microsoft.Hosting.Lifetime": "Information"
    }
  }
}
`

func TestTheSettingsOfADotNetWorkerWork(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "appsettings.json"), "\uFEFF"+dotnetSettings)
	write(t, filepath.Join(folder, "appsettings.Development.json"), dotnetSettings)
	builder, logs := build(t, folder, "--environment=Development")
	h, err := builder.Build()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if logs.FilterMessage("host started").Len() != 1 || logs.FilterLevelExact(zap.DebugLevel).Len() != 0 {
		t.Errorf("records %v", logs.All())
	}
}

// worker is what a program that comes from .NET may read.
type worker struct {
	Name    string
	Tags    []string
	Enabled bool
	Limit   int
}

func TestWhatDiffersFromDotNet(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "appsettings.json"), `{
  // comments are fine
  "Worker": {"Name": "one", "Tags": ["a", "b"], "Enabled": "True", "Limit": "5"},
  "ConnectionStrings": {"orders": "Host=here"},
  "AllowedHosts": "*",
  "Kestrel": {"Endpoints": {"Http": {"Url": "http://*:80"}}},
}`)
	write(t, filepath.Join(folder, "appsettings.Development.json"), `{"Worker": {"Name": null, "Tags": ["x"]}}`)
	t.Setenv("POSTGRESQLCONNSTR_stock", "Host=there")
	t.Setenv("FXHOST_HOSTBUILDER__USEPOLLINGFILEWATCHER", "true")
	t.Setenv("FXHOST_ENVIRONMENT", "Development")
	builder, _ := build(t, folder)

	got := worker{Name: "default"}
	if err := builder.Configuration.Bind("Worker", &got); err != nil {
		t.Fatal(err)
	}
	if got.Name != "default" || !slices.Equal(got.Tags, []string{"x", "b"}) || !got.Enabled || got.Limit != 5 {
		t.Errorf("worker %+v", got)
	}
	for key, want := range map[string]string{
		"ConnectionStrings:orders":          "Host=here",
		"ConnectionStrings:stock":           "Host=there",
		"hostBuilder:usePollingFileWatcher": "true",
	} {
		if value, _ := builder.Configuration.Get(key); value != want {
			t.Errorf("%s is %q", key, value)
		}
	}
	h, err := builder.Build()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestANullAndAnEmptyListLeaveAList(t *testing.T) {
	for _, later := range []string{`{"Worker": {"Tags": null}}`, `{"Worker": {"Tags": []}}`, `{"Worker": null}`} {
		folder := t.TempDir()
		write(t, filepath.Join(folder, "appsettings.json"), `{"Worker": {"Tags": ["a", "b"]}}`)
		write(t, filepath.Join(folder, "appsettings.Development.json"), later)
		configuration, err := config.New(config.AppSettings(folder, "Development")...)
		if err != nil {
			t.Fatal(err)
		}
		var got worker
		if err := configuration.Bind("Worker", &got); err != nil || !slices.Equal(got.Tags, []string{"a", "b"}) {
			t.Errorf("%s: %+v, %v", later, got, err)
		}
	}
}
