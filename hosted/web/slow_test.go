package web_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxhost/fxhost/hosted"
)

// protocols runs a test in a bubble of its own, with a client of each protocol.
func protocols(t *testing.T, test func(t *testing.T, network *pipes, client *http.Client)) {
	t.Helper()
	for name, protocols := range map[string][]string{"HTTP 1": nil, "HTTP 2": {"h2c"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := newPipes()
				client := network.client(protocols...)
				defer client.CloseIdleConnections()
				test(t, network, client)
			})
		})
	}
}

func both(s settings) settings {
	all := settings{"Protocols": "Http1AndHttp2"}
	maps.Copy(all, s)
	return all
}

// trickle is a body that comes as size bytes every second, and never ends by itself.
type trickle struct {
	size, left int
	stopped    <-chan struct{}
}

func (b *trickle) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	select {
	case <-time.After(time.Second):
	case <-b.stopped:
		return 0, io.ErrUnexpectedEOF
	}
	n := min(b.size, b.left, len(p))
	b.left -= n
	return copy(p, strings.Repeat("x", n)), nil
}

func TestASlowHeaderIsCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		start(t, hosted.Options{}, nil, handle(ok), network.given())
		c, err := network.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		raw(t, c, "GET / HTTP/1.1\r\nHost: server\r\n")
		if _, err := io.ReadAll(c); err != nil || time.Since(begin) != 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
	})
}

func TestAnIdleConnectionIsClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		start(t, hosted.Options{}, settings{"Limits:KeepAliveTimeout": "20s"}, handle(ok), network.given())
		c, err := network.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		raw(t, c, "GET / HTTP/1.1\r\nHost: server\r\n\r\n")
		begin := time.Now()
		if text, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(text), "HTTP/1.1 200 OK") || time.Since(begin) != 20*time.Second {
			t.Errorf("%q, %v after %v", text, err, time.Since(begin))
		}
	})
}

func TestABodyThatTricklesIsCutOff(t *testing.T) {
	t.Parallel()
	protocols(t, func(t *testing.T, network *pipes, client *http.Client) {
		t.Helper()
		failed := make(chan error, 1)
		begin := time.Now()
		start(t, hosted.Options{}, both(nil), handle(func(_ http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			failed <- err
		}), network.given())
		stopped := make(chan struct{})
		defer close(stopped)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://server/", &trickle{10, 1000, stopped})
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil || response.StatusCode != http.StatusRequestTimeout {
			t.Errorf("%v, %v", response, err)
		} else {
			response.Body.Close()
		}
		if err := <-failed; !errors.Is(err, os.ErrDeadlineExceeded) || !strings.HasPrefix(err.Error(), "web: the request body comes with less than 240 bytes a second: ") {
			t.Errorf("the handler has %v", err)
		}
		if took := time.Since(begin); took < 5*time.Second || took > 8*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestABodyThatIsFastEnoughIsNotCutOff(t *testing.T) {
	t.Parallel()
	protocols(t, func(t *testing.T, network *pipes, client *http.Client) {
		t.Helper()
		start(t, hosted.Options{}, both(nil), handle(func(w http.ResponseWriter, r *http.Request) {
			_, _ = r.Body.Read(make([]byte, 10))
			time.Sleep(time.Hour) // it is not the client's fault
			n, err := io.Copy(io.Discard, r.Body)
			fmt.Fprint(w, n, err)
		}), network.given())
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://server/", &trickle{250, 250 * 100, nil})
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if text, err := io.ReadAll(response.Body); string(text) != "24990 <nil>" || err != nil {
			t.Errorf("%q, %v", text, err)
		}
	})
}

// What a handler leaves of a body is read by net/http, which must not wait forever.
func TestABodyThatIsNotReadDoesNotHoldTheConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		a := start(t, hosted.Options{}, nil, handle(func(http.ResponseWriter, *http.Request) {}), network.given())
		c, err := network.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		raw(t, c, "POST / HTTP/1.1\r\nHost: server\r\nContent-Length: 1000\r\n\r\nx")
		text, err := io.ReadAll(c)
		if err != nil || !strings.Contains(string(text), "\r\nConnection: close\r\n") || time.Since(begin) > 6*time.Second {
			t.Errorf("%q, %v after %v", text, err, time.Since(begin))
		}
		_ = a
	})
}

