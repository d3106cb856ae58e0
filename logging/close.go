package logging

import (
	"errors"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/fields"
)

// Close logs how many records sampling has dropped, if any, flushes log and closes the
// file of Logging:File. log is any logger that is derived from one of [New]. Records
// that are logged later are still written. A level that was changed
// for a while ([Levels]) stays as it is. Close may be called more than once.
func Close(log *zap.Logger) error {
	c, ok := log.Core().(*core)
	if !ok || !c.common().closed.CompareAndSwap(false, true) {
		return Sync(log)
	}
	c.common().levels.close()
	if dropped := c.common().dropped.Load(); dropped > 0 {
		log.Warn("records dropped by sampling", zap.Uint64(fields.Dropped, dropped))
	}
	err := Sync(log)
	if f := c.common().file; f != nil {
		err = errors.Join(err, f.Close())
	}
	return err
}
