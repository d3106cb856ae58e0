package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/fx"

	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/host/telemetry"
	"github.com/fxhost/fxhost/hosted/web"
)

// histogram returns the attributes of each series of a histogram, with its count.
func histogram(t *testing.T, reader sdkmetric.Reader, name string) map[attribute.Set]uint64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	series := map[attribute.Set]uint64{}
	for _, s := range all.ScopeMetrics {
		for _, m := range s.Metrics {
			if m.Name != name {
				continue
			}
			for _, p := range m.Data.(metricdata.Histogram[float64]).DataPoints {
				series[p.Attributes] = p.Count
			}
		}
	}
	return series
}

// Whoever sends requests must not be able to fill the memory of what stores metrics.
func TestRequestsThatAreInventedMakeNoSeriesOfTheirOwn(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	var server *web.Server
	hosttest.Start(t, hosttest.Settings{"Servers:public:Urls": "http://127.0.0.1:0"}, telemetry.Use(),
		telemetry.AddReader(func() sdkmetric.Reader { return reader }),
		web.AddServer("public", func() http.Handler {
			mux := http.NewServeMux()
			mux.HandleFunc("/orders/{id}", func(http.ResponseWriter, *http.Request) {})
			return mux
		}),
		// As middleware of others, which hides the writer of the server, does.
		web.Use(func() func(http.Handler) http.Handler {
			return func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(wrapped{w}, r) })
			}
		}),
		fx.Populate(fx.Annotate(&server, fx.ParamTags(`name:"public"`))))
	defer http.DefaultClient.CloseIdleConnections()
	const each = 20
	for n := range each {
		for method, path := range map[string]string{
			http.MethodGet: "/orders/%d", fmt.Sprintf("X%d", n): "/orders/%d", http.MethodPost: "/secret/%d",
		} {
			request, err := http.NewRequestWithContext(t.Context(), method, server.URLs()[0]+fmt.Sprintf(path, n), nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
		}
	}
	want := map[attribute.Set]uint64{}
	for _, c := range []struct {
		method, route string
		status        int
	}{{"GET", "/orders/{id}", 200}, {"_OTHER", "/orders/{id}", 200}, {"POST", "", 404}} {
		attributes := []attribute.KeyValue{
			attribute.String("http.request.method", c.method), attribute.Int("http.response.status_code", c.status),
			attribute.String("url.scheme", "http"), attribute.String("network.protocol.version", "1.1"),
		}
		if c.route != "" {
			attributes = append(attributes, attribute.String("http.route", c.route))
		}
		want[attribute.NewSet(attributes...)] = each
	}
	var got map[attribute.Set]uint64
	await(t, "the end of the last request", func() bool {
		got = histogram(t, reader, "http.server.request.duration")
		n := uint64(0)
		for _, count := range got {
			n += count
		}
		return n == 3*each
	})
	for set, count := range got {
		if want[set] != count {
			t.Errorf("%d requests with %s", count, set.Encoded(attribute.DefaultEncoder()))
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d series, want %d", len(got), len(want))
	}
}

type wrapped struct{ http.ResponseWriter }

func (w wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// hostile is an error whose methods panic.
type hostile struct{}

func (hostile) Error() string        { panic("oops") }
func (hostile) As(any) bool          { panic("oops") }
func (hostile) ErrorType() string    { panic("oops") }
func (hostile) Is(target error) bool { panic("oops") }

func TestTheTypeOfAnErrorIsBoundedWhateverItsTextIs(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	var orders queue.Sender[order]
	errs := []error{
		fmt.Errorf("order %d: %w", 1, errBroken), fmt.Errorf("order %d: %w", 2, errBroken), errors.Join(errBroken), hostile{},
	}
	hosttest.Start(t, nil, telemetry.Use(), fx.Populate(&orders),
		telemetry.AddReader(func() sdkmetric.Reader { return reader }),
		queue.Handle[order](func() queue.HandlerFunc[order] {
			return func(_ context.Context, o order) error {
				if o.ID == len(errs) {
					panic(fmt.Sprint("order ", o.ID))
				}
				return errs[o.ID]
			}
		}, queue.Attempts(1)))
	for id := range len(errs) + 1 {
		if err := orders.Send(t.Context(), order{id}); err != nil {
			t.Fatal(err)
		}
	}
	var got map[string]uint64
	await(t, "all messages", func() bool {
		got = map[string]uint64{}
		n := uint64(0)
		for set, count := range histogram(t, reader, "messaging.process.duration") {
			kind, _ := set.Value("error.type")
			got[kind.AsString()] += count
			n += count
		}
		return n == uint64(len(errs)+1)
	})
	for kind, want := range map[string]uint64{"*errors.errorString": 2, "*errors.joinError": 1, "_OTHER": 1, "panic": 1} {
		if got[kind] != want {
			t.Errorf("%d of type %q, want %d", got[kind], kind, want)
		}
	}
	if len(got) != 4 {
		t.Errorf("types %v", got)
	}
}
