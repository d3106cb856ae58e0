package main

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs the application on a port of its own, with its log in an observer.
func start(t *testing.T) (app *fx.App, server *http.Server, logs *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zap.InfoLevel)
	app = application("127.0.0.1:0", fx.Replace(zap.New(core)), fx.Populate(&server))
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return app, server, logs
}

func visit(t *testing.T, server *http.Server, path string) {
	t.Helper()
	get(t, server, path, http.StatusNoContent)
}

func get(t *testing.T, server *http.Server, path string, status int) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+server.Addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != status {
		t.Errorf("%s: %s", path, response.Status)
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
}

func TestTheSweeperStopsBeforeTheServer(t *testing.T) {
	app, server, logs := start(t)
	visit(t, server, "/ada")
	visit(t, server, "/ada")
	get(t, server, "/readyz", http.StatusOK)
	if err := app.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}

	var messages []string
	for _, entry := range logs.All() {
		messages = append(messages, entry.LoggerName+": "+entry.Message)
	}
	want := []string{
		"fxhost: host starting", ": server listening", "fxhost: host started",
		"fxhost: host stopping", "main.Sweeper: visited", ": server stopped", "fxhost: host stopped",
	}
	if !slices.Equal(messages, want) {
		t.Errorf("records\n%q\nwant\n%q", messages, want)
	}
	visited := logs.FilterMessage("visited").All()[0].ContextMap()
	if visited["name"] != "ada" || visited["times"] != int64(2) {
		t.Errorf("visited %v, want ada twice", visited)
	}
}

func TestTakeStartsAgainFromNothing(t *testing.T) {
	visits := NewVisits()
	visits.Add("ada")
	if got := visits.Take(); got["ada"] != 1 {
		t.Errorf("counts %v, want ada once", got)
	}
	if got := visits.Take(); len(got) != 0 {
		t.Errorf("counts %v, want none", got)
	}
}
