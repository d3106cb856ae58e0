package queue_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/fxhost/fxhost/background/queue"
)

func TestAStatusIsReadableAsJSON(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for want, status := range map[string]any{
		`{"name":"invoice","message":"main.Invoice","engine":"rabbitmq",` +
			`"connection":{"connected":false,"since":"2026-11-21T12:00:00Z","error":"broken"},"partitions":0,"handled":true,` +
			`"stats":{"ready":3,"inFlight":null,"delayed":null,"dead":0,"oldest":null},"succeeded":1,"failed":2,"buried":3}`: queue.Status{
			Name: "invoice", Message: "main.Invoice", Engine: "rabbitmq", Connection: queue.State{Since: at, Err: errBroken}, Handled: true,
			Stats: queue.Stats{
				Ready: 3, InFlight: queue.Unknown, Delayed: queue.Unknown, Oldest: queue.Unknown,
			}, Succeeded: 1, Failed: 2, Buried: 3,
		},
		`{"capacity":10,"workers":2,"waiting":1,"running":2,"succeeded":5,"failed":6,"returned":7,"rate":1.5,"oldest":"1m30s"}`: queue.TaskQueueStatus{
			Capacity: 10, Workers: 2, Waiting: 1, Oldest: 90 * time.Second, Running: 2, Succeeded: 5, Failed: 6, Returned: 7, Rate: 1.5,
		},
		`{"ready":0,"inFlight":1,"delayed":0,"dead":0,"oldest":"1.5s"}`: queue.Stats{InFlight: 1, Oldest: 1500 * time.Millisecond},
		`{"connected":true,"since":"2026-11-21T12:00:00Z"}`:             queue.State{Connected: true, Since: at},
	} {
		if got, err := json.Marshal(status); err != nil || string(got) != want {
			t.Errorf("%v\n got  %s\n want %s", err, got, want)
		}
	}
}
