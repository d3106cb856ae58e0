package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/fxhost/fxhost/host/hosttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// service is the program on a port of its own.
type service struct {
	*hosttest.Host
	server *Server
}

func setup(t *testing.T) *service {
	t.Helper()
	s := &service{}
	s.Host = hosttest.Start(t, hosttest.Settings{"Server:Address": "127.0.0.1:0"}, notes(), fx.Populate(&s.server))
	return s
}

// do sends a real request and returns the status code and the body.
func (s *service) do(t *testing.T, method, path, tenant, body string) (int, string) {
	t.Helper()
	url := "http://" + s.server.listener.Addr().String() + path
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	if tenant != "" {
		request.Header.Set("X-Tenant", tenant)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return response.StatusCode, strings.TrimSpace(string(text))
}

func TestNotesAreKeptApartByTenant(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, step := range []struct {
		method, tenant, body string
		code                 int
		text                 string
	}{
		{http.MethodPut, "ada", "buy tea", http.StatusNoContent, ""},
		{http.MethodPut, "bob", "buy cups", http.StatusNoContent, ""},
		{http.MethodGet, "ada", "", http.StatusOK, "buy tea"},
		{http.MethodGet, "bob", "", http.StatusOK, "buy cups"},
		{http.MethodGet, "eve", "", http.StatusNotFound, "404 page not found"},
		{http.MethodGet, "", "", http.StatusBadRequest, "no header X-Tenant"},
		{http.MethodPut, "", "buy milk", http.StatusBadRequest, "no header X-Tenant"},
	} {
		if code, text := s.do(t, step.method, "/notes/list", step.tenant, step.body); code != step.code || text != step.text {
			t.Errorf("%s as %q: %d %q, want %d %q", step.method, step.tenant, code, text, step.code, step.text)
		}
	}
}

func TestEachRequestIsLoggedWhenItsScopeIsClosed(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.do(t, http.MethodPut, "/notes/list", "ada", "buy tea")
	s.do(t, http.MethodGet, "/notes/list", "ada", "")
	s.do(t, http.MethodGet, "/nowhere", "ada", "") // needs nothing of its scope
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}

	records := s.Logs.FilterMessage("request").All()
	if len(records) != 2 {
		t.Fatalf("records %v, want two", records)
	}
	for i, want := range []string{"write", "read"} {
		got := records[i].ContextMap()
		if fmt.Sprint(got["did"]) != "["+want+"]" || got["note"] != "list" || records[i].LoggerName != "main.Trail" {
			t.Errorf("%s: %v, want %s", records[i].LoggerName, got, want)
		}
	}
}

func TestManyRequestsAtOnce(t *testing.T) {
	t.Parallel()
	s := setup(t)
	var all sync.WaitGroup
	for i := range 20 {
		name := string(rune('a' + i))
		all.Go(func() {
			s.do(t, http.MethodPut, "/notes/"+name, name, "of "+name)
			if code, text := s.do(t, http.MethodGet, "/notes/"+name, name, ""); code != http.StatusOK || text != "of "+name {
				t.Errorf("%s: %d %q", name, code, text)
			}
		})
	}
	all.Wait()
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if got := s.Logs.FilterMessage("request").Len(); got != 40 {
		t.Errorf("%d records, want 40", got)
	}
}

func TestAPortThatIsTakenFailsTheStart(t *testing.T) {
	t.Parallel()
	s := setup(t)
	second := hosttest.New(t, hosttest.Settings{"Server:Address": s.server.listener.Addr().String()}, notes())
	if err := second.Start(t.Context()); err == nil || !strings.Contains(err.Error(), `start service "server"`) {
		t.Errorf("started: %v", err)
	}
}
