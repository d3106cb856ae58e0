package queue

import (
	"fmt"
	"runtime/debug"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/fields"
)

// recovered is deferred, and makes an error of a panic: one message must not take
// down the others.
func recovered(err *error) {
	if value := recover(); value != nil {
		*err = &hosted.PanicError{Value: value, Stack: debug.Stack()}
	}
}

// text is an error's, which may be anybody's.
func text(err error) (text string) {
	defer func() {
		if value := recover(); value != nil {
			text = fmt.Sprintf("an error whose text panics: %v", value)
		}
	}()
	return err.Error()
}

func failure(err error) zap.Field { return zap.String(fields.Error, text(err)) }

// stack is that of a panic, nil if err is none.
func stack(err error) []zap.Field {
	p, ok := err.(*hosted.PanicError) //nolint:errorlint // recovered made it, and wraps it in nothing
	if !ok {
		return nil
	}
	return []zap.Field{zap.ByteString(fields.Stack, p.Stack)}
}
