package host

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"net"
	"net/url"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/outline"
	"github.com/fxhost/fxhost/internal/probe"
)

// graceMargin is what a pod has on top of the drain and the stop of the host, so that
// the program, not Kubernetes, says which service has not stopped in time.
const graceMargin = 5 * time.Second

// startupPeriod is that of the startup probe.
const startupPeriod = 2 * time.Second

// longestStart is how long a start may take that has no limit of its own.
const longestStart = 5 * time.Minute

// tellManifest answers --print-manifest: a Deployment of Kubernetes that fits the
// settings which are in force, and the ports of what is in the program.
func (b *Builder) tellManifest(_ string, out *bytes.Buffer) error {
	if err := b.check("Run"); err != nil {
		return err
	}
	options, err := newOptions(b.Configuration, b.configure)
	if err != nil {
		return err
	}
	outline, ok := outline.Of(b.options...)
	if !ok {
		if err := b.Validate(); err != nil {
			return err
		}
	}
	m := manifest{name: kubernetesName(b.name()), options: options}
	for _, p := range outline.Ports {
		if err := m.add(b, p); err != nil {
			return err
		}
	}
	m.write(out)
	return nil
}

// manifest is what is printed.
type manifest struct {
	name    string
	options *Options
	env     [][2]string
	ports   []containerPort
	probed  bool // there is a port for the probes
}

type containerPort struct {
	name   string
	number string
}

// healthPort is that of the probes, which come first.
const healthPort = "health"

// add adds the ports of p. What listens on the loopback interface only would not be
// reached in a container, so that the Deployment says where it listens.
func (m *manifest) add(b *Builder, p outline.Port) error {
	urls, isList := urlsOf(b.Configuration, p)
	if p.Key == probe.Key {
		m.probed = true
		if _, err := probe.Addresses(strings.Join(urls, ";")); err != nil {
			return fmt.Errorf("host: --print-manifest: %s: %w", p.Key, err)
		}
	}
	var everywhere []string
	for _, text := range urls {
		if strings.HasPrefix(text, "http://unix:") {
			everywhere = append(everywhere, text)
			continue
		}
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || portOf(u) == "0" || portOf(u) == "" {
			return fmt.Errorf("host: --print-manifest: %s: %q has no port that a container could have; write one, such as %s",
				p.Key, text, p.Default)
		}
		m.ports = append(m.ports, containerPort{m.portName(p.Name), portOf(u)})
		u.Host = net.JoinHostPort("*", portOf(u))
		everywhere = append(everywhere, u.String())
	}
	variable := strings.ReplaceAll(p.Key, ":", "__")
	if !isList {
		m.env = append(m.env, [2]string{variable, strings.Join(everywhere, ";")})
		return nil
	}
	for i, text := range everywhere {
		m.env = append(m.env, [2]string{variable + "__" + strconv.Itoa(i), text})
	}
	return nil
}

// portName is a name for a port that no other one has. It has 15 letters at most.
func (m *manifest) portName(name string) string {
	name = kubernetesName(name)
	name = strings.TrimRight(name[:min(len(name), 12)], "-")
	free := name
	for n := 2; slices.ContainsFunc(m.ports, func(p containerPort) bool { return p.name == free }); n++ {
		free = name + "-" + strconv.Itoa(n)
	}
	return free
}

// urlsOf are the Urls in force, which the configuration has as a list or as one text.
func urlsOf(configuration *config.Manager, p outline.Port) (urls []string, isList bool) {
	text, _ := configuration.Get(p.Key)
	for _, name := range configuration.Children(p.Key) {
		if value, ok := configuration.Get(p.Key + ":" + name); ok {
			urls = append(urls, value)
		}
	}
	if len(urls) > 0 {
		return urls, true
	}
	if text == "" && p.Else != "" {
		text, _ = configuration.Get(p.Else)
	}
	for url := range strings.SplitSeq(cmp.Or(text, p.Default), ";") {
		if url = strings.TrimSpace(url); url != "" {
			urls = append(urls, url)
		}
	}
	return urls, false
}

