package logging_test

import (
	"errors"
	"io"
	"os"
	"syscall"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/logging"
)

// syncer fails to flush.
type syncer struct {
	io.Writer
	err error
}

func (s syncer) Sync() error { return s.err }

func TestSyncLeavesOutWhatTerminalsAndPipesCannotDo(t *testing.T) { // Z5
	t.Parallel()
	full := errors.New("disk full")
	for name, c := range map[string]struct{ err, want error }{
		"fine":          {nil, nil},
		"terminal":      {&os.PathError{Op: "sync", Path: "/dev/stdout", Err: syscall.EINVAL}, nil},
		"pipe":          {syscall.ENOTTY, nil},
		"closed":        {syscall.EBADF, nil},
		"real":          {full, full},
		"real and pipe": {errors.Join(syscall.EINVAL, full), full},
	} {
		out := zapcore.Lock(syncer{io.Discard, c.err})
		log := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), out, zapcore.InfoLevel))
		if got := logging.Sync(log); !errors.Is(got, c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestSyncOfARealPipe(t *testing.T) { // Z5
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = errors.Join(r.Close(), w.Close()) }()
	log, err := logging.New(nil, logging.Settings{Output: w})
	if err != nil {
		t.Fatal(err)
	}
	if err := logging.Sync(log); err != nil {
		t.Error(err)
	}
}
