package prometheus_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.uber.org/fx"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/host/health"
	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/host/telemetry"
	"github.com/fxhost/fxhost/host/telemetry/prometheus"
)

// scrape asks as Prometheus does, and reads the answer by its own parser.
func scrape(t *testing.T, h *health.Health) map[string]*dto.MetricFamily {
	t.Helper()
	defer http.DefaultClient.CloseIdleConnections()
	response, err := http.Get("http://" + h.Addresses()[0] + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("status %d", response.StatusCode)
	}
	if kind := response.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/plain; version=0.0.4") {
		t.Errorf("content type %q", kind)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// value is that of the series with the labels, which are name, value, name, value.
func value(family *dto.MetricFamily, labels ...string) (float64, bool) {
	for _, m := range family.GetMetric() {
		has := 0
		for i := 0; i < len(labels); i += 2 {
			if slices.ContainsFunc(m.Label, func(l *dto.LabelPair) bool { return l.GetName() == labels[i] && l.GetValue() == labels[i+1] }) {
				has += 2
			}
		}
		if has != len(labels) {
			continue
		}
		switch {
		case m.Gauge != nil:
			return m.Gauge.GetValue(), true
		case m.Counter != nil:
			return m.Counter.GetValue(), true
		case m.Histogram != nil:
			return float64(m.Histogram.GetSampleCount()), true
		}
	}
	return 0, false
}

type order struct{}

type report struct{}

func (*report) Run(context.Context) error { return nil }

func TestPrometheusReadsWhatIsServed(t *testing.T) {
	var (
		h      *health.Health
		orders queue.Sender[order]
		jobs   *background.Jobs
	)
	ran := make(chan struct{}, 1)
	host := hosttest.Start(t, hosttest.Settings{"Health:Urls": "http://127.0.0.1:0"},
		health.Use(), telemetry.Use(), prometheus.Use(),
		queue.Handle[order](func() queue.HandlerFunc[order] {
			return func(context.Context, order) error { ran <- struct{}{}; return nil }
		}),
		background.AddJob[*report](func() *report { return &report{} }, background.Every(time.Hour), background.Name("report")),
		fx.Populate(&h, &orders, &jobs))
	if err := orders.Send(t.Context(), order{}); err != nil {
		t.Fatal(err)
	}
	<-ran
	if err := jobs.RunNow("report"); err != nil {
		t.Fatal(err)
	}
	var families map[string]*dto.MetricFamily
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		families = scrape(t, h)
		_, handled := value(families["messaging_process_duration_seconds"], "messaging_destination_name", "order")
		_, done := value(families["fxhost_job_last_success_seconds"], "fxhost_job_name", "report")
		if handled && done {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("what has happened is not served")
		}
	}
	for _, c := range []struct {
		name   string
		kind   dto.MetricType
		labels []string
		want   float64
	}{
		{"messaging_client_sent_messages_total", dto.MetricType_COUNTER, []string{"messaging_destination_name", "order", "messaging_system", "memory"}, 1},
		{"messaging_process_duration_seconds", dto.MetricType_HISTOGRAM, []string{"messaging_destination_name", "order"}, 1},
		{"fxhost_job_run_duration_seconds", dto.MetricType_HISTOGRAM, []string{"fxhost_job_name", "report", "fxhost_job_result", "succeeded"}, 1},
		{"fxhost_host_state", dto.MetricType_GAUGE, []string{"fxhost_host_state", "running"}, 1},
		{"fxhost_host_state", dto.MetricType_GAUGE, []string{"fxhost_host_state", "stopping"}, 0},
		{"fxhost_service_state", dto.MetricType_GAUGE, []string{"fxhost_service_name", "health", "fxhost_service_state", "running"}, 1},
		{"fxhost_service_faults_total", dto.MetricType_COUNTER, []string{"fxhost_service_name", "health"}, 0},
		{"fxhost_queue_messages", dto.MetricType_GAUGE, []string{"messaging_destination_name", "order", "fxhost_message_state", "ready"}, 0},
		{"target_info", dto.MetricType_GAUGE, []string{"deployment_environment_name", "Production"}, 1},
	} {
		family := families[c.name]
		if family.GetType() != c.kind {
			t.Errorf("%s is a %v, want a %v", c.name, family.GetType(), c.kind)
		}
		if got, ok := value(family, c.labels...); !ok || got != c.want {
			t.Errorf("%s of %q is %v, %t, want %v", c.name, c.labels, got, ok, c.want)
		}
	}
	if err := host.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWithoutWhatItNeedsTheBuildFails(t *testing.T) {
	for _, c := range []struct {
		options fx.Option
		want    string
	}{
		{telemetry.Use(), "add health.Use() to the options"},
		{health.Use(), "add telemetry.Use() to the options"},
	} {
		builder, _ := hosttest.NewBuilder(t, nil, prometheus.Use(), c.options)
		if _, err := builder.Build(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
}
