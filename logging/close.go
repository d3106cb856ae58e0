package logging

import (
	"errors"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/fields"
)

// Close writes how many records were dropped by sampling, if any were, flushes log
// and closes the file of Logging:File. It works on any logger that comes from New.
// What is logged later is still written. It is safe to call it again.
func Close(log *zap.Logger) error {
	c, ok := log.Core().(*core)
	if !ok || !c.common().closed.CompareAndSwap(false, true) {
		return Sync(log)
	}
	if dropped := c.common().dropped.Load(); dropped > 0 {
		log.Warn("records dropped by sampling", zap.Uint64(fields.Dropped, dropped))
	}
	err := Sync(log)
	if f := c.common().file; f != nil {
		err = errors.Join(err, f.Close())
	}
	return err
}
