package logging

import (
	"errors"
	"strings"

	"go.uber.org/zap/zapcore"
)

const (
	traceLevel = zapcore.DebugLevel - 1
	noneLevel  = zapcore.FatalLevel + 1 // above all, so nothing is written
)

// level is a level as a file has it.
type level zapcore.Level

// UnmarshalText reads the names of .NET and of zap, in any case.
func (l *level) UnmarshalText(text []byte) error {
	switch strings.ToLower(string(text)) {
	case "trace":
		*l = level(traceLevel)
	case "debug":
		*l = level(zapcore.DebugLevel)
	case "information", "info":
		*l = level(zapcore.InfoLevel)
	case "warning", "warn":
		*l = level(zapcore.WarnLevel)
	case "error":
		*l = level(zapcore.ErrorLevel)
	case "critical", "dpanic":
		*l = level(zapcore.DPanicLevel)
	case "panic":
		*l = level(zapcore.PanicLevel)
	case "fatal":
		*l = level(zapcore.FatalLevel)
	case "none":
		*l = level(noneLevel)
	default:
		return errors.New("unknown level; use Trace, Debug, Information, Warning, Error, Critical or None," +
			" or zap's debug, info, warn, error, dpanic, panic or fatal")
	}
	return nil
}
