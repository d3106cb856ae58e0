package web

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fxhost/fxhost/config"
)

// Settings of a server. They are read from section Servers:NAME of the
// configuration each time the server is started; [Defaults] gives the values of keys
// that are not there. A value that does not fit is an error of the build.
type Settings struct {
	// Urls are where the server listens: "http://localhost:8080",
	// "https://*:8443" on all addresses, "http://unix:/run/app.sock", port 0 for one
	// that the system chooses. In the configuration they are a list, or one text with
	// semicolons. Without them the key urls of the configuration counts, and then
	// "http://localhost:8080" (.NET: urls, Kestrel:Endpoints).
	Urls Urls
	// Protocols are Http1, Http2 or Http1AndHttp2. Default is HTTP/1.1, and with TLS
	// HTTP/2, too. Where it is given, it counts without TLS as well: HTTP/2 is then
	// that of clients that know of it before (h2c).
	Protocols string
	// Certificate is that of the Urls with https.
	Certificate Certificate
	Limits      Limits
}

// Certificate says where the certificate of a server is. Relative paths start from
// the content root. The files are read again when they have changed; if the new ones
// cannot be used, the old certificate stays, and an error is logged.
type Certificate struct {
	Path    string // of a PEM file, with the chain
	KeyPath string // of a PEM file; Path if it is empty
}

// Limits of a server. They are those of Kestrel, with the same names; each has to be
// more than zero, except where it says otherwise.
type Limits struct {
	// RequestHeadersTimeout is how long the headers of a request may take. Default 10s.
	RequestHeadersTimeout time.Duration
	// KeepAliveTimeout is how long a connection may wait for its next request.
	// Default 130s.
	KeepAliveTimeout time.Duration
	// MaxRequestHeadersTotalSize of a request. Default 32KiB.
	MaxRequestHeadersTotalSize config.Size
	// MaxRequestBodySize of a request, 413 if it is larger. Default 30MB. Where one
	// route takes more, raise it, and put http.MaxBytesHandler around the others.
	MaxRequestBodySize config.Size
	// MinRequestBodyDataRate is how fast the body of a request must come.
	MinRequestBodyDataRate DataRate
	// ResponseWriteTimeout is how long a client may take nothing of a response.
	// Default 30s. Of a file, and over HTTP/2, it has to take 64KiB in that time. It
	// does not limit how long a response takes. A deadline that the handler sets by
	// http.ResponseController counts instead.
	ResponseWriteTimeout time.Duration
}

// DataRate is counted while the handler waits for the body.
type DataRate struct {
	BytesPerSecond int           // Default 240; 0 means no minimum
	GracePeriod    time.Duration // before it counts; default 5s
}

func defaultSettings() Settings {
	return Settings{Limits: Limits{
		RequestHeadersTimeout:      10 * time.Second,
		KeepAliveTimeout:           130 * time.Second,
		MaxRequestHeadersTotalSize: 32 << 10,
		MaxRequestBodySize:         30_000_000,
		MinRequestBodyDataRate:     DataRate{BytesPerSecond: 240, GracePeriod: 5 * time.Second},
		ResponseWriteTimeout:       30 * time.Second,
	}}
}

// Urls is a list of addresses to listen on, see [Settings].
type Urls []string

// UnmarshalText reads addresses with semicolons between them.
func (u *Urls) UnmarshalText(text []byte) error {
	*u = nil
	for part := range strings.SplitSeq(string(text), ";") {
		if part = strings.TrimSpace(part); part != "" {
			*u = append(*u, part)
		}
	}
	return nil
}

// Validate returns an error for each value that does not fit.
func (s *Settings) Validate() error {
	var errs []error
	wrong := func(key, format string, args ...any) {
		errs = append(errs, &config.KeyError{Key: key, Err: fmt.Errorf(format, args...)})
	}
	for i, url := range s.Urls {
		if _, err := parseURL(url); err != nil {
			wrong(fmt.Sprintf("Urls:%d", i), "%w", err)
		}
	}
	switch s.Protocols {
	case "", http1, http2, http1And2:
	default:
		wrong("Protocols", "want %s, %s or %s", http1, http2, http1And2)
	}
	l := &s.Limits
	for _, limit := range []struct {
		key   string
		value int64
	}{
		{"RequestHeadersTimeout", int64(l.RequestHeadersTimeout)},
		{"KeepAliveTimeout", int64(l.KeepAliveTimeout)},
		{"MaxRequestHeadersTotalSize", int64(l.MaxRequestHeadersTotalSize)},
		{"MaxRequestBodySize", int64(l.MaxRequestBodySize)},
		{"ResponseWriteTimeout", int64(l.ResponseWriteTimeout)},
		{"MinRequestBodyDataRate:GracePeriod", int64(l.MinRequestBodyDataRate.GracePeriod)},
	} {
		if limit.value <= 0 {
			wrong("Limits:"+limit.key, "must be more than zero")
		}
	}
	if l.MaxRequestHeadersTotalSize > 1<<30 {
		wrong("Limits:MaxRequestHeadersTotalSize", "must be 1GiB at most")
	}
	if l.MinRequestBodyDataRate.BytesPerSecond < 0 {
		wrong("Limits:MinRequestBodyDataRate:BytesPerSecond", "must not be less than zero")
	}
	return errors.Join(errs...)
}

// The values of Settings.Protocols.
const (
	http1     = "Http1"
	http2     = "Http2"
	http1And2 = "Http1AndHttp2"
)
