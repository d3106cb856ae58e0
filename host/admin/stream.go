package admin

import (
	"bytes"
	"fmt"
	"net/http"
	"time"
)

const (
	maxStreams = 16
	// streamEvery is how often a stream looks whether something has changed.
	streamEvery = time.Second
	slowEvery   = 5 * time.Second
	// aliveEvery is after how many looks without a change it says so.
	aliveEvery = 5
)

// stream sends what is shown, as server-sent events, whenever it has changed. It ends
// when the host begins to stop, so that it holds nobody up; a page asks again by then.
func (s *server) stream(t *topic, render func(*topic, *http.Request, any) ([]byte, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.streams.Add(1) > maxStreams {
			s.streams.Add(-1)
			fail(w, http.StatusServiceUnavailable, fmt.Sprintf("%d pages are live already: close one", maxStreams))
			return
		}
		defer s.streams.Add(-1)
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // which would end the request
		every, aliveEvery := streamEvery, aliveEvery
		if t.slow {
			every, aliveEvery = slowEvery, 1
		}
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		var last []byte
		for unchanged := 0; ; {
			event, data := "snapshot", []byte(nil)
			shown, err := t.snapshot(r.Context(), r.URL.Query())
			if err == nil {
				data, err = render(t, r, shown)
			}
			if err != nil {
				event, data = "failure", []byte(textOf(err))
			}
			switch {
			case !bytes.Equal(data, last):
				last, unchanged = data, 0
			case unchanged+1 < aliveEvery:
				event = ""
				unchanged++
			default:
				event, data, unchanged = "alive", nil, 0
			}
			if event != "" && send(w, event, data) != nil {
				return
			}
			select {
			case <-ticker.C:
			case <-r.Context().Done():
				return
			case <-s.sources.Lifetime.StopRequested():
				_ = send(w, "stopping", nil)
				return
			}
		}
	})
}

// send sends one event, within the time that a write has.
func send(w http.ResponseWriter, event string, data []byte) error {
	c := http.NewResponseController(w)
	if err := c.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	data = bytes.ReplaceAll(data, []byte("\r"), nil) // which ends a line, too
	var text bytes.Buffer
	text.WriteString("event: " + event + "\n")
	for line := range bytes.Lines(append(data, '\n')) {
		text.WriteString("data: ")
		text.Write(bytes.TrimRight(line, "\n"))
		text.WriteByte('\n')
	}
	text.WriteByte('\n')
	if _, err := w.Write(text.Bytes()); err != nil {
		return err
	}
	return c.Flush()
}
