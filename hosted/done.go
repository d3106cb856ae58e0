package hosted

import (
	"fmt"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/fields"
	"github.com/fxhost/fxhost/internal/walk"
)

// stopWhenDone stops a host that has nothing left to wait for, if it was asked
// to ([Options].StopWhenDone).
func (r *runner) stopWhenDone() {
	if !r.options.StopWhenDone {
		return
	}
	r.mu.Lock()
	done := r.started
	r.mu.Unlock()
	awaiters := 0
	for _, s := range r.list() {
		if s.canEnd() {
			awaiters++
			done = done && s.hasEnded()
		}
	}
	if done && awaiters > 0 {
		r.lifetime.StopApplication(StopReason("all services are done"))
	}
}

// unfinished is the error of a host with [Options].StopWhenDone that is stopped by
// somebody else before that.
func (r *runner) unfinished(cause error) error {
	if !r.options.StopWhenDone || r.stopping.Origin() == walk.Inside {
		return nil
	}
	e := &unfinishedError{cause: cause}
	for _, s := range r.list() {
		if s.canEnd() && !s.hasEnded() {
			e.services = append(e.services, s.name)
		}
	}
	if len(e.services) == 0 {
		return nil
	}
	r.log.Error("work cut short", zap.Strings(fields.Services, e.services), zap.String(fields.Reason, fmt.Sprint(cause)))
	return e
}
