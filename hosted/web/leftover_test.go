package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/hosted/web"
)

// What a handler leaves of a body is read by net/http, by itself when the header is
// sent. The limit of the body's rate must not end the request after that.
func TestAHandlerThatLeavesTheEndOfTheBodyGoesOn(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(w http.ResponseWriter, r *http.Request) error{
		"and flushes":     func(w http.ResponseWriter, _ *http.Request) error { return http.NewResponseController(w).Flush() },
		"and closes it":   func(_ http.ResponseWriter, r *http.Request) error { return r.Body.Close() },
		"and writes much": func(w http.ResponseWriter, _ *http.Request) error { _, err := w.Write(make([]byte, 1<<16)); return err },
		"and writes a string": func(w http.ResponseWriter, _ *http.Request) error {
			_, err := io.WriteString(w, strings.Repeat("x", 1<<16))
			return err
		},
		"and copies": func(w http.ResponseWriter, _ *http.Request) error {
			_, err := io.Copy(w, strings.NewReader(strings.Repeat("x", 1<<16)))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network, result := newPipes(), make(chan string, 1)
				start(t, hosted.Options{}, nil, handle(func(w http.ResponseWriter, r *http.Request) {
					var number int
					errs := fmt.Sprint(json.NewDecoder(r.Body).Decode(&number))
					time.Sleep(2 * time.Second) // the end of the body has come
					errs += " " + fmt.Sprint(leave(w, r))
					time.Sleep(time.Hour)
					result <- fmt.Sprint(number, errs, context.Cause(r.Context()))
				}), network.given())
				c, err := network.dial(t.Context(), "", "")
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				go func() { // the header is taken late
					time.Sleep(10 * time.Second)
					_, _ = io.Copy(io.Discard, c)
				}()
				raw(t, c, "POST / HTTP/1.1\r\nHost: server\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n12 \r\n")
				time.Sleep(time.Second)
				raw(t, c, "0\r\n\r\n")
				if got := <-result; got != "12<nil> <nil><nil>" {
					t.Error(got)
				}
			})
		})
	}
}

func TestABodyThatNeverComesHoldsNobody(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings settings
		handler  http.HandlerFunc
		status   int
	}{
		"when the header is sent": {nil, func(w http.ResponseWriter, _ *http.Request) { _ = http.NewResponseController(w).Flush() }, http.StatusOK},
		"when it is closed":       {nil, func(_ http.ResponseWriter, r *http.Request) { _ = r.Body.Close() }, http.StatusOK},
		"when it is too large":    {settings{"Limits:MaxRequestBodySize": "10B"}, nil, http.StatusRequestEntityTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := newPipes()
				a := start(t, hosted.Options{}, c.settings, handle(c.handler), network.given())
				conn, err := network.dial(t.Context(), "", "")
				if err != nil {
					t.Fatal(err)
				}
				time.AfterFunc(time.Minute, func() { _ = conn.Close() })
				begin := time.Now()
				raw(t, conn, "POST / HTTP/1.1\r\nHost: server\r\nContent-Length: 1000\r\n\r\nx")
				reader := bufio.NewReader(conn)
				response, err := http.ReadResponse(reader, nil)
				if err != nil || response.StatusCode != c.status {
					t.Fatalf("%v, %v", response, err)
				}
				_, _ = io.Copy(io.Discard, response.Body)
				if _, err := reader.ReadByte(); err != io.EOF || time.Since(begin) > 15*time.Second {
					t.Errorf("%v after %v", err, time.Since(begin))
				}
				_ = a
			})
		})
	}
}

