package telemetry_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

var update = flag.Bool("update", false, "write testdata/metrics.golden")

const golden = "testdata/metrics.golden"

// A name that has changed breaks dashboards and alerts.
func TestEveryMetricIsInTheGoldenFile(t *testing.T) {
	collector := receive(t)
	t.Setenv("OTEL_METRIC_EXPORT_INTERVAL", "20")
	p := startProgram(t)
	p.useAll(t)
	// When all has stopped, there are no queues any more.
	await(t, "an export of the queues", func() bool { return collector.has("fxhost.queue.oldest.age") })
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := collector.describe(t)
	if *update {
		if err := os.WriteFile(golden, []byte(strings.Join(got, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want := lines(t, golden); !slices.Equal(got, want) {
		t.Errorf("the program exports\n%s\nand %s has\n%s", strings.Join(got, "\n"), golden, strings.Join(want, "\n"))
	}
	for scope, schema := range collector.scopes {
		if schema != semconv.SchemaURL {
			t.Errorf("scope %s has schema %q", scope, schema)
		}
	}
	if len(collector.scopes) != 1 {
		t.Errorf("scopes %v", collector.scopes)
	}
	for _, of := range collector.resources {
		for key, want := range map[string]string{"telemetry.sdk.name": "opentelemetry", "service.name": p.environment.ApplicationName, "deployment.environment.name": "Production"} {
			if got := attributeOf(of.Attributes, key); got != want {
				t.Errorf("%s is %q, want %q", key, got, want)
			}
		}
		if attributeOf(of.Attributes, "service.instance.id") == "" {
			t.Error("no service.instance.id")
		}
	}
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

var cell = regexp.MustCompile("`([^`]+)`")

// names are the texts in backquotes.
func names(text string) (names []string) {
	for _, match := range cell.FindAllStringSubmatch(text, -1) {
		names = append(names, match[1])
	}
	return names
}

func TestTheTableOfMetricsIsTheGoldenFile(t *testing.T) {
	const page = "../../docs/reference/metrics.md"
	var documented, attributes, used []string
	for _, line := range lines(t, page) {
		columns := strings.Split(line, "|")
		switch {
		case len(columns) == 7 && len(names(columns[1])) == 1:
			documented = append(documented, fmt.Sprintf("%s | %s | %s | %s", names(columns[1])[0], strings.TrimSpace(columns[2]),
				names(columns[3])[0], strings.Join(names(columns[4]), ", ")))
			used = append(used, names(columns[4])...)
		case len(columns) == 4:
			attributes = append(attributes, names(columns[1])...)
		}
	}
	if want := lines(t, golden); !slices.Equal(documented, want) {
		t.Errorf("%s has\n%s\nand %s has\n%s", page, strings.Join(documented, "\n"), golden, strings.Join(want, "\n"))
	}
	slices.Sort(used)
	slices.Sort(attributes)
	if used = slices.Compact(used); !slices.Equal(attributes, used) {
		t.Errorf("%s explains the attributes %q, want %q", page, attributes, used)
	}
}
