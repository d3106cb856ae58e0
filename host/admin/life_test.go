package admin_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/host/admin"
	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/hosted"
)

type life struct {
	Host struct {
		State, Reason string
		NotReady      []string
	}
	Pending []struct {
		Kind, Name, Phase, Stacks string
		LeftBehind                bool
	}
}

// stream opens a stream.
func (s *shop) stream(t *testing.T, path string) (*http.Response, *bufio.Reader) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.origin()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response, bufio.NewReader(response.Body)
}

// next is the next event of a stream; "" is its end.
func next(events *bufio.Reader) (name, data string) {
	for {
		line, err := events.ReadString('\n')
		switch {
		case err != nil:
			return "", err.Error()
		case line == "\n":
			return name, data
		case strings.HasPrefix(line, "event: "):
			name = strings.TrimSpace(line[len("event: "):])
		case strings.HasPrefix(line, "data: "):
			data += line[len("data: "):]
		}
	}
}

// While the host stops, the page says what it waits for, and has the stacks; streams have
// ended by then.
func TestThePageSaysWhyTheHostDoesNotStop(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	_, events := s.stream(t, "/api/v1/services/events")
	if name, data := next(events); name != "snapshot" || !strings.Contains(data, `"state":"running"`) {
		t.Fatalf("event %s %s", name, data)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- s.host.Stop(context.Background()) }()
	for name := ""; name != "stopping"; {
		if name, _ = next(events); name == "" {
			t.Fatal("the stream has ended without a word")
		}
	}
	if name, _ := next(events); name != "" {
		t.Errorf("event %s after the end", name)
	}
	var seen life
	eventually(t, "the stacks of what is waited for", func() bool {
		seen = get[life](t, s, "services")
		return len(seen.Pending) == 1 && seen.Pending[0].Stacks != ""
	})
	p := seen.Pending[0]
	if seen.Host.State != "stopping" || p.Kind != "service" || p.Name != "poller" || p.Phase != "stop" || p.LeftBehind {
		t.Errorf("%+v", seen)
	}
	if !strings.Contains(p.Stacks, "admin_test.(*poller).ExecuteAsync") || !strings.Contains(p.Stacks, "StopAsync") {
		t.Errorf("stacks:\n%s", p.Stacks)
	}
	if reasons := strings.Join(seen.Host.NotReady, "; "); reasons != "the host is stopping; stop of service poller has not returned" {
		t.Errorf("not ready: %s", reasons)
	}
	if _, page := s.ask(t, http.MethodGet, "/services", nil); !strings.Contains(page, "(*poller).ExecuteAsync") || !strings.Contains(page, "Waiting for") {
		t.Error("the page does not show it")
	}
	close(s.stopping)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if conn, err := net.Dial("tcp", s.admin.Addresses()[0]); err == nil {
		_ = conn.Close()
		t.Error("the page is there after the stop")
	}
}

// While the host starts, the page says what it waits for.
func TestThePageSaysWhyTheHostIsNotReady(t *testing.T) {
	t.Parallel()
	begun, release := make(chan struct{}), make(chan struct{})
	s := newShop(t, nil, hosted.AddFactory(func() hosted.HostedService { return slowStart{begun, release} }, hosted.Name("slow")))
	started := make(chan error, 1)
	go func() { started <- s.host.Start(context.Background()) }()
	<-begun
	seen := get[life](t, s, "services")
	if seen.Host.State != "starting" || len(seen.Pending) != 1 || seen.Pending[0].Name != "slow" || seen.Pending[0].Phase != "start" {
		t.Errorf("%+v", seen)
	}
	close(release)
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	if seen := get[life](t, s, "services"); len(seen.Pending) != 0 || len(seen.Host.NotReady) != 0 || seen.Host.State != "running" {
		t.Errorf("%+v", seen)
	}
}

type slowStart struct{ begun, release chan struct{} }

func (s slowStart) StartAsync(context.Context) error {
	close(s.begun)
	<-s.release
	return nil
}
func (slowStart) StopAsync(context.Context) error { return nil }

func TestAStreamSendsWhatHasChangedAndSaysThatItLives(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	_, events := s.stream(t, "/jobs/events?q=sync")
	if name, data := next(events); name != "snapshot" || !strings.Contains(data, "sync-prices") {
		t.Fatalf("event %s %s", name, data)
	}
	if name, data := next(events); name != "alive" {
		t.Errorf("event %s %s", name, data)
	}
	if err := s.jobs.Pause("sync-prices", "carl"); err != nil {
		t.Fatal(err)
	}
	for name, data := next(events); !strings.Contains(data, "by carl"); name, data = next(events) {
		if name == "" {
			t.Fatal(data)
		}
	}
}

func TestThereAreAtMostSixteenStreams(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	var streams []*http.Response
	for range 16 {
		response, events := s.stream(t, "/jobs/events")
		if name, _ := next(events); name != "snapshot" {
			t.Fatalf("event %s", name)
		}
		streams = append(streams, response)
	}
	if response, _ := s.stream(t, "/jobs/events"); response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("the 17th is answered by %s", response.Status)
	}
	_ = streams[0].Body.Close()
	eventually(t, "room for another one", func() bool {
		response, _ := s.stream(t, "/jobs/events")
		defer func() { _ = response.Body.Close() }()
		return response.StatusCode == http.StatusOK
	})
}