// endless writes until the client takes nothing any more.
func endless(failed chan<- error, before func(*http.ResponseController) error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if before != nil {
			if err := before(http.NewResponseController(w)); err != nil {
				panic(err)
			}
		}
		for {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				failed <- err
				return
			}
		}
	}
}

func TestAReaderThatStallsIsCutOff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before func(*http.ResponseController) error
		least  time.Duration
	}{
		"after 30 seconds":               {nil, 29 * time.Second},
		"at the deadline of the handler": {func(rc *http.ResponseController) error { return rc.SetWriteDeadline(time.Now().Add(5 * time.Second)) }, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			protocols(t, func(t *testing.T, network *pipes, client *http.Client) {
				t.Helper()
				failed := make(chan error, 1)
				start(t, hosted.Options{}, both(nil), handle(endless(failed, c.before)), network.given())
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://server/", http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				begin := time.Now()
				response, err := client.Do(request)
				if err != nil {
					t.Fatal(err)
				}
				<-failed // and nothing is read
				if took := time.Since(begin); took < c.least || took > c.least+2*time.Second {
					t.Errorf("took %v", took)
				}
				response.Body.Close()
			})
		})
	}
}

func TestAReaderThatIsSlowIsNotCutOff(t *testing.T) {
	t.Parallel()
	protocols(t, func(t *testing.T, network *pipes, client *http.Client) {
		t.Helper()
		const size = 200 << 10
		start(t, hosted.Options{}, both(nil), handle(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(make([]byte, size))
			time.Sleep(time.Hour) // takes its time
			_, _ = io.WriteString(w, "end")
		}), network.given())
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://server/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		total := 0
		for buffer := make([]byte, 4<<10); ; {
			n, err := response.Body.Read(buffer)
			if total += n; err != nil {
				if !errors.Is(err, io.EOF) {
					t.Error(err)
				}
				break
			}
			time.Sleep(1500 * time.Millisecond)
		}
		if total != size+3 {
			t.Errorf("%d bytes", total)
		}
	})
}

// A handler that sets no deadline by http.ResponseController has none.
func TestAHandlerMayWaitForItsReader(t *testing.T) {
	t.Parallel()
	protocols(t, func(t *testing.T, network *pipes, client *http.Client) {
		t.Helper()
		const size = 1 << 20
		start(t, hosted.Options{}, both(nil), handle(func(w http.ResponseWriter, _ *http.Request) {
			if err := http.NewResponseController(w).SetWriteDeadline(time.Time{}); err != nil {
				panic(err)
			}
			_, _ = w.Write(make([]byte, size))
		}), network.given())
		for range 2 { // the second request has it again
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://server/", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			response, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
			if n, err := io.Copy(io.Discard, response.Body); n != size || err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
			response.Body.Close()
		}
	})
}

func TestABodyThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	protocols(t, func(t *testing.T, network *pipes, client *http.Client) {
		t.Helper()
		called := 0
		start(t, hosted.Options{}, both(settings{"Limits:MaxRequestBodySize": "10B"}), handle(func(_ http.ResponseWriter, r *http.Request) {
			called++
			_, _ = io.ReadAll(r.Body)
		}), network.given())
		if response, _, err := post(t.Context(), client, "http://server/", "12345678901"); err != nil || response.StatusCode != http.StatusRequestEntityTooLarge || called != 0 {
			t.Errorf("told before: %v, %v, called %d", response, err, called)
		}
		// A body whose size is not known is refused when it has come.
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://server/", struct{ io.Reader }{strings.NewReader("12345678901")})
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil || response.StatusCode != http.StatusRequestEntityTooLarge || called != 1 {
			t.Errorf("not told before: %v, %v, called %d", response, err, called)
		}
		response.Body.Close()
		if response, _, err := post(t.Context(), client, "http://server/", "1234567890"); err != nil || response.StatusCode != http.StatusOK {
			t.Errorf("%v, %v", response, err)
		}
	})
}
