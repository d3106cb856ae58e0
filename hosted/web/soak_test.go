package web_test

import (
	"net"
	"os"
	"testing"
	"time"

	"github.com/fxhost/fxhost/hosted"
)

// The same as TestNoRequestFailsAtTheStop over real connections and in real time, for
// SOAK, such as 10m, or twenty rounds if that is shorter.
func TestSoakNoRequestFailsAtTheStop(t *testing.T) {
	limit, err := time.ParseDuration(os.Getenv("SOAK"))
	if err != nil {
		t.Skip("takes SOAK, such as SOAK=10m")
	}
	const clients, least = 64, 20
	begin := time.Now()
	for round := 0; round < least || time.Since(begin) < limit/4; round++ {
		for name, protocols := range map[string][]string{"HTTP/1.1": nil, "HTTP/2": {"h2c"}} {
			for _, drain := range []time.Duration{0, 200 * time.Millisecond} {
				a := start(t, hosted.Options{DrainDelay: drain}, settings{"Protocols": "Http1AndHttp2"}, handle(ok))
				var all balanced
				all.run(t, clients, (&net.Dialer{}).DialContext, a.server.URLs()[0], protocols...)
				all.notReady.Store(true)
				a.StopFromOutside(signal)
				stopped := time.Now()
				err := a.WaitForShutdown(t.Context())
				took := time.Since(stopped)
				all.all.Wait()
				t.Logf("round %d, %s, drain %v: %d of %d failed, took %v", round, name, drain, all.failed.Load(), clients, took.Round(time.Millisecond))
				if err != nil || all.failed.Load() > 0 {
					t.Errorf("round %d, %s, drain %v: %d failed, %v", round, name, drain, all.failed.Load(), err)
				}
			}
		}
	}
}
