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

// UnmarshalText reads the names of .NET and of zap, in any case, and the numbers of
// .NET.
func (l *level) UnmarshalText(text []byte) error {
	switch strings.ToLower(string(text)) {
	case "trace", "0":
		*l = level(traceLevel)
	case "debug", "1":
		*l = level(zapcore.DebugLevel)
	case "information", "info", "2":
		*l = level(zapcore.InfoLevel)
	case "warning", "warn", "3":
		*l = level(zapcore.WarnLevel)
	case "error", "4":
		*l = level(zapcore.ErrorLevel)
	case "critical", "dpanic", "5":
		*l = level(zapcore.DPanicLevel)
	case "panic":
		*l = level(zapcore.PanicLevel)
	case "fatal":
		*l = level(zapcore.FatalLevel)
	case "none", "6":
		*l = level(noneLevel)
	default:
		return errors.New("unknown level; use Trace, Debug, Information, Warning, Error, Critical or None," +
			" or zap's debug, info, warn, error, dpanic, panic or fatal")
	}
	return nil
}
