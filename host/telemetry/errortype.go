package telemetry

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/fxhost/fxhost/hosted"
)

// errorType is the error.type of err: that of its Go type, or of what it wraps. Texts
// would be different for each error. A method of the user's error may panic: it is an
// error all the same.
func errorType(err error) (kind attribute.KeyValue) {
	defer func() {
		if recover() != nil {
			kind = semconv.ErrorTypeOther
		}
	}()
	var panicked *hosted.PanicError
	var late *hosted.TimeoutError
	switch {
	case errors.As(err, &panicked):
		return semconv.ErrorTypeKey.String("panic")
	case errors.As(err, &late):
		return semconv.ErrorTypeKey.String("timeout")
	}
	return semconv.ErrorType(err)
}

// text is that of err, for the status of a span.
func text(err error) (text string) {
	defer func() {
		if value := recover(); value != nil {
			text = fmt.Sprintf("%T, whose method Error panics", err)
		}
	}()
	return err.Error()
}
