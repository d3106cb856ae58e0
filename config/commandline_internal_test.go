package config

import (
	"maps"
	"strings"
	"testing"
)

// The slashes of Windows are a parameter, so that they can be tried elsewhere
// (CG-5, CG-9).
func TestASlashIsASwitchWhereItIsAllowed(t *testing.T) {
	t.Parallel()
	switches := Switches(map[string]string{"-i": "Number", "--every": "Interval"})
	for line, want := range map[string]map[string]any{
		"/key value":      {"key": "value"},
		"/a:b=c/d":        {"a:b": "c/d"},
		"/flag":           {"flag": "true"},
		"/flag /other":    {"flag": "true", "other": "true"},
		"/no-color":       {"color": "false"},
		"/i 7":            {"Number": "7"},
		"/I=8 --flag":     {"Number": "8", "flag": "true"},
		"/EVERY 5s":       {"Interval": "5s"},
		"/i -5":           {"Number": "-5"},
		"/flag -i 5":      {"flag": "true", "Number": "5"},
		"--root /app /on": {"root": "/app", "on": "true"},
		"--path=/tmp /on": {"path": "/tmp", "on": "true"},
	} {
		got, err := newCommandLine(true, []CommandLineOption{switches}).parse(strings.Fields(line))
		if err != nil || !maps.Equal(asMap(got), want) {
			t.Errorf("%s gives %v, %v; want %v", line, got, err, want)
		}
	}
	for _, line := range []string{"/", "/=hunter2", "/no-proxy localhost", "word"} {
		got, err := newCommandLine(true, []CommandLineOption{switches}).parse(strings.Fields(line))
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s gives %v, %v", line, got, err)
		}
	}
	if got, err := newCommandLine(false, nil).parse([]string{"--path", "/tmp"}); err != nil || asMap(got)["path"] != "/tmp" {
		t.Errorf("elsewhere a path gives %v, %v", got, err)
	}
	if got, err := newCommandLine(false, nil).parse([]string{"/key=hunter2"}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("elsewhere a slash gives %v, %v", got, err)
	}
}
