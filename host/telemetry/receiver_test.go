package telemetry_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	metricsreceived "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	tracesreceived "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// receiver is a collector: it decodes what it is sent by OTLP over HTTP.
type receiver struct {
	*httptest.Server

	mu        sync.Mutex
	requests  map[string]int // by path
	resources []*resource.Resource
	spans     []*traces.Span
	metrics   []*metrics.Metric
	scopes    map[string]string // name to schema
}

// receive starts a receiver, and has the programs of the test export to it.
func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{requests: map[string]int{}, scopes: map[string]string{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if err := r.take(request); err != nil {
			t.Errorf("%s: %v", request.URL.Path, err)
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	}))
	t.Cleanup(r.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", r.URL)
	return r
}

func (r *receiver) take(request *http.Request) error {
	reader := io.Reader(request.Body)
	if request.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(reader)
		if err != nil {
			return err
		}
		reader = unzipped
	}
	body, err := io.ReadAll(reader)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests[request.URL.Path]++
	switch request.URL.Path {
	case "/v1/traces":
		var all tracesreceived.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &all); err != nil {
			return err
		}
		for _, of := range all.ResourceSpans {
			r.resources = append(r.resources, of.Resource)
			for _, scope := range of.ScopeSpans {
				r.scopes[scope.Scope.Name] = scope.SchemaUrl
				r.spans = append(r.spans, scope.Spans...)
			}
		}
	case "/v1/metrics":
		var all metricsreceived.ExportMetricsServiceRequest
		if err := proto.Unmarshal(body, &all); err != nil {
			return err
		}
		for _, of := range all.ResourceMetrics {
			r.resources = append(r.resources, of.Resource)
			for _, scope := range of.ScopeMetrics {
				r.scopes[scope.Scope.Name] = scope.SchemaUrl
				r.metrics = append(r.metrics, scope.Metrics...)
			}
		}
	default:
		return fmt.Errorf("nothing is received here")
	}
	return nil
}

// span returns the only span called name.
func (r *receiver) span(t *testing.T, name string) *traces.Span {
	t.Helper()
	if all := r.named(name); len(all) == 1 {
		return all[0]
	}
	t.Fatalf("there is not one span %q in %q", name, r.names())
	return nil
}

func (r *receiver) named(name string) (spans []*traces.Span) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.spans {
		if s.Name == name {
			spans = append(spans, s)
		}
	}
	return spans
}

func (r *receiver) names() (names []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.spans {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return names
}

// has tells whether a metric was received.
func (r *receiver) has(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.metrics, func(m *metrics.Metric) bool { return m.Name == name })
}

// describe returns a line for each metric: its name, type, unit and attributes.
func (r *receiver) describe(t *testing.T) []string {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	kinds, attributes := map[string]string{}, map[string]map[string]bool{}
	for _, m := range r.metrics {
		var points [][]*common.KeyValue
		kind := ""
		switch data := m.Data.(type) {
		case *metrics.Metric_Gauge:
			kind = "gauge"
			for _, p := range data.Gauge.DataPoints {
				points = append(points, p.Attributes)
			}
		case *metrics.Metric_Sum:
			kind = "up-down counter"
			if data.Sum.IsMonotonic {
				kind = "counter"
			}
			for _, p := range data.Sum.DataPoints {
				points = append(points, p.Attributes)
			}
		case *metrics.Metric_Histogram:
			kind = "histogram"
			for _, p := range data.Histogram.DataPoints {
				points = append(points, p.Attributes)
			}
		default:
			t.Errorf("%s: %T", m.Name, m.Data)
		}
		kinds[m.Name] = kind + " | " + m.Unit
		if attributes[m.Name] == nil {
			attributes[m.Name] = map[string]bool{}
		}
		for _, p := range points {
			for _, a := range p {
				attributes[m.Name][a.Key] = true
			}
		}
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		lines = append(lines, fmt.Sprintf("%s | %s | %s", name, kinds[name],
			strings.Join(slices.Sorted(maps.Keys(attributes[name])), ", ")))
	}
	return lines
}

// attributeOf returns the text of an attribute, "" if it is not there.
func attributeOf(attributes []*common.KeyValue, key string) string {
	for _, a := range attributes {
		if a.Key == key {
			switch v := a.Value.Value.(type) {
			case *common.AnyValue_StringValue:
				return v.StringValue
			case *common.AnyValue_IntValue:
				return fmt.Sprint(v.IntValue)
			}
			return a.Value.String()
		}
	}
	return ""
}
