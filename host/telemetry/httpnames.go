package telemetry

import (
	"net/http"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// methodOf is the method of a request; a client can invent others.
func methodOf(method string) attribute.KeyValue {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return semconv.HTTPRequestMethodKey.String(method)
	}
	return semconv.HTTPRequestMethodOther
}

// routeOf is the path of the pattern that a router has found, "" if there is none. The
// path of the request would be different for each.
func routeOf(pattern string) string {
	if method, rest, ok := strings.Cut(pattern, " "); ok && !strings.Contains(method, "/") {
		pattern = strings.TrimLeft(rest, " \t")
	}
	if i := strings.IndexByte(pattern, '/'); i >= 0 { // a host may be in front
		return pattern[i:]
	}
	return ""
}

// protocol is the version of HTTP.
func protocol(r *http.Request) string {
	switch {
	case r.ProtoMajor >= 2:
		return strconv.Itoa(r.ProtoMajor)
	case r.ProtoMinor == 0:
		return "1.0"
	}
	return "1.1"
}

// statusOf is that of the response, 0 if it has none yet. The writer of hosted/web
// knows it; other middleware may be around it.
func statusOf(w http.ResponseWriter) int {
	for {
		if known, ok := w.(interface{ Status() int }); ok {
			return known.Status()
		}
		wrapped, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return 0
		}
		w = wrapped.Unwrap()
	}
}