// portOf is the port of an address, that of its scheme if it has none.
func portOf(u *url.URL) string {
	return cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
}

func (m *manifest) write(out *bytes.Buffer) {
	line := func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) }
	o := m.options
	shutdown := o.ShutdownTimeout
	if shutdown == hosted.NoLimit {
		shutdown = hosted.DefaultShutdownTimeout // what Kubernetes gives, too
	}
	line("# %s on Kubernetes, as --print-manifest prints it for the settings in force.", m.name)
	line("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: %s\n  labels:\n    app.kubernetes.io/name: %s", m.name, m.name)
	line("spec:\n  replicas: 1\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: %s", m.name)
	line("  template:\n    metadata:\n      labels:\n        app.kubernetes.io/name: %s\n    spec:", m.name)
	line("      # drain delay %v + shutdown timeout %v + %v", o.DrainDelay, shutdown, graceMargin)
	line("      terminationGracePeriodSeconds: %d", wholeSeconds(o.DrainDelay+shutdown+graceMargin))
	line("      automountServiceAccountToken: false\n      securityContext:\n        runAsNonRoot: true\n        runAsUser: 65532\n" +
		"        runAsGroup: 65532\n        seccompProfile:\n          type: RuntimeDefault")
	line("      containers:\n        - name: %s\n          image: %s", m.name, strconv.Quote(m.name+":"+imageTag()))
	line("          env:")
	for _, e := range append(m.env, [2]string{"drainDelaySeconds", strconv.Itoa(wholeSeconds(o.DrainDelay))},
		[2]string{"shutdownTimeoutSeconds", strconv.Itoa(wholeSeconds(shutdown))}) {
		line("            - name: %s\n              value: %s", e[0], strconv.Quote(e[1]))
	}
	if len(m.ports) > 0 {
		line("          ports:")
	}
	for _, p := range m.ports {
		line("            - name: %s\n              containerPort: %s", p.name, p.number)
	}
	m.writeProbes(line)
	line("          securityContext:\n            allowPrivilegeEscalation: false\n            readOnlyRootFilesystem: true\n" +
		"            capabilities:\n              drop:\n                - ALL")
}

func (m *manifest) writeProbes(line func(string, ...any)) {
	if !m.probed {
		line("          # no probes: the program has no health.Use()")
		return
	}
	start := cmp.Or(m.options.StartupTimeout, longestStart)
	for _, p := range []struct {
		kind, name       string
		period, failures int
	}{
		{"startupProbe", probe.Startup, wholeSeconds(startupPeriod), wholeSeconds(start)/wholeSeconds(startupPeriod) + 1},
		{"livenessProbe", probe.Live, 10, 3},
		{"readinessProbe", probe.Ready, 5, 1},
	} {
		line("          %s:\n            httpGet:\n              path: %s\n              port: %s\n            periodSeconds: %d\n            failureThreshold: %d",
			p.kind, probe.Path(p.name), healthPort, p.period, p.failures)
	}
}

func wholeSeconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

var notInAName = regexp.MustCompile(`[^a-z0-9]+`)

// kubernetesName is a name of the application that Kubernetes accepts, and image
// registries do.
func kubernetesName(name string) string {
	name = strings.Trim(notInAName.ReplaceAllString(strings.ToLower(name), "-"), "-")
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = strings.TrimSuffix("app-"+name, "-")
	}
	return strings.TrimRight(name[:min(len(name), 63)], "-")
}

var notInATag = regexp.MustCompile(`[^\w.-]`)

// imageTag is the version of the program, if it has one.
func imageTag() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || !strings.HasPrefix(info.Main.Version, "v") {
		return "latest"
	}
	return notInATag.ReplaceAllString(info.Main.Version, "-")
}
