package web_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/web"
	"github.com/fxhost/fxhost/internal/lifetest"
)

// wantAnswer posts to a server and wants the same back.
func wantAnswer(t *testing.T, client *http.Client, url string) {
	t.Helper()
	defer client.CloseIdleConnections()
	if response, text, err := post(t.Context(), client, url, "hello"); err != nil || response.StatusCode != http.StatusOK || text != "hello" {
		t.Errorf("%s: %q, %v", url, text, err)
	}
}

func tcpClient() *http.Client { return newClient((&net.Dialer{}).DialContext) }

func unixClient(path string) *http.Client {
	return newClient(func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	})
}

func TestAPortThatIsTakenFailsTheStart(t *testing.T) {
	t.Parallel()
	first := start(t, hosted.Options{}, nil, handle(ok))
	taken := first.server.URLs()[0]
	second, err := build(t, hosted.Options{}, settings{"Urls": taken}, handle(ok))
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`host: start service "web.public": %s: address already in use`, taken)
	if runtime.GOOS == "linux" {
		want += " by this process; end it, or write another address in Servers:public:Urls"
	}
	if err := second.Start(t.Context()); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	wantAnswer(t, tcpClient(), taken)
}

// What was opened before the address that cannot be had is closed again.
func TestAStartThatFailsLeavesNothingOpen(t *testing.T) {
	t.Parallel()
	first := start(t, hosted.Options{}, nil, handle(ok))
	path := socket(t)
	second, err := build(t, hosted.Options{}, settings{"Urls": "http://unix:" + path + ";" + first.server.URLs()[0]}, handle(ok))
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Start(t.Context()); err == nil {
		t.Error("started")
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestOneServerHasSeveralAddresses(t *testing.T) {
	t.Parallel()
	path := socket(t)
	a := start(t, hosted.Options{}, settings{"Urls": []any{"http://127.0.0.1:0", "http://*:0", "http://unix:" + path}}, handle(ok))
	urls := a.server.URLs()
	if len(urls) != 3 || !strings.HasPrefix(urls[1], "http://*:") || urls[2] != "http://unix:"+path {
		t.Fatalf("%q", urls)
	}
	wantAnswer(t, tcpClient(), urls[0])
	wantAnswer(t, tcpClient(), strings.Replace(urls[1], "*", "127.0.0.1", 1))
	wantAnswer(t, unixClient(path), "http://server/")
	listening := a.logs.FilterMessage("server listening").All()
	if len(listening) != 1 || listening[0].LoggerName != "web.public" || fmt.Sprint(listening[0].ContextMap()["urls"]) != fmt.Sprint(urls) {
		t.Errorf("%v", listening)
	}
}

func TestOneProgramHasSeveralServers(t *testing.T) {
	t.Parallel()
	var internal *web.Server
	a := start(t, hosted.Options{}, nil, handle(ok),
		web.AddServer("internal", handle(ok), web.Defaults(func(s *web.Settings) { s.Urls = web.Urls{"http://127.0.0.1:0"} })),
		fx.Populate(fx.Annotate(&internal, fx.ParamTags(`name:"internal"`))))
	wantAnswer(t, tcpClient(), a.server.URLs()[0])
	wantAnswer(t, tcpClient(), internal.URLs()[0])
}

func TestTheUrlsOfAServerAreFoundInThisOrder(t *testing.T) {
	t.Parallel()
	section, root, code := "http://unix:"+socket(t), "http://unix:"+socket(t), "http://unix:"+socket(t)
	for _, c := range []struct {
		configured map[string]any
		want       string
	}{
		{map[string]any{"Servers:other:Urls": section, "urls": root}, section},
		{map[string]any{"urls": root}, root},
		{map[string]any{}, code},
	} {
		configuration, err := config.New(config.Map(c.configured))
		if err != nil {
			t.Fatal(err)
		}
		var server *web.Server
		a, err := lifetest.New(nil, hosted.Options{}, fx.Supply(configuration),
			web.AddServer("other", handle(ok), web.Defaults(func(s *web.Settings) { s.Urls = web.Urls{code} })),
			fx.Populate(fx.Annotate(&server, fx.ParamTags(`name:"other"`))))
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Start(t.Context()); err != nil || len(server.URLs()) != 1 || server.URLs()[0] != c.want {
			t.Errorf("%q, %v, want %s", server.URLs(), err, c.want)
		}
		if err := a.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// socket is a short path: that of a socket has at most 108 bytes.
func socket(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "web") //nolint:usetesting // TempDir has the name of the test in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return filepath.Join(folder, "s")
}

func TestTheSocketOfADeadProcessIsRemoved(t *testing.T) {
	t.Parallel()
	path := socket(t)
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	a := start(t, hosted.Options{}, settings{"Urls": "http://unix:" + path}, handle(ok))
	wantAnswer(t, unixClient(path), "http://server/")
	if err := a.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
}

func TestASocketThatAnswersIsRefused(t *testing.T) {
	t.Parallel()
	path := socket(t)
	start(t, hosted.Options{}, settings{"Urls": "http://unix:" + path}, handle(ok))
	second, err := build(t, hosted.Options{}, settings{"Urls": "http://unix:" + path}, handle(ok))
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "address already in use") ||
		runtime.GOOS == "linux" && !strings.Contains(err.Error(), "by this process") {
		t.Error(err)
	}
	wantAnswer(t, unixClient(path), "http://server/")
}

func TestAFileThatIsNoSocketStays(t *testing.T) {
	t.Parallel()
	path := socket(t)
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := build(t, hosted.Options{}, settings{"Urls": "http://unix:" + path}, handle(ok))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "address already in use by a file that is not a socket") {
		t.Error(err)
	}
	if text, err := os.ReadFile(path); string(text) != "precious" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}

func TestListenersFromOutsideTakeThePlaceOfTheAddresses(t *testing.T) {
	t.Parallel()
	given, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := start(t, hosted.Options{}, settings{"Urls": "http://127.0.0.1:1"}, handle(ok), fx.Provide(func() web.Listeners {
		return func(server string) ([]net.Listener, error) {
			if server != "public" {
				t.Errorf("asked for %q", server)
			}
			return []net.Listener{given}, nil
		}
	}))
	if got, want := a.server.URLs()[0], "http://"+given.Addr().String(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	wantAnswer(t, tcpClient(), a.server.URLs()[0])
}

func TestAServerThatDiesIsAFault(t *testing.T) {
	t.Parallel()
	network := newPipes()
	a := start(t, hosted.Options{}, nil, handle(ok), network.given())
	_ = network.Close()
	err := a.WaitForShutdown(t.Context())
	if want := `host: run service "web.public": http://pipe:80 accepts no more connections: `; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestAServerThatDiesCanBeStartedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		given := make(chan *pipes, 2)
		first, second := newPipes(), newPipes()
		given <- first
		given <- second
		start(t, hosted.Options{}, nil, handle(ok),
			fx.Provide(func() web.Listeners {
				return func(name string) ([]net.Listener, error) {
					if name == "public" {
						return []net.Listener{newPipes()}, nil
					}
					return []net.Listener{<-given}, nil
				}
			}),
			web.AddServer("second", handle(ok), web.Service(hosted.OnFault(hosted.Restart(hosted.RestartPolicy{})))))
		wantAnswer(t, first.client(), "http://server/")
		_ = first.Close()
		wantAnswer(t, second.client(), "http://server/") // the dial waits until somebody accepts
	})
}

