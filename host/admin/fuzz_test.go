package admin_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Whatever is sent, nobody without the token sees or changes anything, no answer is an
// error of the server, and the next request is answered.
func FuzzRequests(f *testing.F) {
	for _, seed := range [][5]string{
		{"GET", "/", "localhost", "", ""},
		{"POST", "/api/v1/jobs/run", "localhost", "Content-Type: application/x-www-form-urlencoded", "name=sync-prices"},
		{"POST", "/login", "localhost", "Content-Type: multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\nx"},
		{"GET", "//evil.example/%2e%2e/services", "localhost", "", ""},
		{"GET", "/services/../jobs", "localhost:1", "Cookie: fxhost-admin-http-1=x", ""},
		{"GET", "/?token=%00", "[::1]", "Accept: text/html", ""},
		{"GET", "http://evil.example/services", "localhost", "", ""},
		{"CONNECT", "localhost:1", "localhost", "", ""},
		{"OPTIONS", "*", "localhost", "Origin: null", ""},
		{"PATCH", "/api/v1/levels/change?category=a", "evil.example", "Authorization: Bearer x", "level=debug"},
		{"GET", "/api/v1/dead-letters?queue=invoices&q=%ff&after=%00", "localhost", "X-Forwarded-Proto: https", ""},
		{"GET", "/services/events", "localhost", "Accept: text/event-stream\r\nConnection: upgrade", "\x00\xff"},
	} {
		for _, known := range []bool{true, false} {
			f.Add(seed[0], seed[1], seed[2], seed[3], seed[4], known)
		}
	}
	s := openShop(f, nil)
	f.Fuzz(func(t *testing.T, method, target, host, header, body string, known bool) {
		if known && (strings.Contains(target, "profiles") || strings.Contains(target, "events")) {
			return // they take their time
		}
		conn, err := net.Dial("tcp", s.admin.Addresses()[0])
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		authorization := ""
		if known {
			authorization = "Authorization: Bearer " + token + "\r\n"
		}
		if _, err := fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\n%s%s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
			method, target, host, authorization, header, len(body), body); err != nil {
			return // it was refused before its end
		}
		if half, ok := conn.(*net.TCPConn); ok {
			_ = half.CloseWrite()
		}
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			return // not everything is a request
		}
		defer func() { _ = response.Body.Close() }()
		text, _ := io.ReadAll(io.LimitReader(response.Body, 1<<20))
		gone := strings.Contains(string(text), "context canceled") // our half of the connection is closed
		if response.StatusCode >= 500 && !gone && response.StatusCode != http.StatusNotImplemented && response.StatusCode != http.StatusHTTPVersionNotSupported {
			t.Errorf("%s %s: %s %s", method, target, response.Status, text)
		}
		if !known && !strings.Contains(header, token) && !strings.Contains(target, token) && response.StatusCode < 300 {
			t.Errorf("%q %q %q %q without a token: %s %s", method, target, host, header, response.Status, text)
		}
		if strings.Contains(string(text), "classified") || strings.Contains(response.Header.Get("Location"), "evil") {
			t.Errorf("%q %q: %v %s", method, target, response.Header, text)
		}
	})
}
