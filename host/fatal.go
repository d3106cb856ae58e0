package host

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/internal/safe"
	"github.com/fxhost/fxhost/internal/walk"
)

// fatalHook is what Fatal of the application's loggers does instead of ending the
// process: it asks the host to stop and ends the goroutine, since Fatal must not
// return. Where nothing would stop the host, the process ends as zap has it.
type fatalHook struct {
	running atomic.Pointer[walk.StopRequest] // of a host that is in Run
	first   atomic.Pointer[fatalError]
}

// OnWrite implements zapcore.CheckWriteHook.
func (f *fatalHook) OnWrite(entry *zapcore.CheckedEntry, fields []zapcore.Field) {
	request := f.running.Load()
	if request == nil {
		zapcore.WriteThenFatal.OnWrite(entry, fields)
	}
	err := &fatalError{entry.LoggerName, entry.Message}
	f.first.CompareAndSwap(nil, err)
	request.Make(err, walk.Inside)
	runtime.Goexit()
}

// join adds the first Fatal to what a host ends with, unless it is the cause.
func (f *fatalHook) join(err error) error {
	fatal := f.first.Load()
	if fatal == nil || safe.Is(err, fatal) {
		return err
	}
	return errors.Join(err, fatal)
}

// fatalError is the cause of a stop that Fatal has asked for. Its exit code is 1.
type fatalError struct{ logger, message string }

func (e *fatalError) Error() string {
	if e.logger == "" {
		return fmt.Sprintf("host: Fatal logged: %s", e.message)
	}
	return fmt.Sprintf("host: Fatal logged by %s: %s", e.logger, e.message)
}
