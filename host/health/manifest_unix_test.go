//go:build unix

package health_test

import (
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/fxhost/fxhost/host/hosttest"
)

// deployment is what matters of a Deployment.
type deployment struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct {
		Name   string
		Labels map[string]string
	}
	Spec struct {
		Selector struct {
			MatchLabels map[string]string `yaml:"matchLabels"`
		}
		Template struct {
			Metadata struct{ Labels map[string]string }
			Spec     struct {
				Grace           int            `yaml:"terminationGracePeriodSeconds"`
				SecurityContext map[string]any `yaml:"securityContext"`
				Containers      []container
			}
		}
	}
}

type container struct {
	Name, Image string
	Env         []struct{ Name, Value string }
	Ports       []struct {
		Name          string
		ContainerPort int `yaml:"containerPort"`
	}
	SecurityContext map[string]any `yaml:"securityContext"`
	StartupProbe    probeOf        `yaml:"startupProbe"`
	LivenessProbe   probeOf        `yaml:"livenessProbe"`
	ReadinessProbe  probeOf        `yaml:"readinessProbe"`
}

type probeOf struct {
	HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
	Period  int                         `yaml:"periodSeconds"`
	Failure int                         `yaml:"failureThreshold"`
}

// manifest runs the program with --print-manifest and parses what it prints.
func manifest(t *testing.T, args ...string) (d deployment) {
	t.Helper()
	code, stdout, stderr := switched(t, append(args, "--print-manifest")...)
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	if err := yaml.Unmarshal([]byte(stdout), &d); err != nil {
		t.Fatalf("%v in\n%s", err, stdout)
	}
	return d
}

func TestManifest(t *testing.T) {
	t.Parallel()
	d := manifest(t, "--applicationName", "Shop.Orders", "--drainDelaySeconds=10", "--shutdownTimeoutSeconds=20", "--startupTimeoutSeconds=60")
	pod := d.Spec.Template.Spec
	if d.APIVersion != "apps/v1" || d.Kind != "Deployment" || d.Metadata.Name != "shop-orders" || pod.Grace != 35 || len(pod.Containers) != 1 {
		t.Fatalf("%+v", d)
	}
	const label = "app.kubernetes.io/name"
	if l := d.Metadata.Labels[label]; l != "shop-orders" || d.Spec.Selector.MatchLabels[label] != l || d.Spec.Template.Metadata.Labels[label] != l {
		t.Error("the selector does not select the pods")
	}
	c := pod.Containers[0]
	if pod.SecurityContext["runAsNonRoot"] != true || c.SecurityContext["readOnlyRootFilesystem"] != true || c.SecurityContext["allowPrivilegeEscalation"] != false {
		t.Errorf("security context %v, %v", pod.SecurityContext, c.SecurityContext)
	}
	env := map[string]string{}
	for _, e := range c.Env {
		env[e.Name] = e.Value
	}
	if env["Health__Urls"] != "http://*:8081" || env["drainDelaySeconds"] != "10" || env["shutdownTimeoutSeconds"] != "20" {
		t.Errorf("environment %v", env)
	}
	if len(c.Ports) != 1 || c.Ports[0].Name != "health" || c.Ports[0].ContainerPort != 8081 || c.Name != "shop-orders" || !strings.HasPrefix(c.Image, "shop-orders:") {
		t.Errorf("%+v", c)
	}
	if n := c.StartupProbe.Period * c.StartupProbe.Failure; n < 60 {
		t.Errorf("the startup probe gives up after %d s", n)
	}

	// What the probes ask is what the listener serves.
	_, h := start(t, hosttest.Settings{"Health:Urls": anyPort})
	for _, p := range []probeOf{c.StartupProbe, c.LivenessProbe, c.ReadinessProbe} {
		if status, body := ask(t, "http://"+h.Addresses()[0]+p.HTTPGet.Path); status != 200 || body != "ok" || p.HTTPGet.Port != "health" {
			t.Errorf("%+v: %d %s", p, status, body)
		}
	}
}

func TestThePortsOfAManifest(t *testing.T) {
	t.Parallel()
	for urls, want := range map[string][]int{
		"http://127.0.0.1:9000": {9000}, "http://*:9000": {9000}, "http://10.0.0.1:9000;http://[::1]:9001": {9000, 9001},
	} {
		c := manifest(t, "--Health:Urls", urls).Spec.Template.Spec.Containers[0]
		var got []int
		for _, p := range c.Ports {
			got = append(got, p.ContainerPort)
		}
		if !slices.Equal(got, want) || !strings.HasPrefix(c.Env[0].Value, "http://*:9000") {
			t.Errorf("%s: ports %v, %v", urls, got, c.Env)
		}
	}
	for urls, want := range map[string]string{
		"http://127.0.0.1:0": `"http://127.0.0.1:0" has no port that a container could have; write one, such as http://*:8081` + "\n",
		"http://127.0.0.1":   "write http://HOST:PORT, such as ", "x": "write http://HOST:PORT, such as ",
	} {
		code, stdout, stderr := switched(t, "--print-manifest", "--Health:Urls", urls)
		if code != 1 || stdout != "" || !strings.HasPrefix(stderr, "host: --print-manifest: Health:Urls: "+want) {
			t.Errorf("%s: %d %q %q", urls, code, stdout, stderr)
		}
	}
	if code, _, stderr := switched(t, "--print-manifest", "--shutdownTimeoutSeconds=0"); code != 1 || !strings.Contains(stderr, "shutdownTimeoutSeconds: 0") {
		t.Errorf("%d %s", code, stderr)
	}
}
