package health_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/host/health"
	"github.com/fxhost/fxhost/host/hosttest"
)

// requests are what scanners and worse send.
func requests() []string {
	requests := []string{
		"", "\r\n\r\n", "x\r\n\r\n", "GET /livez\r\n\r\n", "GET /livez HTTP/1.0\r\n\r\n", "\x16\x03\x01\x00\xa5", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"GET /livez HTTP/1.1\r\n\r\n",
		"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
		"GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
		"GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n",
		"GET /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
		"GET /livez HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
		"GET /livez HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 50_000) + "\r\n\r\n",
	}
	for _, path := range []string{
		"/livez", "/readyz", "/startupz", "/livez?verbose", "/readyz?verbose=1&verbose=2", "/readyz?%zz&;verbose", "/", "*", "//evil.example/", "/../../etc/passwd",
		"/livez/..%2f", "/%2e%2e/livez", "/LIVEZ", "/livez%00", "/livez;x", "http://evil.example/livez", "/<script>", "/livez#x", "/\xff",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS", "CONNECT", "TRACE", "get", "<x>"} {
			requests = append(requests, method+" "+path+" HTTP/1.1\r\nHost: evil.example<script>\r\nX-Forwarded-Host: evil.example\r\n\r\n",
				method+" "+path+" HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 5\r\n\r\nhello")
		}
	}
	return requests
}

// answers are all bodies that there can be. None repeats what came in.
var answers = regexp.MustCompile(`^(|ok|write GET or HEAD|404 page not found\n|\{(?s:.*)\}\n|[45]\d\d [A-Z][A-Za-z ]+(: [a-z]+( [A-Za-z]+)*)?)$`)

// Whatever is sent, the answer is one of those, and the next probe is answered.
func FuzzRequest(f *testing.F) {
	for _, r := range requests() {
		f.Add([]byte(r))
	}
	var h *health.Health
	host := hosttest.New(f, hosttest.Settings{"Health:Urls": anyPort}, health.Use(), fx.Populate(&h))
	if err := host.Start(f.Context()); err != nil {
		f.Fatal(err)
	}
	address := h.Addresses()[0]
	f.Fuzz(func(t *testing.T, request []byte) {
		for _, response := range exchange(t, address, request) {
			if !slices.Contains([]int{200, 400, 404, 405, 417, 431, 501, 505}, response.status) {
				t.Errorf("status %d for %q", response.status, request)
			}
			if !answers.MatchString(response.body) || bytes.Contains(response.header, []byte("evil")) {
				t.Errorf("%s%q for %q", response.header, response.body, request)
			}
		}
		if got := exchange(t, address, []byte("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")); len(got) != 1 || got[0].body != "ok" {
			t.Errorf("after %q: %+v", request, got)
		}
	})
}

type response struct {
	status int
	header []byte
	body   string
}

// exchange sends bytes and returns what came back.
func exchange(t *testing.T, address string, request []byte) (all []response) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	_, _ = conn.Write(request)
	_ = conn.(*net.TCPConn).CloseWrite()
	data, err := io.ReadAll(conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("no answer to %q", request)
	}
	if err != nil {
		return nil // reset, because it has not read all that was sent
	}
	reader := bufio.NewReader(bytes.NewReader(data))
	method, _, _ := strings.Cut(string(request), " ")
	for {
		r, err := http.ReadResponse(reader, &http.Request{Method: method})
		if err != nil {
			return all
		}
		body, _ := io.ReadAll(r.Body)
		_ = r.Body.Close()
		var header bytes.Buffer
		_ = r.Header.Write(&header)
		all = append(all, response{r.StatusCode, header.Bytes(), string(body)})
	}
}