func TestAUnixSocketNeedsNoToken(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("its files have other rights")
	}
	folder, err := os.MkdirTemp("", "adm") //nolint:usetesting // a short path: that of a socket may have 100 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	path := filepath.Join(folder, "s")
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	_ = stale.Close()

	s := openShop(t, hosttest.Settings{"Admin:Urls": "unix:" + path, "Admin:Grants:0": "look"})
	if addresses, link := s.admin.Addresses(), s.admin.Link(); addresses[0] != path || link != "" {
		t.Errorf("addresses %q, link %q", addresses, link)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("rights %v %v", info, err)
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	ask := func(method, host, path string) int {
		request, err := http.NewRequestWithContext(t.Context(), method, "http://"+host+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	if a, b, c := ask(http.MethodGet, "localhost", "/api/v1/jobs"), ask(http.MethodPost, "localhost", "/api/v1/jobs/run"), ask(http.MethodGet, "evil.example", "/"); a != 200 || b != 403 || c != 421 {
		t.Errorf("answers %d %d %d", a, b, c)
	}
	second := newShop(t, hosttest.Settings{"Admin:Urls": "unix:" + path})
	if err := second.host.Start(context.Background()); err == nil || !strings.Contains(err.Error(), "is that of another program, which is running") {
		t.Errorf("a second program: %v", err)
	}
	close(s.stopping)
	if err := s.host.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after the stop: %v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	third := newShop(t, hosttest.Settings{"Admin:Urls": "unix:" + path})
	if err := third.host.Start(context.Background()); err == nil || !strings.Contains(err.Error(), "exists and is no socket") {
		t.Errorf("a file in its place: %v", err)
	}
}

func TestATakenPortIsAStartError(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	second := newShop(t, hosttest.Settings{"Admin:Urls": "http://127.0.0.1:0;" + s.origin()})
	err := second.host.Start(context.Background())
	if err == nil || !strings.Contains(err.Error(), "admin: Admin:Urls: listen tcp "+s.admin.Addresses()[0]) {
		t.Errorf("error %v", err)
	}
}

func TestTheFirstTokenIsMade(t *testing.T) {
	t.Parallel()
	a, b := openShop(t, hosttest.Settings{"Admin:Token": ""}), openShop(t, hosttest.Settings{"Admin:Token": ""})
	one, other := strings.TrimPrefix(a.admin.Link(), a.origin()+"/?token="), strings.TrimPrefix(b.admin.Link(), b.origin()+"/?token=")
	if len(one) < 26 || one == other {
		t.Errorf("tokens %q and %q", one, other)
	}
	if response, _ := a.ask(t, http.MethodGet, "/jobs", nil, header("Authorization", "Bearer "+one)); response.StatusCode != http.StatusOK {
		t.Errorf("it is answered by %s", response.Status)
	}
	for _, record := range a.host.Logs.All() {
		if strings.Contains(record.Message, one) {
			t.Errorf("the token is in the log: %v", record)
		}
	}
}

func TestItCanBeDisabled(t *testing.T) {
	t.Parallel()
	s := openShop(t, hosttest.Settings{"Admin:Disabled": true})
	if len(s.admin.Addresses()) != 0 || s.admin.Link() != "" {
		t.Errorf("it is at %q", s.admin.Addresses())
	}
}

func TestWhatCannotBeUsedIsAnError(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]admin.Options{
		"write http://HOST:PORT":    {Urls: "https://localhost:1"},
		"has no port":               {Urls: "http://localhost"},
		"write http://HOST":         {Urls: "http://u:p@localhost:1"},
		"unix: needs the path":      {Urls: "unix:"},
		"Token":                     {Token: "short"},
		`"loook"`:                   {Grants: []admin.Grant{admin.Look, "loook"}},
		"Users:ada":                 {Users: map[string]admin.User{"ada": {}}},
		"Users:bob:Grants:0":        {Users: map[string]admin.User{"bob": {Token: token, Grants: []admin.Grant{"run"}}}},
		"without scheme, port":      {AllowedHosts: []string{"https://admin.example.com"}},
		"AllowedHosts:1":            {AllowedHosts: []string{"a.example", "*.example.com"}},
		"http://HOST:PORT, such as": {Urls: "http://localhost:1/admin"},
	} {
		if err := fx.New(fx.NopLogger, admin.Module(o)).Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", o, err, want)
		}
	}
	if err := (&admin.Options{Token: "short"}).Validate(); err == nil || strings.Contains(err.Error(), "short\"") {
		t.Errorf("error %v", err)
	}
}

// An application of plain fx has no configuration, no queues and a logger of its own.
func TestModuleInAnApplicationOfPlainFx(t *testing.T) {
	t.Parallel()
	s := &shop{}
	app := fx.New(
		fx.NopLogger, fx.Provide(zap.NewNop), hosted.Module(),
		admin.Module(admin.Options{Token: token}),
		background.Func("loop", func(ctx context.Context) error { <-ctx.Done(); return nil }),
		fx.Populate(&s.admin),
	)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"services": 200, "levels": 200, "program": 200, "actions": 200, "jobs": 404, "queues": 404, "settings": 404} {
		for _, prefix := range []string{"/", "/api/v1/"} {
			if response, body := s.ask(t, http.MethodGet, prefix+path, nil); response.StatusCode != want {
				t.Errorf("%s%s: %s %s", prefix, path, response.Status, body)
			}
		}
	}
	s.post(t, "levels/change", form("category", "a", "level", "debug"), http.StatusNotFound)
	s.post(t, "jobs/run", form("name", "a"), http.StatusNotFound)
	s.post(t, "dead-letters/resend", form("queue", "a"), http.StatusNotFound)
	if err := app.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}