// A handler that speaks both ways at a time looks after the body itself.
func TestAFullDuplexHandlerReadsAfterTheHeader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		start(t, hosted.Options{}, nil, handle(func(w http.ResponseWriter, r *http.Request) {
			if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
				t.Error(err)
			}
			for buffer := make([]byte, 10); ; {
				n, err := r.Body.Read(buffer)
				if _, failed := w.Write(buffer[:n]); failed != nil || err != nil {
					return
				}
				_ = http.NewResponseController(w).Flush()
			}
		}), network.given())
		c, err := network.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		raw(t, c, "POST / HTTP/1.1\r\nHost: server\r\nTransfer-Encoding: chunked\r\n\r\n")
		reader := bufio.NewReader(c)
		var body io.Reader
		for i := range 3 {
			raw(t, c, "1\r\nx\r\n")
			if i == 0 {
				response, err := http.ReadResponse(reader, nil)
				if err != nil {
					t.Fatal(err)
				}
				body = response.Body
			}
			if n, err := io.ReadFull(body, make([]byte, 1)); n != 1 || err != nil {
				t.Fatal(n, err)
			}
		}
		raw(t, c, "0\r\n\r\n")
		if rest, err := io.ReadAll(body); len(rest) > 0 || err != nil {
			t.Errorf("%q, %v", rest, err)
		}
	})
}

// Middleware may ask for the scope, and answer itself.
func TestAScopeThatMiddlewareHasOpenedIsClosed(t *testing.T) {
	t.Parallel()
	closed := make(chan closing, 10)
	wrap := func() func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mustGet(t, r)
				switch r.URL.Path {
				case "/refused":
					w.WriteHeader(http.StatusUnauthorized)
				case "/panic":
					panic(http.ErrAbortHandler)
				default:
					next.ServeHTTP(w, r)
				}
			})
		}
	}
	inBubble(t, handle(ok), []fx.Option{
		scope.Provide(func() *unit { return &unit{closed: closed} }), web.Use(wrap),
	}, func(t *testing.T, _ *application, client *http.Client) {
		t.Helper()
		for i, path := range []string{"", "refused", "panic"} {
			_, _, _ = post(t.Context(), client, "http://server/"+path, "x")
			if synctest.Wait(); len(closed) != i+1 {
				t.Errorf("/%s: %d scopes are closed", path, len(closed))
			}
		}
	})
}

// http.TimeoutHandler answers while the handler goes on.
func TestAHandlerMayOutliveItsMiddleware(t *testing.T) {
	t.Parallel()
	closed := make(chan closing, 10)
	wrap := func() func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler { return http.TimeoutHandler(next, time.Second, "late") }
	}
	inBubble(t, handle(func(_ http.ResponseWriter, r *http.Request) {
		mustGet(t, r)
		<-r.Context().Done()
		if len(closed) > 0 {
			t.Error("the scope is closed although the handler goes on")
		}
		if r.URL.Path == "/panic" {
			panic("boom")
		}
	}), []fx.Option{
		scope.Provide(func() *unit { return &unit{closed: closed} }), web.Use(wrap),
	}, func(t *testing.T, a *application, client *http.Client) {
		t.Helper()
		for _, path := range []string{"", "panic"} {
			if response, text, err := post(t.Context(), client, "http://server/"+path, "x"); err != nil || response.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("%v, %q, %v", response, text, err)
			}
			<-closed
		}
		if n := a.logs.FilterMessage("request").Len(); n != 2 {
			t.Errorf("%d requests in the log", n)
		}
	})
}

// net/http panics when it is given such a status.
func TestAStatusThatIsNoneIsAnswered(t *testing.T) {
	t.Parallel()
	inBubble(t, handle(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(1000) }), nil,
		func(t *testing.T, _ *application, client *http.Client) {
			t.Helper()
			if response, _, err := post(t.Context(), client, "http://server/", "x"); err != nil || response.StatusCode != http.StatusInternalServerError {
				t.Errorf("%v, %v", response, err)
			}
		})
}

func TestAStartThatPanicsClosesItsListeners(t *testing.T) {
	t.Parallel()
	network := newPipes()
	a, err := build(t, hosted.Options{}, nil, handle(ok), network.given(),
		web.Use(func() func(http.Handler) http.Handler { return func(http.Handler) http.Handler { panic("boom") } }))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "boom") {
		t.Error(err)
	}
	select {
	case <-network.closed:
	default:
		t.Error("it still listens")
	}
	_ = a.Stop(t.Context())
}
