package health_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/host/health"
	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/hosted"
)

const anyPort = "http://127.0.0.1:0"

func ask(t *testing.T, url string) (status int, body string) {
	t.Helper()
	defer http.DefaultClient.CloseIdleConnections()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestATakenPortIsAnErrorOfTheStart(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	other := &asking{said: map[string][3]string{}}
	host := hosttest.New(t, hosttest.Settings{"Health:Urls": anyPort + ";http://" + taken.Addr().String()},
		hosted.AddInstance(other), health.Use(), fx.Populate(&other.health))
	err = host.Start(t.Context())
	want := regexp.MustCompile(`^host: start service "health": health: Health:Urls: listen tcp ` + taken.Addr().String() + `: \S+: .+in use|^.+Only one usage`)
	if err == nil || !want.MatchString(err.Error()) || len(other.said) > 0 {
		t.Errorf("%v", err)
	}
}

func TestUrls(t *testing.T) {
	t.Parallel()
	for urls, listens := range map[string]int{
		"": 0, " ; ": 0, "http://*:0": 1, "http://+:0/": 1, "http://0.0.0.0:0": 1, anyPort + " ; " + anyPort: 2, "http://:0": 1, "http://localhost:0": 1,
	} {
		_, h := start(t, hosttest.Settings{"Health:Urls": urls})
		if n := len(h.Addresses()); n != listens {
			t.Errorf("%q: %d addresses", urls, n)
		}
		for _, address := range h.Addresses() {
			_, port, _ := net.SplitHostPort(address)
			if status, body := ask(t, "http://localhost:"+port+"/readyz"); status != 200 || body != "ok" {
				t.Errorf("%q: %d %s", urls, status, body)
			}
		}
	}
	for _, urls := range []string{
		"8081", ":8081", "127.0.0.1:8081", "https://127.0.0.1:8081", "http://127.0.0.1", "http://127.0.0.1:http", "http://127.0.0.1:70000",
		"http://127.0.0.1:8081/health", "http://127.0.0.1:8081?", "http://127.0.0.1:8081#x", "http://ada@127.0.0.1:8081", "http://[::1:8081",
		anyPort + ";x",
	} {
		builder, _ := hosttest.NewBuilder(t, hosttest.Settings{"Health:Urls": urls}, health.Use())
		_, err := builder.Build()
		shown := strconv.Quote(urls)
		if strings.Contains(urls, "@") {
			shown = "***" // could have a password
		}
		if err == nil || !strings.HasPrefix(err.Error(), "host: build: config: Health:Urls: "+shown+": write http://HOST:PORT, such as http://127.0.0.1:8081, or ") {
			t.Errorf("%q: %v", urls, err)
		}
		if err := fx.New(fx.NopLogger, hosted.Module(), health.Module(health.Options{Urls: urls})).Err(); err == nil ||
			!strings.HasPrefix(err.Error(), `health: Options.Urls: "`+urls+`": write http://HOST:PORT`) {
			t.Errorf("%q: %v", urls, err)
		}
	}
}

// An fx application without package host has it, too.
func TestModule(t *testing.T) {
	t.Parallel()
	var h *health.Health
	app := fx.New(fx.NopLogger, hosted.Module(), health.Module(health.Options{Urls: anyPort, ShowErrors: true}), fx.Populate(&h),
		health.AddCheckFunc("db", func(context.Context) error { return errors.New("no route") }, health.Tags(health.Ready)))
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, "the check has run", func() bool { return text(h.Ready()) == "not ready: check db is unhealthy" })
	status, body := ask(t, "http://"+h.Addresses()[0]+"/readyz?verbose")
	if status != http.StatusServiceUnavailable || !strings.Contains(body, `"error": "no route"`) {
		t.Errorf("%d %s", status, body)
	}
	if err := app.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

type metrics struct{ runs string }

func (m *metrics) ServeHTTP(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, m.runs) }

func TestRoutesBesideTheProbes(t *testing.T) {
	t.Parallel()
	_, h := start(t, hosttest.Settings{"Health:Urls": anyPort},
		fx.Supply(&metrics{"jobs 5"}),
		health.AddRoute(func(m *metrics) health.Route { return health.Route{Pattern: "GET /metrics", Handler: m} }))
	base := "http://" + h.Addresses()[0]
	for path, want := range map[string]string{
		"/metrics": "200 jobs 5", "/livez": "200 ok", "/": "404 404 page not found\n", "/metrics/": "404 404 page not found\n",
		"//livez": "404 404 page not found\n", "/livez/": "404 404 page not found\n",
	} {
		status, body := ask(t, base+path)
		if got := http.StatusText(status); got == "" || want != strings.TrimSpace(want[:3])+" "+body {
			t.Errorf("%s: %d %q, want %q", path, status, body, want)
		}
	}

	for name, route := range map[string]health.Route{
		"conflict":   {Pattern: "/livez", Handler: &metrics{}},
		"no pattern": {Handler: &metrics{}},
		"no handler": {Pattern: "/x"},
	} {
		host := hosttest.New(t, hosttest.Settings{"Health:Urls": anyPort}, health.Use(), health.AddRoute(func() health.Route { return route }))
		err := host.Start(t.Context())
		if err == nil || !strings.HasPrefix(err.Error(), `host: start service "health": health: route "`+route.Pattern+`": `) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Not even a client that sends nothing keeps the stop waiting.
func TestASilentClient(t *testing.T) {
	t.Parallel()
	host, h := start(t, hosttest.Settings{"Health:Urls": anyPort})
	conn, err := net.Dial("tcp", h.Addresses()[0]) // and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := host.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadAll(conn); err != nil && !strings.Contains(err.Error(), "reset") {
		t.Error(err)
	}
}

// What net/http says of it goes to debug, with the noise of port scans.
func TestAPanicOfARouteIsLogged(t *testing.T) {
	t.Parallel()
	host, h := start(t, hosttest.Settings{"Health:Urls": anyPort}, health.AddRoute(func() health.Route {
		return health.Route{Pattern: "GET /metrics", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })}
	}))
	if response, err := http.Get("http://" + h.Addresses()[0] + "/metrics"); err == nil {
		_ = response.Body.Close()
		t.Error(response.Status)
	}
	records := host.Logs.FilterMessage("health route panicked").All()
	if len(records) != 1 || records[0].Level != zap.ErrorLevel {
		t.Fatalf("%v", records)
	}
	if about := records[0].ContextMap(); about["error"] != "panic: boom" || about["path"] != "/metrics" || !strings.Contains(fmt.Sprint(about["stack"]), "service_test.go") {
		t.Errorf("%v", about)
	}
}
