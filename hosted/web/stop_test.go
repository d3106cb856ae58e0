package web_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/web"
)

// balanced are clients behind a balancer: each one posts over its own connection,
// again and again, and dials no more once the balancer knows that the server goes.
type balanced struct {
	notReady atomic.Bool
	failed   atomic.Int64
	answered atomic.Int64
	all      sync.WaitGroup
	busy     sync.WaitGroup // until each has been answered once
}

var errNotReady = errors.New("the balancer sends nobody there")

func (b *balanced) run(t *testing.T, clients int, dial func(context.Context, string, string) (net.Conn, error), url string, protocols ...string) {
	t.Helper()
	b.busy.Add(clients)
	for i := range clients {
		client := newClient(func(ctx context.Context, network, address string) (net.Conn, error) {
			if b.notReady.Load() {
				return nil, errNotReady
			}
			return dial(ctx, network, address)
		}, protocols...)
		b.all.Go(func() {
			defer client.CloseIdleConnections()
			once := sync.OnceFunc(b.busy.Done)
			defer once()
			for {
				body := fmt.Sprint("body of ", i)
				response, text, err := post(t.Context(), client, url, body)
				switch {
				case errors.Is(err, errNotReady):
					return
				case err != nil || response.StatusCode != http.StatusOK || text != body:
					b.failed.Add(1)
					t.Logf("client %d: %q, %v", i, text, err)
					return
				}
				b.answered.Add(1)
				once()
				time.Sleep(time.Duration(1+i%60) * time.Millisecond) // some think before they ask again
			}
		})
	}
	b.busy.Wait()
}

// A test with GET would prove nothing: the client sends it again.
func TestNoRequestFailsAtTheStop(t *testing.T) {
	t.Parallel()
	for _, protocols := range [][]string{nil, {"h2c"}} {
		for _, drain := range []time.Duration{0, 5 * time.Second} {
			t.Run(fmt.Sprintf("%v drain %v", protocols, drain), func(t *testing.T) {
				t.Parallel()
				for range 3 {
					synctest.Test(t, func(t *testing.T) {
						network := newPipes()
						a := start(t, hosted.Options{DrainDelay: drain}, settings{"Protocols": "Http1AndHttp2"}, handle(ok), network.given())
						var clients balanced
						clients.run(t, 64, network.dial, "http://server/", protocols...)

						begin := time.Now()
						clients.notReady.Store(true)
						a.StopFromOutside(signal)
						err := a.WaitForShutdown(t.Context())
						took := time.Since(begin)
						clients.all.Wait()
						if failed := clients.failed.Load(); err != nil || failed > 0 {
							t.Errorf("%d of 64 failed after %d requests; %v", failed, clients.answered.Load(), err)
						}
						if took < drain || took > drain+250*time.Millisecond {
							t.Errorf("took %v, want %v and 250ms at most", took, drain)
						}
					})
				}
			})
		}
	}
}

// hang is a handler that hangs, whatever its context says.
func hang(entered chan<- struct{}, until <-chan struct{}) http.HandlerFunc {
	return func(http.ResponseWriter, *http.Request) {
		entered <- struct{}{}
		<-until
	}
}

func TestAHandlerThatHangsIsCutOffAtTheEndOfTheBudget(t *testing.T) {
	t.Parallel()
	for _, protocols := range [][]string{nil, {"h2c"}} {
		t.Run(fmt.Sprint(protocols), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := newPipes()
				entered, until := make(chan struct{}), make(chan struct{})
				defer close(until)
				a := start(t, hosted.Options{ShutdownTimeout: 10 * time.Second}, settings{"Protocols": "Http1AndHttp2"}, handle(hang(entered, until)), network.given())
				client := network.client(protocols...)
				failed := make(chan error, 2)
				for range 2 {
					go func() {
						_, _, err := post(t.Context(), client, "http://server/", "x")
						failed <- err
					}()
					<-entered
				}
				begin := time.Now()
				err := a.Stop(t.Context())
				if want := `host: stop service "web.public": 10s shutdown timeout reached: cut off 2 requests and 0 hijacked connections`; err == nil || err.Error() != want {
					t.Errorf("error %v, want %s", err, want)
				}
				if took := time.Since(begin); took < 10*time.Second || took >= 11*time.Second {
					t.Errorf("took %v", took)
				}
				for range 2 {
					if <-failed == nil {
						t.Error("the client has an answer")
					}
				}
				client.CloseIdleConnections()
			})
		})
	}
}