func TestAServerThatIsNotStartedHasNoAddress(t *testing.T) {
	t.Parallel()
	a, err := build(t, hosted.Options{}, nil, handle(ok))
	if err != nil || a.server.URLs() != nil {
		t.Errorf("%v, %v", a.server.URLs(), err)
	}
	if err := errors.Join(a.server.DrainingAsync(t.Context()), a.server.StopAsync(t.Context()), a.server.Err()); err != nil || a.server.Done() != nil {
		t.Error(err)
	}
}

func TestTheServerStopsFirst(t *testing.T) {
	t.Parallel()
	a := start(t, hosted.Options{}, nil, handle(ok), hosted.AddInstance(nothing{}, hosted.Name("added later")))
	if err := a.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	for _, phase := range []struct {
		name string
		want string
	}{{"start", "added later, web.public"}, {"stop", "web.public, added later"}} {
		var got []string
		for _, record := range a.logs.FilterMessage("service phase done").All() {
			if fields := record.ContextMap(); fields["phase"] == phase.name {
				got = append(got, fmt.Sprint(fields["service"]))
			}
		}
		if strings.Join(got, ", ") != phase.want {
			t.Errorf("%s: %q, want %s", phase.name, got, phase.want)
		}
	}
}

type nothing struct{}

func (nothing) StartAsync(context.Context) error { return nil }
func (nothing) StopAsync(context.Context) error  { return nil }

func TestStopTwiceAndLate(t *testing.T) {
	t.Parallel()
	a := start(t, hosted.Options{}, nil, handle(ok))
	wantAnswer(t, tcpClient(), a.server.URLs()[0])
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		if err := a.server.StopAsync(ctx); err != nil {
			t.Error(err)
		}
		cancel()
	}
}
