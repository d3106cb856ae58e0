package telemetry

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/propagation"
)

// settings are those variables that the SDK does not read itself.
type settings struct {
	disabled          bool
	traces, metrics   bool // by OTLP
	interval, timeout time.Duration
	propagator        propagation.TextMapPropagator
}

// readSettings reads the variables of OpenTelemetry. The SDK writes a mistake to stderr,
// and goes on with something else; here it is an error.
func readSettings(getenv func(string) string) (settings, error) {
	s := settings{interval: time.Minute, timeout: 30 * time.Second}
	var errs []error
	mistake := func(name, format string, args ...any) {
		errs = append(errs, fmt.Errorf("telemetry: %s: %q: %s", name, getenv(name), fmt.Sprintf(format, args...)))
	}
	get := func(name string) string { return strings.ToLower(strings.TrimSpace(getenv(name))) }

	s.disabled = get("OTEL_SDK_DISABLED") == "true"
	propagators := []propagation.TextMapPropagator{}
	for _, name := range list(get("OTEL_PROPAGATORS"), "tracecontext,baggage") {
		switch name {
		case "tracecontext":
			propagators = append(propagators, propagation.TraceContext{})
		case "baggage":
			propagators = append(propagators, propagation.Baggage{})
		case "none":
		default:
			mistake("OTEL_PROPAGATORS", "no propagator is called %q; there are tracecontext, baggage and none", name)
		}
	}
	s.propagator = propagation.NewCompositeTextMapPropagator(propagators...)
	if s.disabled {
		return s, errors.Join(errs...)
	}

	for _, signal := range []struct {
		name string
		on   *bool
	}{{"TRACES", &s.traces}, {"METRICS", &s.metrics}} {
		endpoints := []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_" + signal.name + "_ENDPOINT"}
		otherwise := "none"
		for _, name := range endpoints {
			if getenv(name) != "" {
				otherwise = "otlp"
			}
		}
		variable := "OTEL_" + signal.name + "_EXPORTER"
		for _, name := range list(get(variable), otherwise) {
			switch name {
			case "otlp":
				*signal.on = true
			case "none":
			case "prometheus":
				mistake(variable, "it is served by the health listener: add prometheus.Use() of host/telemetry/prometheus to the program, and remove it here")
			default:
				mistake(variable, "no exporter is called %q; there are otlp and none, and others by telemetry.AddSpanProcessor and telemetry.AddReader", name)
			}
		}
		if !*signal.on {
			continue
		}
		for _, name := range endpoints {
			if u, err := url.Parse(getenv(name)); getenv(name) != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
				errs = append(errs, fmt.Errorf("telemetry: %s: want a URL such as http://localhost:4318", name)) // it may have a password
			}
		}
		for _, name := range []string{"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_" + signal.name + "_PROTOCOL"} {
			if p := get(name); p != "" && p != "http/protobuf" && p != "http/json" {
				mistake(name, "this program exports by http/protobuf, to port 4318 of most collectors, or by http/json")
			}
		}
	}
	for name, to := range map[string]*time.Duration{"OTEL_METRIC_EXPORT_INTERVAL": &s.interval, "OTEL_METRIC_EXPORT_TIMEOUT": &s.timeout} {
		value := get(name)
		if value == "" {
			continue
		}
		ms, err := strconv.ParseInt(value, 10, 32)
		if err != nil || ms <= 0 {
			mistake(name, "want a number of milliseconds of more than zero")
			continue
		}
		*to = time.Duration(ms) * time.Millisecond
	}
	return s, unique(errs)
}

// list are the names in text, which has commas between them.
func list(text, otherwise string) []string {
	if text == "" {
		text = otherwise
	}
	names := strings.Split(text, ",")
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
	}
	return names
}

// unique joins errors; a variable of both signals is wrong once.
func unique(errs []error) error {
	told := map[string]bool{}
	var joined []error
	for _, err := range errs {
		if text := err.Error(); !told[text] {
			told[text] = true
			joined = append(joined, err)
		}
	}
	return errors.Join(joined...)
}
