package host

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/fxhost/fxhost/hosted"
)

func TestKubernetesName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"worker": "worker", "Shop.Orders_2": "shop-orders-2", "": "app", "--": "app", "7zip": "app-7zip", "ä": "app",
		strings.Repeat("a", 62) + "-b": strings.Repeat("a", 62),
	} {
		if got := kubernetesName(name); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}

// What the stop may take is never more than what the pod has for it.
func TestTheGracePeriod(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]hosted.Options{
		"terminationGracePeriodSeconds: 35\n": {ShutdownTimeout: 30 * time.Second},
		"terminationGracePeriodSeconds: 8\n":  {DrainDelay: 1500 * time.Millisecond, ShutdownTimeout: time.Second},
		// Without a limit, that of Kubernetes is the limit.
		"terminationGracePeriodSeconds: 40\n": {DrainDelay: 5 * time.Second, ShutdownTimeout: hosted.NoLimit},
	} {
		var out bytes.Buffer
		m := manifest{name: "x", options: &Options{Options: o}}
		m.write(&out)
		if !strings.Contains(out.String(), want) {
			t.Errorf("%+v: want %s in\n%s", o, want, out.String())
		}
	}
}