func TestTheContextsOfRequestsEndOneSecondBeforeTheBudget(t *testing.T) {
	t.Parallel()
	for budget, want := range map[time.Duration]time.Duration{
		10 * time.Second: 9 * time.Second, time.Second: 500 * time.Millisecond,
	} {
		t.Run(fmt.Sprint(budget), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := newPipes()
				entered := make(chan struct{})
				a := start(t, hosted.Options{ShutdownTimeout: budget}, nil, handle(func(w http.ResponseWriter, r *http.Request) {
					close(entered)
					<-r.Context().Done()
					_, _ = fmt.Fprint(w, context.Cause(r.Context()))
				}), network.given())
				got := make(chan string)
				go func() {
					_, text, err := post(t.Context(), network.client(), "http://server/", "x")
					got <- fmt.Sprint(text, err)
				}()
				<-entered
				begin := time.Now()
				stopped := make(chan error)
				go func() { stopped <- a.Stop(context.Background()) }()
				if text := <-got; text != web.ErrStopping.Error()+"<nil>" {
					t.Error(text)
				}
				if took := time.Since(begin); took != want {
					t.Errorf("ended after %v, want %v", took, want)
				}
				if err := <-stopped; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// events is a handler of server-sent events.
func events(entered chan<- struct{}) http.Handler {
	return web.Stream(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: hello\n\n")
		w.(http.Flusher).Flush()
		entered <- struct{}{}
		<-r.Context().Done()
		_, _ = fmt.Fprintf(w, "data: %v\n\n", context.Cause(r.Context()))
	}))
}

func TestAnOpenStreamCostsNoBudget(t *testing.T) {
	t.Parallel()
	for _, protocols := range [][]string{nil, {"h2c"}} {
		t.Run(fmt.Sprint(protocols), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := newPipes()
				entered := make(chan struct{}, 1)
				a := start(t, hosted.Options{DrainDelay: time.Minute}, settings{"Protocols": "Http1AndHttp2"},
					func() http.Handler { return events(entered) }, network.given())
				client := network.client(protocols...)
				got := make(chan string)
				go func() {
					_, text, err := post(t.Context(), client, "http://server/", "x")
					got <- fmt.Sprint(text, err)
				}()
				<-entered
				time.Sleep(time.Hour) // a stream is not cut off
				begin := time.Now()
				stopped := make(chan error)
				a.StopFromOutside(signal)
				go func() { stopped <- a.WaitForShutdown(context.Background()) }()
				if text := <-got; text != fmt.Sprintf("data: hello\n\ndata: %v\n\n<nil>", web.ErrStopping) {
					t.Errorf("%q", text)
				}
				if took := time.Since(begin); took != time.Minute {
					t.Errorf("ended after %v, want the drain only", took)
				}
				if err := <-stopped; err != nil {
					t.Error(err)
				}
				if took := time.Since(begin); took > time.Minute+550*time.Millisecond {
					t.Errorf("took %v", took)
				}
				client.CloseIdleConnections()
			})
		})
	}
}

// hijacker echoes lines until its context ends, and then as long as patience says.
func hijacker(patience time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		line, _ := buffered.ReadString('\n')
		_, _ = io.WriteString(c, line)
		<-r.Context().Done()
		time.Sleep(patience)
		_, _ = fmt.Fprintln(c, context.Cause(r.Context()))
		_ = c.Close()
	}
}

// upgrade has the server hijack a connection.
func upgrade(t *testing.T, network *pipes) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := network.dial(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	raw(t, c, "GET / HTTP/1.1\r\nHost: server\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	reader := bufio.NewReader(c)
	response, err := http.ReadResponse(reader, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v, %v", response, err)
	}
	raw(t, c, "hello\n")
	if line, err := reader.ReadString('\n'); line != "hello\n" || err != nil {
		t.Errorf("%q, %v", line, err)
	}
	return c, reader
}

func TestHijackedConnectionsAreToldAndWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		a := start(t, hosted.Options{}, nil, handle(hijacker(3*time.Second)), network.given())
		_, reader := upgrade(t, network)
		time.Sleep(time.Hour) // no deadline of ours is left on it

		begin := time.Now()
		stopped := make(chan error)
		go func() { stopped <- a.Stop(context.Background()) }()
		if line, err := reader.ReadString('\n'); line != web.ErrStopping.Error()+"\n" || err != nil {
			t.Errorf("%q, %v", line, err)
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestHijackedConnectionsThatStayAreCountedApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		a := start(t, hosted.Options{ShutdownTimeout: 5 * time.Second}, nil, handle(hijacker(time.Minute)), network.given())
		upgrade(t, network)
		c, _ := upgrade(t, network)
		begin := time.Now()
		err := a.Stop(t.Context())
		if err == nil || !strings.HasSuffix(err.Error(), "5s shutdown timeout reached: cut off 0 requests and 2 hijacked connections") {
			t.Error(err)
		}
		if took := time.Since(begin); took < 5*time.Second || took >= 6*time.Second {
			t.Errorf("took %v", took)
		}
		if _, err := io.ReadAll(c); err != nil {
			t.Errorf("not closed: %v", err)
		}
		time.Sleep(time.Minute) // for the handlers to return
	})
}

// A handler may give its connection to a goroutine, and return.
func TestAHijackedConnectionIsWaitedForAfterItsHandlerHasReturned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		release := make(chan struct{})
		a := start(t, hosted.Options{}, nil, handle(func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			go func() {
				<-release
				_ = c.Close()
			}()
		}), network.given())
		c, err := network.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		raw(t, c, "GET / HTTP/1.1\r\nHost: server\r\n\r\n")
		synctest.Wait()
		begin := time.Now()
		time.AfterFunc(7*time.Second, func() { close(release) })
		if err := a.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took != 7*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// Browsers open connections before they need them; Shutdown of net/http waits five
// seconds for each of them.
func TestAConnectionThatSaysNothingCostsAQuarterOfASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		a := start(t, hosted.Options{}, nil, handle(ok), network.given())
		c, err := network.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		begin := time.Now()
		if err := a.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took < 250*time.Millisecond || took > 300*time.Millisecond {
			t.Errorf("took %v", took)
		}
		if _, err := io.ReadAll(c); err != nil {
			t.Error(err)
		}
	})
}

// The server goes on serving while the host drains, also over new connections.
func TestTheServerServesWhileTheHostDrains(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		a := start(t, hosted.Options{DrainDelay: 10 * time.Second}, nil, handle(ok), network.given())
		a.StopFromOutside(signal)
		stopped := make(chan error)
		go func() { stopped <- a.WaitForShutdown(context.Background()) }()
		time.Sleep(9 * time.Second)
		response, text, err := post(t.Context(), network.client(), "http://server/", "late")
		if err != nil || text != "late" || !response.Close {
			t.Errorf("%q, %v, Connection: close %v", text, err, response != nil && response.Close)
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		if _, err := network.dial(t.Context(), "", ""); !errors.Is(err, errRefused) {
			t.Error(err)
		}
	})
}
