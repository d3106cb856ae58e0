//go:build unix

package host_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The answer is all there is on stdout, also when the settings are broken.
func TestVersion(t *testing.T) {
	t.Parallel()
	want := regexp.MustCompile(`^\S+ \S+\ngo1\.\S+ \w+/\w+\n(revision .+\n)?deferred\n$`)
	output := run(t, "constructor", "--version").exit(0)
	if !want.MatchString(output) {
		t.Errorf("output:\n%s", output)
	}
	output = run(t, "constructor", "-v", "--applicationName", "shop").exit(0)
	if !regexp.MustCompile(`^shop \S+\n`).MatchString(output) {
		t.Errorf("by its short switch:\n%s", output)
	}

	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "appsettings.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if output := run(t, "constructor", "--version", "--contentRoot", root).exit(0); !want.MatchString(output) {
		t.Errorf("output with broken settings:\n%s", output)
	}
}

// A program without package health has nothing that probes could ask.
func TestManifestWithoutHealth(t *testing.T) {
	t.Parallel()
	output := run(t, "constructor", "--print-manifest").exit(0)
	if !strings.Contains(output, "\n          # no probes: the program has no health.Use()\n") || strings.Contains(output, "Probe:") ||
		strings.Contains(output, "ports:") || !strings.Contains(output, "terminationGracePeriodSeconds: 35\n") {
		t.Errorf("output:\n%s", output)
	}
}

// The ports of servers are those of their settings, for all who can reach the container.
func TestTheServersOfAManifest(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		want []string
	}{
		"defaults": {nil, []string{
			`name: Servers__Public__Urls value: "http://*:8080"`, `name: Servers__an-internal_server__Urls value: "http://*:8080"`,
			"ports: - name: public containerPort: 8080 - name: an-internal containerPort: 8080 #",
		}},
		"one text": {
			[]string{"--Servers:public:Urls=http://localhost:5000;https://[::1]:5001;http://unix:/run/x.sock", "--urls", "http://127.0.0.1"},
			[]string{
				`value: "http://*:5000;https://*:5001;http://unix:/run/x.sock"`, `Servers__an-internal_server__Urls value: "http://*:80"`,
				"ports: - name: public containerPort: 5000 - name: public-2 containerPort: 5001 - name: an-internal containerPort: 80 #",
			},
		},
		"a list": {
			[]string{"--Servers:public:Urls:0=http://localhost:5000", "--Servers:public:Urls:1=http://localhost:5001"},
			[]string{`name: Servers__Public__Urls__0 value: "http://*:5000" - name: Servers__Public__Urls__1 value: "http://*:5001"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			output := strings.Join(strings.Fields(run(t, "servers", append(test.args, "--print-manifest")...).exit(0)), " ")
			for _, want := range test.want {
				if !strings.Contains(output, want) {
					t.Errorf("want %s in\n%s", want, output)
				}
			}
		})
	}
	if output := run(t, "servers", "--check", "--Servers:public:Urls=ftp://x", "--Logging:LogLevel:Default=None").exit(1); !strings.HasPrefix(output, "config: Servers:Public:Urls:0: ") {
		t.Error(output)
	}
}

// A program without package systemd has a unit, too.
func TestUnit(t *testing.T) {
	t.Parallel()
	output := run(t, "constructor", "--print-unit", "--environment=Staging", "--shutdownTimeoutSeconds=60", "--drainDelaySeconds", "5").exit(0)
	executable, err := filepath.EvalSymlinks(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\nType=exec\n", "\nTimeoutStopSec=70s\n",
		"\nExecStart=" + executable + " --drainDelaySeconds=5 --environment=Staging --shutdownTimeoutSeconds=60\n",
	} {
		if !strings.Contains(output, want) {
			t.Errorf("no %q in\n%s", want, output)
		}
	}
	output = run(t, "constructor", "--print-unit", "--shutdownTimeoutSeconds=soon").exit(1)
	if !strings.Contains(output, "config: shutdownTimeoutSeconds") || strings.Contains(output, "[Unit]") {
		t.Errorf("output:\n%s", output)
	}
}
